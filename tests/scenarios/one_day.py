"""A working day on a store on disk, lived through the engine; and all that Heed's outputs say of it at its end.

Clocks count by an office that closes for lunch and by a press desk in another zone. People were answered in time
and too late, a reply became known only after its breach, the bot answered one, and three people still wait.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from bot.channels import arrivals
from bot.channels.api.channel import ApiChannel
from bot.cli import main
from bot.desks import counter_of, web_desk
from bot.domain.events import FieldsSet, Reply
from bot.domain.explanation import Explanation
from bot.domain.messages import Address, ConversationId
from bot.domain.roles import Role
from bot.engine.board import NoticeBoard
from bot.engine.time import SystemTime, VirtualTime
from bot.rulebook import Hours
from bot.serving import application
from bot.settings import Environment, Settings, read_settings
from bot.staff import Directory, Staff
from bot.stores.sqlite import SqliteStore
from bot.web.sign_in import one_time_link
from bot.wiring import join, open_reports
from tests.scenarios.world import ALEX, T0, ScriptedAssessor, ScriptedPlatform, World

MINUTE = timedelta(minutes=1)
SECRET = b"a secret of this test alone"
TOKEN = "a token of this test alone"

#: T0 is a Monday, ten in the morning in Berlin and half past two in the afternoon in Kolkata.
CONFIG = """
brand: {variables: {website: shop.example, hours: 9 to 6, email: a@shop.example, phone: "1"}}
store: {path: heed.sqlite}
calendar: office
calendars:
  office: {zone: Europe/Berlin, week: {mon: ["09:00-12:30", "13:00-18:00"], tue: ["09:00-18:00"]}}
  press: {zone: Asia/Kolkata, week: {mon: ["10:00-20:00"], tue: ["10:00-20:00"]}}
policy: {targets: {first_reply_time: 1h, next_reply_time: 45m, resolution_time: 2d}, warn_at: [0.5, 0.8]}
policies:
  - {name: press, when: {team: press}, calendar: press, targets: {first_reply_time: 10m}}
"""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What each output said, as it was printed. ``desk`` and ``api`` by conversation."""

    listed: Any
    desk: Mapping[str, Any]
    pages: Mapping[str, str]
    api: Mapping[str, Any]
    ops: Any
    metrics: str
    text: str
    json: Any
    csv: list[dict[str, str]]
    explained: Mapping[str, Any]

    def sample(self, name: str, **labels: str) -> float:
        """Return a number of ``/metrics``."""
        [value] = [
            sample.value
            for family in text_string_to_metric_families(self.metrics)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        return value

    def cell(self, section: str, of: str, figure: str) -> float:
        """Return a number of the CSV."""
        [row] = [
            row
            for row in self.csv
            if (row["section"], row["of"], row["figure"], row["by"]) == (section, of, figure, "")
        ]
        return float(row["value"])

    def line(self, words: str) -> str:
        """Return what follows certain words in the text, up to the end of the line."""
        [found] = re.findall(rf"{words}(.*)", self.text)
        return found

    def table(self, metric: str) -> list[list[str]]:
        """Return the lines of the text about one metric, cell by cell."""
        block = re.search(rf"^{metric} +p50.*?\n  \d+ ended.*?$", self.text, re.MULTILINE | re.DOTALL)
        assert block
        return [re.split(r"  +", line) for line in block[0].splitlines()]


def live_through_a_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Live through the day in ``folder``, and ask every output at its end."""
    monkeypatch.chdir(folder)
    config = folder / "mine.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    time = VirtualTime(T0)
    asked = asyncio.run(_ask_the_application(read_settings(config), time))
    monkeypatch.setenv("HEED_CONFIG", str(config))
    monkeypatch.setattr(SystemTime, "now", lambda _self: time.now())
    monkeypatch.setattr("bot.cli.set_up_logs", lambda *_: None)
    report = ("report", "--period", "24h")
    return Told(
        **asked,
        text=_command(*report, monkeypatch=monkeypatch),
        json=json.loads(_command(*report, "--format", "json", monkeypatch=monkeypatch)),
        csv=list(csv.DictReader(io.StringIO(_command(*report, "--format", "csv", monkeypatch=monkeypatch)))),
        explained={
            conversation: json.loads(_command("explain", conversation, "--json", monkeypatch=monkeypatch))
            for conversation in asked["desk"]
        },
    )


def _command(*words: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a command as at a terminal; return what it printed."""
    printed = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["heed", *words])
        patched.setattr(sys, "stdout", printed)
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code, end.value
    return printed.getvalue()


# --- the application


