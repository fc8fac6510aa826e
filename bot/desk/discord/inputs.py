"""What people on staff do in Discord, read from the gateway's events. Pure.

Internal by default: of all that can be said here, ``meant_for_customer`` names what is meant for the customer.
Everything else is a note, a question to Heed, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.desk.discord.line import Payload

#: Custom ids of Heed's buttons, menus and forms begin so.
MARK = "heed"

#: Discord takes no longer custom id.
LONGEST_ID = 100

#: Stands between several things that were chosen in one field.
AND = "+"

#: The flag of a message that only one person sees.
WHISPER = 1 << 6

#: The embed that carries a text which was not sent has this title, and the one that carries its files this.
DRAFT = "Not sent"
FILES = "Files"

#: Discord's ids count from here, in milliseconds.
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_COMMAND, _COMPONENT, _TYPING, _FORM = 2, 3, 4, 5
_MENUS = (3, 5, 6, 7, 8)
#: Kinds of messages that people write: plain ones and replies.
_WRITTEN = (0, 19)
_FORWARD = 1
_FILE_OPTION = 11
_BRACKETS = re.compile(r"[\[\]\n]")
_FILE = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)")
_DIGITS = re.compile(r"[0-9]{1,20}")
_NAME = re.compile(r"[a-z_]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that somebody on staff attached, as it lies on Discord. ``size`` in bytes, 0 if it is not told."""

    name: str
    url: str
    media_type: str = ""
    size: int = 0


class Way(StrEnum):
    """By which way something was said."""

    COMMAND = "command"  # a slash command
    BUTTON = "button"
    MENU = "menu"
    FORM = "form"
    TYPING = "typing"  # a command is being typed, and asks what could be meant
    TEXT = "text"  # words in a channel or thread
    CHANGE = "change"  # words in a channel or thread were changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that somebody did. ``id`` is Discord's, by which a repetition is recognised.

    ``name`` is the command's, or what stands in a custom id; ``conversation``, ``seen``, ``origin`` and ``about``
    come from a custom id. ``values`` are a command's options or a form's fields, ``chosen`` a menu's. ``shown``
    are the texts of the embeds of the message that was pressed, by title; ``whispered``: only this person sees it.
    ``answers`` is the message that a text replies to. ``attached`` is in words what came with a text, ``files``
    what of it lies on Discord. ``wrong`` says what cannot be understood.
    """

    way: Way
    id: str
    who: str
    place: str
    token: str = ""
    name: str = ""
    conversation: str = ""
    seen: int | None = None
    origin: str = ""
    about: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    focused: str = ""
    chosen: tuple[str, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    whispered: bool = False
    text: str = ""
    answers: str = ""
    attached: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    changed_at: str = ""
    wrong: str = ""

    @property
    def draft(self) -> str:
        """Return the text that was not sent, as the pressed message still shows it."""
        return self.shown.get(DRAFT, "")

    @property
    def enclosed(self) -> tuple[File, ...]:
        """Return the files that go along with what is said, or with the text that was not sent."""
        return self.files or files_shown(self.shown.get(FILES, ""))

    @property
    def request(self) -> str:
        """Return the key of the wish itself: a form is sent once however often it is handed in."""
        return f"discord:{self.origin or self.id}" + (f":{self.changed_at}" if self.changed_at else "")


#: By which ways, under which names, a text is meant for the customer.
OUTWARD = frozenset(
    {
        (Way.COMMAND, "reply"),
        (Way.COMMAND, "edit"),  # what the customer has already got is changed
        (Way.FORM, "reply"),  # also with a template's text in it
        (Way.FORM, "edit"),
        (Way.BUTTON, "anyway"),
    }
)


def meant_for_customer(heard: Heard, *, answers_customer: bool) -> bool:
    """Tell whether a text is meant for the customer: this is the one guard between staff's words and customers.

    ``answers_customer``: the brand lets staff reply by replying, and this text replies, in the conversation's own
    thread, to a message that shows what its customer wrote.
    """
    if heard.way is Way.TEXT:  # a sticker or a link without a file cannot go along, so nothing of it goes
        return answers_customer and len(heard.attached) == len(heard.files)
    return (heard.way, heard.name) in OUTWARD


def custom_id(name: str, conversation: str, seen: int | None, *, origin: str = "", about: str = "") -> str:
    """Return the id of a button, menu or form: all that is needed to understand it after a restart."""
    parts = [MARK, name, conversation, "" if seen is None else str(seen)]
    made = ":".join([*parts, *([origin] if origin or about else []), *([about] if about else [])])
    return made if len(made) <= LONGEST_ID else ":".join(parts)


def made_at(snowflake: str) -> datetime | None:
    """Return when a message or interaction was made, as its id tells; None for what is no id."""
    if not _DIGITS.fullmatch(snowflake):
        return None
    return _EPOCH + timedelta(milliseconds=int(snowflake) >> 22)


def read(event: str, payload: Payload, *, me: str) -> Heard | None:
    """Return what somebody did, None for what is nobody's on staff or nothing that concerns a desk."""
    match event:
        case "INTERACTION_CREATE":
            return _interaction(payload)
        case "MESSAGE_CREATE":
            return _message(payload, me)
        case "MESSAGE_UPDATE" if payload.get("edited_timestamp"):
            changed = _message(payload, me)
            return None if changed is None else _as_change(changed, payload)
        case _:
            return None


