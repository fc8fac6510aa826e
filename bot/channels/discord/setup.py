"""Looks at Discord's side for ``heed check``: token, intent, invitation, rooms and what the bot may do there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import aiohttp

from bot.channels.discord.channel import API
from bot.channels.discord.permissions import allowed, invitation, is_thread, missing
from bot.channels.text import clean_name
from bot.domain.rooms import RoomRules
from bot.records import Found, Severity

Payload = Mapping[str, Any]

#: The two flags of an application that may read what people write: one for large bots, one for all others.
_CONTENT = 1 << 18 | 1 << 19
_PATIENCE = aiohttp.ClientTimeout(total=10)
_AGENT = "DiscordBot (https://pypi.org/project/heed, 1)"
_PAGE = 200
_PORTAL = "https://discord.com/developers/applications"


class _Refused(Exception):
    """Discord answered with an error."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


async def inspect(*, token: str, rules: RoomRules, api: str = API, desk: bool = False) -> list[Found]:
    """Return what was found on Discord's side and what to do there. Changes nothing and never raises.

    ``desk``: staff work on Discord too, so the bot is invited with more permissions.
    """
    found: list[Found] = []
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            asked = _Asked(session, token=token, api=api.rstrip("/"))
            found += [each async for each in _looked_at(asked, rules, desk=desk)]
    except _Refused as refused:
        found.append(_refused(refused.status))
    except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
        found.append(
            _problem(
                f"Discord cannot be reached at {api} ({type(error).__name__}).",
                "Look at this machine's network and at channels.discord.api; https://discordstatus.com tells "
                "whether Discord itself is out of order.",
            )
        )
    except (TypeError, AttributeError, KeyError) as error:
        found.append(
            _problem(
                f"{api} does not answer as Discord does ({type(error).__name__}).",
                "Correct channels.discord.api, or leave it out for Discord itself.",
            )
        )
    return found


class _Asked:
    """Discord's HTTP interface, asked politely and once."""

    def __init__(self, session: aiohttp.ClientSession, *, token: str, api: str) -> None:
        self._session = session
        self._api = api
        self._headers = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}

    async def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Return what Discord answers. Raises _Refused with the status for an error."""
        async with self._session.get(self._api + path, headers=self._headers) as response:
            if response.status != 200:
                raise _Refused(response.status)
            return await response.json(content_type=None)


async def _looked_at(asked: _Asked, rules: RoomRules, *, desk: bool) -> AsyncIterator[Found]:
    me = await asked.get("/users/@me")
    name = clean_name(str(me.get("global_name") or me.get("username")))
    yield _ok(f"Discord knows the bot as {name!r} ({me['id']}).")
    application = await asked.get("/oauth2/applications/@me")
    for found in _application(application):
        yield found
    link = invitation(str(application["id"]), desk=desk)
    guilds = await asked.get(f"/users/@me/guilds?limit={_PAGE}")
    for found in _servers(guilds, link):
        yield found
    for room in rules.rooms:
        yield await _room(asked, room, me=str(me["id"]), link=link)


def _application(application: Payload) -> Iterator[Found]:
    page = f"{_PORTAL}/{application['id']}/bot"
    if int(application.get("flags") or 0) & _CONTENT:
        yield _ok("The bot may read what people write (message content intent).")
    else:
        yield _problem(
            "The message content intent is off: Discord refuses Heed's connection.",
            f"Switch on 'Message Content Intent' at {page}",
        )
    if application.get("bot_require_code_grant"):
        yield _problem(
            "The invitation link cannot work: the application asks for a code grant.",
            f"Switch off 'Requires OAuth2 Code Grant' at {page}",
        )


def _servers(guilds: list[Payload], link: str) -> Iterator[Found]:
    if not guilds:
        yield _note("The bot is in no server yet.", f"Open this link as somebody who manages the server: {link}")
        return
    count = f"{len(guilds)} or more servers" if len(guilds) == _PAGE else _servers_in_words(len(guilds))
    yield _ok(f"The bot is in {count}. To invite it to another: {link}")
    for guild in guilds:
        if lacking := missing(int(guild.get("permissions") or 0)):
            server = clean_name(str(guild.get("name")))
            yield _note(
                f"In the server {server!r} the bot's roles lack: {', '.join(lacking)}.",
                f"Invite it again with {link}, unless single channels allow what they need.",
            )


def _servers_in_words(count: int) -> str:
    return "one server" if count == 1 else f"{count} servers"


async def _room(asked: _Asked, room: str, *, me: str, link: str) -> Found:
    """Look at one configured room: whether it is there and what the bot lacks in it."""
    try:
        channel = await asked.get(f"/channels/{room}")
        name = f"#{clean_name(str(channel.get('name') or room))} ({room})"
        if "guild_id" not in channel:
            return _problem(
                f"channels.discord.rooms: {room} is a private chat.",
                "Take it out: in private chats Heed answers without being told to.",
            )
        lacking = await _lacking(asked, channel, me=me)
    except _Refused as refused:
        if refused.status == 401:
            raise
        return _unseen(room, refused.status, link)
    if lacking:
        return _problem(
            f"In {name} the bot lacks: {', '.join(lacking)}.",
            "Allow that to the bot's role in the settings of the channel, under 'Permissions'.",
        )
    return _ok(f"The bot can read and write in {name}.")


def _unseen(room: str, status: int, link: str) -> Found:
    if status in {403, 404}:
        what = "does not exist" if status == 404 else "cannot be seen by the bot: 'View Channel' is missing there"
        return _problem(
            f"The configured room {room} {what}.",
            "Correct channels.discord.rooms (Discord shows ids in developer mode), allow 'View Channel' to the "
            f"bot's role there, or invite the bot to that server: {link}",
        )
    return _note(f"Discord does not tell of room {room} now ({status}).", "Run heed check again in a minute.")


async def _lacking(asked: _Asked, channel: Payload, *, me: str) -> list[str]:
    """Return what the bot is not allowed in a channel that it may at least see in part."""
    server, thread = channel["guild_id"], is_thread(channel)
    ruled = await asked.get(f"/channels/{channel['parent_id']}") if thread else channel
    guild = await asked.get(f"/guilds/{server}")
    member = await asked.get(f"/guilds/{server}/members/{me}")
    may = allowed(ruled, guild=guild, roles_of_bot=member.get("roles") or (), me=me)
    return missing(may, thread=True if thread else None)


def _refused(status: int) -> Found:
    if status == 401:
        return _problem(
            "Discord does not accept DISCORD_TOKEN.",
            f"Copy the token again from the page 'Bot' of the application at {_PORTAL} ('Reset Token').",
        )
    return _problem(
        f"Discord answers with an error ({status}).",
        "Run heed check again in a minute; https://discordstatus.com tells whether Discord is out of order.",
    )


def _ok(text: str) -> Found:
    return Found(severity=Severity.OK, text=text)


def _note(text: str, remedy: str) -> Found:
    return Found(severity=Severity.NOTE, text=text, remedy=remedy)


def _problem(text: str, remedy: str) -> Found:
    return Found(severity=Severity.PROBLEM, text=text, remedy=remedy)
