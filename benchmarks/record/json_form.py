"""How typed values stand in JSON. Standard library alone: measuring processes import it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

#: Metadata of a field that is written even where it holds its default, as null.
ALWAYS: Mapping[str, bool] = {"always_written": True}


def to_json(value: Any) -> Any:
    """Return dataclasses, tuples and mappings as dicts and lists; fields at their default left out.

    So an entry that a task doesn't have is absent. Null stands only where a figure could have been
    there: such fields have no default, or carry `ALWAYS`.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_json(getattr(value, field.name))
            for field in fields(value)
            if _is_written(field, getattr(value, field.name))
        }
    if isinstance(value, Mapping):
        return {key: to_json(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(one) for one in value]
    return value


def _is_written(field: Field[Any], value: Any) -> bool:
    if field.metadata.get("always_written"):
        return True
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return default is MISSING or value != default
