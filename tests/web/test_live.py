"""Pages learn of changes, miss none, and let a shutdown pass."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import ClientResponse

from bot.domain.log import LogKind, LogRecord
from bot.errors import StoreUnavailable
from bot.web import live
from bot.web.live import HEARTBEAT, PACE, Live
from tests.web.conftest import Place
from tests.web.fakes import ManualTime, MemoryStore


async def event(response: ClientResponse) -> tuple[str, int, dict]:
    fields = {}
    async with asyncio.timeout(30):
        while (line := (await response.content.readline()).decode().rstrip("\n")) or not fields:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
    return fields["event"], int(fields["id"]), json.loads(fields["data"])


async def listen(place: Place, after: int | None = None) -> ClientResponse:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    response = await place.client.get("/desk/events", headers=headers)
    assert response.content_type == "text/event-stream"
    name, _, body = await event(response)
    assert (name, body["now"]) == ("hello", "2026-03-04T09:00:00.000Z")
    return response


async def test_a_page_hears_of_a_change_at_once(mara: Place) -> None:
    stream = await listen(mara)
    mara.store.record("pat", LogKind.ESCALATED, reason="complaint")
    name, cursor, body = await event(stream)
    assert (name, cursor, body["conversations"]) == ("changes", 1, ["pat"])
    assert body["alerts"] == [{"kind": "escalated", "conversation": "pat", "metric": None}]
    assert body["switch"] is False
    stream.close()


async def test_changes_in_quick_succession_come_together(mara: Place) -> None:
    stream = await listen(mara)
    mara.store.record("a", LogKind.OPENED)
    await event(stream)
    mara.store.record("b", LogKind.WARN, metric="first_reply_time")
    mara.store.record("b", LogKind.BREACH, metric="first_reply_time")
    mara.store.record("", LogKind.PAUSED)
    mara.time.advance(PACE)
    name, cursor, body = await event(stream)
    assert (name, cursor, body["conversations"], body["switch"]) == ("changes", 4, ["b"], True)
    assert [alert["kind"] for alert in body["alerts"]] == ["warn", "breach"]
    stream.close()


async def test_a_page_that_comes_back_gets_what_it_missed(mara: Place) -> None:
    stream = await listen(mara)
    for name in ("a", "b", "c"):
        mara.store.record(name, LogKind.OPENED)
    assert (await event(stream))[1] == 3
    stream.close()
    again = await listen(mara, after=1)
    name, cursor, body = await event(again)
    assert (name, cursor, body["conversations"]) == ("changes", 3, ["b", "c"])
    again.close()


async def test_a_page_that_was_away_too_long_is_told_to_read_again(mara: Place) -> None:
    again = await listen(mara, after=99)
    assert (await event(again))[0] == "reset"
    again.close()


async def test_a_quiet_line_is_shown_to_be_alive(mara: Place) -> None:
    stream = await listen(mara)
    mara.time.advance(HEARTBEAT)
    name, _, body = await event(stream)
    assert (name, body["now"]) == ("beat", "2026-03-04T09:00:15.000Z")
    stream.close()


async def test_who_is_not_on_staff_any_more_hears_nothing_more(mara: Place) -> None:
    stream = await listen(mara)
    mara.time.advance(HEARTBEAT)
    assert (await event(stream))[0] == "beat"
    mara.store.accounts.clear()
    mara.time.advance(HEARTBEAT)
    async with asyncio.timeout(30):
        left = await stream.content.read()
    assert left.count(b"event: ") <= 1  # a sign of life may have been on its way
    assert (await mara.client.get("/desk/events")).status == 401


async def everybody(_request: object) -> bool:
    return True


async def test_a_shutdown_ends_every_stream(mara: Place) -> None:
    stream = await listen(mara)
    await mara.client.server.close()
    async with asyncio.timeout(30):
        assert await stream.content.read() == b""


async def test_one_page_too_many_is_asked_to_come_back_later(mara: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_PAGES", 1)
    stream = await listen(mara)
    refused = await mara.client.get("/desk/events")
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "1"
    stream.close()


async def test_old_records_make_room_and_late_pages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEPT", 3)
    time = ManualTime()
    store = MemoryStore(time)
    tail = Live(log=store, time=time, may_read=everybody)
    tail._recent = type(tail._recent)(maxlen=3)
    for name in "abcde":
        store.record(name, LogKind.OPENED)
        tail._keep([store.log[-1]])
    assert tail._since(2)[1]["conversations"] == ["c", "d", "e"]
    assert tail._since(1)[0] == "reset"
    assert tail._since(5) == ("", {})


async def test_a_store_that_fails_for_a_while_does_not_end_the_stream(mara: Place) -> None:
    stream = await listen(mara)
    changes, failures = mara.store.changes, [StoreUnavailable("locked"), RuntimeError("unforeseen")]

    async def shaky(after: int, limit: int) -> list[LogRecord]:
        if failures:
            raise failures.pop()
        return await changes(after, limit)

    mara.store.changes = shaky
    mara.store.record("pat", LogKind.OPENED)
    reading = asyncio.ensure_future(event(stream))
    while not reading.done():
        mara.time.advance(PACE)
        await asyncio.sleep(0)
    assert (await reading)[2]["conversations"] == ["pat"]
    assert failures == []
    stream.close()


async def test_a_page_hears_whom_a_notice_concerns_and_that_somebody_left(mara: Place) -> None:
    stream = await listen(mara)
    mara.store.record("", LogKind.WENT_AWAY, agent="Sam")
    mara.store.record("pat", LogKind.ASKED_FOR, agent="Sam", holder="Mara")
    mara.store.record("pat", LogKind.BREACH, metric="first_reply_time", team="support", lateness=1.5)
    mara.store.record("pat", LogKind.NOTED, agent="Sam")
    _, _, body = await event(stream)
    assert body["presence"] is True
    assert body["alerts"] == [
        {"kind": "asked_for", "conversation": "pat", "metric": None, "agent": "Sam", "holder": "Mara"},
        {"kind": "breach", "conversation": "pat", "metric": "first_reply_time", "team": "support"},
    ]
    stream.close()
