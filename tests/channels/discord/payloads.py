"""Gateway payloads as Discord's reference documents them, and the people and places in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.discord.parse import parse
from bot.channels.discord.places import Place, PlaceKind, Places
from bot.domain.messages import AgentId
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import Arrival

Payload = dict[str, Any]

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WRITTEN = "2026-11-22T08:59:30.123000+00:00"

ME, OWN_ROLE = "9001", "9100"
ANN, BEN, AGENT, OTHER_BOT = "2001", "2002", "2100", "9002"
SERVER, ROOM, QUIET, HELP, FORUM, CATEGORY = "3001", "4001", "4002", "4003", "4004", "4500"
THREAD, POST, DIRECT = "5001", "5002", "1001"
MESSAGE = "7000000000000000001"

RULES = RoomRules(
    rooms={
        HELP: Room(attention=Attention.EVERYTHING),
        CATEGORY: Room(attention=Attention.UNANSWERED, patience=timedelta(minutes=3)),
    },
    agents={AGENT: AgentId("anna")},
)


def places() -> Places:
    known = {
        ROOM: Place(kind=PlaceKind.ROOM, name="lobby", server=SERVER),
        QUIET: Place(kind=PlaceKind.ROOM, name="orders", parent=CATEGORY, server=SERVER),
        HELP: Place(kind=PlaceKind.ROOM, name="help", server=SERVER),
        FORUM: Place(kind=PlaceKind.SHELF, name="questions", server=SERVER),
        CATEGORY: Place(kind=PlaceKind.SHELF, name="shop", server=SERVER),
        THREAD: Place(kind=PlaceKind.THREAD, name="my parcel", parent=QUIET, server=SERVER),
        POST: Place(kind=PlaceKind.THREAD, name="refund", parent=FORUM, server=SERVER),
        DIRECT: Place(kind=PlaceKind.PRIVATE),
    }
    return Places(me=ME, places=known, own_roles={OWN_ROLE})


def user(user_id: str, name: str = "", **more: Any) -> Payload:
    return {
        "id": user_id,
        "username": name or f"visitor{user_id}",
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "public_flags": 0,
        **more,
    }


def bot(user_id: str = ME, name: str = "heed") -> Payload:
    return user(user_id, name, bot=True)


def message(content: str = "Where is my order?", *, by: str = ANN, channel: str = ROOM, **more: Any) -> Payload:
    """Return MESSAGE_CREATE of a server's channel; with ``guild_id=None`` of a private chat."""
    payload = {
        "type": 0,
        "id": MESSAGE,
        "channel_id": channel,
        "guild_id": SERVER,
        "author": user(by),
        "member": {
            "nick": None,
            "roles": [],
            "joined_at": "2025-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
        },
        "content": content,
        "timestamp": WRITTEN,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
        "nonce": "1",
        **more,
    }
    if payload["guild_id"] is None:
        del payload["guild_id"], payload["member"]
    return payload


def direct(content: str = "Where is my order?", **more: Any) -> Payload:
    return message(content, channel=DIRECT, guild_id=None, **more)


def edited(payload: Payload, content: str, at: str = "2026-11-22T08:59:50.500000+00:00") -> Payload:
    return {**payload, "content": content, "edited_timestamp": at}


def reply(content: str, *, to: Payload | None, to_id: str = "6999", **more: Any) -> Payload:
    """Return a reply to somebody's message; ``to`` None: that one was deleted."""
    answered = None if to is None else {**message("What they wrote", by=to["id"]), "author": to, "id": to_id}
    reference = {"type": 0, "message_id": to_id, "channel_id": ROOM, "guild_id": SERVER}
    return message(content, type=19, message_reference=reference, referenced_message=answered, **more)


def file(name: str, media_type: str, size: int = 2048, **more: Any) -> Payload:
    return {
        "id": "8001",
        "filename": name,
        "size": size,
        "url": f"https://cdn.discordapp.com/attachments/{ROOM}/8001/{name}?ex=1&is=2&hm=3",
        "proxy_url": f"https://media.discordapp.net/attachments/{ROOM}/8001/{name}",
        "content_type": media_type,
        **more,
    }


def forward(content: str, **more: Any) -> Payload:
    """Return a message that passes on another one."""
    passed_on = {"type": 0, "content": content, "timestamp": WRITTEN, "edited_timestamp": None, "flags": 0}
    return {
        "flags": 1 << 14,
        "message_reference": {"type": 1, "message_id": "6001", "channel_id": "4900"},
        "message_snapshots": [{"message": {**passed_on, "mentions": [], "attachments": [], "embeds": [], **more}}],
    }


def arrivals(payload: Payload, event: str = "MESSAGE_CREATE", *, rules: RoomRules = RULES) -> list[Arrival]:
    return parse(event, payload, me=ME, places=places(), rules=rules, arrived_at=NOW)


def arrival(payload: Payload, event: str = "MESSAGE_CREATE", *, rules: RoomRules = RULES) -> Arrival:
    [found] = arrivals(payload, event, rules=rules)
    return found
