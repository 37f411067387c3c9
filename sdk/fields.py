"""Read JSON metadata strictly: one reader a type, each naming the field, the value and the rule."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn

from ._origin import raised_by
from ._shown import shown
from .errors import ModelError

MAX_JSON_CHARACTERS = 256 * 1024
_MAX_FREE_DEPTH, _MAX_FREE_ITEMS = 16, 10_000
_MAX_FREE_CHARACTERS, _MAX_FREE_NUMBER = 4096, 1e300


def invalid(field: str, value: object, allowed: str) -> ModelError:
    """Build the error for a metadata field that breaks its rule."""
    return ModelError(
        "model-metadata-invalid", f"model file: {field} is {shown(value)}, allowed is {allowed}"
    )


def parse_json(source: str, field: str) -> Any:
    """Parse strict JSON: no NaN or Infinity, no key twice, bounded size."""
    if len(source) > MAX_JSON_CHARACTERS:
        raise invalid(field, f"{len(source)} characters", f"at most {MAX_JSON_CHARACTERS}")
    try:
        return json.loads(source, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if not raised_by(error, "json"):
            raise  # a signal handler's
        raise invalid(field, source, f"strict JSON ({error})") from error


def dump_json(value: object) -> str:
    """Write strict JSON with sorted keys and no spaces, so that equal values give equal bytes.

    Raises:
        ValueError: when the value holds NaN or Infinity.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )


def json_object(value: object, field: str, keys: frozenset[str] | None = None) -> dict[str, Any]:
    """Check for an object; with `keys`, for exactly these keys."""
    if not isinstance(value, dict):
        raise invalid(field, value, "a JSON object")
    if keys is not None and set(value) != keys:
        missing, unknown = sorted(keys - set(value)), sorted(set(value) - keys)
        raise ModelError(
            "model-metadata-invalid",
            f"model file: {field} lacks {shown(missing)} and has the unknown {shown(unknown)}, "
            f"allowed are exactly the keys {shown(sorted(keys))}",
        )
    return value


def json_list(value: object, field: str, *, low: int, high: int) -> list[Any]:
    """Check for a list of `low` to `high` items, both included."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise invalid(field, value, f"a list of {low} to {high} items")
    return value


def number(value: object, field: str, *, low: float, high: float) -> float:
    """Check for a finite number in [low, high]; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(field, value, "a number")
    # compared before it is converted: an integer may be too large for a float; NaN is in no range
    if not low <= value <= high:
        raise invalid(field, value, f"a number in [{low}, {high}]")
    return float(value)


def integer(value: object, field: str, *, low: int, high: int) -> int:
    """Check for an integer in [low, high]; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise invalid(field, value, f"an integer in [{low}, {high}]")
    return value


def string(value: object, field: str, *, longest: int) -> str:
    """Check for a string of 1 to `longest` printable characters, without space at its ends.

    Not printable are control characters, surrogates, and marks that change the direction of text
    (`str.isprintable`). Unicode has several spellings of one character: it must be the composed one
    (NFC), so that strings that look equal are equal.
    """
    ok = isinstance(value, str) and 1 <= len(value) <= longest and value.isprintable()
    if not ok or str(value).strip() != value or not unicodedata.is_normalized("NFC", str(value)):
        raise invalid(field, value, f"1 to {longest} printable characters in Unicode form NFC")
    return str(value)


def text(value: object, field: str, *, longest: int) -> str:
    """Check for a text of 1 to `longest` printable characters and line ends."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise invalid(field, value, f"a text of 1 to {longest} characters")
    if not value.replace("\n", "").isprintable():
        raise invalid(field, value, "printable characters and line ends")
    return value


def free_json(value: object, field: str) -> None:
    """Check what has no other rule: bounded depth and size, printable text, finite numbers."""
    left, level = _MAX_FREE_ITEMS, [value]
    for _ in range(_MAX_FREE_DEPTH):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
            else:
                _check_scalar(item, field)
        left -= len(below)
        if not below:
            return
        if left < 0:
            raise invalid(field, value, f"at most {_MAX_FREE_ITEMS} items")
        level = below
    raise invalid(field, value, f"at most {_MAX_FREE_DEPTH - 1} levels of lists and objects")


def _check_scalar(item: object, field: str) -> None:
    if isinstance(item, str):
        if item:
            text(item, field, longest=_MAX_FREE_CHARACTERS)
    elif isinstance(item, int | float) and not isinstance(item, bool):
        number(item, field, low=-_MAX_FREE_NUMBER, high=_MAX_FREE_NUMBER)


def numbers_by_label(
    value: object, field: str, labels: tuple[str, ...], *, low: float, high: float
) -> Mapping[str, float]:
    """Check for an object that gives every label, and nothing else, a number in [low, high]."""
    entries = json_object(value, field, frozenset(labels))
    return {key: number(entries[key], f"{field}.{key}", low=low, high=high) for key in labels}


def numbers_by_name(
    value: object, field: str, ranges: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Check for an object that gives every name, and nothing else, a number in its range."""
    entries = json_object(value, field, frozenset(ranges))
    return {
        name: number(entries[name], f"{field}.{name}", low=low, high=high)
        for name, (low, high) in ranges.items()
    }


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a key is there twice")
    return entries


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
