"""Brings one text to a channel: in parts, each under a key of its own, and none of them twice."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import discord

from bot.channels.discord.keys import channel_of, message_at, nonce, written_at
from bot.channels.discord.places import is_id
from bot.channels.discord.refusals import TROUBLE, after, told
from bot.channels.discord.revising import revise
from bot.channels.discord.texts import LONGEST_PART
from bot.channels.splitting import split
from bot.errors import SendError, SendFailed
from bot.records import Enclosure, Sending, Sent

_Part = tuple[str, datetime]  # the id of a message, and when it was written

#: Clocks may differ by this much when the bot's own messages are read back.
_SLACK = timedelta(minutes=1)
_PAGE = 100
#: A room so busy is not read back further than this.
_MOST_PAGES = 20
_REMEMBERED = 4096
#: Discord's number for "no reply without the permission to read the history".
_NO_REPLY_HERE = 160002


class Sender:
    """Sends texts, in one channel one after the other: parts of two never mix. Files go with the first part.

    Remembers which of the bot's messages belong to which, as long as they are recent.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def send(self, client: discord.Client, sending: Sending, *, now: Callable[[], datetime]) -> Sent:
        """Send all parts and return the time of the last, as Discord gives it. Raises a SendError.

        A text that revises another changes that one's messages. ``now``: for what Discord tells no time of.
        After a try in doubt the bot's own messages are read back first, so a text comes once even when the
        time has passed in which Discord knows its key.
        """
        channel = channel_of(sending.address)
        revises = sending.send.revises is not None
        parts = split(sending.send.text, LONGEST_PART) or ([""] if sending.enclosures and not revises else [])
        if not (parts or revises):
            raise SendFailed("the text is empty")
        async with self._turns.setdefault(channel, asyncio.Lock()):
            if revises:
                return await revise(client.get_partial_messageable(channel), parts, sending.revised_ids, now)
            return await self._all(client, channel, sending, parts)

    async def _all(self, client: discord.Client, channel: int, sending: Sending, parts: Sequence[str]) -> Sent:
        sent: list[_Part] = []
        try:
            there = await self._there(client, channel, sending, parts) if _in_doubt(sending) else {}
            for number, part in enumerate(parts):
                sent.append(there.get(number) or await self._part(client, channel, sending, number, part))
        except SendError as error:
            raise after(error, len(sent), len(parts)) from error.__cause__
        except TROUBLE as error:
            raise after(told(error), len(sent), len(parts)) from error
        return Sent(at=sent[-1][1], external_ids=tuple(message for message, _ in sent))

    async def _part(self, client: discord.Client, channel: int, sending: Sending, number: int, part: str) -> _Part:
        reply_to = _reply_to(sending) if number == 0 else None
        files = sending.enclosures if number == 0 else ()
        key = nonce(sending.send.id, number)
        try:
            message = await _post(client, channel, part, key, reply_to=reply_to, enclosures=files)
        except discord.HTTPException as error:
            if error.code != _NO_REPLY_HERE or reply_to is None:
                raise
            message = await _post(client, channel, part, key, reply_to=None, enclosures=files)
        self._remember(str(message.id), sending.send.id)
        return str(message.id), message.created_at

    def _remember(self, message: str, action: str) -> None:
        self._sent[message] = action
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    async def _there(
        self, client: discord.Client, channel: int, sending: Sending, parts: Sequence[str]
    ) -> dict[int, _Part]:
        """Return which parts stand in the channel already."""
        own = [each for each in await _own(client, channel, sending) if self._may_be(each, sending)]
        found: dict[int, _Part] = {}
        for number, part in enumerate(parts):
            reply_to, files = (_reply_to(sending), sending.enclosures) if number == 0 else (None, ())
            fitting = (each for each in own if _is(each, part, reply_to) and _brings(each, files))
            if (message := next(fitting, None)) is not None:
                own.remove(message)
                self._remember(str(message["id"]), sending.send.id)
                found[number] = str(message["id"]), written_at(int(message["id"]))
        return found

    def _may_be(self, message: Mapping[str, Any], sending: Sending) -> bool:
        return self._sent.get(str(message["id"]), sending.send.id) == sending.send.id


async def _post(
    client: discord.Client,
    channel: int,
    text: str,
    key: str,
    *,
    reply_to: int | None,
    enclosures: Sequence[Enclosure],
) -> discord.Message:
    """Send one message, with its files, that mentions nobody but whom it answers."""
    place = client.get_partial_messageable(channel)
    # Made anew for each try: the library reads them to their end.
    files = [discord.File(io.BytesIO(each.content), filename=each.name) for each in enclosures]
    if reply_to is None:
        return await place.send(
            text or None, nonce=key, files=files, allowed_mentions=discord.AllowedMentions.none()
        )
    reference = discord.MessageReference(message_id=reply_to, channel_id=channel, fail_if_not_exists=False)
    # ``none`` together with this one: whatever stands in the text, only the writer of the question is called.
    return await place.send(
        text or None,
        nonce=key,
        files=files,
        reference=reference,
        mention_author=True,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _own(client: discord.Client, channel: int, sending: Sending) -> list[Mapping[str, Any]]:
    """Return the bot's own messages there since the text was decided on, oldest first."""
    me = str(client.user.id) if client.user is not None else ""
    after = message_at(sending.created_at - _SLACK)
    own: list[Mapping[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = sorted(await client.http.logs_from(channel, _PAGE, after=after), key=lambda each: int(each["id"]))
        own += [each for each in page if each["author"]["id"] == me]
        if len(page) < _PAGE:
            break
        after = int(page[-1]["id"])
    return own


def _is(message: Mapping[str, Any], part: str, reply_to: int | None) -> bool:
    """Tell whether this is the part; one whose question was deleted meanwhile has lost its reference."""
    reference = (message.get("message_reference") or {}).get("message_id")
    answers = reference is None or reply_to is None or str(reference) == str(reply_to)
    return answers and str(message.get("content", "")).strip() == part.strip()


def _brings(message: Mapping[str, Any], enclosures: Sequence[Enclosure]) -> bool:
    """Tell whether these files came along: by their sizes, since Discord changes names."""
    there = sorted(int(each.get("size") or 0) for each in message.get("attachments") or ())
    return there == sorted(len(each.content) for each in enclosures)


def _reply_to(sending: Sending) -> int | None:
    """Return the message to answer expressly: in a room, where others talk in between."""
    return int(sending.reply_to) if is_id(sending.reply_to) and not sending.private else None


def _in_doubt(sending: Sending) -> bool:
    return sending.attempts > 0 or sending.doubtful
