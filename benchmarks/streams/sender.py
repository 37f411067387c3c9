"""Sends the files of a folder over and over to whoever connects; a process to be killed.

`python sender.py FOLDER PORT FPS`. A file `head` is sent first, once the peer has said something.
"""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress
from pathlib import Path


def send(peer: socket.socket, folder: Path, fps: float) -> None:
    """Send frames until the peer goes away."""
    if (folder / "head").exists():
        peer.recv(1 << 16)
        peer.sendall((folder / "head").read_bytes())
    frames = [path.read_bytes() for path in sorted(folder.glob("frame-*"))]
    due_s = time.monotonic()
    while True:
        for frame in frames:
            peer.sendall(frame)
            due_s += 1 / fps
            time.sleep(max(0.0, due_s - time.monotonic()))


def main() -> None:
    """Serve one peer after the other."""
    folder, port, fps = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            peer, _ = server.accept()
            with peer, suppress(OSError):
                send(peer, folder, fps)


if __name__ == "__main__":
    main()
