"""OpenIGTLink: images of an independent peer, checked sums, lost connections, hostile bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyigtl
import pytest
from fastcrc import crc64
from hypothesis import given, settings
from hypothesis import strategies as st
from pyigtl.messages import CRC64

from sdk import SdkError, SourceError, sources
from sdk.sources.live import igtl_message
from sdk.sources.live.link import Lost

RANDOM = np.random.default_rng(4)
GREY = RANDOM.integers(0, 256, (1, 24, 32)).astype(np.uint8)


def packed(image: Any, version: int = 1, device: str = "Probe", **options: Any) -> bytes:
    message = pyigtl.ImageMessage(image, device_name=device, **options)
    message.header_version = version
    if version == 2:
        message.metadata = {"depth": "12 cm"}
    return bytes(message.pack())


class Sender:
    """A server that sends what it is given to each who connects, and then hangs up or waits."""

    def __init__(self, *sent: bytes, stays: bool = True, pause_s: float = 0.0) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._over = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = self._socket.accept()
                    with peer, contextlib.suppress(OSError):
                        for data in sent:
                            peer.sendall(data)
                            time.sleep(pause_s)
                        if stays:
                            self._over.wait(20)

        threading.Thread(target=serve, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def send() -> Iterator[Callable[..., int]]:
    senders: list[Sender] = []

    def start(*sent: bytes, **options: Any) -> int:
        senders.append(Sender(*sent, **options))
        return senders[-1].port

    yield start
    for sender in senders:
        sender.close()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("image", "format_"),
    [
        (GREY, "GRAY8"),
        (GREY[0], "GRAY8"),
        (RANDOM.integers(0, 65_536, (1, 24, 32)).astype(np.uint16), "GRAY16"),
        (RANDOM.integers(0, 256, (1, 24, 32, 3)).astype(np.uint8), "RGB24"),
        (RANDOM.integers(0, 256, (1, 24, 32, 4)).astype(np.uint8), "RGBA32"),
    ],
)
def test_what_a_peer_packs_is_what_comes_out(
    send: Any, image: Any, format_: str, version: int
) -> None:
    port = send(packed(image, version))
    with sources.openigtlink(port=port) as live:
        frame, info = next(live)
    # pyigtl sends a plane with its sides the other way round: (1, columns, rows)
    rows, columns = (24, 32) if image.ndim > 2 else image.shape
    assert (frame.height, frame.width, str(frame.format)) == (rows, columns, format_)
    native = image.astype(image.dtype.newbyteorder("="))
    assert bytes(memoryview(frame._data).cast("B")) == native.tobytes()
    assert (info.kind, info.path, info.timestamp_us) == ("igtl", f"igtl://localhost:{port}", 0)


def test_pixels_of_either_byte_order_are_read(send: Any) -> None:
    image = RANDOM.integers(0, 65_536, (1, 24, 32)).astype(np.uint16)
    little = packed(image)
    body = bytearray(little[58:])
    body[4] = 1  # big-endian
    body[72:] = image.byteswap().tobytes()
    big = little[:50] + struct.pack(">Q", CRC64(bytes(body))) + bytes(body)
    with sources.openigtlink(port=send(little, big), queue=2, window=(0, 4095)) as live:
        frames = [next(live)[0] for _ in range(2)]
    assert [bytes(memoryview(f._data).cast("B")) for f in frames] == [image.tobytes()] * 2
    assert frames[0]._key.window == (0, 4095)


def test_a_running_peer_is_read(send: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = pyigtl.OpenIGTLinkServer(port=port, local_server=True)
    try:
        with sources.open(f"igtl://127.0.0.1:{port}") as live:
            found = []
            for level in range(3):
                end = time.monotonic() + 10
                while not server.is_connected() and time.monotonic() < end:
                    time.sleep(0.01)
                image = np.full((1, 20, 30), level, np.uint8)
                server.send_message(pyigtl.ImageMessage(image, device_name="Probe"), wait=True)
                found.append(int(np.asarray(next(live)[0]._data).reshape(-1)[0]))
        assert found == [0, 1, 2]
    finally:
        server.stop()


def test_spacing_is_the_size_of_a_pixel(send: Any) -> None:
    matrix = np.diag([0.25, 0.5, 1, 1])
    with sources.openigtlink(port=send(packed(GREY, ijk_to_world_matrix=matrix))) as live:
        assert next(live)[0]._key.pixel_size == (0.25, 0.5)


def test_a_changed_byte_is_left_out_and_counted(send: Any) -> None:
    bad = bytearray(packed(GREY))
    bad[200] ^= 1
    with sources.openigtlink(port=send(bytes(bad), packed(GREY + np.uint8(1)))) as live:
        frame, _ = next(live)
        assert live.stats().damaged == 1
    assert bytes(frame._data) == (GREY + np.uint8(1)).tobytes()


def test_other_kinds_and_devices_are_left_out_and_counted(send: Any) -> None:
    other = bytes(pyigtl.TransformMessage(np.eye(4), device_name="Probe").pack())
    port = send(other, packed(GREY, device="Other"), packed(GREY, device="Probe"))
    with sources.openigtlink(port=port, device="Probe") as live:
        next(live)
        assert live.stats().ignored == 2


def test_an_image_that_is_not_read_is_an_error_and_the_next_one_comes(send: Any) -> None:
    volume, wide = np.zeros((3, 4, 5), np.uint8), np.zeros((1, 4, 5), np.float32)
    with sources.openigtlink(
        port=send(packed(volume), packed(wide), packed(GREY)), queue=3
    ) as live:
        for what in ("volume", "scalar type 10"):
            with pytest.raises(SourceError, match=what) as caught:
                next(live)
            assert caught.value.slug == "source-unsupported"
        assert next(live)[0].width == 32


def test_a_connection_that_ends_is_made_again(send: Any) -> None:
    port = send(packed(GREY), packed(GREY)[:500], stays=False)
    with sources.openigtlink(port=port, queue=8) as live:
        assert [next(live)[1].index for _ in range(3)] == [0, 1, 2]
        assert live.stats().connections >= 3


def test_bytes_that_are_no_header_begin_a_new_connection(send: Any) -> None:
    port = send(packed(GREY), b"\0" * 58, stays=False)
    with sources.openigtlink(port=port, queue=8) as live:
        for _ in range(3):
            next(live)
        assert live.stats().connections >= 3


def test_a_body_beyond_the_bound_is_never_asked_for(send: Any) -> None:
    head = igtl_message.HEADER.pack(1, b"IMAGE", b"Probe", 0, 0, 1 << 40, 0)
    with (
        sources.openigtlink(port=send(head, stays=False), give_up_s=0.4) as live,
        pytest.raises(SourceError, match="allowed are") as caught,
    ):
        next(live)
    assert caught.value.slug == "source-disconnected"


def test_close_does_not_wait_for_a_silent_sender(send: Any) -> None:
    live = sources.openigtlink(port=send(packed(GREY)[:100]))
    began = time.monotonic()
    live.close()
    assert time.monotonic() - began < 3


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hostile_contents_are_frames_or_typed_errors(data: st.DataObject) -> None:
    good = bytearray(packed(GREY, data.draw(st.sampled_from([1, 2]))))
    for _ in range(data.draw(st.integers(0, 6))):
        good[data.draw(st.integers(0, 160))] = data.draw(st.integers(0, 255))
    message = bytes(good[: data.draw(st.sampled_from([len(good), 58, 60, 100, 140]))])
    try:
        header = igtl_message.header_of(message[:58])
        content = igtl_message.content_of(header, memoryview(message)[58:])
        frame = igtl_message.image_of(content, None, (0, 65_535))
    except (Lost, SdkError):
        return
    assert 0 < frame.width * frame.height <= len(good)


def test_the_checksum_is_that_of_the_protocol() -> None:
    for data in (b"", b"123456789", RANDOM.bytes(1000)):
        assert crc64.ecma_182(data) == CRC64(data)
    assert crc64.ecma_182(b"123456789") == 0x6C40DF5F0B497347
    assert struct.calcsize(igtl_message.HEADER.format) == 58
