"""What operators do with a store: figures, copies, erasing, pausing, and who may sign in."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.roles import Role
from bot.engine.time import VirtualTime
from bot.records import StaffAccount
from bot.stores.sqlite.files import RunLock
from bot.wiring import join
from tests.cli.conftest import Command, opened
from tests.scenarios.world import ScriptedAssessor, ScriptedPlatform, World, sample

STORE = Path("var/heed.sqlite")
NO_STORE = "heed: there is no store at var/heed.sqlite; it is made when Heed first runs\n"


def staff(name: str) -> StaffAccount | None:
    async def look() -> StaffAccount | None:
        async with opened() as store:
            return await store.staff(name)

    return asyncio.run(look())


def switch(name: str) -> str | None:
    async def look() -> str | None:
        async with opened() as store:
            return await store.switch(name)

    return asyncio.run(look())


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("backup", "copy.sqlite"),
        ("erase", "api:customer-1", "--yes"),
        ("pause",),
        ("resume",),
        ("user", "add", "mara"),
    ],
)
def test_no_command_makes_a_store_where_there_is_none(heed: Command, words: tuple[str, ...]) -> None:
    done = heed(*words)
    assert (done.code, done.out, done.err) == (1, "", NO_STORE)
    assert list(Path.cwd().iterdir()) == []


# --- report -----------------------------------------------------------------------------------------------


def test_a_report_is_text_for_people(heed: Command, store_with_a_message: Path) -> None:
    done = heed("report", "--period", "24h")
    assert (done.code, done.err) == (0, "")
    for word in ("Waiting now: 0", "first_response_time", "p50", "breaches"):
        assert word in done.out


def test_a_report_is_json_for_programs(heed: Command, store_with_a_message: Path) -> None:
    done = heed("report", "--format", "json", "--channel", "api", "--label", "complaint")
    figures = json.loads(done.out)
    assert figures["waiting_now"] == 0
    assert {"since", "until", "metrics", "volumes", "lateness"} <= set(figures)


def test_a_report_is_csv_for_spreadsheets(heed: Command, store_with_a_message: Path) -> None:
    rows = list(csv.reader(io.StringIO(heed("report", "--format", "csv").out)))
    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1, "every row has every column"


@pytest.mark.parametrize(
    ("period", "told"),
    [
        ("5x", "heed: --period: '5x' is no duration; write a number and a unit, as in 30s, 15m, 24h or 7d\n"),
        ("99999999d", "heed: --period: '99999999d' is longer than 100 years\n"),
    ],
)
def test_a_period_that_is_none_is_told(heed: Command, period: str, told: str) -> None:
    done = heed("report", "--period", period)
    assert (done.code, done.err) == (1, told)


def test_a_form_that_is_not_offered_is_a_wrong_use(heed: Command) -> None:
    done = heed("report", "--format", "pdf")
    assert done.code == 2
    assert "pdf" in done.err


# --- backup and restore -----------------------------------------------------------------------------------


def test_a_copy_is_whole_and_comes_back(heed: Command, store_with_a_message: Path) -> None:
    done = heed("backup", "copies/[1]/monday.sqlite")
    assert (done.code, done.out) == (0, "The store is copied to copies/[1]/monday.sqlite.\n")
    assert heed("erase", "api:customer-1", "--yes").code == 0
    done = heed("restore", "copies/[1]/monday.sqlite", "--yes")
    assert done.code == 0
    assert done.out.startswith(
        "The store is restored from copies/[1]/monday.sqlite.\nWhat was there before is kept in"
    )
    [kept] = STORE.parent.glob("*.replaced")
    assert str(kept) in done.out
    assert texts(STORE) == ["my parcel is late"]
    assert texts(kept) == []


def texts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM bodies")]


def test_a_copy_overwrites_nothing(heed: Command, store_with_a_message: Path) -> None:
    Path("monday.sqlite").write_text("precious", encoding="utf-8")
    done = heed("backup", "monday.sqlite")
    assert done.code == 1
    assert done.err == "heed: monday.sqlite exists already: a backup overwrites nothing, name another file\n"
    assert Path("monday.sqlite").read_text(encoding="utf-8") == "precious"


def test_a_store_is_restored_where_there_was_none(heed: Command, store_with_a_message: Path) -> None:
    heed("backup", "monday.sqlite")
    for path in STORE.parent.iterdir():
        path.unlink()
    done = heed("restore", "monday.sqlite", "--yes")
    assert (done.code, done.out) == (0, "The store is restored from monday.sqlite.\n")
    assert texts(STORE) == ["my parcel is late"]


def test_restoring_asks_first_and_does_nothing_without_a_yes(heed: Command, store_with_a_message: Path) -> None:
    heed("backup", "monday.sqlite")
    done = heed("restore", "monday.sqlite", stdin="n\n")
    assert done.code == 1
    assert "Replace var/heed.sqlite by monday.sqlite?" in done.out + done.err
    assert list(STORE.parent.glob("*.replaced")) == []


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_what_is_no_copy_is_refused(heed: Command, store_with_a_message: Path, content: bytes | None) -> None:
    if content is not None:
        Path("copy.sqlite").write_bytes(content)
    done = heed("restore", "copy.sqlite", "--yes")
    assert done.code == 1
    assert done.err.startswith("heed: copy.sqlite")
    assert texts(STORE) == ["my parcel is late"]


# --- erase ------------------------------------------------------------------------------------------------


def test_erasing_leaves_no_trace_of_the_text_in_any_file(heed: Command, store_with_a_message: Path) -> None:
    done = heed("erase", "api:customer-1", "--yes")
    assert (done.code, done.out) == (0, "1 texts of api:customer-1 are erased.\n")
    for path in STORE.parent.iterdir():
        assert b"parcel" not in path.read_bytes(), path
        assert b"customer-1" not in path.read_bytes(), path


def test_erasing_somebody_unknown_says_so(heed: Command, store_with_a_message: Path) -> None:
    done = heed("erase", "api:customer-2", "--yes")
    assert done.code == 1
    assert done.err == "heed: nothing is stored of 'api:customer-2': no such customer, or erased before\n"
    assert texts(STORE) == ["my parcel is late"]


@pytest.mark.parametrize("name", ["customer-1", "api:", ":customer-1", ""])
def test_a_customer_is_named_by_channel_and_id(heed: Command, name: str) -> None:
    done = heed("erase", name, "--yes")
    assert done.code == 1
    assert done.err == f"heed: {name!r} names no customer; write CHANNEL:ID, as in api:customer-17\n"


def test_erasing_asks_first(heed: Command, store_with_a_message: Path) -> None:
    done = heed("erase", "api:customer-1", stdin="n\n")
    assert done.code == 1
    assert texts(STORE) == ["my parcel is late"]


# --- pause and resume -------------------------------------------------------------------------------------


def test_the_switch_is_set_and_cleared(heed: Command, store_with_a_message: Path) -> None:
    assert heed("pause").out == "Automatic answers are paused. 'heed resume' lets them go on.\n"
    assert str(switch("paused")).startswith("command line ")
    assert heed("resume").out == "Automatic answers go on.\n"
    assert switch("paused") is None


CALENDAR = """
calendars: {office: {zone: UTC, week: {mon: ["09:00-17:00"]}}}
calendar: office
"""


@pytest.fixture
def store_with_an_answer() -> Path:
    """Make a store in which the bot's answer to one message waits to be sent."""

    async def fill() -> None:
        time = VirtualTime(datetime.now(UTC))
        model, platform = ScriptedAssessor(), ScriptedPlatform(time)
        async with opened() as store:
            heed = join(sample(), store=store, assessor=model, channels=[platform], time=time)
            await heed.brands.adopt()
            await World(heed, time, model, platform).arrives("question order-status where is my parcel")
            await heed.workers[0].drain()

    asyncio.run(fill())
    return STORE


