"""The audit log: what a stream answered, without pixels and without whose they are; and its replay.

`docs/stream.md` lists the fields of a record.
"""

from __future__ import annotations

from .log import AuditLog
from .read import LogRecords, read_log
from .replaying import Difference, ReplayReport, replay

__all__ = ["AuditLog", "Difference", "LogRecords", "ReplayReport", "read_log", "replay"]
