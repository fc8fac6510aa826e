"""Brings one text to a channel: in parts, each under a key of its own, and none of them twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord

from bot.channels.discord.keys import channel_of, message_at, nonce, written_at
from bot.channels.discord.places import is_id
from bot.channels.discord.texts import LONGEST_PART
from bot.channels.splitting import split
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown
from bot.records import Sending

#: Clocks may differ by this much when the bot's own messages are read back.
_SLACK = timedelta(minutes=1)
_PAGE = 100
#: A room so busy is not read back further than this.
_MOST_PAGES = 20
_REMEMBERED = 4096
_LATER = timedelta(seconds=5)
#: Discord's number for "no reply without the permission to read the history".
_NO_REPLY_HERE = 160002

#: What Discord's numbers mean for whoever reads the log or ``/ops``.
_REASONS = {
    10003: "the channel is deleted",
    10004: "the server is gone",
    20016: "the room's slow mode",
    50001: "the bot is not in that server, or may not see the channel",
    50007: "the customer does not take private messages from the bot: it is blocked, or they share no server",
    50013: "the bot's role may not send messages there; 'heed check' tells which permission is missing",
    50083: "the thread is archived and locked",
    40001: "the token is not accepted; set DISCORD_TOKEN anew and start Heed again",
}


class Sender:
    """Sends texts, in one channel one after the other: parts of two never mix.

    Remembers which of the bot's messages belong to which, as long as they are recent.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def send(self, client: discord.Client, sending: Sending) -> datetime:
        """Send all parts and return the time of the last, as Discord gives it. Raises a SendError.

        After a try in doubt the bot's own messages are read back first, so a text comes once even when the
        time has passed in which Discord knows its key.
        """
        channel = channel_of(sending.address)
        parts = split(sending.send.text, LONGEST_PART)
        if not parts:
            raise SendFailed("the text is empty")
        async with self._turns.setdefault(channel, asyncio.Lock()):
            return await self._all(client, channel, sending, parts)

    async def _all(self, client: discord.Client, channel: int, sending: Sending, parts: Sequence[str]) -> datetime:
        done = 0
        try:
            there = await self._there(client, channel, sending, parts) if _in_doubt(sending) else {}
            for number, part in enumerate(parts):
                at = there.get(number) or await self._part(client, channel, sending, number, part)
                done = number + 1
        except SendError as error:
            raise _after(error, done, len(parts)) from error.__cause__
        except (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError) as error:
            raise _after(told(error), done, len(parts)) from error
        return at

    async def _part(
        self, client: discord.Client, channel: int, sending: Sending, number: int, part: str
    ) -> datetime:
        reply_to = _reply_to(sending) if number == 0 else None
        key = nonce(sending.send.id, number)
        try:
            message = await _post(client, channel, part, key, reply_to)
        except discord.HTTPException as error:
            if error.code != _NO_REPLY_HERE or reply_to is None:
                raise
            message = await _post(client, channel, part, key, None)
        self._remember(str(message.id), sending.send.id)
        return message.created_at

    def _remember(self, message: str, action: str) -> None:
        self._sent[message] = action
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    async def _there(
        self, client: discord.Client, channel: int, sending: Sending, parts: Sequence[str]
    ) -> dict[int, datetime]:
        """Return which parts stand in the channel already, with their times."""
        own = [each for each in await _own(client, channel, sending) if self._may_be(each, sending)]
        found: dict[int, datetime] = {}
        for number, part in enumerate(parts):
            fitting = (each for each in own if _is(each, part, _reply_to(sending) if number == 0 else None))
            if (message := next(fitting, None)) is not None:
                own.remove(message)
                self._remember(str(message["id"]), sending.send.id)
                found[number] = written_at(int(message["id"]))
        return found

    def _may_be(self, message: Mapping[str, Any], sending: Sending) -> bool:
        return self._sent.get(str(message["id"]), sending.send.id) == sending.send.id


async def _post(
    client: discord.Client, channel: int, text: str, key: str, reply_to: int | None
) -> discord.Message:
    """Send one message that mentions nobody but whom it answers."""
    place = client.get_partial_messageable(channel)
    if reply_to is None:
        return await place.send(text, nonce=key, allowed_mentions=discord.AllowedMentions.none())
    reference = discord.MessageReference(message_id=reply_to, channel_id=channel, fail_if_not_exists=False)
    # ``none`` together with this one: whatever stands in the text, only the writer of the question is called.
    return await place.send(
        text, nonce=key, reference=reference, mention_author=True, allowed_mentions=discord.AllowedMentions.none()
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


def _reply_to(sending: Sending) -> int | None:
    """Return the message to answer expressly: in a room, where others talk in between."""
    return int(sending.reply_to) if is_id(sending.reply_to) and not sending.private else None


def _in_doubt(sending: Sending) -> bool:
    return sending.attempts > 0 or sending.doubtful


def _after(error: SendError, done: int, parts: int) -> SendError:
    """Return the error as it stands once some parts have arrived: then nothing is definitely not sent."""
    if done == 0 or isinstance(error, SendUnknown):
        return error
    return SendUnknown(f"{done} of {parts} parts were sent; then: {error}")


def told(error: Exception) -> SendError:
    """Return what is known after an error of the library or the network."""
    match error:
        case discord.RateLimited():
            return SendRefused("Discord asks to wait", retry_after=timedelta(seconds=error.retry_after))
        case discord.HTTPException():
            return _answered(error)
        case aiohttp.ClientConnectorError():
            return SendRefused("Discord cannot be reached", retry_after=_LATER)
        case RuntimeError():  # the library's session is closed: nothing was sent
            return SendRefused("the connection to Discord is being closed", retry_after=_LATER)
        case _:
            return SendUnknown(f"the connection to Discord broke ({type(error).__name__})")


def _answered(error: discord.HTTPException) -> SendError:
    """Return what is known after Discord answered with an error."""
    if error.status == 429:
        return SendRefused(f"Discord asks to wait ({_reason(error)})", retry_after=_wait(error))
    if error.status >= 500:
        return SendUnknown(f"Discord is out of order ({error.status})")
    return SendFailed(f"Discord refuses it ({error.status}, {error.code}): {_reason(error)}")


def _reason(error: discord.HTTPException) -> str:
    """Return Heed's words for Discord's number, never Discord's own, which may quote the text."""
    return _REASONS.get(error.code, "Discord's list of error codes tells what the number means")


def _wait(error: discord.HTTPException) -> timedelta:
    try:
        return timedelta(seconds=max(float(error.response.headers.get("Retry-After", "")), 1))
    except ValueError:
        return _LATER
