"""Sending texts. Telegram has no key for sends: what may have arrived is never sent again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from telegram import Bot, LinkPreviewOptions, ReplyKeyboardMarkup, ReplyParameters
from telegram.error import ChatMigrated

from bot.channels.splitting import split
from bot.channels.telegram.api import BotApi
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.trouble import send_error
from bot.domain.messages import Address
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown, StoreError
from bot.ports import TimeSource
from bot.records import Sending

#: The longest text of one message of Telegram's.
LONGEST_PART = 4096
#: The least time between two messages to one chat, and to one group (20 a minute).
PER_CHAT = timedelta(seconds=1)
PER_GROUP = timedelta(seconds=3)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One message of Telegram's on its way."""

    text: str
    topic: int | None
    answers: str
    keyboard: ReplyKeyboardMarkup | None


class Sender:
    """Sends one text, in parts where it is long, and says what is known of it."""

    def __init__(self, *, api: BotApi, moves: Moves, time: TimeSource) -> None:
        self._api = api
        self._moves = moves
        self._time = time

    async def send(self, sending: Sending) -> datetime:
        """Send all parts and return when the last was sent. Raises a SendError."""
        sent_at: datetime | None = None
        async with self._api.open() as bot:
            for part in _parts(sending):
                if sent_at is not None:
                    await self._time.wait(asyncio.Event(), self._time.now() + _pause(sending))
                try:
                    sent_at = await self._send(bot, sending.address.place, part)
                except SendError as error:
                    raise _judged(error, begun=sent_at is not None) from None
        if sent_at is None:
            raise SendFailed("the text is empty")
        return sent_at

    async def _send(self, bot: Bot, place: str, part: _Part) -> datetime:
        """Send one part; where the group has moved, once more to its new place."""
        try:
            return await _message(bot, self._moves.now_at(place), part)
        except ChatMigrated as moved:
            new = str(moved.new_chat_id)
        except Exception as error:  # noqa: BLE001 - whatever happened, what is known of the send is said
            raise send_error(error) from None
        try:
            await self._moves.keep(new=new, old=self._moves.now_at(place))
            return await _message(bot, new, part)
        except StoreError:
            raise SendRefused("the group has moved, and the store cannot keep that now") from None
        except Exception as error:  # noqa: BLE001 - as above
            raise send_error(error) from None


def _parts(sending: Sending) -> list[_Part]:
    texts = split(sending.send.text, LONGEST_PART)
    topic = topic_of(sending.address)
    last = len(texts) - 1
    return [
        _Part(
            text=text,
            topic=topic,
            answers="" if sending.private or number else sending.reply_to,
            keyboard=_keyboard(sending) if number == last else None,
        )
        for number, text in enumerate(texts)
    ]


def _keyboard(sending: Sending) -> ReplyKeyboardMarkup | None:
    """Return the quick replies as buttons, in private alone: in a group everybody would see them."""
    replies = sending.send.quick_replies
    if not sending.private or not replies:
        return None
    return ReplyKeyboardMarkup([[reply] for reply in replies], resize_keyboard=True, one_time_keyboard=True)


def topic_of(address: Address) -> int | None:
    """Return the topic of a group in which a conversation lives."""
    first = address.thread.split("/", 1)[0]
    return int(first[2:]) if first.startswith("p:") and first[2:].isdecimal() else None


def _pause(sending: Sending) -> timedelta:
    return PER_CHAT if sending.private else PER_GROUP


def _judged(error: SendError, *, begun: bool) -> SendError:
    """Return what is known of the whole text: once its beginning has arrived, it must not be sent again."""
    return SendUnknown(f"only its beginning was sent: {error}") if begun else error


async def _message(bot: Bot, chat: str, part: _Part) -> datetime:
    answered_in, _, answered = part.answers.rpartition("/")
    reply = None
    if answered_in == chat and answered.isdecimal():  # numbers of a group that has moved mean others there
        reply = ReplyParameters(message_id=int(answered), allow_sending_without_reply=True)
    sent = await bot.send_message(
        chat_id=int(chat),
        text=part.text,
        message_thread_id=part.topic,
        link_preview_options=NO_PREVIEW,
        reply_parameters=reply,
        reply_markup=part.keyboard,
    )
    return sent.date
