"""The pieces of the chat page that need no socket."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import WSMsgType

from bot.channels.webchat.entries import Entry, Window
from bot.channels.webchat.hub import Hub
from bot.channels.webchat.limits import Bucket
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.socket import Counts, Doorway, Page
from bot.channels.webchat.visitors import Visitors
from bot.domain.messages import Author
from bot.errors import Overloaded, SettingsError
from tests.channels.fakes import START, FakeHeed


def entry(number: int, text: str = "x", **more: object) -> Entry:
    return Entry(message=f"m{number}", number=number, author="assistant", text=text, at="", **more)


def test_a_bucket_gives_a_burst_and_then_one_at_a_time() -> None:
    bucket = Bucket(burst=3, per_second=2, at=START)
    assert [bool(bucket.take(START)) for _ in range(4)] == [False, False, False, True]
    assert bucket.take(START) == timedelta(seconds=0.5)
    assert not bucket.take(START + timedelta(seconds=0.5))
    assert not bucket.take(START + timedelta(days=1))


def test_a_clock_that_steps_back_gives_nothing_and_takes_nothing() -> None:
    bucket = Bucket(burst=1, per_second=1, at=START)
    assert not bucket.take(START)
    assert bucket.take(START - timedelta(hours=1)) == timedelta(seconds=1)


def test_a_window_tells_what_is_new_or_changed_and_nothing_twice() -> None:
    window = Window()
    assert window.changed([entry(1), entry(2)]) == [entry(1), entry(2)]
    assert window.changed([entry(1), entry(2, "edited"), entry(3)]) == [entry(2, "edited"), entry(3)]
    assert window.changed([entry(1), entry(2, "edited"), entry(3)]) == []


def test_a_window_overlaps_so_that_an_answer_that_shows_late_is_not_missed() -> None:
    window = Window()
    assert window.floor() == 0
    window.changed([entry(number) for number in range(1, 400)])
    assert window.floor() == 349
    assert len(window._shown) == Window.LENGTH


def test_the_own_origin_may_be_told_where_a_proxy_hides_it() -> None:
    origins = Origins(own="https://chat.example")
    assert origins.accept("https://chat.example", host="10.0.0.7:8080")
    assert origins.accept("http://10.0.0.7:8080", host="10.0.0.7:8080")
    assert not origins.accept("https://shop.example", host="10.0.0.7:8080")
    assert not origins.accept("null", host="null")
    assert not origins.accept("http://", host="")


def test_a_short_secret_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError, match="5 characters") as refused:
        Visitors(secret="short")
    assert "short" not in str(refused.value)


def test_every_visitor_is_somebody_else_and_their_tokens_say_nothing_by_themselves() -> None:
    visitors = Visitors(secret="a secret of sixteen")
    names = {visitors.new().external_id for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == len("visitor:") + 32 for name in names)


class StuckSocket:
    """A browser that has stopped reading: it said hello, and every write hangs until the line is closed."""

    def __init__(self) -> None:
        self.closed = False
        self.closed_with: int | None = None
        self._ended = asyncio.Event()
        self._hello = True

    async def receive(self, timeout: float | None = None) -> object:
        if self._hello:
            self._hello = False
            return type("Message", (), {"type": WSMsgType.TEXT, "data": json.dumps({"type": "hello"})})
        await self._ended.wait()
        return type("Message", (), {"type": WSMsgType.CLOSED, "data": None})

    async def send_str(self, frame: str) -> None:
        await self._ended.wait()
        raise ConnectionResetError

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed, self.closed_with = True, code
        self._ended.set()


async def test_a_page_that_does_not_keep_up_is_sent_away_and_holds_up_nobody(heed: FakeHeed) -> None:
    stuck = StuckSocket()
    hub = Hub(views=heed, log=heed, time=heed.time)
    door = Doorway(
        hub=hub,
        intake=heed.intake,
        visitors=Visitors(secret="a secret of sixteen"),
        time=heed.time,
        counts=Counts(),
        longest_text=100,
    )
    page = Page(stuck, door)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        living = group.create_task(page.live())
        while not hub._rooms:
            await asyncio.sleep(0)
        [room] = hub._rooms.values()
        heed.owners["c1"] = ("webchat", room.visitor.external_id)
        for number in range(400):
            heed.write("c1", Author.BOT, f"line {number}")
            await room.refresh()
        await living
    assert stuck.closed_with == 1013
    assert hub._rooms == {}


async def test_two_pages_opened_at_once_share_a_room_and_both_are_shown_everything(heed: FakeHeed) -> None:
    hub = Hub(views=heed, log=heed, time=heed.time)
    visitor = Visitors(secret="a secret of sixteen").new()
    heed.owners["c1"] = ("webchat", visitor.external_id)
    heed.write("c1", Author.BOT, "Hello")
    shown: dict[str, list[str]] = {"first": [], "second": []}
    rooms = await asyncio.gather(*(hub.enter(visitor, frames.append, after=0) for frames in shown.values()))
    assert rooms[0] is rooms[1]
    assert all("Hello" in "".join(frames) for frames in shown.values())
    for room, frames in zip(rooms, shown.values(), strict=True):
        hub.leave(room, frames.append)


async def test_a_defect_with_one_visitor_does_not_end_the_chat_of_the_others(heed: FakeHeed) -> None:
    hub = Hub(views=heed, log=heed, time=heed.time)
    visitors = Visitors(secret="a secret of sixteen")
    frames: list[str] = []
    for number in (1, 2):
        visitor = visitors.new()
        heed.owners[f"c{number}"] = ("webchat", visitor.external_id)
        heed.write(f"c{number}", Author.BOT, "Hello")
        await hub.enter(visitor, frames.append if number == 2 else broken, after=0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(hub.run())
        await heed.tailed.wait()
        for number in (1, 2):
            await heed.say(f"c{number}", f"news {number}")
        while not any("news 2" in frame for frame in frames):
            await asyncio.sleep(0)
        running.cancel()


@pytest.mark.parametrize("error", [Overloaded("10000 operations wait"), RuntimeError("unforeseen")])
@pytest.mark.parametrize("where", ["last", "wait", "changes"])
async def test_no_error_of_the_log_ends_the_chat(
    heed: FakeHeed, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    hub = Hub(views=heed, log=heed, time=heed.time)
    visitor = Visitors(secret="a secret of sixteen").new()
    heed.owners["c1"] = ("webchat", visitor.external_id)
    heed.write("c1", Author.BOT, "Hello")
    frames: list[str] = []
    await hub.enter(visitor, frames.append, after=0)
    real = getattr(heed, where)
    failed = 0

    async def fail_once(*given: object) -> object:
        nonlocal failed
        failed += 1
        if failed == 1:
            raise error
        return await real(*given)

    monkeypatch.setattr(heed, where, fail_once)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(hub.run())
        await heed.time.waiting.wait()
        await heed.time.advance(timedelta(seconds=1))
        await heed.tailed.wait()
        await heed.say("c1", "news")
        while not any("news" in frame for frame in frames):
            await asyncio.sleep(0)
            await heed.time.advance(timedelta(seconds=1))
        running.cancel()
    assert failed > 1


async def test_what_an_overloaded_store_could_not_show_is_shown_a_little_later(
    heed: FakeHeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(views=heed, log=heed, time=heed.time)
    visitor = Visitors(secret="a secret of sixteen").new()
    heed.owners["c1"] = ("webchat", visitor.external_id)
    heed.write("c1", Author.BOT, "Hello")
    frames: list[str] = []
    await hub.enter(visitor, frames.append, after=0)
    real, failures = heed.history, [Overloaded("10000 operations wait for the store")]

    async def history(*given: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        return await real(*given, **more)

    monkeypatch.setattr(heed, "history", history)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(hub.run())
        await heed.tailed.wait()
        await heed.say("c1", "news")
        while not any("news" in frame for frame in frames):
            await asyncio.sleep(0)
            await heed.time.advance(timedelta(seconds=1))
        running.cancel()
    assert failures == []


def broken(frame: str) -> None:
    if "news" in frame:
        raise RuntimeError("a defect")


async def test_one_page_leaving_while_another_enters_keeps_the_room(heed: FakeHeed) -> None:
    hub = Hub(views=heed, log=heed, time=heed.time)
    visitor = Visitors(secret="a secret of sixteen").new()
    first: list[str] = []
    second: list[str] = []
    room = await hub.enter(visitor, first.append, after=0)
    async with asyncio.TaskGroup() as group:
        entering = group.create_task(hub.enter(visitor, second.append, after=0))
        await asyncio.sleep(0)
        hub.leave(room, first.append)
    assert entering.result() is room
    assert list(hub._rooms.values()) == [room]
