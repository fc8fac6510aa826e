"""The HTTP side of the API: the routes that a bot needs, under limits and faults."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import format_datetime

from aiohttp import web

from tests.wire.discord import payloads
from tests.wire.discord.answers import answer
from tests.wire.discord.bodies import read
from tests.wire.discord.commands import Commands
from tests.wire.discord.faults import Broken, Cut, Fault, Faults, Slow, TooMany
from tests.wire.discord.gateway import Gateway
from tests.wire.discord.interactions import Interactions
from tests.wire.discord.limits import Limits
from tests.wire.discord.payloads import BOT_ID, DIRECT, Payload, Problem
from tests.wire.discord.posting import Posts
from tests.wire.discord.threads import Threads
from tests.wire.discord.world import World, told

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: By what of their address requests of one route are told apart, for limits.
_PLACES = ("channel", "guild", "token")
#: Routes whose token stands in the address, so that they need no other.
_BY_TOKEN = frozenset({"callback", "follow_up", "original"})


class Rest:
    """Answers requests. Each route has a name, by which limits count and faults are met."""

    def __init__(self, world: World, posts: Posts, gateway: Gateway) -> None:
        self.world = world
        self.posts = posts
        self.gateway = gateway
        self.limits = Limits()
        self.faults = Faults()
        self.typing: list[str] = []
        self.files = posts.files
        self.threads = Threads(world, posts, gateway, self.limits)
        self.commands = Commands(world)
        self.interactions = Interactions(world, posts, gateway)
        self.closing = asyncio.Event()

    def add_to(self, app: web.Application) -> None:
        """Add all routes; what is asked for beside them is answered as Discord answers it."""
        for method, path, name, handle in (
            ("GET", "/users/@me", "me", self._me),
            ("GET", "/oauth2/applications/@me", "application", self._application),
            ("GET", "/applications/@me", "application", self._application),
            ("GET", "/gateway", "gateway", self._gateway),
            ("GET", "/gateway/bot", "gateway", self._gateway),
            ("GET", "/users/@me/guilds", "guilds", self._guilds),
            ("POST", "/users/@me/channels", "open_dm", self._open_direct),
            ("GET", "/users/@me/channels", "dms", self._directs),
            ("GET", "/guilds/{guild}", "guild", self._guild),
            ("GET", "/guilds/{guild}/channels", "guild_channels", self._guild_channels),
            ("GET", "/guilds/{guild}/threads/active", "threads", self._threads),
            ("GET", "/guilds/{guild}/members/{user}", "member", self._member),
            ("GET", "/guilds/{guild}/roles", "roles", self._roles),
            ("GET", "/channels/{channel}", "channel", self._channel),
            ("GET", "/channels/{channel}/threads/archived/public", "archived", self._archived),
            ("GET", "/channels/{channel}/messages", "history", self._history),
            ("GET", "/channels/{channel}/messages/{message}", "message", self._message),
            ("POST", "/channels/{channel}/messages", "send", self._send),
            ("PATCH", "/channels/{channel}/messages/{message}", "edit", self._edit),
            ("DELETE", "/channels/{channel}/messages/{message}", "delete", self._delete),
            ("POST", "/channels/{channel}/typing", "typing", self._typing),
            *self.threads.routes(),
            *self.commands.routes(),
            *self.interactions.routes(),
        ):
            app.router.add_route(method, f"/api/v10{path}", self._guarded(name, handle))
        app.router.add_get("/attachments/{file}/{name}", self.files.serve)
        app.router.add_route("*", "/api/{rest:.*}", self._guarded("unknown", self._nothing))

    # --- what stands around every request ---------------------------------------------------------------------

    def _guarded(self, name: str, handle: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            response = await self._answer(name, handle, request)
            self.limits.invalid += response.status in {401, 403, 429}
            response.headers["Date"] = format_datetime(self.world.now(), usegmt=True)
            return response

        return guarded

    async def _answer(self, name: str, handle: Handler, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        headers, refusal = self.limits.check(name, next((info[key] for key in _PLACES if key in info), ""))
        if refusal is not None:
            return refusal
        if name not in _BY_TOKEN and request.headers.get("Authorization") != f"Bot {self.world.token}":
            return answer({"message": "401: Unauthorized", "code": 0}, status=401)
        fault = self.faults.take(name)
        if (instead := await self._meet(fault, request)) is not None:
            return instead
        try:
            response = await handle(request)
        except Problem as problem:
            response = answer(problem.body, status=problem.status)
        response.headers.update(headers)
        if fault is Cut.AFTER:
            _abort(request)
        if isinstance(fault, Broken):
            return web.Response(status=fault.status, text="upstream failure")
        return response

    async def _meet(self, fault: Fault | None, request: web.Request) -> web.StreamResponse | None:
        """Let a fault happen that comes before the work; return what is answered in the place of it."""
        match fault:
            case Cut.BEFORE:
                _abort(request)
                return web.Response(status=500)
            case TooMany():
                return self.limits.refusal(fault.retry_after, everywhere=fault.everywhere)
            case Broken(done=False):
                return web.Response(status=fault.status, text="upstream failure")
            case Problem():
                return answer(fault.body, status=fault.status)
            case Slow():
                await request.read()  # it has arrived: whoever asked may be gone by the time it is done
                with suppress(TimeoutError):  # a server that ends keeps nobody waiting
                    await asyncio.wait_for(self.closing.wait(), fault.seconds)
        return None

    # --- who and where ----------------------------------------------------------------------------------------

    async def _nothing(self, request: web.Request) -> web.Response:
        raise Problem(404, 0, "404: Not Found")

    async def _me(self, request: web.Request) -> web.Response:
        return answer(payloads.myself(self.world.bot))

    async def _application(self, request: web.Request) -> web.Response:
        return answer({**payloads.application("heed", self.world.application_flags), "bot": self.world.bot})

    async def _gateway(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return answer({"url": self.gateway.address, "shards": 1, "session_start_limit": limit})

    async def _guilds(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        found = [
            {
                "id": each["id"],
                "name": each["name"],
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": each["roles"][0]["permissions"],
                "features": [],
            }
            for each in self.world.guilds.values()
            if int(each["id"]) > after
        ]
        return answer(found[: int(request.query.get("limit", 200))])

    def _known_guild(self, request: web.Request) -> Payload:
        found = self.world.guilds.get(request.match_info["guild"])
        if found is None:
            raise Problem(404, 10004, "Unknown Guild")
        return found

    async def _guild(self, request: web.Request) -> web.Response:
        return answer(self._known_guild(request))

    async def _guild_channels(self, request: web.Request) -> web.Response:
        return answer(self.world.rooms_of(self._known_guild(request)["id"], threads=False))

    async def _roles(self, request: web.Request) -> web.Response:
        return answer(self._known_guild(request)["roles"])

    async def _threads(self, request: web.Request) -> web.Response:
        found = self.world.rooms_of(self._known_guild(request)["id"], threads=True)
        active = [each for each in found if not each["thread_metadata"]["archived"]]
        return answer({"threads": active, "members": []})

    async def _archived(self, request: web.Request) -> web.Response:
        parent = self.world.seen(request.match_info["channel"])
        before, limit = request.query.get("before", "9"), int(request.query.get("limit", 50))
        found = [
            each
            for each in self.world.rooms_of(parent["guild_id"], threads=True)
            if each["parent_id"] == parent["id"] and each["thread_metadata"]["archived"] and _closed(each) < before
        ]
        found.sort(key=_closed, reverse=True)
        return answer({"threads": found[:limit], "members": [], "has_more": len(found) > limit})

    async def _member(self, request: web.Request) -> web.Response:
        guild = self._known_guild(request)
        user = self.world.users.get(request.match_info["user"])
        if user is None:
            raise Problem(404, 10007, "Unknown Member")
        return answer(payloads.member(user, roles=(payloads.own_role(guild["id"]),) if user["bot"] else ()))

    async def _channel(self, request: web.Request) -> web.Response:
        return answer(self.world.seen(request.match_info["channel"]))

    async def _directs(self, request: web.Request) -> web.Response:
        return answer([])  # bots are never told their private chats

    async def _open_direct(self, request: web.Request) -> web.Response:
        recipient = str((await request.json()).get("recipient_id", ""))
        if recipient not in self.world.users or recipient == BOT_ID:
            raise payloads.malformed()
        return answer(self.world.open_direct(recipient))

    # --- messages ---------------------------------------------------------------------------------------------

    async def _history(self, request: web.Request) -> web.Response:
        channel = self.world.seen(request.match_info["channel"])
        if not self.world.allowed(channel["id"]) & payloads.READ_MESSAGE_HISTORY:
            return answer([])
        private = channel["type"] == DIRECT
        page = self.world.page(channel["id"], **request.query)
        return answer([told(each, to_all_readers=self.world.content_allowed, private=private) for each in page])

    def _found(self, request: web.Request) -> Payload:
        channel = self.world.seen(request.match_info["channel"])
        return self.world.message(channel["id"], request.match_info["message"])

    async def _message(self, request: web.Request) -> web.Response:
        found = self._found(request)
        return answer({**found, "attachments": [self.files.fresh(each) for each in found["attachments"]]})

    async def _send(self, request: web.Request) -> web.Response:
        channel_id = request.match_info["channel"]
        form = await read(request)
        message, new = self.posts.post(channel_id, form.fields, form.uploads)
        if new:
            self.threads.reopen(channel_id)
            self.gateway.tell("MESSAGE_CREATE", self.world.in_event(message), channel=channel_id)
        return answer(message)

    async def _edit(self, request: web.Request) -> web.Response:
        form = await read(request)
        message = self._found(request)
        if message["author"]["id"] != BOT_ID:
            raise Problem(403, 50005, "Cannot edit a message authored by another user")
        if self.world.channels[message["channel_id"]].get("thread_metadata", {}).get("archived"):
            raise payloads.archived()
        self.posts.check_rights(message["channel_id"], form.fields, form.uploads)
        self.posts.change(message, form.fields, form.uploads)
        self.gateway.tell("MESSAGE_UPDATE", self.world.in_event(message), channel=message["channel_id"])
        return answer(message)

    async def _delete(self, request: web.Request) -> web.Response:
        message = self._found(request)
        if message["author"]["id"] != BOT_ID:
            raise payloads.missing_permissions()
        self.world.messages[message["channel_id"]].remove(message)
        self.gateway.tell("MESSAGE_DELETE", self.world.gone(message), channel=message["channel_id"])
        return web.Response(status=204)

    async def _typing(self, request: web.Request) -> web.Response:
        self.typing.append(self.world.seen(request.match_info["channel"])["id"])
        return web.Response(status=204)


def _closed(thread: Payload) -> str:
    return str(thread["thread_metadata"]["archive_timestamp"])


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
