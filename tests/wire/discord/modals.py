"""Forms that open before a person (modals), as the reference documents them, and what is handed in with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.wire.discord.forms import listed, number, one_of, text, unique, wrong
from tests.wire.discord.message_forms import LABEL, ROW, STRING_SELECT, TEXT_INPUT, check_select
from tests.wire.discord.payloads import Payload

_LONGEST_INPUT = 4000


def check_modal(modal: Payload) -> None:
    """Refuse a modal that Discord refuses."""
    text(modal, "custom_id", "data", 100)
    text(modal, "title", "data", 45)
    rows = listed(modal, "components", "data", 5, least=1)
    for place, row in enumerate(rows):
        _check_row(row, f"data.components.{place}")
    ids = [part["custom_id"] for part in inputs(modal)]
    unique(ids, "data.components", "COMPONENT_CUSTOM_ID_DUPLICATED")


def inputs(modal: Payload) -> Iterator[Payload]:
    """Yield what can be filled in."""
    for row in modal["components"]:
        yield row["component"] if row["type"] == LABEL else row["components"][0]


def _check_row(row: Payload, path: str) -> None:
    if one_of(row, "type", path, {ROW, LABEL}) == ROW:
        part = listed(row, "components", path, 1, least=1)[0]
        one_of(part, "type", f"{path}.components.0", {TEXT_INPUT})
        text(part, "label", f"{path}.components.0", 45)
        _check_input(part, f"{path}.components.0")
        return
    text(row, "label", path, 45)
    text(row, "description", path, 100, least=0, required=False)
    part = listed({"component": [row.get("component")]}, "component", path, 1)[0]
    if one_of(part, "type", f"{path}.component", {TEXT_INPUT, STRING_SELECT}) == TEXT_INPUT:
        _check_input(part, f"{path}.component")
    else:
        check_select(part, f"{path}.component")


def _check_input(part: Payload, path: str) -> None:
    text(part, "custom_id", path, 100)
    one_of(part, "style", path, {1, 2})
    least = number(part, "min_length", path, 0, _LONGEST_INPUT, otherwise=0)
    most = number(part, "max_length", path, 1, _LONGEST_INPUT, otherwise=_LONGEST_INPUT)
    if least > most:
        raise wrong(f"{path}.min_length", "Must not be above max_length", "TEXT_INPUT_COMPONENT_INVALID")
    text(part, "placeholder", path, 100, least=0, required=False)
    if len(text(part, "value", path, _LONGEST_INPUT, least=0, required=False)) > most:
        raise wrong(f"{path}.value", f"Must be {most} or fewer in length.", "BASE_TYPE_MAX_LENGTH")


# --- what a person hands in ----------------------------------------------------------------------------------


def filled(modal: Payload, values: Mapping[str, Any]) -> Payload:
    """Return what is handed in: what the modal proposed where a person wrote nothing else. Raises ValueError."""
    known = [part["custom_id"] for part in inputs(modal)]
    if unknown := values.keys() - set(known):
        raise ValueError(f"this modal has no field {sorted(unknown)}; it has {known}")
    rows: list[Payload] = []
    for place, row in enumerate(modal["components"], start=1):
        inner = row["component"] if row["type"] == LABEL else row["components"][0]
        part = {"id": 100 + place, **_handed_in(inner, values)}
        content = {"component": part} if row["type"] == LABEL else {"components": [part]}
        rows.append({"type": row["type"], "id": place, **content})
    return {"custom_id": modal["custom_id"], "components": rows}


def _handed_in(part: Payload, values: Mapping[str, Any]) -> Payload:
    told: Payload = {"type": part["type"], "custom_id": part["custom_id"]}
    if part["type"] == STRING_SELECT:
        chosen = [option["value"] for option in part["options"] if option.get("default")]
        return {**told, "values": picked(part, values.get(part["custom_id"], chosen))}
    value = str(values.get(part["custom_id"], part.get("value") or ""))
    least = part.get("min_length") or int(part.get("required", True))
    least = least if value or part.get("required", True) else 0
    most = part.get("max_length") or _LONGEST_INPUT
    if not least <= len(value) <= most:
        raise ValueError(f"{part['custom_id']!r} takes {least} to {most} characters, not {len(value)}")
    return {**told, "value": value}


def picked(part: Payload, values: Any) -> list[str]:
    """Return the values chosen in a select. Raises ValueError."""
    chosen = [str(value) for value in values]
    offered = [option["value"] for option in part.get("options", [])]
    if offered and (unknown := set(chosen) - set(offered)):
        raise ValueError(f"{sorted(unknown)} cannot be chosen: there are {offered}")
    least, most = part.get("min_values", 1), part.get("max_values", 1)
    if not least <= len(chosen) <= most:
        raise ValueError(f"{least} to {most} are chosen here, not {len(chosen)}")
    return chosen
