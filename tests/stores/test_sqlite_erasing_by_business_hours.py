"""Erasing a customer ends their clocks by the hours that they count: while it is closed nothing is late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.engine.board import NoticeBoard
from bot.engine.time import VirtualTime
from bot.rulebook import Hours
from bot.settings import parse_settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import join
from tests.scenarios.world import T0, ScriptedAssessor, ScriptedPlatform, World

#: The brand closes soon after the world begins, on a Monday at nine, and long before the target.
SHORT_DAY = """
store: {path: STORE}
calendars: {office: {zone: UTC, week: {mon: ["09:00-09:10"], tue: ["09:00-17:00"]}}}
calendar: office
policy: {targets: {first_reply_time: 60m}}
brand: {variables: {website: a.example, hours: 9 to 5, email: a@a.example, phone: '1'}}
"""


async def test_erasing_while_it_is_closed_invents_no_warning_and_no_breach(tmp_path: Path) -> None:
    settings = parse_settings(SHORT_DAY.replace("STORE", str(tmp_path / "heed.sqlite")))
    time, model = VirtualTime(T0), ScriptedAssessor()
    store = await SqliteStore.open(settings.store.path, present=time.now)
    try:
        hours = await Hours.open(settings, store=store, board=NoticeBoard(), time=time)
        platform = ScriptedPlatform(time)
        heed = join(settings, store=store, assessor=model, channels=[platform], time=time, hours=hours)
        here = World(heed, time, model, platform)
        conversation = await here.writes("complaint it broke")
        await here.pass_time(timedelta(hours=8))
        assert await store.erase("room", "v1"), "the customer was there"
        kinds = [record.kind for record in await store.of(conversation)]
    finally:
        await store.close()
    assert "cancel" in kinds
    assert not {"warn", "breach", "correct"} & set(kinds)
