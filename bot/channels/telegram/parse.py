"""What Telegram sends, as arrivals. Pure.

An update is one thing that has happened. Only what people say in private chats and groups concerns Heed: posts of
channels, notices of Telegram and kinds of updates that do not exist yet give nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.rooms import Spoken, arrival_of, room_key
from bot.channels.telegram.content import attachments_of, entities_of, is_service, text_of
from bot.channels.telegram.fields import (
    Fields,
    moment,
    needed_number,
    needed_part,
    number,
    part,
    words,
)
from bot.channels.telegram.naming import Me, Naming, naming_of
from bot.channels.text import clean_id, clean_name, clean_time, revision_of
from bot.domain.rooms import RoomRules
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind

CHANNEL = "telegram"

#: A group that became a supergroup has a new id. By new id, the one under which Heed has known it first.
Moved = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Whether the bot is still in a chat."""

    chat: str
    title: str
    private: bool
    inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Speaker:
    """Who speaks: a person, or a chat in whose name a person speaks."""

    id: str
    name: str
    is_bot: bool = False


def parse(update: Any, *, me: Me, rules: RoomRules, moved: Moved, arrived_at: datetime) -> list[Arrival]:  # noqa: ANN401 - JSON is anything
    """Return what an update says to the brand. Raises BadMessage naming the field that is wrong."""
    found = _message_of(_fields(update))
    if found is None:
        return []
    message, edited = found
    chat = needed_part(message, "chat")
    kind = words(chat, "type")
    if kind == "channel" or is_service(message) or _moves_about(message, edited=edited):
        return []
    if kind not in {"private", "group", "supergroup"}:
        raise BadMessage(f"chat.type: {clean_name(kind)!r} is not private, group or supergroup")
    return _said(message, edited=edited, me=me, rules=rules, moved=moved, arrived_at=arrived_at)


def move_of(update: Any) -> tuple[str, str] | None:  # noqa: ANN401 - JSON is anything
    """Return the new and the old id of a group that has become a supergroup, if an update tells that."""
    found = _message_of(_fields(update))
    if found is None:
        return None
    message, _ = found
    to, since = number(message, "migrate_to_chat_id"), number(message, "migrate_from_chat_id")
    if to is None and since is None:
        return None
    here = needed_number(needed_part(message, "chat"), "id")
    return (str(to), str(here)) if to is not None else (str(here), str(since))


def membership_of(update: Any) -> Membership | None:  # noqa: ANN401 - JSON is anything
    """Return whether the bot is still in a chat, if an update tells that."""
    change = part(_fields(update), "my_chat_member")
    if change is None:
        return None
    chat, now = needed_part(change, "chat"), needed_part(change, "new_chat_member")
    gone = words(now, "status") in {"left", "kicked"} or now.get("is_member") is False
    return Membership(
        chat=str(needed_number(chat, "id")),
        title=clean_name(words(chat, "title")),
        private=words(chat, "type") == "private",
        inside=not gone,
    )


def written_at(update: Any) -> datetime | None:  # noqa: ANN401 - JSON is anything
    """Return when Telegram says that what this update tells has happened."""
    found = _message_of(_fields(update))
    return None if found is None else moment(found[0], "edit_date" if found[1] else "date")


def known_as(chat: str, moved: Moved) -> str:
    """Return the id under which Heed has known a chat first."""
    seen = {chat}
    while (earlier := moved.get(chat)) is not None and earlier not in seen:
        seen.add(earlier)
        chat = earlier
    return chat


def _fields(update: object) -> Fields:
    if isinstance(update, Mapping):
        return update
    raise BadMessage(f"update: a {type(update).__name__} is not an object")


def _message_of(update: Fields) -> tuple[Fields, bool] | None:
    """Return the message of an update and whether it is an edited one."""
    new, edited = part(update, "message"), part(update, "edited_message")
    if new is not None:
        return new, False
    return (edited, True) if edited is not None else None


def _moves_about(message: Fields, *, edited: bool) -> bool:
    """Tell whether this but repeats a shared location that has moved: that says nothing new."""
    return edited and message.get("location") is not None


def _said(
    message: Fields, *, edited: bool, me: Me, rules: RoomRules, moved: Moved, arrived_at: datetime
) -> list[Arrival]:
    speaker = _speaker(message)
    if speaker is None:
        return []
    spoken = _spoken(message, speaker, edited=edited, me=me, rules=rules, moved=moved, arrived_at=arrived_at)
    if _for_the_group(message, speaker) and spoken.author not in rules.agents:
        return [] if edited else [_talk(spoken, arrived_at)]
    return [arrival_of(spoken, channel=CHANNEL, account=me.account, rules=rules, arrived_at=arrived_at)]