def kept_and_logged() -> tuple[set[str], list[str]]:
    async def look() -> tuple[set[str], list[str]]:
        async with opened() as store:
            return set(await store.calendars()), [record.kind for record in await store.changes(0, 1000)]

    return asyncio.run(look())


def test_beside_a_running_heed_a_pause_leaves_what_waits_to_the_rules_that_it_runs_on(
    heed: Command, configured: Callable[[str], Path], store_with_an_answer: Path
) -> None:
    configured(CALENDAR)
    lock = RunLock(store_with_an_answer)
    lock.acquire()
    try:
        done = heed("pause")
    finally:
        lock.release()
    assert (done.code, done.err) == (0, "")
    assert str(switch("paused")).startswith("command line ")
    calendars, kinds = kept_and_logged()
    assert calendars == set()
    assert kinds.count("paused") == 1
    assert "escalated" not in kinds, "the running Heed withdraws it"


def test_where_no_heed_runs_a_pause_withdraws_what_waits(
    heed: Command, configured: Callable[[str], Path], store_with_an_answer: Path
) -> None:
    configured(CALENDAR)
    assert heed("pause").code == 0
    calendars, kinds = kept_and_logged()
    assert len(calendars) == 1
    assert {"paused", "escalated"} <= set(kinds)
    lock = RunLock(store_with_an_answer)
    lock.acquire()  # a Heed can start
    lock.release()


