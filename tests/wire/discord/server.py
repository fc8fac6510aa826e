"""A Discord of one's own on loopback, and what a test can do there: people who talk, and things that break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.wire.discord import payloads
from tests.wire.discord.bodies import LARGEST
from tests.wire.discord.faults import Faults
from tests.wire.discord.files import Files
from tests.wire.discord.gateway import Gateway
from tests.wire.discord.limits import Limits
from tests.wire.discord.payloads import BOT_ID, EVERYTHING_NEEDED, PUBLIC_THREAD, TEXT, Payload
from tests.wire.discord.posting import Posted, Posts
from tests.wire.discord.rest import Rest
from tests.wire.discord.staff import Staff
from tests.wire.discord.world import World

NAMED = f"<@{BOT_ID}>"


class DiscordServer(Staff):
    """All parts together. ``api`` and ``gateway_url`` are what a client is given."""

    def __init__(self) -> None:
        self.world = World()
        self.posts = Posts(self.world, Files())
        self.gateway = Gateway(self.world)
        self.rest = Rest(self.world, self.posts, self.gateway)
        self.threads = self.rest.threads
        self.commands = self.rest.commands
        self.interactions = self.rest.interactions
        self.api = ""

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def gateway_url(self) -> str:
        return self.gateway.address

    @property
    def limits(self) -> Limits:
        return self.rest.limits

    @property
    def faults(self) -> Faults:
        return self.rest.faults

    @property
    def files(self) -> Files:
        return self.rest.files

    @property
    def typing(self) -> list[str]:
        return self.rest.typing

    @property
    def sent(self) -> list[Posted]:
        """Return what the bot has posted: each message once, however often it was sent."""
        return self.posts.sent

    @property
    def texts(self) -> list[str]:
        return [posted.text for posted in self.sent]

    # --- places ---------------------------------------------------------------------------------------------

    def add_guild(self, guild_id: str = "3001", *, permissions: int = EVERYTHING_NEEDED) -> Payload:
        """Add a guild, whose everyone may do this much."""
        self.world.guilds[guild_id] = payloads.guild(guild_id, f"guild {guild_id}", permissions)
        self.gateway.tell("GUILD_CREATE", self.world.guild_created(guild_id))
        return self.world.guilds[guild_id]

    def add_channel(
        self,
        channel_id: str,
        guild_id: str = "3001",
        *,
        kind: int = TEXT,
        parent: str | None = None,
        deny: int = 0,
    ) -> Payload:
        """Add a channel, in which the bot lacks what is denied."""
        return self._add(payloads.channel(channel_id, kind, guild_id, f"room-{channel_id}", parent), deny)

    def permit(self, channel_id: str, *, deny: int = 0) -> None:
        """Take these rights from the bot in a channel, and give it all others back."""
        channel = self.world.channels[channel_id]
        channel["permission_overwrites"] = [{"id": BOT_ID, "type": 1, "allow": "0", "deny": str(deny)}]
        self.gateway.tell("CHANNEL_UPDATE", channel)

    def add_forum(
        self, channel_id: str, guild_id: str = "3001", *, tags: Sequence[str] = (), deny: int = 0
    ) -> Payload:
        """Add a forum, whose tags get the ids ``{channel_id}1``, ``{channel_id}2``, …; rights as for a channel."""
        forum = payloads.forum(channel_id, guild_id, f"room-{channel_id}", tags)
        return self._add(forum, deny)

    def _add(self, channel: Payload, deny: int) -> Payload:
        if deny:
            channel["permission_overwrites"] = [{"id": BOT_ID, "type": 1, "allow": "0", "deny": str(deny)}]
        self.world.channels[channel["id"]] = channel
        self.gateway.tell("CHANNEL_CREATE", channel)
        return channel

    def add_thread(
        self, thread_id: str, parent: str, *, kind: int = PUBLIC_THREAD, owner: str = "2001"
    ) -> Payload:
        """Open a thread in a channel."""
        guild_id = self.world.channels[parent]["guild_id"]
        thread = payloads.thread(thread_id, kind, guild_id, f"thread-{thread_id}", parent, owner)
        self.world.channels[thread_id] = thread
        self.gateway.tell("THREAD_CREATE", {**thread, "newly_created": True})
        return thread

    def archive(self, thread_id: str) -> None:
        """Close a thread, as Discord does after some time without a word."""
        self.threads.change(self.world.channels[thread_id], {"archived": True}, BOT_ID)

    def dm(self, user_id: str = "2001", channel_id: str = "1001") -> Payload:
        """Open the private chat between the bot and somebody."""
        self.world.person(user_id)
        return self.world.open_direct(user_id, channel_id)

    def delete_channel(self, channel_id: str) -> None:
        """Delete a channel or thread with all that was said there."""
        if self.world.channels[channel_id]["type"] in payloads.THREADS:
            self.threads.remove(channel_id)
            return
        for thread in self.threads_in(channel_id):
            self.threads.remove(thread["id"])
        channel = self.world.channels.pop(channel_id)
        self.world.messages.pop(channel_id, None)
        self.gateway.tell("CHANNEL_DELETE", channel)

    def kick(self, guild_id: str = "3001") -> None:
        """Throw the bot out of a guild."""
        del self.world.guilds[guild_id]
        self.gateway.tell("GUILD_DELETE", {"id": guild_id})

    def outage(self, guild_id: str = "3001") -> None:
        """Let a guild be unreachable for a while: no removal."""
        self.gateway.out_of_order.add(guild_id)
        self.gateway.tell("GUILD_DELETE", {"id": guild_id, "unavailable": True})

    def recovery(self, guild_id: str = "3001") -> None:
        """Let a guild be reachable again."""
        self.gateway.out_of_order.discard(guild_id)
        self.gateway.tell("GUILD_CREATE", self.world.guild_created(guild_id))

    # --- people ---------------------------------------------------------------------------------------------

    def says(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        *,
        reply_to: Payload | None = None,
        at: datetime | None = None,
        bot: bool = False,
        **fields: Any,
    ) -> Payload:
        """Let somebody write, now or at another time; ``fields`` replace those of the message."""
        at = at or self.world.now()
        author = self.world.person(user_id, bot=bot)
        message = payloads.message(self.world.new_id(at), channel_id, author, text, at)
        message["mentions"] = list(self.world.mentioned(text))
        if reply_to is not None:
            message |= self._reply(channel_id, reply_to, message["mentions"])
        message |= fields
        self.threads.reopen(channel_id)
        self.world.keep(message)
        self.gateway.tell("MESSAGE_CREATE", self.world.in_event(message), channel=channel_id)
        return message

    def _reply(self, channel_id: str, answered: Payload, mentions: Sequence[Payload]) -> Payload:
        known = {each["id"] for each in mentions}
        pinged = [] if answered["author"]["id"] in known else [answered["author"]]
        return {**self.world.reply_to(answered), "mentions": [*mentions, *pinged]}

    def edits(self, message: Payload, text: str, **fields: Any) -> Payload:
        """Let a message's writer change it."""
        message |= {"content": text, "edited_timestamp": payloads.stamp(self.world.now()), **fields}
        self.gateway.tell("MESSAGE_UPDATE", self.world.in_event(message), channel=message["channel_id"])
        return message

    def deletes(self, *messages: Payload) -> None:
        """Let messages of one channel be deleted: one by one, or several at once as moderators do."""
        channel_id = messages[0]["channel_id"]
        for message in messages:
            self.world.messages[channel_id].remove(message)
        where = {"channel_id": channel_id}
        if (guild_id := self.world.channels[channel_id].get("guild_id")) is not None:
            where["guild_id"] = guild_id
        if len(messages) == 1:
            self.gateway.tell("MESSAGE_DELETE", {"id": messages[0]["id"], **where}, channel=channel_id)
        else:
            ids = [message["id"] for message in messages]
            self.gateway.tell("MESSAGE_DELETE_BULK", {"ids": ids, **where}, channel=channel_id)


@asynccontextmanager
async def discord_server() -> AsyncIterator[DiscordServer]:
    """Run a server on a free port of loopback; at the end its connections are closed."""
    server = DiscordServer()
    app = web.Application(client_max_size=LARGEST)
    app.router.add_get("/gateway", server.gateway.serve)
    app.router.add_get("/gateway/", server.gateway.serve)
    server.rest.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        server.api = f"http://127.0.0.1:{port}/api/v10"
        server.files.origin = f"http://127.0.0.1:{port}"
        server.gateway.address = f"ws://127.0.0.1:{port}/gateway"
        yield server
    finally:
        server.rest.closing.set()
        server.gateway.cut()
        await runner.cleanup()
