"""Changing and taking back what was sent. Twice is as once, so what is in doubt may be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from telegram import Bot, Message
from telegram.error import BadRequest

from bot.channels.splitting import split
from bot.channels.telegram.api import BotApi
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.sending import FILE, LONGEST_PART, NO_PREVIEW, pause
from bot.channels.telegram.trouble import send_error
from bot.errors import SendError, SendFailed, SendUnknown
from bot.ports import TimeSource
from bot.records import Sending, Sent

#: By these words Telegram tells that it is as it should be.
_SAME = "message is not modified"
_GONE = "message to delete not found"
#: With these it refuses to delete a message after 48 hours.
_TOO_OLD = "can't be deleted"


class Reviser:
    """Gives the messages of a text that was sent a new text, or deletes them."""

    def __init__(self, *, api: BotApi, moves: Moves, time: TimeSource) -> None:
        self._api = api
        self._moves = moves
        self._time = time

    async def revise(self, sending: Sending) -> Sent:
        """Change the messages that are there, delete those for which no text is left. Raises a SendError.

        Files that went along stay, unless all is taken back.
        Nothing is ever added: it would stand behind what was said since.
        """
        chat = self._moves.now_at(sending.address.place)
        parts = split(sending.send.text, LONGEST_PART)
        texts = tuple(each for each in sending.revised_ids if not each.endswith(FILE))
        files = tuple(each for each in sending.revised_ids if each.endswith(FILE))
        numbers = _numbers(texts if parts else sending.revised_ids, chat, files=bool(files))
        if len(parts) > len(numbers):
            raise SendFailed(
                f"the new text needs {len(parts)} messages and was sent as {len(numbers)}: "
                "shorten it, or send a new reply"
            )
        async with self._api.open() as bot:
            at = await self._each(bot, int(chat), parts, numbers, sending)
        return Sent(at=at, external_ids=(*texts[: len(parts)], *files) if parts else ())

    async def _each(
        self, bot: Bot, chat: int, parts: Sequence[str], numbers: Sequence[int], sending: Sending
    ) -> datetime:
        at = self._time.now()
        for place, number in enumerate(numbers):
            if place:
                await self._time.wait(asyncio.Event(), self._time.now() + pause(sending))
            try:
                if place < len(parts):
                    at = await _changed(bot, chat, number, parts[place]) or self._time.now()
                else:
                    await _deleted(bot, chat, number)
            except SendError as error:
                raise SendUnknown(f"only its beginning was changed: {error}") if place else error from None
        return at if parts else self._time.now()


def _numbers(ids: Sequence[str], chat: str, *, files: bool) -> list[int]:
    """Return Telegram's numbers of these messages. Raises SendFailed for what it does not reach any more."""
    if files and not ids:
        raise SendFailed("only files were sent, without a text that could be changed: send a new reply")
    places = [each.removesuffix(FILE).rpartition("/") for each in ids]
    if not places or not all(number.isdecimal() for _, _, number in places):
        raise SendFailed("it is not known as which messages the text was sent")
    if any(where != chat for where, _, _ in places):
        raise SendFailed("the group has become another since: Telegram changes nothing from before")
    return [int(number) for _, _, number in places]


async def _changed(bot: Bot, chat: int, number: int, text: str) -> datetime | None:
    """Return when Telegram says that the message was edited, None where it had this text already."""
    try:
        changed = await bot.edit_message_text(text, chat, number, link_preview_options=NO_PREVIEW)
    except Exception as error:  # noqa: BLE001 - whatever happened, what is known of the change is said
        if _says(error, _SAME):
            return None
        raise send_error(error) from None
    return changed.edit_date if isinstance(changed, Message) else None


async def _deleted(bot: Bot, chat: int, number: int) -> None:
    try:
        await bot.delete_message(chat, number)
    except Exception as error:  # noqa: BLE001 - as above
        if _says(error, _TOO_OLD):
            raise SendFailed("Telegram takes nothing back that is older than 48 hours") from None
        if not _says(error, _GONE):
            raise send_error(error) from None


def _says(error: Exception, words: str) -> bool:
    return isinstance(error, BadRequest) and words in error.message.lower()
