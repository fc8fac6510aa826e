"""What is known of a text after Discord refused it, or did not answer: never in Discord's words."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import discord

from bot.errors import SendError, SendFailed, SendRefused, SendUnknown

#: Discord's number for a message that is gone.
GONE = 10008

#: What the library and the network raise while a text is on its way.
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError)

_LATER = timedelta(seconds=5)

#: What Discord's numbers mean for whoever reads the log or ``/ops``.
_REASONS = {
    10003: "the channel is deleted",
    10004: "the server is gone",
    10008: "the message is not there any more",
    20016: "the room's slow mode",
    50005: "it is not the bot's message",
    50001: "the bot is not in that server, or may not see the channel",
    50007: "the customer does not take private messages from the bot: it is blocked, or they share no server",
    40005: "the files are larger than Discord takes there",
    50013: "the bot's role may not send messages, or files, there; 'heed check' tells which permission is missing",
    50083: "the thread is archived and locked",
    40001: "the token is not accepted; set DISCORD_TOKEN anew and start Heed again",
}


def after(error: SendError, done: int, parts: int) -> SendError:
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
