"""A message's form as the reference documents it: content, embeds, rows of buttons and selects, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.wire.discord.bodies import Upload
from tests.wire.discord.forms import listed, needed, number, one_of, text, unique, wrong
from tests.wire.discord.payloads import Payload, malformed

LONGEST = 2000
LONGEST_NONCE = 25
MOST_FILES = 10
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, USER_SELECT, LABEL = 1, 2, 3, 4, 5, 18
SELECTS = frozenset({STRING_SELECT, USER_SELECT, 6, 7, 8})
LINK = 5
SUPPRESS_EMBEDS, EPHEMERAL, LOADING, SILENT = 1 << 2, 1 << 6, 1 << 7, 1 << 12
_EMBEDS_TOGETHER = 6000


def check_message(body: Mapping[str, Any], uploads: Mapping[str, Upload], *, empty: bool = False) -> None:
    """Refuse what Discord refuses in a message. ``empty``: it may say nothing, as a change may."""
    form = dict(body)
    if not empty and not (str(form.get("content") or "").strip() or form.get("embeds") or uploads):
        raise malformed("Cannot send an empty message", 50006)
    if len(text(form, "content", "", 1 << 20, least=0, required=False)) > LONGEST:
        raise wrong("content", f"Must be {LONGEST} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if len(str(form.get("nonce") or "")) > LONGEST_NONCE:
        raise wrong("nonce", f"Must be {LONGEST_NONCE} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if len(uploads) > MOST_FILES:
        raise wrong("attachments", f"Must be {MOST_FILES} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    _check_embeds(form)
    _check_mentions(form)
    check_rows(listed(form, "components", "", 5))


def _check_mentions(form: Payload) -> None:
    allowed = form.get("allowed_mentions") or {}
    for kind in ("users", "roles"):
        if kind in allowed.get("parse", []) and allowed.get(kind):
            sentence = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            raise wrong("allowed_mentions", sentence, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE")


# --- embeds --------------------------------------------------------------------------------------------------


def _check_embeds(form: Payload) -> None:
    together = 0
    for place, embed in enumerate(listed(form, "embeds", "", 10)):
        words = list(_words(embed, f"embeds.{place}"))
        if not any(words) and not (embed.get("image") or embed.get("thumbnail")):
            raise needed(f"embeds.{place}.description")
        together += sum(map(len, words))
    if together > _EMBEDS_TOGETHER:
        sentence = f"Embed size exceeds maximum size of {_EMBEDS_TOGETHER}"
        raise wrong("embeds", sentence, "MAX_EMBED_SIZE_EXCEEDED")


def _words(embed: Payload, path: str) -> Iterator[str]:
    """Yield all that counts towards an embed's size. Raises Problem."""
    yield text(embed, "title", path, 256, least=0, required=False)
    yield text(embed, "description", path, 4096, least=0, required=False)
    for name, inside, most in (("footer", "text", 2048), ("author", "name", 256)):
        if (part := embed.get(name)) is not None:
            yield text(part, inside, f"{path}.{name}", most)
    for place, each in enumerate(listed(embed, "fields", path, 25)):
        yield text(each, "name", f"{path}.fields.{place}", 256)
        yield text(each, "value", f"{path}.fields.{place}", 1024)
    number(embed, "color", path, 0, 0xFFFFFF, otherwise=0)
    if (stamp := embed.get("timestamp")) is not None:
        _check_stamp(stamp, f"{path}.timestamp")


def _check_stamp(stamp: object, path: str) -> None:
    try:
        datetime.fromisoformat(str(stamp))
    except ValueError:
        raise wrong(path, f"Could not parse {stamp}. Should be ISO8601.", "DATE_TIME_TYPE_PARSE") from None


# --- components ----------------------------------------------------------------------------------------------


def check_rows(rows: list[Payload]) -> None:
    """Refuse rows that Discord refuses, of buttons or of one select each."""
    for place, row in enumerate(rows):
        path = f"components.{place}"
        one_of(row, "type", path, {ROW})  # the newer layouts, behind a flag of their own, are not spoken here
        parts = listed(row, "components", path, 5, least=1)
        for inner, part in enumerate(parts):
            _check_part(part, f"{path}.components.{inner}")
        if len(parts) > 1 and any(part["type"] in SELECTS for part in parts):
            raise wrong(path, "A select fills its row", "COMPONENT_LAYOUT_WIDTH_EXCEEDED")
    ids = [part["custom_id"] for part in parts_of(rows) if "custom_id" in part]
    unique(ids, "components", "COMPONENT_CUSTOM_ID_DUPLICATED")


def parts_of(rows: list[Payload]) -> Iterator[Payload]:
    """Yield the buttons and selects of all rows."""
    for row in rows:
        yield from row["components"]


def _check_part(part: Payload, path: str) -> None:
    if one_of(part, "type", path, {BUTTON, *SELECTS}) == BUTTON:
        _check_button(part, path)
    else:
        check_select(part, path)


def _check_button(part: Payload, path: str) -> None:
    label = text(part, "label", path, 80, least=0, required=False)
    if not label and not part.get("emoji"):
        raise wrong(path, "A button needs a label or an emoji", "BUTTON_COMPONENT_INVALID")
    if one_of(part, "style", path, {1, 2, 3, 4, LINK}) != LINK:
        text(part, "custom_id", path, 100)
    elif not str(part.get("url", "")).startswith(("http://", "https://")) or "custom_id" in part:
        raise wrong(f"{path}.url", "A link needs a URL and no custom id", "BUTTON_COMPONENT_INVALID")


def check_select(part: Payload, path: str) -> None:
    """Refuse a select that Discord refuses."""
    text(part, "custom_id", path, 100)
    text(part, "placeholder", path, 150, least=0, required=False)
    least = number(part, "min_values", path, 0, 25, otherwise=1)
    most = number(part, "max_values", path, 1, 25, otherwise=1)
    if least > most:
        raise wrong(f"{path}.min_values", "Must not be above max_values", "SELECT_COMPONENT_INVALID")
    if part["type"] == STRING_SELECT:
        _check_options(part, path, most)


def _check_options(part: Payload, path: str, most: int) -> None:
    options = listed(part, "options", path, 25, least=1)
    for place, option in enumerate(options):
        for name, required in (("label", True), ("value", True), ("description", False)):
            text(option, name, f"{path}.options.{place}", 100, required=required)
    unique([option["value"] for option in options], f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED")
    if most > len(options) or sum(bool(option.get("default")) for option in options) > most:
        raise wrong(f"{path}.max_values", "Must not exceed the options", "SELECT_COMPONENT_INVALID")


def numbered(rows: list[Payload]) -> list[Payload]:
    """Return rows as Discord keeps them: each part with a number."""
    count = iter(range(1, 1000))
    return [
        {**row, "id": next(count), "components": [{**part, "id": next(count)} for part in row["components"]]}
        for row in rows
    ]