def _speaker(message: Fields) -> _Speaker | None:
    """Return who speaks, None for bots and for what a linked channel has posted."""
    if message.get("is_automatic_forward") is True:
        return None
    found = _author(message)
    if found is None:
        raise BadMessage("from: None is not an object")
    return None if found.is_bot else found


def _author(message: Fields) -> _Speaker | None:
    sender, user = part(message, "sender_chat"), part(message, "from")
    if sender is not None:
        return _Speaker(id=str(needed_number(sender, "id")), name=words(sender, "title"))
    if user is None:
        return None
    name = " ".join(filter(None, (words(user, "first_name"), words(user, "last_name"))))
    return _Speaker(id=str(needed_number(user, "id")), name=name, is_bot=user.get("is_bot") is True)


def _for_the_group(message: Fields, speaker: _Speaker) -> bool:
    """Tell whether an administrator speaks in the group's own name, who is not known any closer."""
    return message.get("sender_chat") is not None and speaker.id == str(needed_part(message, "chat").get("id"))


def _talk(spoken: Spoken, arrived_at: datetime) -> Arrival:
    """Return a word that only counts as an answer of somebody's."""
    return Arrival(
        kind=ArrivalKind.TALK,
        channel=CHANNEL,
        external_id=clean_id(spoken.external_id, field="id"),
        happened_at=clean_time(spoken.sent_at, arrived_at=arrived_at),
        arrived_at=arrived_at,
        private=False,
        room=room_key(spoken),
        in_reply_to=spoken.in_reply_to,
    )


def _spoken(
    message: Fields,
    speaker: _Speaker,
    *,
    edited: bool,
    me: Me,
    rules: RoomRules,
    moved: Moved,
    arrived_at: datetime,
) -> Spoken:
    chat = needed_part(message, "chat")
    chat_id = str(needed_number(chat, "id"))
    place, private = known_as(chat_id, moved), words(chat, "type") == "private"
    author = speaker.id if speaker.id in rules.agents else known_as(speaker.id, moved)
    text, attachments = text_of(message), attachments_of(message)
    naming = Naming(text=text, bot=False) if private else naming_of(text, entities_of(message), me)
    reply = _Reply.of(message, chat_id)
    others = [each for each in (reply.author, *naming.others) if each not in {"", author, str(me.id)}]
    agents = [each for each in others if each in rules.agents]
    return Spoken(
        external_id=f"{chat_id}/{needed_number(message, 'message_id')}",
        text=naming.text if naming.text.strip() or attachments or not naming.bot else f"@{me.username}",
        author=author,
        author_name=speaker.name,
        sent_at=moment(message, "date"),
        place=place,
        topic=_topic(message),
        private=private,
        rooms=(chat_id, place),
        to_bot=naming.bot or reply.author == str(me.id),
        to_member=len(others) > len(agents) or bool(naming.strangers),
        names=_one_of(others, reply),
        in_reply_to=reply.external_id,
        attachments=attachments,
        edited_at=(moment(message, "edit_date") or arrived_at) if edited else None,
        revision=revision_of(None, text) if edited and moment(message, "edit_date") is None else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What a message answers. ``author`` is "" where nobody in particular has written it."""

    external_id: str = ""
    author: str = ""
    by_bot: bool = False

    @classmethod
    def of(cls, message: Fields, chat_id: str) -> _Reply:
        replied = part(message, "reply_to_message")
        if replied is None or is_service(replied):  # in a topic everything hangs on its beginning
            return cls()
        external_id = f"{chat_id}/{needed_number(replied, 'message_id')}"
        author = _author(replied)
        if author is None or replied.get("is_automatic_forward") is True:
            return cls(external_id=external_id)
        return cls(external_id=external_id, author=author.id, by_bot=author.is_bot)


def _one_of(others: list[str], reply: _Reply) -> str:
    """Return the one person whom a message answers, "" where that is not clear."""
    if reply.author in others:
        return "" if reply.by_bot else reply.author
    return others[0] if len(set(others)) == 1 else ""


def _topic(message: Fields) -> str:
    topic = number(message, "message_thread_id") if message.get("is_topic_message") is True else None
    return "" if topic is None else str(topic)
