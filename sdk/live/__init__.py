"""A running source with its answers, for a browser on this machine; the standard library serves it.

Chosen over Starlette and uvicorn: a blocking socket with a timeout bounds a slow reader, which ASGI
servers leave to the application; four addresses need no router; a cart gets no dependency for a
page that is looked at now and then.
"""

from __future__ import annotations

from .pace import Paced
from .run import Watched, watch
from .server import LiveServer
from .view import View

__all__ = ["LiveServer", "Paced", "View", "Watched", "watch"]
