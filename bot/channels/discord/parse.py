"""Gateway events of Discord as arrivals. Pure: the same payload, places and rules always give the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.channels import arrivals
from bot.channels.discord.payloads import Answered, Attached, Message, Said, User, read_message
from bot.channels.discord.places import PlaceKind, Places, is_id
from bot.channels.discord.texts import CALLED, readable
from bot.channels.rooms import Spoken, arrival_of
from bot.channels.text import clean_name, shortened
from bot.domain.messages import Attachment, AttachmentKind
from bot.domain.rooms import RoomRules
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind

CHANNEL = "discord"
#: Kinds of messages that people write: plain ones and replies. All others tell of joins, pins, boosts, commands.
_WRITTEN = (0, 19)
_FORWARD = 1
_VOICE = 1 << 13
#: All that a message may show.
_SHOWN = (
    "content",
    "attachments",
    "embeds",
    "sticker_items",
    "poll",
    "components",
    "message_snapshots",
    "activity",
)
_MOST_ATTACHMENTS = 30
_LONGEST_URL = 2000
_FROM = re.compile(r"https?://[!-~]+")
_KINDS = {"image": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "audio": AttachmentKind.AUDIO}


def parse(
    event: str, payload: Mapping[str, Any], *, me: str, places: Places, rules: RoomRules, arrived_at: datetime
) -> list[Arrival]:
    """Return what an event tells; nothing for all that is no customer's or agent's.

    ``me`` is the bot's user id. Raises BadMessage for a message that is not as Discord documents it.
    """
    match event:
        case "MESSAGE_CREATE" if _by_a_person(payload, me):
            message = read_message(payload)
        case "MESSAGE_UPDATE" if _edited(payload) and _by_a_person(payload, me):
            message = read_message(payload)
        case "MESSAGE_DELETE":
            return [_deleted(payload.get("id"), payload, arrived_at)]
        case "MESSAGE_DELETE_BULK":
            ids = payload.get("ids")
            return [_deleted(each, payload, arrived_at) for each in (ids if isinstance(ids, list) else [None])]
        case _:
            return []
    spoken = _spoken(message, me=me, places=places, agents=rules.agents, edited=event == "MESSAGE_UPDATE")
    arrival = arrival_of(spoken, channel=CHANNEL, account=me, rules=rules, arrived_at=arrived_at)
    return [_to_somebody(arrival, spoken)]


def _to_somebody(arrival: Arrival, spoken: Spoken) -> Arrival:
    """Address an agent's reply to nobody who is known to the room as such: it is never to the agent themselves.

    What it replies to tells whose matter it is.
    """
    unknown = arrival.kind is ArrivalKind.REPLY and not spoken.names and not spoken.thread
    if not unknown or arrival.address is None:
        return arrival
    return replace(arrival, address=replace(arrival.address, thread=""))


def content_withheld(payload: Mapping[str, Any], me: str) -> bool | None:
    """Tell whether Discord withholds what a message says; None for one whose content it gives to every bot."""
    mentions = payload.get("mentions")
    named = isinstance(mentions, list) and any(isinstance(u, Mapping) and u.get("id") == me for u in mentions)
    if payload.get("guild_id") is None or named or not _by_a_person(payload, me):
        return None
    return not any(payload.get(part) for part in _SHOWN)


def _by_a_person(payload: Mapping[str, Any], me: str) -> bool:
    """Tell whether this is a person's message: not the bot's own, another bot's, a webhook's or the system's."""
    author = payload.get("author")
    if payload.get("webhook_id") or payload.get("type", 0) not in _WRITTEN:
        return False
    if not isinstance(author, Mapping):
        return True  # refused by name further on
    return not (author.get("bot") or author.get("system") or author.get("id") == me)


def _edited(payload: Mapping[str, Any]) -> bool:
    """Tell whether its writer changed it; Discord also tells of links that it has unfolded, and in parts."""
    return bool(payload.get("edited_timestamp")) and "author" in payload and "content" in payload


def _deleted(message: object, payload: Mapping[str, Any], arrived_at: datetime) -> Arrival:
    if not isinstance(message, str):
        raise BadMessage(f"id: {shortened(message)} is no message's id")
    private = payload.get("guild_id") is None
    return arrivals.deletion(channel=CHANNEL, external_id=message, arrived_at=arrived_at, private=private)


