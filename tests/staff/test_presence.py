"""Staff at this moment: known by account or settings, away or there, and each change of it once in the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.log import LogKind
from bot.domain.messages import AgentId
from bot.domain.roles import Agent, Role
from bot.engine.time import VirtualTime
from bot.records import ActQuery, StaffAccount
from bot.settings import parse_settings
from bot.staff import Directory, Staff
from bot.stores.sqlite import SqliteStore
from tests.staff.test_directory import ALEX, CONFIG, KIM, SAM

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(tmp_path / "heed.sqlite")
    yield store
    await store.close()


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(NOON)


@pytest.fixture
def staff(store: SqliteStore, time: VirtualTime) -> Staff:
    return Staff(Directory(parse_settings(CONFIG)), accounts=store, log=store, time=time)


async def test_somebody_is_known_by_the_settings_or_by_an_account(staff: Staff, store: SqliteStore) -> None:
    assert await staff.agent("alex") == ALEX
    assert await staff.agent("owner") is None
    await store.put_staff(StaffAccount(name="owner", role=Role.ADMIN))
    assert await staff.agent("owner") == Agent(id=AgentId("owner"), role=Role.ADMIN)


async def test_somebody_has_one_role_on_every_desk(staff: Staff, store: SqliteStore) -> None:
    account = StaffAccount(name="sam", role=Role.ADMIN)
    assert await staff.on_platform("discord", "12") == SAM
    await store.put_staff(account)
    assert await staff.on_platform("discord", "12") == await staff.agent("sam") == staff.of_account(account)
    assert (await staff.agent("sam")) == Agent(id=AgentId("sam"), role=Role.ADMIN, team="support")


async def test_a_stranger_on_a_platform_is_nobody_whatever_accounts_there_are(
    staff: Staff, store: SqliteStore
) -> None:
    await store.put_staff(StaffAccount(name="99", role=Role.ADMIN))
    assert await staff.on_platform("discord", "99") is None


async def test_whoever_has_never_been_away_is_there(staff: Staff) -> None:
    assert await staff.present("support") == {"alex", "sam"}
    assert await staff.present() == {"alex", "sam", "kim"}
    assert await staff.present("press") == frozenset()
    assert await staff.present_for("press") == {"alex", "sam", "kim"}


async def test_whoever_is_away_is_missed_until_they_are_back(staff: Staff, time: VirtualTime) -> None:
    assert await staff.away(SAM)
    assert await staff.present("support") == {"alex"}
    assert await staff.is_away("sam")
    assert not await staff.is_away("alex")
    time.move(timedelta(hours=1))
    assert await staff.back(SAM)
    assert await staff.present("support") == {"alex", "sam"}


async def test_a_name_that_begins_like_another_is_somebody_else(store: SqliteStore, time: VirtualTime) -> None:
    directory = Directory(parse_settings("agents: [{name: al}, {name: alex}]"))
    staff = Staff(directory, accounts=store, log=store, time=time)
    await staff.away(ALEX)
    assert await staff.present() == {"al"}


async def test_presence_outlives_the_process(staff: Staff, store: SqliteStore, time: VirtualTime) -> None:
    await staff.away(KIM)
    again = Staff(Directory(parse_settings(CONFIG)), accounts=store, log=store, time=time)
    assert await again.present() == {"alex", "sam"}


async def test_going_and_coming_back_are_logged_once_each_with_who_and_when(
    staff: Staff, store: SqliteStore, time: VirtualTime
) -> None:
    assert not await staff.back(ALEX)
    assert await staff.away(ALEX)
    assert not await staff.away(ALEX)
    time.move(timedelta(hours=1))
    assert await staff.back(ALEX)
    logged = await store.changes(0, 100)
    assert [(record.kind, record.at) for record in logged] == [
        (LogKind.WENT_AWAY, NOON),
        (LogKind.CAME_BACK, NOON + timedelta(hours=1)),
    ]
    assert all(record.fields == {"agent": "alex", "role": "lead"} for record in logged)
    assert [record.kind for record in await store.acts(ActQuery(agent=ALEX.id))] == ["came_back", "went_away"]


async def test_going_away_on_two_desks_at_once_is_one_event(staff: Staff, store: SqliteStore) -> None:
    assert sorted(await asyncio.gather(staff.away(SAM), staff.away(SAM))) == [False, True]
    assert [record.kind for record in await store.changes(0, 100)] == [LogKind.WENT_AWAY]
