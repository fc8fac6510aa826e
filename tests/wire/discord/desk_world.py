"""A whole Heed on virtual time whose staff work in Discord: real store, counter and desk, and a line in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.desk.counter import Answers, Counter, NoTemplates, Offer
from bot.desk.discord.desk import DiscordDesk, HearingParts
from bot.domain.messages import ConversationId
from bot.records import ConversationView, Post
from tests.scenarios.world import World, world
from tests.wire.discord.desk_hands import ROOM, FakeLine, FakePeople, Hands, Payload
from tests.wire.discord.fakes import FakeBoard


class Templates:
    """A few answers of the brand."""

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        offers = [Offer(template=f"t{n}", topic="orders", text=f"Answer number {n}.") for n in range(3)]
        return [each for each in offers if text in each.text or text in each.template][:limit]

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        return [replace(each, score=0.9) for each in self.search("", view, limit=limit)]


@dataclass
class DeskWorld:
    """What staff do in Discord, and what became of it."""

    world: World
    desk: DiscordDesk
    line: FakeLine
    people: FakePeople
    hands: Hands
    board: FakeBoard
    counter: Counter

    async def shown(self, text: str = "complaint it is broken", *, who: str = "v1") -> tuple[ConversationId, str]:
        """Let a customer write, and show the conversation in a thread of its own; return both ids."""
        conversation = await self.world.writes(text, who=who)
        thread = self.hands.new_id()
        posts = [
            Post(key="thread", place=ROOM, external_id=thread),
            Post(key="card", place=thread, external_id=thread),
        ]
        await self.world.store.keep_posts("discord", conversation, posts)
        await self.relay(conversation)
        self.world.time.move_to(self.world.time.now() + timedelta(seconds=10))
        return conversation, thread

    async def relay(self, conversation: ConversationId) -> None:
        """Show in the thread what is not shown yet."""
        posts = await self.world.store.posts("discord", conversation)
        thread = posts["thread"].external_id
        view = await self.view(conversation)
        keys = [entry.message for entry in view.transcript] + [note.id for note in view.notes]
        new = [Post(key=key, place=thread, external_id=self.hands.new_id()) for key in keys if key not in posts]
        await self.world.store.keep_posts("discord", conversation, new)

    async def post_of(self, conversation: ConversationId, key: str) -> str:
        return (await self.world.store.posts("discord", conversation))[key].external_id

    async def view(self, conversation: ConversationId) -> ConversationView:
        found = await self.world.store.view(conversation)
        assert found is not None
        return found

    async def does(self, payload: Payload, event: str = "INTERACTION_CREATE") -> Payload:
        """Let the desk hear of something, and return its answer; a message has none."""
        before = len(self.line.callbacks)
        self.desk.hear(event, payload)
        await self.desk.settle()
        told = self.line.callbacks[before:]
        return told[-1]["data"] if told else {}

    async def says(self, payload: Payload) -> None:
        await self.does(payload, "MESSAGE_CREATE")

    async def sent(self) -> list[tuple[str, str]]:
        """Return what has reached customers from staff: where, and what."""
        await self.world.heed.delivery.drain()
        taken = [each for each in self.world.platform.taken if each.send.wording in {"reply", "revision"}]
        return [(each.address.place, each.send.text) for each in taken]

    async def notes(self, conversation: ConversationId) -> list[str]:
        return [note.text for note in (await self.view(conversation)).notes]


@asynccontextmanager
async def desk_world(
    *,
    reply_by_replying: bool = False,
    answers: Answers | None = None,
    teams: tuple[str, ...] = ("support", "PR"),
    may: Mapping[str, object] | None = None,
    **parts: Any,
) -> AsyncIterator[DeskWorld]:
    async with world(may=may) as heed:
        line, people, board = FakeLine(), FakePeople(), FakeBoard()
        counter = Counter(
            store=heed.store,
            commands=heed.heed.commands,
            time=heed.time,
            answers=answers or NoTemplates(),
            teams=teams,
        )
        desk = DiscordDesk(
            HearingParts(
                line=line,
                store=heed.store,
                counter=counter,
                people=people,
                board=board,
                time=heed.time,
                rooms=frozenset({ROOM}),
                reply_by_replying=reply_by_replying,
                **{"acknowledge_within": 60.0, **parts},  # how fast this machine is decides nothing
            )
        )
        running = asyncio.create_task(desk.run())
        try:
            yield DeskWorld(heed, desk, line, people, Hands(heed.time.now), board, counter)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
