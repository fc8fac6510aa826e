"""Updates as Telegram documents them, built for tests: who says what, where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.channels.telegram.naming import Me

ME = Me(id=4242, username="FernForgeBot")
BOT = {"id": ME.id, "is_bot": True, "first_name": "Fern & Forge", "username": ME.username}
SENT = datetime(2026, 11, 22, 8, 59, tzinfo=UTC)


def user(number: int = 1001, first: str = "Ann", last: str = "", **more: Any) -> dict[str, Any]:
    names = {"first_name": first, "last_name": last} if last else {"first_name": first}
    return {"id": number, "is_bot": False, **names, "language_code": "en", **more}


def private(number: int = 1001, first: str = "Ann") -> dict[str, Any]:
    return {"id": number, "first_name": first, "type": "private"}


def group(number: int = -500, title: str = "Gardeners") -> dict[str, Any]:
    return {"id": number, "title": title, "type": "group", "all_members_are_administrators": False}


def supergroup(number: int = -1001234567890, title: str = "Gardeners", **more: Any) -> dict[str, Any]:
    return {"id": number, "title": title, "type": "supergroup", **more}


def message(
    chat: dict[str, Any] | None = None, by: dict[str, Any] | None = None, **content: Any
) -> dict[str, Any]:
    """Return a message; ``content`` replaces or adds fields, None takes one out."""
    base = {
        "message_id": 17,
        "from": by or user(),
        "chat": chat or private(),
        "date": int(SENT.timestamp()),
        **({} if content.keys() & CONTENTS else {"text": "Where is my order?"}),
    }
    return {name: value for name, value in {**base, **content}.items() if value is not None}


#: Fields that stand in the place of a text.
CONTENTS = {
    "photo", "video", "animation", "audio", "voice", "video_note", "document", "sticker", "location", "venue",
    "contact", "poll", "dice", "game", "story", "paid_media", "checklist", "hologram", "new_chat_members",
    "left_chat_member", "pinned_message", "group_chat_created", "migrate_to_chat_id", "migrate_from_chat_id",
    "forum_topic_created", "new_chat_title",
}  # fmt: skip


def update(said: dict[str, Any], number: int = 9000, kind: str = "message") -> dict[str, Any]:
    return {"update_id": number, kind: said}


def mark(kind: str, text: str, within: str, **more: Any) -> dict[str, Any]:
    """Return an entity around ``text``, counted in UTF-16 units as Telegram counts."""
    before = within[: within.index(text)]
    return {"type": kind, "offset": units(before), "length": units(text), **more}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def naming(text: str, by: dict[str, Any] | None = None, chat: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a message of a room that names the bot in its text."""
    name = f"@{ME.username}"
    return message(chat or supergroup(), by, text=text, entities=[mark("mention", name, text)])


FILE = {"file_id": "AgACAgIAAxkBAAIBmWZ", "file_unique_id": "AQADHrkxG", "file_size": 2048}
STICKER = {
    **FILE,
    "type": "regular",
    "width": 512,
    "height": 512,
    "emoji": "👍",
    "is_animated": False,
    "is_video": False,
}
POLL = {
    "id": "5", "question": "Which pot is best?", "options": [{"text": "Clay", "voter_count": 0},
    {"text": "Zinc", "voter_count": 1}], "total_voter_count": 1, "is_closed": False, "is_anonymous": True,
    "type": "regular", "allows_multiple_answers": False,
}  # fmt: skip
