"""Attributes of operators: the rule that each obeys, and reading them by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._shown import shown
from ..errors import ModelError
from .values import MAX_RANK, invalid_graph

NUMBER, WHOLE, TEXT, LIST = 1, 2, 3, 7
"""AttributeProto.AttributeType: FLOAT, INT, STRING, INTS."""
_STORED_IN = {NUMBER: "f", WHOLE: "i", TEXT: "s", LIST: "ints"}


class Attribute(NamedTuple):
    """An allowed attribute: its AttributeProto type, default, and range of (each of) its values.

    A default of None: it must be given. Texts have a list instead of a range. `length` is that of
    a list, 0 for up to `MAX_RANK`.
    """

    type: int
    default: Any
    low: float = 0
    high: float = 0
    texts: tuple[str, ...] = ()
    length: int = 0


def read_attributes(
    name: str, rules: Mapping[str, Attribute], given: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return every attribute of an operator, as given or by default.

    Args:
        name: of the operator, for messages.
        rules: of its attributes, by name.
        given: AttributeProto fields.

    Raises:
        ModelError: `model-operator-refused` for one that is unknown, twice, or out of range.
    """
    values: dict[str, Any] = {}
    for item in given:
        key = item.get("name", "")
        rule = rules.get(key)
        value = None if rule is None or key in values else _attribute_value(rule, item)
        if value is None:
            raise ModelError(
                "model-operator-refused",
                f"model file: attribute {shown(key)} of {name} is unknown, given twice, or out of "
                f"range; allowed: {_describe(rules)}",
            )
        values[key] = value
    values = {key: rule.default for key, rule in rules.items()} | values
    if None in values.values():
        raise invalid_graph(f"{name} lacks an attribute; it has {_describe(rules)}")
    return values


def _attribute_value(rule: Attribute, item: Mapping[str, Any]) -> Any:
    """Return the value, or None when it breaks its rule."""
    # a field beside the one of its type would be read by some parsers and not by others
    if item.keys() != {"name", "type", _STORED_IN[rule.type]} or item["type"] != rule.type:
        return None
    value = item[_STORED_IN[rule.type]]
    if rule.type == TEXT:
        return value if value in rule.texts else None
    values = value if rule.type == LIST else [value]
    if not all(rule.low <= number <= rule.high for number in values):
        return None
    if rule.type != LIST:
        return value
    return tuple(values) if len(values) == (rule.length or min(len(values), MAX_RANK)) else None


def _describe(rules: Mapping[str, Attribute]) -> str:
    texts = [f"{key} {list(rule.texts) or [rule.low, rule.high]}" for key, rule in rules.items()]
    return ", ".join(texts) or "none"
