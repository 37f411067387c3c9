"""HTTP on loopback: a page, and its data one small question at a time.

A browser opens at most six connections to one server, for all tabs together, so a stream a tab
would hang the seventh. Here each tab asks for what is newer than what it has, and a hidden one
doesn't ask. Whoever reads slowly delays nobody but itself, and is cut off after `_TIMEOUT_S`.
"""

from __future__ import annotations

import hmac
import re
import secrets
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

from .view import View

MOST_CONNECTIONS = 32
_TIMEOUT_S = 5.0
_LONGEST_WAIT_S = 1.0
_FOLDER = Path(__file__).parent / "templates"
_FILES = {
    "": ("live.html", "text/html; charset=utf-8"),
    "live.css": ("live.css", "text/css; charset=utf-8"),
    "live.js": ("live.js", "text/javascript; charset=utf-8"),
}
_PATH = re.compile(r"/([A-Za-z0-9_-]{1,64})/([a-z.]{0,16})(?:\?after=(\d{1,15}))?")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class LiveServer(ThreadingHTTPServer):
    """Serves one view on 127.0.0.1; a context that begins and ends it.

    The address holds a random token, so another user or page of this machine cannot guess it, and
    requests for any other host than loopback are refused, so no name that is rebound to 127.0.0.1
    gets an answer.

    Args:
        view: whose data it serves.
        port: 0 for a free one.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, view: View, port: int = 0) -> None:
        self.view = view
        self.token = secrets.token_urlsafe(16)
        self.files = {name: (_FOLDER / file).read_bytes() for name, (file, _) in _FILES.items()}
        self._room = BoundedSemaphore(MOST_CONNECTIONS)
        self.refused = 0
        super().__init__(("127.0.0.1", port), _Handler)
        self.hosts = {f"{host}:{self.server_port}" for host in ("127.0.0.1", "localhost")}
        self._thread = Thread(target=self.serve_forever, args=(0.1,), name="sonogaze-live",
                              daemon=True)  # fmt: skip

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def __enter__(self) -> LiveServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.view.close()
        self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Bind without asking the name service who we are."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or hang up where there are too many."""
        if not self._room.acquire(blocking=False):
            self.refused += 1
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave it: a tab was closed, or didn't read."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_S  # of a request that doesn't come, and of an answer that isn't taken
    server: LiveServer

    def do_GET(self) -> None:
        """Answer one question."""
        if self.headers.get("Host", "") not in self.server.hosts:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, b"not this host\n")
            return
        found = _PATH.fullmatch(self.path)
        if found is None or not hmac.compare_digest(found[1], self.server.token):
            self._answer(HTTPStatus.NOT_FOUND, b"use the address that the command printed\n")
        elif found[2] in _FILES:
            self._answer(HTTPStatus.OK, self.server.files[found[2]], _FILES[found[2]][1])
        elif found[2] == "data":
            page = self.server.view.page(int(found[3] or 0), _LONGEST_WAIT_S)
            if page is None:
                self._answer(HTTPStatus.NO_CONTENT, b"")
            else:
                self._answer(HTTPStatus.OK, page, "application/json")
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"no such page\n")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Tell no versions."""
        return "sonogaze"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the token is in the path."""
