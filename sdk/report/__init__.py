"""A clip's answers as one HTML file that needs nothing else; jinja2 comes with `report`."""

from __future__ import annotations

from .collected import Collected, collect
from .page import require_renderer, write_page

__all__ = ["Collected", "collect", "require_renderer", "write_page"]
