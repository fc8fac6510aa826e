"""A desk that follows the log: nothing is left out, one failure harms no other, and it goes on where it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import process_time

import pytest

from bot.desk import following as following_module
from bot.desk.following import Following
from bot.domain.events import Note
from bot.domain.messages import ConversationId
from bot.errors import HeedError
from tests.scenarios.world import ALEX, World, world


class Outage(HeedError):
    seconds = 30.0


@dataclass
class Shown:
    """Takes what is shown; ``fails`` tells what cannot be shown now, ``hold`` lets rounds take long.

    ``more``: how many rounds of a conversation are too little to show it whole.
    """

    rounds: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0
    fails: Callable[[str], Exception | None] = lambda _id: None
    hold: asyncio.Event | None = None
    more: dict[str, int] = field(default_factory=dict)

    async def __call__(self, conversation: ConversationId) -> bool:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if self.hold is not None:
                await self.hold.wait()
            self.rounds.append(conversation)
            if (error := self.fails(conversation)) is not None:
                raise error
            return conversation not in self.more or self.rounds.count(conversation) > self.more[conversation]
        finally:
            self.at_once -= 1


@asynccontextmanager
async def following(heed: World, shown: Shown, *, at_once: int = 4) -> AsyncIterator[Following]:
    found = Following(name="test", store=heed.store, time=heed.time, show=shown, at_once=at_once)
    running = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def comes(heed: World, true: Callable[[], object]) -> None:
    """Wait until this comes about; the desk's pauses pass meanwhile."""
    async with asyncio.timeout(30):
        while not true():
            heed.time.move(timedelta(milliseconds=200))
            await asyncio.sleep(0.002)


async def notes(heed: World, conversation: ConversationId) -> None:
    refusal = await heed.commands(conversation, Note(at=heed.time.now(), agent=ALEX, note="x"))
    assert not refusal


async def mark(heed: World) -> int:
    return int((await heed.store.bookmarks("desk:test"))["desk:test"])


async def test_what_is_open_is_looked_at_once_at_the_start() -> None:
    async with world() as heed:
        first = await heed.writes("complaint one", who="v1")
        second = await heed.writes("complaint two", who="v2")
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
        assert sorted(shown.rounds) == sorted([first, second])


async def test_many_records_of_one_conversation_are_shown_together() -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
            shown.hold = asyncio.Event()
            conversation = await heed.writes("complaint one")
            await comes(heed, lambda: shown.at_once)
            for _ in range(20):
                await notes(heed, conversation)
            shown.hold.set()
            await comes(heed, lambda: found.idle)
        assert 2 <= len(shown.rounds) <= 4


async def test_one_conversation_is_never_shown_twice_at_once_and_others_side_by_side() -> None:
    async with world() as heed:
        shown = Shown(hold=asyncio.Event())
        ids = [await heed.writes("complaint", who=f"v{number}") for number in range(6)]
        async with following(heed, shown, at_once=3) as found:
            await comes(heed, lambda: shown.at_once == 3)
            for each in ids:
                await notes(heed, each)
            assert shown.hold is not None
            shown.hold.set()
            await comes(heed, lambda: found.idle)
        assert shown.most == 3


@pytest.mark.parametrize("error", [Outage("not now"), ValueError("a defect")], ids=["outage", "defect"])
async def test_what_cannot_be_shown_keeps_up_no_other_and_is_never_passed(error: Exception) -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
            before = await heed.store.last()
            shown.fails = lambda _conversation: error
            bad = await heed.writes("complaint bad", who="v1")
            shown.fails = lambda conversation: error if conversation == bad else None
            good = await heed.writes("complaint good", who="v2")
            await comes(heed, lambda: good in shown.rounds and shown.rounds.count(bad) >= 2)
            assert found.bookmark == before
            shown.fails = lambda _conversation: None
            await comes(heed, lambda: found.idle)
            assert found.bookmark == await heed.store.last()


async def test_pauses_grow_and_an_outage_says_how_long_to_wait() -> None:
    async with world() as heed:
        bad = await heed.writes("complaint bad")
        shown = Shown(fails=lambda _conversation: Outage("not now"))
        begun = heed.time.now()
        async with following(heed, shown):
            await comes(heed, lambda: shown.rounds.count(bad) >= 3)
        assert heed.time.now() - begun >= timedelta(seconds=60)


async def test_a_desk_that_is_killed_goes_on_with_what_it_had_not_shown() -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
            shown.hold = asyncio.Event()
            conversation = await heed.writes("praise thank you")  # no open conversation: only the log tells of it
            await comes(heed, lambda: shown.at_once)
        assert conversation not in shown.rounds
        assert await mark(heed) < await heed.store.last()
        again = Shown()
        async with following(heed, again) as found:
            await comes(heed, lambda: found.idle and found.bookmark == found._cursor)
        assert again.rounds == [conversation]


async def test_what_has_been_shown_is_not_shown_again_after_a_restart() -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
            await heed.writes("praise thank you")
            newest = await heed.store.last()
            await comes(heed, lambda: shown.rounds and found.idle and found.bookmark >= newest)
        again = Shown()
        async with following(heed, again) as found:
            await comes(heed, lambda: found.idle)
        assert again.rounds == []


async def test_a_conversation_of_which_more_is_to_be_shown_comes_again_behind_the_others() -> None:
    async with world() as heed:
        long = await heed.writes("complaint one", who="v1")
        short = await heed.writes("complaint two", who="v2")
        shown = Shown(more={long: 2})
        async with following(heed, shown, at_once=1) as found:
            await comes(heed, lambda: found.idle)
        assert shown.rounds in ([long, short, long, long], [short, long, long, long])


async def test_what_is_shown_in_part_keeps_the_bookmark_behind_it() -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown) as found:
            await comes(heed, lambda: found.idle)
            before = await heed.store.last()
            shown.hold = asyncio.Event()
            conversation = await heed.writes("praise thank you")
            shown.more[conversation] = 10**6
            shown.hold.set()
            await comes(heed, lambda: len(shown.rounds) >= 3)
            assert found.bookmark == before
            shown.more.clear()
            await comes(heed, lambda: found.idle)
            assert found.bookmark > before


async def test_a_sweep_waits_for_room_and_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following_module, "_MOST_SWEPT", 3)
    monkeypatch.setattr(following_module, "_PAGE", 2)
    async with world() as heed:
        ids = {await heed.writes("complaint", who=f"v{number}") for number in range(9)}
        shown = Shown(hold=asyncio.Event())
        async with following(heed, shown, at_once=1) as found:
            await comes(heed, lambda: shown.at_once)
            begun = heed.time.now()
            await comes(heed, lambda: heed.time.now() - begun > timedelta(seconds=10))
            assert len(found._wanted.of) <= 3
            assert shown.hold is not None
            shown.hold.set()
            await comes(heed, lambda: found.idle)
        assert set(shown.rounds) == ids


async def test_ten_thousand_that_wait_cost_each_round_next_to_nothing() -> None:
    async with world() as heed:
        shown = Shown()
        async with following(heed, shown, at_once=8) as found:
            await comes(heed, lambda: found.idle)
            begun = process_time()
            for number in range(10_000):
                found.touch(ConversationId(f"c{number}"))
            await comes(heed, lambda: found.idle)
            assert process_time() - begun < 4
        assert len(shown.rounds) == 10_000
