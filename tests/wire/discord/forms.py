"""What Discord refuses in a form, told as it tells it: which field is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tests.wire.discord.payloads import Payload, Problem

_ABSENT: Any = object()


def wrong(path: str, sentence: str, code: str = "BASE_TYPE_INVALID") -> Problem:
    """Return the refusal of one field, named by its path: ``embeds.0.title``."""
    errors: Payload = {"_errors": [{"code": code, "message": sentence}]}
    for step in reversed(path.split(".")):
        errors = {step: errors}
    problem = Problem(400, 50035, "Invalid Form Body")
    problem.body["errors"] = errors
    return problem


def needed(path: str) -> Problem:
    return wrong(path, "This field is required", "BASE_TYPE_REQUIRED")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def text(form: Payload, name: str, path: str, most: int, *, least: int = 1, required: bool = True) -> str:
    """Return a text of this length at most. Raises Problem."""
    found = form.get(name)
    if found is None:
        if required:
            raise needed(_at(path, name))
        return ""
    if not isinstance(found, str):
        raise wrong(_at(path, name), "Could not interpret this as string.", "STRING_TYPE_CONVERT")
    if not least <= len(found) <= most:
        sentence = f"Must be between {least} and {most} in length."
        raise wrong(_at(path, name), sentence, "BASE_TYPE_BAD_LENGTH")
    return found


def number(form: Payload, name: str, path: str, low: float, high: float, *, otherwise: Any = _ABSENT) -> Any:
    """Return a number within these bounds, or what stands for none. Raises Problem."""
    found = form.get(name)
    if found is None:
        if otherwise is _ABSENT:
            raise needed(_at(path, name))
        return otherwise
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise wrong(_at(path, name), f'Value "{found}" is not a number.', "NUMBER_TYPE_COERCE")
    if not low <= found <= high:
        raise wrong(_at(path, name), f"must be between {low} and {high}.", "NUMBER_TYPE_RANGE")
    return found


def one_of(form: Payload, name: str, path: str, allowed: Collection[Any], *, otherwise: Any = _ABSENT) -> Any:
    """Return one of the allowed values, or what stands for none. Raises Problem."""
    found = form.get(name)
    if found is None and otherwise is not _ABSENT:
        return otherwise
    if found not in allowed:
        sentence = f"Value must be one of {{{', '.join(map(str, sorted(allowed)))}}}."
        raise wrong(_at(path, name), sentence, "BASE_TYPE_CHOICES")
    return found


def listed(form: Payload, name: str, path: str, most: int, *, least: int = 0) -> list[Any]:
    """Return a list of this length, whose items are objects. Raises Problem."""
    found = form.get(name)
    where = _at(path, name)
    found = [] if found is None else found
    if not isinstance(found, list):
        raise wrong(where, "Only iterables may be used in a ListType", "LIST_TYPE_CONVERT")
    if not least <= len(found) <= most:
        raise wrong(where, f"Must be between {least} and {most} in length.", "BASE_TYPE_BAD_LENGTH")
    if any(not isinstance(each, dict) for each in found):
        raise wrong(where, "Only dictionaries may be used in a DictType", "DICT_TYPE_CONVERT")
    return found


def unique(keys: Collection[str], path: str, code: str) -> None:
    """Refuse what stands twice."""
    if len(set(keys)) < len(keys):
        raise wrong(path, "Names and custom ids cannot be used twice.", code)