# --- texts ------------------------------------------------------------------------------------------------


def _message(payload: Payload, me: str) -> Heard | None:
    """Return a person's text; bots, webhooks and Discord's own messages say nothing here."""
    author = _mapping(payload.get("author"))
    who, place, message = _id(author.get("id")), _id(payload.get("channel_id")), _id(payload.get("id"))
    if not (who and place and message) or who == me or author.get("bot") or author.get("system"):
        return None
    if payload.get("webhook_id") or payload.get("type", 0) not in _WRITTEN:
        return None
    return Heard(
        way=Way.TEXT,
        id=message,
        who=who,
        place=place,
        text="\n".join(_words(payload)),
        answers=_answered(payload),
        attached=tuple(_attached(payload)),
        files=tuple(_files(_list(payload.get("attachments")))),
    )


def _as_change(heard: Heard, payload: Payload) -> Heard:
    return Heard(
        way=Way.CHANGE,
        id=heard.id,
        who=heard.who,
        place=heard.place,
        text=heard.text,
        attached=heard.attached,
        changed_at=_text(payload.get("edited_timestamp"))[:40],
    )


def _words(payload: Payload) -> Iterator[str]:
    """Yield what a message says, and what it passes on."""
    if said := _text(payload.get("content")).strip():
        yield said
    for each in _list(payload.get("message_snapshots")):
        if passed_on := _text(_mapping(_mapping(each).get("message")).get("content")).strip():
            yield f"Forwarded: {passed_on}"


def _answered(payload: Payload) -> str:
    reference = _mapping(payload.get("message_reference"))
    if reference.get("type", 0) == _FORWARD or payload.get("type") != 19:
        return ""
    elsewhere = reference.get("channel_id") not in (None, payload.get("channel_id"))
    return "" if elsewhere else _id(reference.get("message_id"))


def _attached(payload: Payload) -> Iterator[str]:
    """Yield each file's name and link."""
    for each in _list(payload.get("attachments")):
        file = _mapping(each)
        name, url = _text(file.get("filename"))[:200], _text(file.get("url"))
        if name or url:
            yield f"{name or 'file'}: {url}".strip(": ")
    for each in _list(payload.get("sticker_items")):
        yield f"sticker: {_text(_mapping(each).get('name'))[:100]}"


def _files(told: Iterable[object]) -> Iterator[File]:
    """Yield the files that Discord tells of."""
    for each in told:
        file = _mapping(each)
        name, url, size = _text(file.get("filename"))[:200], _text(file.get("url")), file.get("size")
        if url:
            yield File(
                name=name or "file",
                url=url,
                media_type=_text(file.get("content_type"))[:200],
                size=size if isinstance(size, int) else 0,
            )


def shows_files(files: Iterable[File]) -> str:
    """Return files as text, for ``files_shown`` to read."""
    return "\n".join(f"[{_BRACKETS.sub('', each.name)}]({each.url})" for each in files)


def files_shown(text: str) -> tuple[File, ...]:
    """Return the files that a text names, each on a line of its own."""
    found = (_FILE.fullmatch(line) for line in text.splitlines())
    return tuple(File(name=each[1], url=each[2]) for each in found if each is not None)


