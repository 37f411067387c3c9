"""The pictures of one video file, decoded one after the other.

Runs in the decoding process, whose limits bound what FFmpeg may take. One thread decodes: frame
threads multiply memory, and the host's own work runs beside this process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import c_void_p

from ...errors import SourceError
from ..base import MAX_PIXELS, check_pixels
from . import library as ff
from .container import Container, Failures
from .planes import Picture, Turn, Unread, picture_of
from .times import Clock
from .turn import turn_of

_CODECS = frozenset(
    {
        *("h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "h263", "vp8", "vp9", "theora"),
        *("mjpeg", "jpeg2000", "png", "rawvideo", "ffv1", "huffyuv", "ffvhuff", "utvideo"),
        *("magicyuv", "prores", "dnxhd", "dvvideo", "qtrle", "msrle", "cinepak", "svq3", "bmp"),
        *("msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1", "flv1"),
        *("zlib", "mszh", "tscc", "lagarith", "cfhd"),
    }
)
_LIMITED_UNLESS_SAID = ("h264", "hevc")
_ENCRYPTED_TAG = int.from_bytes(b"encv", "little")
_DISPLAY_MATRIX, _ENCRYPTION = 5, 24  # kinds of AVPacketSideData
_FRAME_DAMAGED = 1


class Clip:
    """An open video file; close it, or use it as a context."""

    def __init__(self, descriptor: int, name: str, color: str | None) -> None:
        """Open the file and its decoder.

        Args:
            descriptor: of the file, which stays the caller's.
            name: for messages.
            color: matrix and range instead of the stream's, or None.

        Raises:
            SourceError: see `sdk.sources.video.read_video`.
        """
        self._name, self._color = name, color
        self._ff, self._fail = ff.load(), Failures(name)
        self._decoder, self._frame = c_void_p(), c_void_p()
        self._container = Container(descriptor, self._fail)
        try:
            self._turn = self._upright()
            self._open_decoder()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what FFmpeg holds."""
        self._ff.av_frame_free(ctypes.byref(self._frame))
        self._ff.avcodec_free_context(ctypes.byref(self._decoder))
        self._container.close()

    @property
    def frame_count(self) -> int | None:
        """How many frames the container declares, or None."""
        return self._container.frame_count

    def pictures(self) -> Iterator[Picture]:
        """Decode one picture after the other.

        Raises:
            SourceError: see `sdk.sources.video.read_video`; the pictures before come first.
        """
        clock = Clock(self._container.stream)
        count, failed = 0, None
        more = True
        while more:
            try:
                more = self._feed()
            except SourceError as error:
                # first the pictures that the decoder holds already, then the error
                failed, more = error, False
                self._ff.avcodec_send_packet(self._decoder, None)
            while self._receive(count):
                picture = self._picture(count)
                time_us = clock.time_us(ff.long(self._frame.value or 0, ff.FRAME_TIME))
                yield picture._replace(timestamp_us=time_us)
                count += 1
        if failed is not None:
            raise failed
        if count == 0:
            raise self._fail.empty("holds no picture")

    def _upright(self) -> Turn:
        found = self._container.side_data(_DISPLAY_MATRIX)
        turn = turn_of(ff.pointer(found, ff.SIDE_DATA_IN_PACKET) if found else 0)
        if turn is None:
            raise self._fail.unsupported("video to be turned by other than quarter turns")
        return turn

    def _open_decoder(self) -> None:
        codec = self._container.codec
        tag, number = ff.integer(codec, ff.CODEC_TAG), ff.integer(codec, ff.CODEC_ID)
        if tag == _ENCRYPTED_TAG or self._container.side_data(_ENCRYPTION):
            raise self._fail.unsupported("encrypted video", "export it without protection")
        self._codec = self._ff.avcodec_get_name(number).decode("ascii", "replace")
        found = self._ff.avcodec_find_decoder(number) if self._codec in _CODECS else None
        if not found:
            raise self._fail.unsupported(f"video of codec {self._codec} is not decoded here")
        width, height = (ff.integer(codec, at) for at in (ff.CODEC_WIDTH, ff.CODEC_HEIGHT))
        check_pixels(self._name, width, height)
        self._decoder.value = self._ff.avcodec_alloc_context3(found)
        self._frame.value = self._ff.av_frame_alloc()
        if not (self._decoder and self._frame):
            raise MemoryError
        self._checked(self._ff.avcodec_parameters_to_context(self._decoder, codec))
        for option, most in ((b"threads", 1), (b"max_pixels", MAX_PIXELS)):
            self._checked(self._ff.av_opt_set_int(self._decoder, option, most, 0))
        self._checked(self._ff.avcodec_open2(self._decoder, found, None))

    def _checked(self, code: int) -> None:
        self._fail.check(code, f"its codec {self._codec}")

    def _feed(self) -> bool:
        """Give the decoder the next packet; return whether there was one."""
        packet = self._container.next_packet()
        code = self._ff.avcodec_send_packet(self._decoder, packet)
        if packet is None:
            return False
        self._container.done()
        self._fail.check(code, f"packet {self._container.packets - 1}")
        return True

    def _receive(self, count: int) -> bool:
        code = self._ff.avcodec_receive_frame(self._decoder, self._frame)
        if code in (ff.AGAIN, ff.END):
            return False
        self._fail.check(code, f"frame {count}")
        return True

    def _picture(self, count: int) -> Picture:
        frame = self._frame.value or 0
        width, height = (ff.integer(frame, at) for at in (ff.FRAME_WIDTH, ff.FRAME_HEIGHT))
        check_pixels(self._name, width, height)
        # a picture that the decoder filled in looks whole, and shows what nobody scanned
        if ff.integer(frame, ff.FRAME_FLAGS) & _FRAME_DAMAGED or ff.integer(frame, ff.FRAME_ERRORS):
            raise self._fail.malformed(f"frame {count} is damaged: its decoder made up pixels")
        name = self._ff.av_get_pix_fmt_name(ff.integer(frame, ff.FRAME_FORMAT)) or b"unknown"
        limited = self._codec in _LIMITED_UNLESS_SAID
        try:
            return picture_of(frame, name.decode(), self._color, self._turn, limited=limited)
        except Unread as error:
            raise self._fail.unsupported(f"video that {error}") from None
