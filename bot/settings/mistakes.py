"""What is told about a mistake: the wrong name or value, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.domain.sla import Metric

#: What would have been right, by the kind of pydantic's complaint. Other complaints keep pydantic's words.
_RIGHT = {
    "missing": "must be given",
    "tuple_type": "must be a list, as in [en, de]",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text; write it in quotes",
    "path_type": "must be a path",
    "model_type": "must be settings by name",
    "model_attributes_type": "must be settings by name",
    "mapping_type": "must be settings by name",
    "dict_type": "must be settings by name",
}

#: What was found is shown up to so many characters, where it was told already what is wrong with it.
_LONGEST_FOUND = 80


def right(mistake: ErrorDetails) -> str:
    """Return what would have been right, for a mistake as pydantic lists it."""
    message = mistake["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return _RIGHT.get(mistake["type"], message)


def complaint(mistake: ErrorDetails, settings: type[BaseModel]) -> str:
    """Return one mistake in these settings in words, by its name, without its place in the file."""
    location = mistake["loc"]
    key = ".".join(str(part) for part in location if part != "[key]")
    if mistake["type"] == "extra_forbidden":
        return f"unknown setting '{key}'{_nearest(location, settings)}"
    if "[key]" in location:
        return f"unknown name '{key}'{nearest(str(location[-2]), [metric.value for metric in Metric])}"
    found = repr(mistake["input"])
    if mistake["type"] == "value_error" and len(found) > _LONGEST_FOUND:  # it has named what is wrong in there
        return f"'{key}': {right(mistake)}"
    return f"'{key}': {right(mistake)} (found {found})"


def _nearest(location: tuple[Any, ...], settings: type[BaseModel]) -> str:
    """Return a hint at the known key that is nearest to an unknown one."""
    section: object = settings
    for part in location[:-1]:
        section = _below(section, str(part))
    return nearest(str(location[-1]), list(section.model_fields)) if _is_section(section) else ""


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _below(annotation: object, part: str) -> object:
    """Return the type of a setting in a section, or of the sections in a list or mapping of them."""
    if _is_section(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    return next(filter(_is_section, get_args(annotation)), None)


def nearest(wrong: str, known: Sequence[str]) -> str:
    """Return a hint at the known name that is nearest to a wrong one, or at all of them."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known) or 'none'}"
