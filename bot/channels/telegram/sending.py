"""Sending texts. Telegram has no key for sends: what may have arrived is never sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from telegram import (
    Bot,
    InputMediaDocument,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import ChatMigrated

from bot.channels.splitting import split
from bot.channels.telegram.api import BotApi
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.trouble import send_error
from bot.domain.messages import Address
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown, StoreError
from bot.ports import TimeSource
from bot.records import Enclosure, Sending, Sent

#: The longest text of one message of Telegram's.
LONGEST_PART = 4096
#: The least time between two messages to one chat, and to one group (20 a minute).
PER_CHAT = timedelta(seconds=1)
PER_GROUP = timedelta(seconds=3)

#: How long Telegram may take to receive files, and to answer then, in seconds.
UPLOAD_WITHIN = 60.0

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


#: With this the ids of messages end that are files: they have no text that could be changed.
FILE = "/file"

LARGEST_FILE = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One request on its way: a text, or files, which Telegram takes all at once or not at all."""

    text: str = ""
    files: tuple[Enclosure, ...] = ()
    topic: int | None
    answers: str
    keyboard: ReplyKeyboardMarkup | None = None


class Sender:
    """Sends one text, in parts where it is long, then its files, and says what is known of it."""

    def __init__(self, *, api: BotApi, moves: Moves, time: TimeSource) -> None:
        self._api = api
        self._moves = moves
        self._time = time

    async def send(self, sending: Sending) -> Sent:
        """Send all parts and return when the last was sent. Raises a SendError."""
        sent: list[tuple[Message, str]] = []
        async with self._api.open() as bot:
            for part in _parts(sending):
                if sent:
                    await self._time.wait(asyncio.Event(), self._time.now() + pause(sending))
                try:
                    came = await self._send(bot, sending.address.place, part)
                    sent += [(each, FILE if part.files else "") for each in came]
                except SendError as error:
                    raise _judged(error, begun=bool(sent)) from None
        if not sent:
            raise SendFailed("the text is empty")
        ids = tuple(f"{each.chat_id}/{each.message_id}{mark}" for each, mark in sent)
        return Sent(at=sent[-1][0].date, external_ids=ids)

    async def _send(self, bot: Bot, place: str, part: _Part) -> Sequence[Message]:
        """Send one part; where the group has moved, once more to its new place."""
        try:
            return await _messages(bot, self._moves.now_at(place), part)
        except ChatMigrated as moved:
            new = str(moved.new_chat_id)
        except Exception as error:  # noqa: BLE001 - whatever happened, what is known of the send is said
            raise send_error(error) from None
        try:
            await self._moves.keep(new=new, old=self._moves.now_at(place))
            return await _messages(bot, new, part)
        except StoreError:
            raise SendRefused("the group has moved, and the store cannot keep that now") from None
        except Exception as error:  # noqa: BLE001 - as above
            raise send_error(error) from None


def _parts(sending: Sending) -> list[_Part]:
    texts = split(sending.send.text, LONGEST_PART)
    topic = topic_of(sending.address)
    answers = "" if sending.private else sending.reply_to
    last = len(texts) - 1
    parts = [
        _Part(
            text=text,
            topic=topic,
            answers="" if number else answers,
            keyboard=_keyboard(sending) if number == last else None,
        )
        for number, text in enumerate(texts)
    ]
    if sending.enclosures:
        parts.append(_Part(files=sending.enclosures, topic=topic, answers="" if parts else answers))
    return parts


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


def pause(sending: Sending) -> timedelta:
    """Return how long to wait between two parts of a text."""
    return PER_CHAT if sending.private else PER_GROUP


def _judged(error: SendError, *, begun: bool) -> SendError:
    """Return what is known of the whole text: once its beginning has arrived, it must not be sent again."""
    return SendUnknown(f"only its beginning was sent: {error}") if begun else error


async def _messages(bot: Bot, chat: str, part: _Part) -> Sequence[Message]:
    if len(part.files) > 1:
        return await _album(bot, chat, part)
    if part.files:
        return [await _document(bot, chat, part)]
    message = await bot.send_message(
        chat_id=int(chat),
        text=part.text,
        message_thread_id=part.topic,
        link_preview_options=NO_PREVIEW,
        reply_parameters=_answering(chat, part),
        reply_markup=part.keyboard,
    )
    return [message]


async def _document(bot: Bot, chat: str, part: _Part) -> Message:
    """Send a file as it is: as a picture or film Telegram would make another one of it."""
    return await bot.send_document(
        chat_id=int(chat),
        document=part.files[0].content,
        filename=part.files[0].name,
        message_thread_id=part.topic,
        reply_parameters=_answering(chat, part),
        disable_content_type_detection=True,
        write_timeout=UPLOAD_WITHIN,
        read_timeout=UPLOAD_WITHIN,
    )


async def _album(bot: Bot, chat: str, part: _Part) -> Sequence[Message]:
    """Send files in one request, so that not some of them arrive."""
    return await bot.send_media_group(
        chat_id=int(chat),
        media=[
            InputMediaDocument(each.content, filename=each.name, disable_content_type_detection=True)
            for each in part.files
        ],
        message_thread_id=part.topic,
        reply_parameters=_answering(chat, part),
        write_timeout=UPLOAD_WITHIN,
        read_timeout=UPLOAD_WITHIN,
    )


def _answering(chat: str, part: _Part) -> ReplyParameters | None:
    answered_in, _, answered = part.answers.rpartition("/")
    if answered_in != chat or not answered.isdecimal():  # numbers of a group that has moved mean others there
        return None
    return ReplyParameters(message_id=int(answered), allow_sending_without_reply=True)
