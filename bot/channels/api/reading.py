"""JSON into typed bodies, forgiving towards broken characters and exact about everything else. Pure."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar, get_args

import msgspec

from bot.channels.text import lenient_json, shortened
from bot.errors import BadMessage

Body = TypeVar("Body", bound=msgspec.Struct)

#: Longer field names are cut where an error repeats them.
LONGEST_FIELD = 120

_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_NAMED = re.compile(r"(?P<kind>unknown|required) field `(?P<name>[^`]*)`")
_TYPES = {"str": "text", "object": "an object", "array": "a list", "bool": "true or false", "null": "null"}
_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]*)`")


def read_body(raw: bytes, kind: type[Body]) -> Body:
    """Return the body. Raises BadMessage naming the field, its value and what would be right."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):  # in a ValidationError too: the value is wanted for the text
        return convert(read_json(raw), kind)


def read_json(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Return JSON in which broken UTF-8, lone surrogates and bare control characters do no harm."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return lenient_json(raw)
    except RecursionError:
        raise BadMessage("body: nested too deeply; send the fields of the API alone") from None
    except ValueError as problem:  # JSONDecodeError is one, and so is a number of 5,000 digits
        raise BadMessage(f"body: not JSON ({str(problem)[:60]}); send one JSON value in UTF-8") from None


def convert(value: object, kind: type[Body]) -> Body:
    """Return decoded JSON as a body. Raises BadMessage like ``read_body``."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise BadMessage(_explained(str(problem), value, kind)) from None
    except RecursionError:
        raise BadMessage("body: nested too deeply; send the fields of the API alone") from None


def _explained(problem: str, value: Any, kind: type[msgspec.Struct]) -> str:  # noqa: ANN401 - JSON is anything
    place = _PATH.search(problem)
    path = place["path"].lstrip(".") if place else ""
    named = _NAMED.search(problem)
    if named is None:
        return _wrong_type(problem, path, value)
    field = f"{path}.{named['name']}" if path else named["name"]
    if named["kind"] == "required":
        return f"{field}: missing; it is required"
    shown = field if field.isprintable() and len(field) <= LONGEST_FIELD else shortened(field)
    return f"{shown}: unknown field; {_nearest(named['name'], path, kind)}"


def _wrong_type(problem: str, path: str, value: Any) -> str:  # noqa: ANN401 - JSON is anything
    expected = _EXPECTED.search(problem)
    names = expected["expected"].split(" | ") if expected else [problem]
    wanted = " or ".join(_TYPES.get(name, name) for name in names)
    return f"{path or 'body'}: {shortened(_at(value, path))} is of the wrong type; send {wanted}"


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _nearest(name: str, path: str, kind: type[msgspec.Struct]) -> str:
    known = _field_names(kind, path)
    close = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"


def _field_names(kind: type[msgspec.Struct], path: str) -> list[str]:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if not path:
        return list(fields)
    head, _, rest = path.partition(".")
    kinds = (option for option in (fields[head], *get_args(fields[head])) if isinstance(option, type))
    nested = next(option for option in kinds if issubclass(option, msgspec.Struct))
    return _field_names(nested, rest)
