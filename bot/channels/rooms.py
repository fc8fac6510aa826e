"""What was said in a chat or a room, as an arrival: the rules of attention, the same on every platform. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.arrivals import customer
from bot.channels.text import LONGEST_TEXT, clean_id, clean_text, clean_time, is_readable, revision_of
from bot.domain.messages import Address, AgentId, Attachment
from bot.domain.rooms import Attention, RoomRules
from bot.records import Arrival, ArrivalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One message of a platform, reduced to what the rules of attention ask for. Ids are the platform's.

    ``thread`` is the platform's thread in ``place``, "" for none; ``topic`` a part of a room in which many talk.
    ``rooms`` are ids under which the place may be configured, nearest first. ``to_bot``: it names the bot or
    replies to it. ``to_member``: it names or replies to somebody else. ``names``: the one other person it names
    or replies to, as an agent does who answers a customer. ``edited_at`` None: it is new.
    """

    external_id: str
    text: str
    author: str
    author_name: str
    sent_at: datetime | str | None
    place: str
    thread: str = ""
    topic: str = ""
    private: bool = False
    rooms: Sequence[str] = ()
    to_bot: bool = False
    to_member: bool = False
    names: str = ""
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    edited_at: datetime | str | None = None
    revision: str = ""


def arrival_of(
    spoken: Spoken,
    *,
    channel: str,
    account: str,
    rules: RoomRules,
    arrived_at: datetime,
) -> Arrival:
    """Return what a message means for the brand. Raises BadMessage naming what is wrong with it.

    In private everything is meant for the brand. In a room an agent's words are a reply, or just talk; a
    customer's are addressed to the brand, or wait for the room's patience; with ``patience`` None they count
    only where they go on with a matter. What expressly goes to another member never does.
    """
    agent = None if spoken.private else rules.agents.get(spoken.author)
    if agent is not None:
        return _by_agent(spoken, agent, channel=channel, account=account, arrived_at=arrived_at)
    addressed, patience = _attention(spoken, rules)
    edited = spoken.edited_at is not None
    text = _text(spoken)
    written = spoken.edited_at if edited else spoken.sent_at
    return Arrival(
        kind=ArrivalKind.EDIT if edited else ArrivalKind.MESSAGE,
        channel=channel,
        external_id=clean_id(spoken.external_id, field="id"),
        text=text,
        happened_at=clean_time(written, arrived_at=arrived_at),
        arrived_at=arrived_at,
        address=_address(spoken, spoken.author, channel=channel, account=account),
        customer=customer(channel, spoken.author, spoken.author_name),
        private=spoken.private,
        revision=(spoken.revision or revision_of(spoken.edited_at, text)) if edited else "",
        addressed=addressed,
        to_others=spoken.to_member and not addressed,
        patience=patience,
        room=room_key(spoken),
        in_reply_to=spoken.in_reply_to,
        attachments=spoken.attachments,
    )


def room_key(spoken: Spoken) -> str:
    """Return the name of the place in which all who are there see each other; "" in private."""
    if spoken.private:
        return ""
    inner = spoken.thread or spoken.topic
    return f"{spoken.place}/{inner}" if inner else spoken.place


def _attention(spoken: Spoken, rules: RoomRules) -> tuple[bool, timedelta | None]:
    """Return whether a customer's message is addressed to the brand, and else how long it waits for others."""
    if spoken.private or spoken.to_bot:
        return True, timedelta(0)
    if spoken.to_member:
        return False, None
    room = rules.room(spoken.rooms)
    match room.attention:
        case Attention.ADDRESSED:
            return False, None
        case Attention.UNANSWERED:
            return False, room.patience
        case Attention.EVERYTHING:
            return True, timedelta(0)


def _by_agent(spoken: Spoken, agent: AgentId, *, channel: str, account: str, arrived_at: datetime) -> Arrival:
    """Return an agent's words: a reply to whom they name, or in a thread to its customer; else just talk."""
    edited = spoken.edited_at is not None
    answers = bool(spoken.in_reply_to or spoken.names or spoken.thread)
    kind = ArrivalKind.EDIT if edited else ArrivalKind.REPLY if answers else ArrivalKind.TALK
    text = _text(spoken) if kind is not ArrivalKind.TALK else ""
    whom = spoken.names or spoken.author
    return Arrival(
        kind=kind,
        channel=channel,
        external_id=clean_id(spoken.external_id, field="id"),
        text=text,
        happened_at=clean_time(spoken.edited_at if edited else spoken.sent_at, arrived_at=arrived_at),
        arrived_at=arrived_at,
        agent=agent,
        address=_address(spoken, whom, channel=channel, account=account) if answers and not edited else None,
        private=False,
        revision=(spoken.revision or revision_of(spoken.edited_at, text)) if edited else "",
        room=room_key(spoken),
        in_reply_to=spoken.in_reply_to,
        attachments=spoken.attachments if kind is not ArrivalKind.TALK else (),
    )


def _address(spoken: Spoken, customer: str, *, channel: str, account: str) -> Address:
    """Return the private chat; in a room its thread, else the customer (in their topic)."""
    if spoken.private:
        thread = ""
    elif spoken.thread:
        thread = f"t:{spoken.thread}"
    else:
        thread = f"p:{spoken.topic}/u:{customer}" if spoken.topic else f"u:{customer}"
    return Address(
        channel=channel,
        account=account,
        place=clean_id(spoken.place, field="place"),
        thread=clean_id(thread, field="thread") if thread else "",
    )


def _text(spoken: Spoken) -> str:
    """Return the cleaned text; where nothing is to be read, what it brings along stands for it: "[image]"."""
    if spoken.attachments and not is_readable(spoken.text):
        return " ".join(f"[{attachment.kind}]" for attachment in spoken.attachments[:10])
    return clean_text(spoken.text, longest=LONGEST_TEXT)
