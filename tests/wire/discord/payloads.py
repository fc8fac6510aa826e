"""The objects of Discord's API as its reference documents them: users, channels, guilds, messages, errors."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

#: Milliseconds at which Discord's ids begin: the first second of 2015.
EPOCH = 1_420_070_400_000
BOT_ID = "9001"
APPLICATION_ID = "9000"

ADMINISTRATOR = 1 << 3
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
SEND_MESSAGES_IN_THREADS = 1 << 38
DESK_NEEDED = EMBED_LINKS | ATTACH_FILES | MANAGE_THREADS | CREATE_PUBLIC_THREADS
EVERYTHING_NEEDED = VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY | SEND_MESSAGES_IN_THREADS | DESK_NEEDED

TEXT, DIRECT, VOICE, CATEGORY, ANNOUNCEMENT = 0, 1, 2, 4, 5
PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 11, 12, 15
THREADS = frozenset({10, PUBLIC_THREAD, PRIVATE_THREAD})

MENTION = re.compile(r"<@!?(\d+)>")


class Problem(Exception):
    """An error as the API tells it: an HTTP status, a code of Discord's own and a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Payload = {"message": message, "code": code}


def unknown_channel() -> Problem:
    return Problem(404, 10003, "Unknown Channel")


def unknown_message() -> Problem:
    return Problem(404, 10008, "Unknown Message")


def missing_access() -> Problem:
    return Problem(403, 50001, "Missing Access")


def missing_permissions() -> Problem:
    return Problem(403, 50013, "Missing Permissions")


def archived() -> Problem:
    return Problem(400, 50083, "Thread is archived")


def locked() -> Problem:
    return Problem(403, 160005, "Thread is locked")


def too_many_old_edits() -> Problem:
    """Return what stops changes of messages older than an hour; how many go through is told nowhere."""
    return Problem(429, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later.")


def blocked() -> Problem:
    return Problem(403, 50007, "Cannot send messages to this user")


def malformed(message: str = "Invalid Form Body", code: int = 50035) -> Problem:
    return Problem(400, code, message)


def myself(bot: Payload) -> Payload:
    """Return the bot's own account, as only the bot is told it."""
    return {**bot, "verified": True, "mfa_enabled": False, "email": None, "flags": 0}


class Snowflakes:
    """Ids that tell their time and rise within a millisecond."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def at(self, instant: datetime) -> str:
        milliseconds = round(instant.timestamp() * 1000) - EPOCH
        return str(milliseconds << 22 | next(self._count) % (1 << 22))


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def user(user_id: str, name: str, *, bot: bool = False) -> Payload:
    return {
        "id": user_id,
        "username": name,
        "discriminator": "0",
        "global_name": None if bot else name,
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


def member(who: Mapping[str, Any], *, roles: tuple[str, ...] = ()) -> Payload:
    return {
        "user": dict(who),
        "nick": None,
        "avatar": None,
        "roles": list(roles),
        "joined_at": "2024-01-01T00:00:00.000000+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def own_role(guild_id: str) -> str:
    """Return the id of the role that a guild made for the bot when it joined."""
    return f"{guild_id}9"


def role(role_id: str, name: str, permissions: int, **more: Any) -> Payload:
    return {
        **more,
        "id": role_id,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 0,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def guild(guild_id: str, name: str, permissions: int) -> Payload:
    """A guild as ``GET /guilds/{id}`` tells it; the gateway adds channels, threads and members."""
    return {
        "id": guild_id,
        "name": name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": "1",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [
            role(guild_id, "@everyone", permissions),
            role(own_role(guild_id), "heed", 0, tags={"bot_id": BOT_ID}),
        ],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "max_members": 500_000,
    }


def channel(channel_id: str, kind: int, guild_id: str, name: str, parent: str | None = None) -> Payload:
    return {
        "id": channel_id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": parent,
        "topic": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
    }


def forum(channel_id: str, guild_id: str, name: str, tags: Sequence[str] = ()) -> Payload:
    """A forum, with tags that its posts can bear."""
    return {
        **channel(channel_id, FORUM, guild_id, name),
        "available_tags": [
            {"id": f"{channel_id}{place}", "name": tag, "moderated": False, "emoji_id": None, "emoji_name": None}
            for place, tag in enumerate(tags, start=1)
        ],
        "default_reaction_emoji": None,
        "default_sort_order": None,
        "default_forum_layout": 0,
        "default_thread_rate_limit_per_user": 0,
        "default_auto_archive_duration": 1440,
        "template": "",
    }


def thread(thread_id: str, kind: int, guild_id: str, name: str, parent: str, owner: str) -> Payload:
    created = "2026-01-01T00:00:00.000000+00:00"
    return {
        "id": thread_id,
        "type": kind,
        "guild_id": guild_id,
        "name": name,
        "parent_id": parent,
        "owner_id": owner,
        "last_message_id": None,
        "message_count": 0,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "flags": 0,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": created,
            "locked": False,
            "create_timestamp": created,
        },
    }


def direct(channel_id: str, recipient: Mapping[str, Any]) -> Payload:
    return {
        "id": channel_id,
        "type": DIRECT,
        "recipients": [dict(recipient)],
        "last_message_id": None,
        "flags": 0,
    }


def message(message_id: str, channel_id: str, author: Mapping[str, Any], text: str, at: datetime) -> Payload:
    return {
        "id": message_id,
        "channel_id": channel_id,
        "author": dict(author),
        "content": text,
        "timestamp": stamp(at),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
    }


def attachment(name: str, kind: str | None = "image/png", size: int = 1234) -> Payload:
    """A file of a customer's, as it stands in a message."""
    found: Payload = {
        "id": "7001",
        "filename": name,
        "size": size,
        "url": f"https://cdn.example/attachments/7001/{name}?ex=1",
        "proxy_url": f"https://media.example/attachments/7001/{name}",
    }
    return found if kind is None else {**found, "content_type": kind}


def application(name: str, flags: int) -> Payload:
    return {
        "id": APPLICATION_ID,
        "name": name,
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "hook": True,
        "owner": user("1", "owner"),
        "team": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": 1,
        "integration_types_config": {"0": {}},
    }
