"""A whole Heed on virtual time beside a real connection to the local Discord, on which the desk shows things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.channels import arrivals
from bot.channels.discord.channel import DiscordChannel
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.permissions import allowed
from bot.desk.discord.display import Display
from bot.desk.discord.line import Refused, Unreached
from bot.domain.events import Command
from bot.domain.messages import AgentId, Attachment, ConversationId
from bot.domain.roles import Agent
from bot.ports import Fetch
from bot.settings import Settings
from tests.scenarios.world import World, world
from tests.wire.discord.fakes import FakeBoard, Heed, until
from tests.wire.discord.server import DiscordServer

FORUM, TEXT_ROOM, OTHER = "6001", "6002", "6003"
IDS = {"alex": "7701", "sam": "7702"}


@dataclass
class Shown:
    """What a test does, and what stands on Discord then."""

    heed: World
    server: DiscordServer
    channel: DiscordChannel
    board: FakeBoard
    room: str
    teams: Mapping[str, str]
    files: Mapping[str, Fetch]
    present: Collection[str] = ("alex", "sam")
    page: str = ""
    display: Display = field(init=False)
    _running: asyncio.Task[None] | None = None

    # --- the desk ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start a desk, as a new process does: what the one before it knew is forgotten."""
        self.display = Display(
            line=self.channel.line,
            store=self.heed.store,
            time=self.heed.time,
            board=self.board,
            desks=(FORUM, TEXT_ROOM, OTHER),
            room_of=lambda team: self.teams.get(team, self.room),
            teams=(*self.teams, "support"),
            present=self._present,
            mention=lambda agent: IDS.get(agent, ""),
            allowed=allowed,
            files=self.files,
            page=self.page,
        )
        self.channel.line._watching[:] = [(self.display.is_staffs, self.display.hear)]
        self._running = asyncio.create_task(self.display.run())

    async def _present(self, team: str) -> Collection[AgentId]:
        return [AgentId(each) for each in self.present]

    async def stop(self) -> None:
        """End the desk wherever it is."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def restart(self) -> None:
        await self.stop()
        self.start()
        await self.settle()

    async def settle(self) -> None:
        """Return once all that happened is shown; pauses pass at once."""
        newest = await self.heed.store.last()
        await self.reaches(lambda: self.display.following.idle and self.display.following.bookmark >= newest)

    async def reaches(self, true: Callable[[], object], *, told: Callable[[], object] = lambda: None) -> None:
        """Wait until this comes about; meanwhile the desk's pauses pass."""

        def moving() -> object:
            if true():
                return True
            self.heed.time.move(timedelta(milliseconds=100))
            return False

        await until(moving, told=told, seconds=30)

    # --- what happens -----------------------------------------------------------------------------------------

    async def writes(self, text: str = "complaint it is broken", *, who: str = "v1") -> ConversationId:
        conversation = await self.heed.writes(text, who=who)
        await self.settle()
        return conversation

    async def brings(
        self, *attachments: Attachment, text: str = "complaint look", who: str = "v1"
    ) -> ConversationId:
        self.heed._count += 1
        told = self.heed.message(text, who=who, number=self.heed._count)
        conversation = await self.heed.takes_in(replace(told, attachments=attachments))
        await self.settle()
        return conversation

    async def edits(self, text: str, *, who: str = "v1", number: int = 1) -> None:
        now = self.heed.time.now()
        told = arrivals.edit(channel="room", external_id=f"{who}-{number}", text=text, arrived_at=now)
        await self.heed.heed.intake([told])
        await self.heed.settle()
        await self.settle()

    async def deletes(self, *, who: str = "v1", number: int = 1) -> None:
        now = self.heed.time.now()
        await self.heed.heed.intake(
            [arrivals.deletion(channel="room", external_id=f"{who}-{number}", arrived_at=now)]
        )
        await self.heed.settle()
        await self.settle()

    async def does(
        self, conversation: ConversationId, command: type[Command], agent: Agent, **fields: Any
    ) -> None:
        refusal = await self.heed.commands(conversation, command(at=self.heed.time.now(), agent=agent, **fields))
        assert not refusal, refusal
        await self.heed.settle()
        await self.settle()

    # --- what stands there ------------------------------------------------------------------------------------

    def threads(self, room: str = "") -> list[dict[str, Any]]:
        found = self.server.threads_in(room or self.room)
        return [each for each in found if each["name"] != "Now"]

    def thread(self, room: str = "") -> dict[str, Any]:
        [found] = self.threads(room)
        return found

    def texts(self, room: str = "") -> list[str]:
        """Return what the bot has posted in the one thread, the card first."""
        return texts_of(self.server.messages_in(self.thread(room)["id"]))

    def card(self, room: str = "") -> dict[str, Any]:
        return next(
            each for each in self.server.messages_in(self.thread(room)["id"]) if "-# heed " in each["content"]
        )

    async def thread_of(self, conversation: ConversationId) -> str:
        return (await self.heed.store.posts("discord", conversation))["thread"].external_id


def texts_of(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(each["content"]) for each in messages if each["type"] in {0, 19}]


@asynccontextmanager
async def shown_on_discord(
    server: DiscordServer,
    *,
    room: str = FORUM,
    teams: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    files: Mapping[str, Fetch] | None = None,
    start: bool = True,
    page: str = "",
) -> AsyncIterator[Shown]:
    """Run a Heed whose staff have a forum and two text channels."""
    server.add_guild()
    server.add_forum(FORUM)
    server.add_channel(TEXT_ROOM)
    server.add_channel(OTHER)
    line = ChannelLine(desks=(FORUM, TEXT_ROOM, OTHER), refused=Refused, unreached=Unreached)
    listening = Heed(server, line=line)
    async with world(settings) as heed, listening.listening() as channel:
        shown = Shown(
            heed=heed,
            server=server,
            channel=channel,
            board=listening.board,
            room=room,
            teams=teams or {},
            files=files or {},
            page=page,
        )
        if start:
            shown.start()
        try:
            yield shown
        finally:
            await shown.stop()
