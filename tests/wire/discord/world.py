"""What there is on the local Discord: people, guilds, rooms, messages, and what the bot may do where."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.wire.discord import payloads
from tests.wire.discord.payloads import BOT_ID, DIRECT, MENTION, THREADS, Payload, unknown_message

#: Flags of an application whose message-content intent is switched on in the developers' portal.
CONTENT_ALLOWED = 1 << 18 | 1 << 19
#: Flags for the members intent, and for the presences intent.
MEMBERS_ALLOWED = 1 << 14 | 1 << 15
PRESENCES_ALLOWED = 1 << 12 | 1 << 13


@dataclass(slots=True)
class World:
    """State alone: whoever changes it tells the gateway."""

    token: str = "token-of-the-bot"
    application_flags: int = CONTENT_ALLOWED
    clock_off: timedelta = timedelta(0)
    users: dict[str, Payload] = field(default_factory=dict)
    guilds: dict[str, Payload] = field(default_factory=dict)
    channels: dict[str, Payload] = field(default_factory=dict)
    messages: dict[str, list[Payload]] = field(default_factory=dict)
    closed_to_bot: set[str] = field(default_factory=set)  # people who blocked the bot, or take no messages
    _snowflakes: payloads.Snowflakes = field(default_factory=payloads.Snowflakes)

    def __post_init__(self) -> None:
        self.users[BOT_ID] = payloads.user(BOT_ID, "heed", bot=True)

    @property
    def bot(self) -> Payload:
        return self.users[BOT_ID]

    @property
    def content_allowed(self) -> bool:
        return bool(self.application_flags & CONTENT_ALLOWED)

    def now(self) -> datetime:
        """Return the platform's time."""
        return datetime.now(UTC) + self.clock_off

    def new_id(self, at: datetime | None = None) -> str:
        return self._snowflakes.at(at or self.now())

    def person(self, user_id: str, name: str | None = None, *, bot: bool = False) -> Payload:
        """Return somebody, who is made up at their first mention."""
        return self.users.setdefault(user_id, payloads.user(user_id, name or f"visitor {user_id}", bot=bot))

    # --- rooms ----------------------------------------------------------------------------------------------

    def rooms_of(self, guild_id: str, *, threads: bool) -> list[Payload]:
        """Return a guild's channels, or its threads."""
        return [
            each
            for each in self.channels.values()
            if each.get("guild_id") == guild_id and (each["type"] in THREADS) is threads
        ]

    def direct_with(self, user_id: str) -> Payload | None:
        """Return the private chat with somebody, if there is one."""
        direct = (each for each in self.channels.values() if each["type"] == DIRECT)
        return next((each for each in direct if each["recipients"][0]["id"] == user_id), None)

    def open_direct(self, user_id: str, channel_id: str | None = None) -> Payload:
        """Return the private chat with somebody, opened if there was none."""
        if (found := self.direct_with(user_id)) is not None:
            return found
        channel = payloads.direct(channel_id or self.new_id(), self.person(user_id))
        self.channels[channel["id"]] = channel
        return channel

    def guild_created(self, guild_id: str) -> Payload:
        """Return the guild as GUILD_CREATE tells it."""
        seen = [each for each in self.rooms_of(guild_id, threads=False) if self.visible(each["id"])]
        threads = [each for each in self.rooms_of(guild_id, threads=True) if self._active(each)]
        return {
            **self.guilds[guild_id],
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "large": False,
            "unavailable": False,
            "member_count": 1 + len(self.users),
            "members": [payloads.member(self.bot, roles=(payloads.own_role(guild_id),))],
            "channels": seen,
            "threads": threads,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def _active(self, thread: Payload) -> bool:
        return not thread["thread_metadata"]["archived"] and self.visible(thread["id"])

    # --- what the bot may do --------------------------------------------------------------------------------

    def allowed(self, channel_id: str) -> int:
        """Return the bot's permissions in a channel, as the reference computes them. Raises Problem."""
        channel = self.channel(channel_id)
        if channel["type"] == DIRECT:
            return payloads.EVERYTHING_NEEDED
        guild_id = channel["guild_id"]
        if guild_id not in self.guilds:
            raise payloads.missing_access()
        everyone = self.guilds[guild_id]["roles"][0]
        granted = int(everyone["permissions"])
        if granted & payloads.ADMINISTRATOR:
            return ~0
        held = self.channels[channel["parent_id"]] if channel["type"] in THREADS else channel
        for subject in (guild_id, BOT_ID):
            for overwrite in held.get("permission_overwrites", []):
                if overwrite["id"] == subject:
                    granted = granted & ~int(overwrite["deny"]) | int(overwrite["allow"])
        return granted

    def visible(self, channel_id: str) -> bool:
        """Tell whether the bot may see a channel."""
        try:
            return bool(self.allowed(channel_id) & payloads.VIEW_CHANNEL)
        except payloads.Problem:
            return False

    def channel(self, channel_id: str) -> Payload:
        """Return a channel that exists. Raises Problem."""
        if channel_id not in self.channels:
            raise payloads.unknown_channel()
        return self.channels[channel_id]

    def seen(self, channel_id: str) -> Payload:
        """Return a channel that the bot may see. Raises Problem."""
        if not self.allowed(channel_id) & payloads.VIEW_CHANNEL:
            raise payloads.missing_access()
        return self.channels[channel_id]

    # --- messages -------------------------------------------------------------------------------------------

    def keep(self, message: Payload) -> None:
        """Put a message into its room, in the order of ids."""
        insort(self.messages.setdefault(message["channel_id"], []), message, key=_number)
        self.channels[message["channel_id"]]["last_message_id"] = self.messages[message["channel_id"]][-1]["id"]

    def message(self, channel_id: str, message_id: str) -> Payload:
        """Return a message that exists. Raises Problem."""
        for each in self.messages.get(channel_id, []):
            if each["id"] == message_id:
                return each
        raise unknown_message()

    def page(self, channel_id: str, **around: str) -> list[Payload]:
        """Return a page of a room's messages, newest first: ``limit`` with ``after``, ``before`` or ``around``."""
        limit = int(around.get("limit", "50"))
        if not 1 <= limit <= 100:
            raise payloads.malformed()
        kept = self.messages.get(channel_id, [])
        if "after" in around:
            found = [each for each in kept if _number(each) > int(around["after"])][:limit]
        elif "around" in around:
            middle = sum(_number(each) < int(around["around"]) for each in kept)
            start = max(middle - limit // 2, 0)
            found = kept[start : start + limit]
        else:
            before = int(around.get("before", 1 << 63))
            found = [each for each in kept if _number(each) < before][-limit:]
        return [_at_rest(each) for each in reversed(found)]

    def mentioned(self, text: str) -> Iterator[Payload]:
        """Yield everybody whom a text names."""
        for user_id in dict.fromkeys(MENTION.findall(text)):
            yield self.person(user_id)

    def reply_to(self, answered: Payload) -> Payload:
        """Return the fields of a message that replies to another in the same room."""
        return {
            "type": 19,
            "message_reference": self.pointer(answered["channel_id"], message_id=answered["id"]),
            "referenced_message": answered,
        }

    def pointer(self, channel_id: str, **fields: str) -> Payload:
        """Return a reference to a room, or to a message there."""
        where = {"type": 0, **fields, "channel_id": channel_id}
        guild_id = self.channels[channel_id].get("guild_id")
        return {**where, "guild_id": guild_id} if guild_id else where

    def gone(self, message: Payload) -> Payload:
        """Return what MESSAGE_DELETE tells of a message."""
        where = {key: each for key, each in self.pointer(message["channel_id"]).items() if key != "type"}
        return {"id": message["id"], **where}

    def in_event(self, message: Payload) -> Payload:
        """Return a message as the gateway tells it: with its guild and its writer's membership there."""
        guild_id = self.channels[message["channel_id"]].get("guild_id")
        if guild_id is None:
            return {**message, "channel_type": DIRECT}
        membership = payloads.member(message["author"])
        del membership["user"]
        return {**message, "guild_id": guild_id, "member": membership}


def blanked(message: Payload) -> Payload:
    """Return a message as it is told to bots without the message-content intent."""
    return {**message, "content": "", "attachments": [], "embeds": [], "components": []}


def told(message: Payload, *, to_all_readers: bool, private: bool) -> Payload:
    """Return a message as the intent lets the bot read it: what it wrote or what names it is always readable."""
    named = any(each["id"] == BOT_ID for each in message.get("mentions", []))
    if to_all_readers or private or named or message.get("author", {}).get("id") == BOT_ID:
        return message
    return blanked(message)


def _number(message: Payload) -> int:
    return int(message["id"])


def _at_rest(message: Payload) -> dict[str, Any]:
    """Return a message as the history tells it: the nonce was for those who watched it come in."""
    return {key: value for key, value in message.items() if key != "nonce"}
