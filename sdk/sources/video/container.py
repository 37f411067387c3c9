"""The container of a video file: opened through its descriptor, its packets one after the other."""

from __future__ import annotations

import ctypes
from ctypes import c_void_p

from ..._shown import shown
from ...errors import SourceError
from . import library as ff

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,flv,asf,ogg,yuv4mpegpipe"
)
_COVER = 0x400
_PACKET_DAMAGED = 2
_MAX_DECLARED = 1_000_000


class Failures:
    """Builds the errors of one file."""

    def __init__(self, name: str) -> None:
        self._name = shown(name)

    def malformed(self, what: str) -> SourceError:
        """Build the error for a file that breaks its own format."""
        return SourceError("source-malformed", f"{self._name}: {what}; copy it again")

    def truncated(self, packets: int) -> SourceError:
        """Build the error for a file that ends early."""
        what = f"ends in the middle, after {packets} packets of video"
        return SourceError("source-truncated", f"{self._name}: {what}; copy it again")

    def unsupported(self, what: str, mend: str = "convert it to H.264 in MP4") -> SourceError:
        """Build the error for video that isn't read here."""
        return SourceError("source-unsupported", f"{self._name}: {what}; {mend}")

    def empty(self, what: str) -> SourceError:
        """Build the error for a file without pictures."""
        return SourceError("source-no-pixels", f"{self._name}: {what}")

    def check(self, code: int, what: str, packets: int = 0) -> None:
        """Raise what an FFmpeg error code means, if it is one."""
        if code >= 0:
            return
        if code == ff.NO_MEMORY:
            raise MemoryError(what)
        if code == ff.END:
            raise self.truncated(packets)
        if code == ff.NOT_WRITTEN_YET:
            raise self.unsupported(f"{what} is of a kind unknown to FFmpeg")
        raise self.malformed(f"{what} cannot be read: {ff.load().text(code)}")


class Container:
    """An open container; its video stream's packets."""

    def __init__(self, descriptor: int, fail: Failures) -> None:
        """Open it.

        Args:
            descriptor: of the file, which stays the caller's.
            fail: builds its errors.

        Raises:
            SourceError: see `sdk.sources.video.read_video`.
        """
        self._ff, self._fail = ff.load(), fail
        self._format, self._packet = c_void_p(), c_void_p()
        self.packets = 0
        try:
            self._open(descriptor)
        except BaseException:
            self.close()
            raise

    @property
    def codec(self) -> int:
        """Address of the video stream's AVCodecParameters."""
        return ff.pointer(self.stream, ff.STREAM_CODEC)

    @property
    def frame_count(self) -> int | None:
        """How many frames the container declares, or None."""
        count = ff.long(self.stream, ff.STREAM_FRAMES)
        return count if 0 < count <= _MAX_DECLARED else None

    def side_data(self, kind: int) -> int:
        """Return the address of an AVPacketSideData of the video stream, 0 for none."""
        table = ff.pointer(self.codec, ff.CODEC_SIDE_DATA)
        count = ff.integer(self.codec, ff.CODEC_SIDE_COUNT)
        found: int | None = self._ff.av_packet_side_data_get(table, count, kind) if table else 0
        return found or 0

    def close(self) -> None:
        """Free what FFmpeg holds."""
        self._ff.av_packet_free(ctypes.byref(self._packet))
        self._ff.avformat_close_input(ctypes.byref(self._format))

    def next_packet(self) -> c_void_p | None:
        """Return the next packet of video, to be given back by `done`; None at the end.

        Raises:
            SourceError: `source-truncated` or `source-malformed`.
        """
        while True:
            code = self._ff.av_read_frame(self._format, self._packet)
            if code == ff.END:
                self._check_all_read()
                return None
            self._fail.check(code, f"packet {self.packets}", self.packets)
            packet = self._packet.value or 0
            if ff.integer(packet, ff.PACKET_STREAM) == self._index:
                break
            self.done()
        if ff.integer(packet, ff.PACKET_FLAGS) & _PACKET_DAMAGED:
            raise self._fail.truncated(self.packets)
        self.packets += 1
        return self._packet

    def done(self) -> None:
        """Let go of a packet."""
        self._ff.av_packet_unref(self._packet)

    def _open(self, descriptor: int) -> None:
        options = c_void_p()
        for key, value in (
            (b"fd", str(descriptor)),
            (b"protocol_whitelist", "fd"),  # no playlist leads to another file
            (b"format_whitelist", _FORMATS),
        ):
            self._ff.av_dict_set(ctypes.byref(options), key, value.encode(), 0)
        code = self._ff.avformat_open_input(
            ctypes.byref(self._format), b"fd:", None, ctypes.byref(options)
        )
        self._ff.av_dict_free(ctypes.byref(options))
        self._fail.check(code, "its container")
        self._fail.check(
            self._ff.avformat_find_stream_info(self._format, None), "the beginning of its streams"
        )
        self._index = self._ff.av_find_best_stream(self._format, ff.VIDEO, -1, -1, None, 0)
        if self._index < 0:
            raise self._fail.empty("holds no video stream")
        streams = ff.pointer(self._format.value or 0, ff.FORMAT_STREAMS)
        self.stream = ff.pointer(streams, 8 * self._index)
        if ff.integer(self.stream, ff.STREAM_DISPOSITION) & _COVER:
            raise self._fail.empty("holds a cover picture and no video")
        self._packet.value = self._ff.av_packet_alloc()
        if not self._packet:
            raise MemoryError

    def _check_all_read(self) -> None:
        # the index of MP4, MOV and AVI lists every packet; that of others, some
        if self.packets < self._ff.avformat_index_get_entries_count(self.stream):
            raise self._fail.truncated(self.packets)
