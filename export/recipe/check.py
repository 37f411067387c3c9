"""What a recipe may say: `recipes/schema.json`, held to by jsonschema."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

SCHEMA = Path(__file__).parents[1] / "recipes" / "schema.json"
_RULES = (
    *("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("pattern", "minItems", "maxItems", "uniqueItems"),
)


def check_recipe(table: dict[str, Any]) -> None:
    """Refuse a recipe's table that has a missing, unknown, mistyped or impossible field.

    Raises:
        ValueError: naming the field, what it is, and what is allowed.
    """
    _finite(table, "")
    found = best_match(_validator().iter_errors(table))
    if found is not None:
        raise ValueError(_told(found))
    augment = table.get("augment", {})
    low, high = augment.get("scale_min", 0.6), augment.get("scale_max", 2.0)
    if low > high:
        raise ValueError(f"augment.scale_min is {low}; allowed: at most scale_max, which is {high}")


@cache
def _validator() -> Any:
    """Return the schema's validator; unlike JSON's, its whole numbers are TOML's: 2.0 is none."""
    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: _is_int(value))
    strict = validators.extend(Draft202012Validator, type_checker=whole)
    return strict(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _finite(value: object, field: str) -> None:
    """Refuse NaN and infinity, which TOML can say and no comparison would find."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _finite(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list):
        for inner in value:
            _finite(inner, field)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{field} is {value}; allowed: a finite number")


def _told(error: ValidationError) -> str:
    field = ".".join(str(step) for step in error.absolute_path) or "the recipe"
    rules = error.schema if isinstance(error.schema, dict) else {}
    allowed = ", ".join(f"{rule} {rules[rule]}" for rule in _RULES if rule in rules)
    if error.validator in ("required", "additionalProperties", "minProperties"):
        allowed = f"fields {sorted(rules.get('properties', {}))}"
    message = error.message if len(error.message) <= 200 else error.message[:197] + "..."
    return f"missing, unknown or impossible: {field}: {message}" + (
        f"; allowed: {allowed}" if allowed else ""
    )
