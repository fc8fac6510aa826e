"""Deadlines: noticed once, oldest first, waiting for nobody, and taken off by the commit that makes them true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.domain.conversation import Conversation
from bot.domain.events import Reply
from bot.domain.messages import ConversationId
from bot.engine.timekeeper import BATCH, SET_ASIDE
from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.records import Commit
from bot.wiring import Heed, join
from tests.scenarios.world import ALEX, T0, World, sample, world

TARGET = timedelta(minutes=15)
COMPLAINT = "complaint it broke"


@asynccontextmanager
async def running(heed: Heed) -> AsyncIterator[None]:
    """Let the engine drive itself, as ``heed run`` does."""
    engine = asyncio.create_task(heed.engine.run())
    try:
        yield
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)


async def breaches(store: Store, *, at_least: int = 1) -> list[str]:
    """Return whose targets have passed, in the order of their commits, once there are so many."""
    seen = 0
    async with asyncio.timeout(20):
        while True:
            records = await store.changes(0, 100_000)
            found = [str(record.conversation) for record in records if record.kind == "breach"]
            if len(found) >= at_least:
                return found
            seen = records[-1].seq if records else seen
            await store.wait(seen, None)


async def due_ever(store: Store, conversation: ConversationId) -> list[str]:
    """Return the keys of all deadlines that a conversation still has."""
    rows = await store.due(T0 + timedelta(days=365), 100_000)
    return sorted(row.key for row in rows if row.conversation == conversation)


async def restarted(w: World) -> Heed:
    """Return what a new process makes of the same store: it knows nothing but what is stored."""
    return join(sample(), store=w.store, assessor=w.model, channels=[w.platform], time=w.time)


async def test_the_reply_that_stops_a_clock_takes_its_deadlines_off_in_the_same_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        before = set(await due_ever(w.store, conversation))
        assert any(key.startswith("breach:first_reply_time") for key in before)
        commits: list[Commit] = []
        commit = w.store.commit

        async def noted(given: Sequence[Commit]) -> list[bool]:
            commits.extend(given)
            return await commit(given)

        monkeypatch.setattr(w.store, "commit", noted)
        assert await w.commands(conversation, Reply(at=w.time.now(), agent=ALEX, text="I am on it.")) == ""
        await w.settle()
        [stops] = [each for each in commits if any(event.kind == "fulfill" for event in each.log)]
        assert {key for key in before if "first_reply_time" in key} <= set(stops.cancelled)
        assert not any("first_reply_time" in key for key in await due_ever(w.store, conversation))
        await w.pass_time(2 * TARGET)
        assert await w.log(conversation, "breach") == []


async def test_deadlines_wait_neither_for_a_model_that_hangs_nor_for_the_messages_behind_it() -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        w.model.hold = asyncio.Event()
        w.time.move(TARGET - timedelta(seconds=1))
        async with running(w.heed):
            for number in range(300):
                await w.arrives("question how long does it take", who=f"q{number}")
            w.time.move(timedelta(seconds=1))
            assert await breaches(w.store) == [conversation]
            assert await w.store.depth() == 300
            w.model.hold.set()


async def test_what_is_due_at_once_is_noticed_oldest_first_however_much_it_is() -> None:
    count = 2 * BATCH + 7
    async with world() as w:
        arrivals = [
            w.message(COMPLAINT, who=f"v{n}", number=n, sent_at=T0 - timedelta(milliseconds=(n * 37) % count))
            for n in range(count)
        ]
        receipts = await w.heed.intake(arrivals)
        await w.settle()
        by_age = sorted(range(count), key=lambda n: arrivals[n].happened_at)
        w.time.move(2 * TARGET)
        await w.heed.timekeeper.drain()
        assert await breaches(w.store, at_least=count) == [receipts[n].conversation for n in by_age]


async def test_after_a_restart_what_fell_due_meanwhile_is_noticed_at_once_with_its_lateness() -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        w.time.move(TARGET + timedelta(hours=3))
        async with running(await restarted(w)):
            assert await breaches(w.store) == [conversation]
        [breach] = await w.log(conversation, "breach")
        assert breach.fields["lateness"] == timedelta(hours=3).total_seconds()


async def test_killed_before_the_commit_a_deadline_is_noticed_after_the_restart_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        w.time.move(2 * TARGET)
        reached = asyncio.Event()

        async def never(_given: Sequence[Commit]) -> list[bool]:
            reached.set()
            await asyncio.Event().wait()
            return []

        with monkeypatch.context() as patched:
            patched.setattr(w.store, "commit", never)
            step = asyncio.create_task(w.heed.timekeeper.step())
            await reached.wait()
            step.cancel()
            await asyncio.gather(step, return_exceptions=True)
        assert await w.log(conversation, "breach") == []
        again = await restarted(w)
        await again.timekeeper.drain()
        await again.timekeeper.drain()
        assert len(await w.log(conversation, "breach")) == 1


async def test_killed_after_the_commit_a_deadline_is_not_noticed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        await w.pass_time(TARGET - timedelta(seconds=1))
        w.time.move(timedelta(seconds=1))
        commit = w.store.commit

        async def unheard(given: Sequence[Commit]) -> list[bool]:
            await commit(given)
            raise asyncio.CancelledError

        with monkeypatch.context() as patched:
            patched.setattr(w.store, "commit", unheard)
            step = asyncio.create_task(w.heed.timekeeper.step())
            await asyncio.gather(step, return_exceptions=True)
        assert len(await w.log(conversation, "breach")) == 1
        again = await restarted(w)
        assert await w.store.due(w.time.now(), 10) == []
        assert await again.timekeeper.step() == 0
        assert len(await w.log(conversation, "breach")) == 1


async def test_two_that_notice_the_same_deadline_at_once_log_it_once() -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        w.time.move(2 * TARGET)
        other = await restarted(w)
        await asyncio.gather(w.heed.timekeeper.step(), other.timekeeper.step())
        assert len(await w.log(conversation, "breach")) == 1
        assert await w.store.due(w.time.now(), 10) == []


async def test_a_deadline_that_cannot_be_committed_now_is_tried_until_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        w.time.move(2 * TARGET)
        commit, locked = w.store.commit, [True, True]

        async def refuses(given: Sequence[Commit]) -> list[bool]:
            if locked:
                locked.pop()
                raise StoreUnavailable("locked")
            return await commit(given)

        monkeypatch.setattr(w.store, "commit", refuses)
        async with running(w.heed):
            while locked:
                await asyncio.sleep(0)
                w.time.move(timedelta(milliseconds=10))
            w.time.move(timedelta(seconds=1))
            assert await breaches(w.store) == [conversation]


async def test_more_unreadable_conversations_than_fit_in_one_go_hide_no_other_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.engine.timekeeper.BATCH", 2)
    async with world() as w:
        broken = {await w.writes(COMPLAINT, who=f"broken{n}") for n in range(3)}
        w.time.move(timedelta(seconds=1))
        sound = await w.writes(COMPLAINT, who="sound")
        load = w.store.load

        async def refuses(ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
            if broken.intersection(ids):
                raise ValueError("not readable")
            return await load(ids)

        w.time.move(2 * TARGET)
        with monkeypatch.context() as patched:
            patched.setattr(w.store, "load", refuses)
            for _ in range(4):
                await w.heed.timekeeper.step()
            assert await breaches(w.store) == [sound]
        w.time.move(SET_ASIDE)
        await w.heed.timekeeper.drain()
        assert set(await breaches(w.store)) == {sound, *broken}