# --- interactions -----------------------------------------------------------------------------------------


def _interaction(payload: Payload) -> Heard | None:
    """Return what was asked; None where there is nobody to answer."""
    one, token, place = _id(payload.get("id")), _text(payload.get("token")), _id(payload.get("channel_id"))
    user = _mapping(_mapping(payload.get("member")).get("user")) or _mapping(payload.get("user"))
    if not one or not token:
        return None
    data, kind = _mapping(payload.get("data")), payload.get("type")
    who = _id(user.get("id"))
    match kind:
        case 2 | 4:
            way = Way.COMMAND if kind == _COMMAND else Way.TYPING
            return _command(way, data, id=one, token=token, place=place, who=who)
        case 3 | 5:
            return _component(payload, data, id=one, token=token, place=place, who=who)
        case _:
            return None


def _command(way: Way, data: Payload, *, id: str, token: str, place: str, who: str) -> Heard:  # noqa: A002 - as the field is called
    told = [_mapping(each) for each in _list(data.get("options"))]
    options = [each for each in told if each.get("type") != _FILE_OPTION]
    lying = _mapping(_mapping(data.get("resolved")).get("attachments"))
    attached = [lying.get(_text(each.get("value"))) for each in told if each.get("type") == _FILE_OPTION]
    name = _text(data.get("name")).replace("-", "_")
    focused = next((_text(each.get("name")) for each in options if each.get("focused") is True), "")
    return Heard(
        way=way,
        id=id,
        who=who,
        place=place,
        token=token,
        name=name if _NAME.fullmatch(name) else "",
        values={_text(each.get("name")): _text(each.get("value")) for each in options if each.get("name")},
        focused=focused,
        files=tuple(_files(attached)),
        wrong="" if _NAME.fullmatch(name) else "This command is not understood. /help names those that there are.",
    )


def _component(payload: Payload, data: Payload, *, id: str, token: str, place: str, who: str) -> Heard:  # noqa: A002 - as above
    form = payload.get("type") == _FORM
    way = Way.FORM if form else Way.MENU if data.get("component_type") in _MENUS else Way.BUTTON
    mark, name, conversation, seen, origin, about = (*_text(data.get("custom_id")).split(":", 5), *[""] * 6)[:6]
    known = mark == MARK and bool(_NAME.fullmatch(name)) and (not seen or bool(_DIGITS.fullmatch(seen)))
    message = _mapping(payload.get("message"))
    return Heard(
        way=way,
        id=id,
        who=who,
        place=place,
        token=token,
        name=name if known else "",
        conversation=conversation if known else "",
        seen=int(seen) if known and seen else None,
        origin=origin if known and _DIGITS.fullmatch(origin) else "",
        about=about if known else "",
        values=dict(_inputs(data)) if form else {},
        chosen=tuple(each for each in _list(data.get("values")) if isinstance(each, str)),
        shown=dict(_embeds(message)),
        whispered=_whispered(message),
        wrong="" if known else "This was made by another version of Heed. Use the slash commands; see /help.",
    )


def _inputs(data: Payload) -> Iterator[tuple[str, str]]:
    """Yield what was typed into a form's fields; fields stand in rows, or under labels."""
    for row in _list(data.get("components")):
        inside = _mapping(row)
        for each in [*_list(inside.get("components")), inside.get("component")]:
            given = _mapping(each)
            if name := _text(given.get("custom_id")):
                chosen = [_text(one) for one in _list(given.get("values"))]
                yield name, AND.join(chosen) if chosen else _text(given.get("value"))


def _whispered(message: Payload) -> bool:
    flags = message.get("flags")
    return isinstance(flags, int) and bool(flags & WHISPER)


def _embeds(message: Payload) -> Iterator[tuple[str, str]]:
    for each in _list(message.get("embeds")):
        embed = _mapping(each)
        yield _text(embed.get("title")), _text(embed.get("description"))
        for one in _list(embed.get("fields")):
            yield _text(_mapping(one).get("name")), _text(_mapping(one).get("value"))


# --- what JSON may hold -----------------------------------------------------------------------------------


def _mapping(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _id(value: object) -> str:
    return value if isinstance(value, str) and _DIGITS.fullmatch(value) else ""