async def _ask_the_application(settings: Settings, time: VirtualTime) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        here, client = await _opened(stack, settings, time)
        await _day(here)
        await _sign_in(client, time)
        listed = await _json(client, "/desk/conversations?filter=all")
        conversations = [row["id"] for row in listed["rows"]]
        return {
            "listed": listed,
            "desk": {each: await _json(client, f"/desk/conversations/{each}") for each in conversations},
            "pages": {each: await _page(client, f"/desk/conversations/{each}/clocks") for each in conversations},
            "api": {each: await _json(client, f"/api/v1/conversations/{each}") for each in conversations},
            "ops": await _json(client, "/ops/figures?period=24h"),
            "metrics": await _page(client, "/metrics"),
        }


Client = TestClient[web.Request, web.Application]


async def _opened(stack: AsyncExitStack, settings: Settings, time: VirtualTime) -> tuple[World, Client]:
    """Open store, engine, reports and application as ``heed run`` joins them, on virtual time."""
    store = await SqliteStore.open(settings.store.path, present=time.now, stamp=time.now)
    stack.push_async_callback(store.close)
    board, model, platform = NoticeBoard(), ScriptedAssessor(), ScriptedPlatform(time)
    hours = await Hours.open(settings, store=store, board=board, time=time)
    heed = join(settings, store=store, assessor=model, channels=[platform], time=time, board=board, hours=hours)
    await heed.brands.adopt()
    reports = await open_reports(store, settings, time)
    stack.push_async_callback(reports.close)
    staff = Staff(Directory(settings), accounts=store, log=store, time=time)
    app = application(
        heed,
        desk=web_desk(heed, counter_of(heed, model, staff), explain=_no_words),
        staff=staff,
        api=ApiChannel(),
        chat=None,
        telegram=None,
        files={},
        reports=reports,
        environment=Environment(api_token=TOKEN, public_url="http://127.0.0.1"),
        secret=SECRET,
    )
    client = await stack.enter_async_context(_client(app))
    return World(heed, time, model, platform), client


@asynccontextmanager
async def _client(app: web.Application) -> AsyncIterator[Client]:
    client = TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True))
    await client.start_server()
    try:
        yield client
    finally:
        await client.close()


async def _no_words(text: str, *, usual: str, addressed: bool) -> Explanation:
    raise AssertionError(f"nobody asks for the words of {text!r} in {usual}, {addressed}")


async def _sign_in(client: Client, time: VirtualTime) -> None:
    answer = await client.get(one_time_link(SECRET, "", "boss", Role.LEAD, now=time.now()))
    assert answer.status == 200, await answer.text()


async def _json(client: Client, path: str) -> Any:
    answer = await client.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def _page(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    return unescape(await answer.text())


# --- the day


async def _day(here: World) -> None:
    """Let the day pass, from ten in the morning until five in Berlin."""
    at = _Clock(here)
    prompt = await here.writes("complaint it broke", who="prompt")
    await at(20)
    await _replies(here, prompt)
    await at(120)
    lunch = await here.writes("complaint over lunch", who="lunch")
    await at(140)
    late = await here.writes("complaint that waits", who="late")
    await at(180)
    native = await here.writes("complaint answered elsewhere", who="native")
    await at(195)
    await _replies(here, lunch)
    await here.writes("question order-status", who="asks")
    await at(260)
    assert await here.log(native, "breach"), "the reply becomes known only after the breach"
    await _replied_natively(here, native, at=T0 + 230 * MINUTE)
    await at(270)
    await _replies(here, late)
    await at(300)
    press = await here.writes("complaint for the papers", who="press")
    await here.commands(press, FieldsSet(at=here.time.now(), by="api", team="press"))
    await at(380)
    await here.writes("complaint of the evening", who="evening")
    await at(390)
    await here.writes("complaint again", who="prompt")
    await at(420)


class _Clock:
    """Moves on to so many minutes after the day began; what falls due meanwhile is noticed at its time."""

    def __init__(self, here: World) -> None:
        self._here = here

    async def __call__(self, minutes: int) -> None:
        await self._here.pass_time(T0 + minutes * MINUTE - self._here.time.now())


async def _replies(here: World, conversation: ConversationId) -> None:
    refusal = await here.commands(conversation, Reply(at=here.time.now(), agent=ALEX, text="It is on its way."))
    assert refusal == ""
    await here.settle()


async def _replied_natively(here: World, conversation: ConversationId, *, at: Any) -> None:
    """Learn late that an agent had answered in the customer's place."""
    told = arrivals.reply(
        channel="room",
        external_id="native-reply",
        text="we have seen it",
        agent="sam",
        arrived_at=here.time.now(),
        sent_at=at,
        conversation=conversation,
        address=Address(channel="room", account="a", place="native"),
    )
    await here.takes_in(told)
