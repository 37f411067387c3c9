"""FFmpeg 8 from OpenCV's wheel: found, checked, and called through ctypes.

FFmpeg keeps its binary interface within a major version: fields are added at the end of a struct,
never moved. The places below are those of libavformat 62, libavcodec 62 and libavutil 60, and no
other version is loaded.
"""

from __future__ import annotations

import ctypes
import glob
import importlib.util
import os
from ctypes import c_char_p, c_int, c_int64, c_size_t, c_void_p
from functools import lru_cache
from typing import Any

from ...errors import SourceError
from ..base import missing_dependency

_PACKAGE, _EXTRA = "opencv-python-headless", "video"
_MAJORS = {"avutil": 60, "swresample": 6, "avcodec": 62, "avformat": 62}
_QUIET = -8
NO_TIME = -(1 << 63)
"""A time that isn't known."""
VIDEO = 0
END = -541478725
INVALID = -1094995529
NOT_WRITTEN_YET = -1163346256
AGAIN = -11
NO_MEMORY = -12

# name -> (library, result, arguments)
_FUNCTIONS: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "av_log_set_level": ("avutil", None, (c_int,)),
    "av_dict_set": ("avutil", c_int, (c_void_p, c_char_p, c_char_p, c_int)),
    "av_dict_free": ("avutil", None, (c_void_p,)),
    "av_strerror": ("avutil", c_int, (c_int, c_char_p, c_size_t)),
    "av_get_pix_fmt_name": ("avutil", c_char_p, (c_int,)),
    "av_opt_set_int": ("avutil", c_int, (c_void_p, c_char_p, c_int64, c_int)),
    "av_frame_alloc": ("avutil", c_void_p, ()),
    "av_frame_free": ("avutil", None, (c_void_p,)),
    "av_frame_get_side_data": ("avutil", c_void_p, (c_void_p, c_int)),
    "avformat_open_input": ("avformat", c_int, (c_void_p, c_char_p, c_void_p, c_void_p)),
    "avformat_find_stream_info": ("avformat", c_int, (c_void_p, c_void_p)),
    "avformat_close_input": ("avformat", None, (c_void_p,)),
    "avformat_index_get_entries_count": ("avformat", c_int, (c_void_p,)),
    "av_find_best_stream": ("avformat", c_int, (c_void_p, *([c_int] * 3), c_void_p, c_int)),
    "av_read_frame": ("avformat", c_int, (c_void_p, c_void_p)),
    "avcodec_get_name": ("avcodec", c_char_p, (c_int,)),
    "avcodec_find_decoder": ("avcodec", c_void_p, (c_int,)),
    "avcodec_alloc_context3": ("avcodec", c_void_p, (c_void_p,)),
    "avcodec_free_context": ("avcodec", None, (c_void_p,)),
    "avcodec_parameters_to_context": ("avcodec", c_int, (c_void_p, c_void_p)),
    "avcodec_open2": ("avcodec", c_int, (c_void_p, c_void_p, c_void_p)),
    "avcodec_send_packet": ("avcodec", c_int, (c_void_p, c_void_p)),
    "avcodec_receive_frame": ("avcodec", c_int, (c_void_p, c_void_p)),
    "av_packet_alloc": ("avcodec", c_void_p, ()),
    "av_packet_free": ("avcodec", None, (c_void_p,)),
    "av_packet_unref": ("avcodec", None, (c_void_p,)),
    "av_packet_side_data_get": ("avcodec", c_void_p, (c_void_p, c_int, c_int)),
}

# where the fields of FFmpeg's structs lie, in bytes
FORMAT_STREAMS = 48
STREAM_CODEC, STREAM_TIME_BASE, STREAM_FRAMES = 16, 32, 56
STREAM_DISPOSITION, STREAM_RATE = 64, 88
CODEC_ID, CODEC_TAG, CODEC_SIDE_DATA, CODEC_SIDE_COUNT = 4, 8, 32, 40
CODEC_WIDTH, CODEC_HEIGHT = 72, 76
PACKET_STREAM, PACKET_FLAGS = 36, 40
FRAME_DATA, FRAME_STRIDES, FRAME_WIDTH, FRAME_HEIGHT = 0, 64, 104, 108
FRAME_FORMAT, FRAME_FLAGS, FRAME_RANGE, FRAME_MATRIX = 116, 276, 280, 292
FRAME_TIME, FRAME_ERRORS = 304, 320
SIDE_DATA_IN_PACKET, SIDE_DATA_IN_FRAME = 0, 8


def integer(address: int, offset: int) -> int:
    """Return a 32-bit field of a struct."""
    return c_int.from_address(address + offset).value


def long(address: int, offset: int) -> int:
    """Return a 64-bit field of a struct."""
    return c_int64.from_address(address + offset).value


def pointer(address: int, offset: int) -> int:
    """Return a pointer in a struct, 0 for none."""
    return c_void_p.from_address(address + offset).value or 0


class Library:
    """The functions of FFmpeg, as attributes by their names."""

    def __init__(self, loaded: dict[str, ctypes.CDLL]) -> None:
        for name, (library, result, arguments) in _FUNCTIONS.items():
            function = getattr(loaded[library], name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def text(self, code: int) -> str:
        """Return what an error code means."""
        buffer = ctypes.create_string_buffer(200)
        self.av_strerror(code, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")


@lru_cache(1)
def load() -> Library:
    """Return FFmpeg, loaded once.

    Raises:
        SourceError: `dependency-missing` without OpenCV's wheel, `dependency-broken` if it holds
            no FFmpeg 8 or that can't be loaded.
    """
    folder = _folder()
    loaded = {}
    try:
        for name, major in _MAJORS.items():
            (path,) = glob.glob(os.path.join(glob.escape(folder), f"lib{name}-*.so.{major}.*"))
            loaded[name] = ctypes.CDLL(path)
        library = Library(loaded)
    except (OSError, ValueError, AttributeError) as error:
        raise SourceError(
            "dependency-broken",
            f"{_PACKAGE} is installed without an FFmpeg 8 that can be loaded from {folder}: "
            f"{error}; pip install --force-reinstall {_PACKAGE}",
        ) from error
    library.av_log_set_level(_QUIET)
    return library


def _folder() -> str:
    """Return where the wheel keeps its libraries; cv2 itself, 70 MB, is not imported."""
    try:
        spec = importlib.util.find_spec("cv2")
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin:
        raise missing_dependency(_PACKAGE, _EXTRA)
    site = os.path.dirname(os.path.dirname(spec.origin))
    folders = sorted(glob.glob(os.path.join(glob.escape(site), "opencv_*python*.libs")))
    return folders[0] if folders else site
