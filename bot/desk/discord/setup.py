"""Looks at the desk's channels for ``heed check`` and at the start: are they there, may the bot work in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

import aiohttp

from bot.desk.discord.line import Refused, Unreached
from bot.records import Found, Severity

#: What the bot does at a desk, as Discord's own pages call it, with the bits.
NEEDED: Mapping[str, int] = {
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Manage Threads": 1 << 34,
    "Create Public Threads": 1 << 35,
    "Send Messages in Threads": 1 << 38,
}
#: A text channel and a forum: where conversations get threads.
_TAKES_THREADS = frozenset({0, 15})
_API = "https://discord.com/api/v10"
_AGENT = "DiscordBot (https://pypi.org/project/heed, 1)"
_PATIENCE = aiohttp.ClientTimeout(total=10)

Payload = Mapping[str, Any]
Ask = Callable[[str], Awaitable[Any]]


class Allowed(Protocol):
    """Computes what the bot may do in a channel: the channel of Discord knows the rules."""

    def __call__(self, channel: Payload, *, guild: Payload, roles_of_bot: Iterable[str], me: str) -> int:
        """Return the bits of all permissions that the bot has there."""
        ...


async def inspect(*, token: str, desks: Mapping[str, str], allowed: Allowed, api: str = _API) -> list[Found]:
    """Return what was found at the desk's channels. ``desks``: the setting that names each, by the channel's id.

    Changes nothing and never raises.
    """
    headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE, headers=headers) as session:
            ask = _asking(session, api.rstrip("/"))
            me = str((await ask("/users/@me"))["id"])
            return [each async for each in _looked_at(ask, desks, me, allowed)]
    except (
        Refused,
        Unreached,
        OSError,
        aiohttp.ClientError,
        TimeoutError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        return [
            Found(
                severity=Severity.NOTE,
                text=f"The desk's channels on Discord cannot be looked at now ({type(error).__name__}).",
                remedy="See what is said of Discord above, then run heed check again.",
            )
        ]


def _asking(session: aiohttp.ClientSession, api: str) -> Ask:
    async def ask(path: str) -> Any:  # noqa: ANN401 - JSON is anything
        async with session.get(api + path) as response:
            body = await response.json(content_type=None)
            if response.status == 200:
                return body
            code = int(body.get("code") or 0) if isinstance(body, dict) else 0
            raise Refused(f"Discord refuses it ({response.status}, {code})", status=response.status, code=code)

    return ask


async def _looked_at(ask: Ask, desks: Mapping[str, str], me: str, allowed: Allowed) -> AsyncIterator[Found]:
    for channel, setting in desks.items():
        yield await _found(ask, channel, setting, me, allowed)


async def _found(ask: Ask, channel: str, setting: str, me: str, allowed: Allowed) -> Found:
    try:
        what = await ask(f"/channels/{channel}")
        if what.get("type") not in _TAKES_THREADS:
            return _problem(
                f"{setting}: {channel} is neither a text channel nor a forum: no threads can be opened there.",
                "Name a text channel or a forum of staff's own.",
            )
        missing = await lacking(ask, channel, me=me, allowed=allowed)
    except Refused as refused:
        return _unseen(channel, setting, refused.status)
    name = f"#{str(what.get('name') or channel)[:100]} ({channel})"
    if missing:
        return _problem(
            f"{setting}: in {name} the bot lacks: {', '.join(missing)}.",
            "Allow that to the bot's role in the settings of the channel, under 'Permissions'.",
        )
    return Found(severity=Severity.OK, text=f"{setting}: staff can work in {name}.")


def _unseen(channel: str, setting: str, status: int) -> Found:
    if status not in {403, 404}:
        return Found(
            severity=Severity.NOTE,
            text=f"{setting}: Discord does not tell of {channel} now ({status}).",
            remedy="Run heed check again in a minute.",
        )
    what = "does not exist" if status == 404 else "cannot be seen by the bot: 'View Channel' is missing there"
    return _problem(
        f"{setting}: the channel {channel} {what}.",
        "Correct the id (Discord shows ids in developer mode), or allow 'View Channel' to the bot's role there.",
    )


async def lacking(ask: Ask, channel: str, *, me: str, allowed: Allowed) -> list[str]:
    """Return the names of what the bot may not do in a channel that it sees. Raises what ``ask`` does."""
    what = await ask(f"/channels/{channel}")
    server = what.get("guild_id")
    guild = await ask(f"/guilds/{server}")
    member = await ask(f"/guilds/{server}/members/{me}")
    bits = allowed(what, guild=guild, roles_of_bot=member.get("roles") or (), me=me)
    return [name for name, bit in NEEDED.items() if not bits & bit]


def _problem(text: str, remedy: str) -> Found:
    return Found(severity=Severity.PROBLEM, text=text, remedy=remedy)