def _spoken(message: Message, *, me: str, places: Places, agents: Collection[str], edited: bool) -> Spoken:
    """Reduce a message to what the rules of attention ask for."""
    place = places.get(message.channel_id)
    kind = place.kind if place is not None else PlaceKind.ROOM if message.guild_id else PlaceKind.PRIVATE
    private = kind is PlaceKind.PRIVATE and not message.guild_id
    inside = place.parent if place is not None and kind is PlaceKind.THREAD else ""
    said = _said(message)
    text, named = _text(said, message, me=me, places=places)
    author = message.author.id
    replied_to, reply = _reply(message)
    of_bot = replied_to is not None and replied_to.id == me
    if of_bot and author in agents:
        replied_to, reply = _behind(message.referenced_message, me=me) or (replied_to, reply)
    others = _others(message, me=me, replied_to=replied_to)
    members = [each for each in others if each not in agents]
    stranger = bool(reply) and (replied_to is None or replied_to.id not in {me, author, *agents})
    return Spoken(
        external_id=message.id,
        text=text,
        author=author,
        author_name=_name(message.author, message),
        sent_at=message.timestamp,
        place=inside or message.channel_id,
        thread=message.channel_id if inside else "",
        private=private,
        rooms=() if private else places.rooms(message.channel_id),
        to_bot=named or of_bot,
        to_member=bool(members) or stranger,
        names=others[0] if len(others) == 1 or (replied_to is not None and replied_to.id in others) else "",
        in_reply_to=reply,
        attachments=tuple(_attachments(message)),
        edited_at=message.edited_timestamp if edited else None,
    )


def _said(message: Message) -> Said:
    """Return what was said: what somebody passed on stands for their own words where they added none."""
    if message.content or not message.message_snapshots:
        return message
    return message.message_snapshots[0].message or message


def _text(said: Said, message: Message, *, me: str, places: Places) -> tuple[str, bool]:
    """Return the text as a person reads it, and whether it names the bot."""
    mentioned = [*(said.mentions or ()), *(message.mentions or ())]
    names = {user.id: _name(user) for user in mentioned}
    text, named = readable(said.content or "", me=me, own_roles=places.own_roles, names=names, places=places)
    if text.strip() or message.attachments or message.sticker_items or said is not message:
        return text, named and said is message  # a mention in what was passed on calls nobody
    question = message.poll.question if message.poll is not None else None
    if question is not None and question.text:
        return question.text, named
    return (f"@{names[me]}" if names.get(me) else CALLED) if named else text, named


def _reply(message: Message) -> tuple[User | None, str]:
    """Return whom a reply answers, as far as Discord tells, and the id of that message; "" for no reply."""
    reference = message.message_reference
    if reference is None or reference.type == _FORWARD or not reference.message_id:
        return None, ""
    answered = message.referenced_message
    return (answered.author if answered is not None else None), reference.message_id


def _behind(answer: Answered | None, *, me: str) -> tuple[User | None, str] | None:
    """Return whom and what the bot's own message answered, as far as it tells: an agent adds to that answer.

    The bot calls nobody but the one whom it answers.
    """
    reference = answer.message_reference if answer is not None else None
    if answer is None or reference is None or reference.type == _FORWARD or not reference.message_id:
        return None
    called = [user for user in answer.mentions or () if not user.bot and user.id != me]
    return (called[0] if len(called) == 1 else None), reference.message_id


def _others(message: Message, *, me: str, replied_to: User | None) -> list[str]:
    """Return the ids of other people whom it answers or names, the one it answers first; bots are no people."""
    meant = [*([replied_to] if replied_to is not None else []), *(message.mentions or ())]
    ids = [user.id for user in meant if not user.bot and user.id not in {me, message.author.id}]
    return list(dict.fromkeys(ids))


def _name(user: User, message: Message | None = None) -> str:
    member = message.member if message is not None else user.member
    return clean_name(user.global_name or (member.nick if member is not None else None) or user.username)


def _attachments(message: Message) -> Iterator[Attachment]:
    """Return what it brings along, what was passed on included."""
    passed_on = [each.message for each in message.message_snapshots or () if each.message is not None]
    if message.message_snapshots:
        yield Attachment(kind=AttachmentKind.FORWARDED)
    where = f"{message.channel_id}/{message.id}"
    brought = [attachment for said in (message, *passed_on) for attachment in _brought(said, where)]
    yield from brought[:_MOST_ATTACHMENTS]
    seen = message.content or brought or message.message_snapshots
    if not seen and (message.embeds or message.components or message.activity):
        yield Attachment(kind=AttachmentKind.OTHER)


def _brought(said: Said, where: str) -> Iterator[Attachment]:
    voice = bool((said.flags or 0) & _VOICE)
    for file in said.attachments or ():
        yield _file(file, where, voice=voice)
    for sticker in said.sticker_items or ():
        yield Attachment(kind=AttachmentKind.STICKER, name=clean_name(sticker.name))
    if said.poll is not None:
        question = said.poll.question
        yield Attachment(kind=AttachmentKind.POLL, name=clean_name(question.text) if question is not None else "")


def _file(file: Attached, where: str, *, voice: bool) -> Attachment:
    """Return a file by what Heed fetches it with: Discord's own link to it ends after about a day."""
    media_type = clean_name(file.content_type)
    url = file.url or ""
    reference = f"{where}/{file.id}" if is_id(file.id) else ""
    return Attachment(
        kind=AttachmentKind.VOICE if voice else _KINDS.get(media_type.split("/")[0], AttachmentKind.FILE),
        name=clean_name(file.title or file.filename),
        media_type=media_type,
        size=file.size if file.size is not None and 0 <= file.size < 1 << 53 else None,
        url=url if not reference and len(url) <= _LONGEST_URL and _FROM.fullmatch(url) else "",
        reference=reference,
    )
