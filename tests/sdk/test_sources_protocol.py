"""The host believes nothing that a decoding process says: a wrong word ends it."""

from __future__ import annotations

import copy
import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk import Frame, Region, SdkError, SourceError, sources
from sdk._formats import FACTS
from sdk._layouts import frame_bytes
from sdk.sources import host, limits, pool, protocol
from sdk.sources.base import FrameInfo, frame_of_array, packed_frame

FRAME: dict[str, Any] = {
    "frame": {
        "format": "GRAY8", "width": 3, "height": 2, "window": None, "region": None,
        "pixel_size_mm": [1.0, 1.0], "index": 0, "frame_count": 1, "kind": "image",
        "timestamp_us": None, "region_origin": "whole", "color": None, "color_origin": None,
    },
    "size_bytes": 1000,
}  # fmt: skip
GOOD = protocol.encode(FRAME) + bytes(6) + protocol.encode({"end": True, "size_bytes": 1000})


class Liar(host.Worker):
    """A decoding process that says what a test has it say."""

    def __init__(self, says: bytes, hangs: bool = False) -> None:
        self._owner = os.getpid()
        self._lifeline = -1
        self._socket, there = socket.socketpair()
        self.ended = False

        def speak() -> None:
            with there:
                try:
                    there.recv(1 << 16)
                    there.sendall(says)
                    while hangs and there.recv(1 << 16):
                        pass
                except OSError:
                    pass

        self._thread = threading.Thread(target=speak, daemon=True)
        self._thread.start()
        self._process = self  # type: ignore[assignment]

    def usable(self) -> bool:
        return False

    def poll(self) -> None:
        return None

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def kill(self) -> None:
        self.ended = True


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Read a file through a decoding process that says something."""
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 3 2 255\n" + bytes(6))

    def tell(says: bytes, hangs: bool = False) -> Any:
        liar = Liar(says, hangs)
        monkeypatch.setattr(pool, "acquire", lambda: liar)
        try:
            return list(sources.open(path))
        except SdkError as error:
            assert liar.ended
            return error

    return tell


def changed(**fields: Any) -> bytes:
    message = copy.deepcopy(FRAME)
    message["frame"] |= fields
    return protocol.encode(message) + bytes(1 << 10)


def erring(**fields: Any) -> bytes:
    error = {"error": "SourceError", "slug": "source-malformed", "message": "", "size_bytes": 1}
    return protocol.encode(error | fields)


def test_a_process_that_says_what_it_should_is_believed(told: Callable[..., Any]) -> None:
    found = told(GOOD, hangs=True)
    assert len(found) == 1


LIES: dict[str, bytes] = {
    "nothing": b"",
    "half a length": b"\0\0",
    "an endless message": b"\xff\xff\xff\xff",
    "half a message": struct.pack(">I", 100) + b"{",
    "no JSON": struct.pack(">I", 3) + b"abc",
    "not text": struct.pack(">I", 3) + b"\xff\xfe\xfd",
    "no object": struct.pack(">I", 2) + b"[]",
    "deep": struct.pack(">I", 60_000) + b"[" * 60_000,
    "a huge number": struct.pack(">I", 50_010) + b'{"end":1' + b"0" * 50_001 + b"}",
    "another word": protocol.encode({"hello": 1, "size_bytes": 1}),
    "no size": protocol.encode({"end": True}),
    "a size that is none": protocol.encode({"end": True, "size_bytes": "1"}),
    "an unknown slug": erring(slug="x"),
    "a slug of another type": erring(slug=[]),
    "an unknown error": erring(error="SystemExit"),
    "an error of another type": erring(error={}),
    "no message": erring(message=None),
    "fields that are none": protocol.encode({"frame": 5, "size_bytes": 1}),
    "a field too many": changed(more=1),
    "a format that isn't sent": changed(format="MJPEG"),
    "a format of another type": changed(format=["GRAY8"]),
    "width 0": changed(width=0),
    "a negative width": changed(width=-3),
    "a width that is true": changed(width=True),
    "a fractional width": changed(width=3.0),
    "all memory": changed(width=16384, height=16384),
    "beyond memory": changed(width=10**12, height=10**12),
    "fewer pixels than it says": protocol.encode(FRAME) + bytes(3),
    "another frame": changed(index=1),
    "a negative count": changed(frame_count=-1),
    "a count beyond all": changed(frame_count=10**9),
    "an unknown kind": changed(kind="\x1b[2J"),
    "a kind of another type": changed(kind=[]),
    "an unknown origin": changed(region_origin="elsewhere"),
    "a time before": changed(timestamp_us=-1),
    "a time of another type": changed(timestamp_us="1"),
    "a region that is none": changed(region="all"),
    "an unknown region": changed(region=["circle", [1, 2], "given", 1.0, None]),
    "a region of another type": changed(region=["rectangle", [[], {}, ""], "given", 1.0, None]),
    "a region beyond the frame": changed(region=["rectangle", [0, 0, 9, 9], "given", 1.0, None]),
    "a window for no window": changed(window=[0, 5]),
    "a window that is none": changed(format="GRAY16", window=[5]),
    "a window of another type": changed(format="GRAY16", window=7),
    "a pixel size that is none": changed(pixel_size_mm=[]),
    "a pixel size of another type": changed(pixel_size_mm=None),
    "a pixel size of 0": changed(pixel_size_mm=[0, 0]),
    "a pixel size without end": changed(pixel_size_mm=[1e308, -1.0]),
}  # fmt: skip


WRONG_FIELDS: list[tuple[str, Any]] = [
    ("more", 1), ("format", "MJPEG"), ("format", ["GRAY8"]), ("format", None), ("width", 0),
    ("width", -3), ("width", True), ("width", 3.0), ("width", "3"), ("width", 16_385),
    ("height", True), ("height", None), ("index", 1), ("index", False), ("index", -1),
    ("frame_count", 0), ("frame_count", True), ("frame_count", 10**9), ("frame_count", 1.5),
    ("kind", "live"), ("color", "bt709"), ("color", "bt709-full"), ("color_origin", "file"),
    ("color_origin", "x"), ("kind", []),
    ("kind", None), ("region_origin", "x"), ("region_origin", {}),
    ("timestamp_us", -1), ("timestamp_us", 10**16), ("timestamp_us", 1.5), ("timestamp_us", True),
    ("region", "all"), ("region", []), ("region", ["rectangle"]),
    ("region", ["sector", [1], "given", 1.0, None]), ("region", ["rectangle", [0, 0, 1, 1]]),
    ("region", ["rectangle", [0, 0, 9, 9], "given", 1.0, None]),
    ("region", [[], [0, 0, 1, 1], "given", 1.0, None]),
    ("region", ["rectangle", [0, 0, 1, 1], "x", 1.0, None]),
    ("region", ["rectangle", [0, 0, 1, 1], "found", 2, None]),
    ("region", ["rectangle", [0, 0, 1.5, 1], "given", 1.0, None]),
    ("region", ["rectangle", [0, 0, 1, 1], "given", 1.0]),
    ("region", ["rectangle", [0, 0, 1, 1], "given", 1.0, [0, 0, 1, 1]]),
    ("pixel_size_mm", None), ("pixel_size_mm", [1]),
    ("pixel_size_mm", [0, 0]), ("pixel_size_mm", ["1", "1"]), ("pixel_size_mm", 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS, ids=str)
def test_one_wrong_field_is_enough(name: str, value: Any) -> None:
    message = copy.deepcopy(FRAME)
    message["frame"][name] = value
    with pytest.raises(protocol.ProtocolError):
        protocol.frame_of(message, protocol.empty_pixels(message), "x", 0)


@pytest.mark.parametrize("name", sorted(FRAME["frame"]))
def test_a_field_that_is_missing_is_enough(name: str) -> None:
    message = copy.deepcopy(FRAME)
    del message["frame"][name]
    with pytest.raises(protocol.ProtocolError):
        protocol.empty_pixels(message)


def test_an_endless_message_is_not_waited_for(told: Callable[..., Any]) -> None:
    assert "(length)" in str(told(LIES["an endless message"], hangs=True))


@pytest.mark.parametrize("lie", LIES)
def test_a_process_that_goes_astray_is_ended(lie: str, told: Callable[..., Any]) -> None:
    found = told(LIES[lie])
    assert isinstance(found, SourceError), found
    assert found.slug == "source-decoder-crashed", str(found)


def test_what_it_tells_of_an_error_is_made_printable_and_short(told: Callable[..., Any]) -> None:
    found = told(erring(message="\x1b" * 10_000))
    assert isinstance(found, SourceError)
    assert len(str(found)) <= 1000
    assert str(found).isprintable()


def test_one_that_says_nothing_is_ended(
    told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WALL_S", 0.3)
    found = told(protocol.encode(FRAME)[:-1], hangs=True)
    assert (found.slug, "did not answer" in str(found)) == ("source-too-costly", True)


PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e300, 1e300)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FRAME["frame"])), VALUES)
def test_any_value_in_any_field_is_a_frame_or_a_protocol_error(name: str, value: Any) -> None:
    message = copy.deepcopy(FRAME)
    message["frame"][name] = json.loads(json.dumps(value))
    try:
        pixels = protocol.empty_pixels(message)
        frame, _ = protocol.frame_of(message, pixels, "x", 0)
    except protocol.ProtocolError:
        return
    assert frame.width * frame.height <= 64 << 20


@given(
    st.sampled_from(["GRAY8", "GRAY16", "RGB24"]), st.integers(1, 40), st.integers(1, 40),
    st.booleans(), st.integers(0, 65_534), st.floats(0.001, 10),
)  # fmt: skip
def test_a_frame_crosses_as_it_is(
    kind: str, width: int, height: int, cut: bool, low: int, size: float
) -> None:
    shape = (height, width, 3) if kind == "RGB24" else (height, width)
    array = np.random.default_rng(0).integers(0, 255, shape)
    array = array.astype(np.uint16 if kind == "GRAY16" else np.uint8)
    clip = (0, 0, max(1, width // 2), height)
    region = Region.sector(0, 0, 0, 60, -90, 90, clip=clip) if cut else None
    frame = frame_of_array(
        array, region=region, pixel_size_mm=(size, 2 * size), window=(low, 65_535)
    )
    info = FrameInfo("x", 3, 7, "dicom", 40, "file")
    message, pixels = protocol.describe_frame(frame, info)
    message = protocol.decode(protocol.encode(message)[4:])
    room = protocol.empty_pixels(message)
    assert (room.shape, room.dtype) == (pixels.shape, pixels.dtype)
    again, told = protocol.frame_of(message, pixels, "x", 3)
    assert told == info
    assert isinstance(again, Frame)
    assert again._key == frame._key


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_frame_of_any_format_crosses_as_it_is(name: str) -> None:
    facts = FACTS[name]
    color = "bt709-limited" if facts["yuv"] else None
    window = (0, 65_535) if name == "GRAY16" else None
    pixels = np.zeros(frame_bytes(name, 6, 4), np.uint8)
    frame = packed_frame(pixels, name, 6, 4, color=color, window=window)
    info = FrameInfo("x", 0, 1, "video", 0, "whole", color, color and "given")
    message, _ = protocol.describe_frame(frame, info)
    message = protocol.decode(protocol.encode(message)[4:])
    again, told = protocol.frame_of(message, protocol.empty_pixels(message), "x", 0)
    assert (told, again._key) == (info, frame._key)


LONGEST_US = 10**15  # thirty years


@pytest.mark.parametrize(("time_us", "fits"), [(LONGEST_US, True), (LONGEST_US + 1, False)])
def test_times_end_somewhere(time_us: int, fits: bool) -> None:
    message = copy.deepcopy(FRAME)
    message["frame"]["timestamp_us"] = time_us
    pixels = protocol.empty_pixels(message)
    if fits:
        assert protocol.frame_of(message, pixels, "x", 0)[1].timestamp_us == time_us
    else:
        with pytest.raises(protocol.ProtocolError, match="timestamp_us"):
            protocol.frame_of(message, pixels, "x", 0)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_no_word_for_is_not_said(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        protocol.encode({"time": number})
