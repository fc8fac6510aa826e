"""Changes messages that the bot has sent, or takes them back. Doing it twice is as doing it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import discord

from bot.channels.discord.places import is_id
from bot.channels.discord.refusals import GONE, TROUBLE, after, told
from bot.errors import SendFailed
from bot.records import Sent


async def revise(
    place: discord.PartialMessageable, parts: Sequence[str], ids: Sequence[str], now: Callable[[], datetime]
) -> Sent:
    """Give the messages ``ids`` these texts, one each, and delete those for which none is left.

    Nothing is ever added: it would stand behind what was said since. Raises a SendError.
    """
    _check(parts, ids)
    done, at = 0, now()
    try:
        for part, message in zip(parts, ids, strict=False):
            at = await _change(place, message, part) or now()
            done += 1
        for message in ids[len(parts) :]:
            await _delete(place, message)
            done += 1
    except TROUBLE as error:
        raise after(told(error), done, len(ids)) from error
    return Sent(at=at if parts else now(), external_ids=tuple(ids[: len(parts)]))


def _check(parts: Sequence[str], ids: Sequence[str]) -> None:
    if not ids or not all(is_id(message) for message in ids):
        raise SendFailed("it is not known as which messages the text was sent")
    if len(parts) > len(ids):
        raise SendFailed(
            f"the new text needs {len(parts)} messages and was sent as {len(ids)}: shorten it, or send a new reply"
        )


async def _change(place: discord.PartialMessageable, message: str, text: str) -> datetime | None:
    """Return when Discord says that the message was edited."""
    changed = await place.get_partial_message(int(message)).edit(
        content=text, allowed_mentions=discord.AllowedMentions.none()
    )
    return changed.edited_at


async def _delete(place: discord.PartialMessageable, message: str) -> None:
    try:
        await place.get_partial_message(int(message)).delete()
    except discord.NotFound as error:
        if error.code != GONE:
            raise
