"""Why a recipe is refused: which field, what it was, what is allowed.

msgspec says what it expected and where; this adds the value, the whole range and the names of
entries in tables of free names, which its path leaves out (`$.gaze[...]`).
"""

import difflib
import re
import typing
from typing import Annotated, Any

from msgspec import Struct, ValidationError, convert, inspect, structs

_WHERE = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<field>\w+)|\[(?P<index>\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`")
_BY_MSGSPEC = ("Expected ", "Invalid enum value")


def refusal(value: Any, kind: Any, field: str = "") -> str:
    """Return why `value` can't be converted to `kind`; `field` is where it stands in the recipe.

    Raises:
        ValueError: it can be.
    """
    try:
        convert(value, kind)
    except ValidationError as error:
        parts = _WHERE.fullmatch(str(error))
        assert parts is not None  # the pattern takes any text
        return _at(parts["what"], parts["path"] or "", value, kind, field)
    raise ValueError(f"{field or 'the recipe'} is {value!r}, which is allowed")


def _at(what: str, path: str, value: Any, kind: Any, field: str) -> str:
    """Follow msgspec's path into `value` and `kind`, and say what is wrong at its end."""
    for step in _STEP.finditer(path):
        if step["index"] == "...":
            return _among(value, kind, field)
        if step["field"]:
            value, kind = value[step["field"]], _hints(_plain(kind))[step["field"]]
            field = _joined(field, step["field"])
        else:
            index = int(step["index"])
            value, kind = value[index], _item(_plain(kind), index)
            field = f"{field}[{index}]"
    if _is_table(kind) and isinstance(value, dict) and value:
        return _among(value, kind, field)
    return _reason(what, value, kind, field)


def _among(table: dict[str, Any], kind: Any, field: str) -> str:
    """Find the entry of a table of free names that is wrong; its name, or what it holds."""
    name_kind, value_kind = typing.get_args(_plain(kind))
    for name, value in table.items():
        here = _joined(field, name)
        for part, part_kind, where in (
            (name, name_kind, f"{_shown(here)}: the name"),
            (value, value_kind, here),
        ):
            try:
                convert(part, part_kind)
            except ValidationError:
                return refusal(part, part_kind, where)
    return f"{field} is {_shown(table)}; allowed: {allowed(kind)}"


def _reason(what: str, value: Any, kind: Any, field: str) -> str:
    where = field or "the recipe"
    if missing := _MISSING.fullmatch(what):
        return f"{_joined(field, missing['name'])} is missing; {where} needs {_needed(kind)}"
    if unknown := _UNKNOWN.fullmatch(what):
        name, known = unknown["name"], _fields(kind)
        return f"{_joined(field, name)} is unknown{near(name, known)}; {where} may have {known}"
    if what.startswith(_BY_MSGSPEC):
        return f"{where} is {_shown(value)}; allowed: {allowed(kind)}"
    return _joined(field, what)  # of a `__post_init__`, which names the field itself


def near(name: str, known: typing.Iterable[str]) -> str:
    """Return ` (did you mean ...?)`, or nothing where no known name is near."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def allowed(kind: Any) -> str:
    """Return what a type takes, in words."""
    return _words(inspect.type_info(kind))


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType(types=types):
            return " or ".join(_words(t) for t in types if not isinstance(t, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return f"one of {list(values)}"
        case inspect.IntType() | inspect.FloatType():
            what = "a whole number" if isinstance(kind, inspect.IntType) else "a finite number"
            bounds = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
            limits = [f"{w} {getattr(kind, b)}" for b, w in bounds if getattr(kind, b) is not None]
            return ", ".join([what, *limits])
        case inspect.StrType(pattern=pattern, max_length=longest):
            return (
                "text"
                + (f" that matches {pattern}" if pattern else ", not empty")
                + (f", at most {longest} characters" if longest else "")
            )
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            count = f"{least or 0} or more" if most is None else f"{least or 0} to {most}"
            return f"a list of {count}, each {_words(item)}"
        case inspect.StructType(cls=cls, array_like=True):
            return f"a list of {', '.join(f.name for f in structs.fields(cls))}"
        case inspect.StructType(cls=cls):
            return f"a table of {', '.join(f.name for f in structs.fields(cls))}"
        case inspect.DictType(value_type=value, min_length=least):
            return f"a table of {least or 0} or more names, each with {_words(value)}"
    return "anything"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def _joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _plain(kind: Any) -> Any:
    """Return a type without its constraints and without None."""
    while typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    options = [k for k in typing.get_args(kind) if k is not type(None)]
    is_optional = len(options) == 1 and type(None) in typing.get_args(kind)
    return _plain(options[0]) if is_optional else kind


def _item(kind: Any, index: int) -> Any:
    if isinstance(kind, type) and issubclass(kind, Struct):  # written as a list
        names = kind.__struct_fields__
        return _hints(kind)[names[index]]
    return typing.get_args(kind)[0]


def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _is_table(kind: Any) -> bool:
    return typing.get_origin(_plain(kind)) is dict


def _fields(kind: Any) -> list[str]:
    return sorted(f.name for f in structs.fields(_plain(kind)))


def _needed(kind: Any) -> list[str]:
    return sorted(f.name for f in structs.fields(_plain(kind)) if f.required)