def test_resuming_brings_no_calendar_into_the_store(
    heed: Command, configured: Callable[[str], Path], store_with_a_message: Path
) -> None:
    configured(CALENDAR)
    assert heed("resume").code == 0
    calendars, kinds = kept_and_logged()
    assert (calendars, kinds[-1]) == (set(), "resumed")


# --- who may sign in --------------------------------------------------------------------------------------


def test_a_new_agent_gets_a_link_that_works_once(heed: Command, store_with_a_message: Path) -> None:
    done = heed("user", "add", "mara [lead]")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == "mara [lead] may sign in as agent."
    assert second.startswith("Once, within 24 hours: http://127.0.0.1:8080/signin/")
    assert staff("mara [lead]") == StaffAccount(name="mara [lead]", role=Role.AGENT)


def test_the_link_leads_to_the_address_that_people_use(
    heed: Command, store_with_a_message: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEED_PUBLIC_URL", "https://talk.shop.example")
    assert "https://talk.shop.example/signin/" in heed("user", "add", "mara").out


def test_a_password_replaces_the_link_and_a_new_role_keeps_the_password(
    heed: Command, store_with_a_message: Path
) -> None:
    done = heed("user", "add", "mara", "--role", "lead", "--password", stdin="correct horse\n")
    assert done.out == "mara may sign in as lead.\n"
    known = staff("mara")
    assert known is not None
    assert known.password_hash.startswith("$argon2")
    assert "horse" not in known.password_hash
    heed("user", "add", "mara", "--role", "admin")
    assert staff("mara") == StaffAccount(name="mara", role=Role.ADMIN, password_hash=known.password_hash)


def test_a_short_password_is_refused_without_showing_it(heed: Command, store_with_a_message: Path) -> None:
    done = heed("user", "add", "mara", "--password", stdin="hush\n")
    assert (done.code, done.err) == (1, "heed: a password has at least 10 characters; this one has 4\n")
    assert staff("mara") is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb"])
def test_a_name_is_short_and_printable(heed: Command, name: str) -> None:
    done = heed("user", "add", name)
    assert done.code == 1
    assert "is no name: 1 to 60 printable characters" in done.err


def test_a_role_that_is_not_known_is_a_wrong_use(heed: Command) -> None:
    done = heed("user", "add", "mara", "--role", "king")
    assert done.code == 2
    assert "king" in done.err


def test_a_password_that_never_comes_is_refused(heed: Command, store_with_a_message: Path) -> None:
    done = heed("user", "add", "mara", "--password", stdin="")
    assert done.code == 1
    assert "Aborted" in done.err
    assert staff("mara") is None


def test_a_role_in_the_settings_is_told_where_another_was_asked_for(
    heed: Command, store_with_a_message: Path
) -> None:
    Path("config.yaml").write_text("agents: [{name: alex, role: lead}, {name: sam}]")
    said = "alex may sign in as lead: the settings say so under 'agents', and that role counts."
    assert heed("user", "add", "alex", "--role", "admin").out.startswith(said)
    assert heed("user", "add", "alex", "--role", "lead").out.startswith("alex may sign in as lead.")
    assert heed("user", "add", "sam", "--role", "admin").out.startswith("sam may sign in as admin.")


def test_somebody_who_is_removed_may_not_sign_in_and_nobody_is_removed_twice(
    heed: Command, store_with_a_message: Path
) -> None:
    heed("user", "add", "mara")
    assert heed("user", "remove", "mara").out == "mara may not sign in any more.\n"
    assert staff("mara") is None
    done = heed("user", "remove", "mara")
    assert done.code == 1
    assert "nobody signs in as 'mara'" in done.err
