"""``heed audit`` tells who on staff did what and when, and never a word that anybody wrote."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.events import Claim, Note, Release
from bot.domain.events import Command as Act
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, ConversationId
from bot.domain.roles import Agent, Role
from bot.engine.time import VirtualTime
from bot.settings import Settings
from bot.staff import Directory, Staff
from bot.wiring import join
from tests.cli.conftest import Command, opened
from tests.scenarios.world import ScriptedAssessor, ScriptedPlatform, World

NOTHING = "Nobody on staff did anything that was asked for."
NOW = datetime.now(UTC).replace(microsecond=0)
SAM = Agent(id=AgentId("sam"))
ALEX = Agent(id=AgentId("=alex"), role=Role.LEAD)
SECRET = "they sounded quite upset on the phone"


@pytest.fixture
def conversations() -> Sequence[ConversationId]:
    """Make a store in which sam noted something an hour ago, and alex held another conversation just now."""
    return asyncio.run(_filled())


async def _filled() -> Sequence[ConversationId]:
    time = VirtualTime(NOW - timedelta(hours=1))
    async with opened() as store:
        model, platform = ScriptedAssessor(), ScriptedPlatform(time)
        world = World(
            join(Settings(), store=store, assessor=model, channels=[platform], time=time), time, model, platform
        )
        first, second = [await world.writes("complaint my parcel is late", who=who) for who in ("v1", "v2")]

        async def act(conversation: ConversationId, command: Act) -> None:
            done = await world.heed.commands.perform(conversation, command)
            assert done.accepted, done.refusal

        await act(first, Claim(at=time.now(), agent=SAM))
        await act(first, Note(at=time.now(), agent=SAM, note=SECRET))
        await Staff(Directory(Settings()), accounts=store, log=store, time=time).away(SAM)
        time.move(timedelta(minutes=50))
        await act(second, Claim(at=time.now(), agent=ALEX))
        await act(second, Release(at=time.now(), agent=ALEX))
        return first, second


def rows(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def acts(out: str) -> list[tuple[str, str]]:
    return [(row["agent"], row["act"]) for row in rows(out)]


def test_who_did_what_is_a_table_with_the_oldest_first(
    heed: Command, conversations: Sequence[ConversationId]
) -> None:
    done = heed("audit")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("Times are those of ")
    assert lines[1].split() == ["when", "who", "role", "what", "conversation", "details"]
    told = [line.split()[2:] for line in lines[2:]]
    assert [words[0] for words in told] == ["sam", "sam", "sam", "=alex", "=alex"]
    assert conversations[0] in lines[2]
    assert "claimed" in lines[2]
    assert "went away" in lines[4]


def test_no_word_that_somebody_wrote_is_told(heed: Command, conversations: Sequence[ConversationId]) -> None:
    for words in ((), ("--json",), ("--csv", "-")):
        out = heed("audit", *words).out
        assert SECRET not in out
        assert "parcel" not in out


def test_programs_get_an_object_a_line(heed: Command, conversations: Sequence[ConversationId]) -> None:
    done = heed("audit", "--json")
    assert acts(done.out) == [
        ("sam", "claimed"),
        ("sam", "noted"),
        ("sam", "went_away"),
        ("=alex", "claimed"),
        ("=alex", "released"),
    ]
    first = rows(done.out)[0]
    assert (first["role"], first["conversation"]) == ("agent", conversations[0])
    assert datetime.fromisoformat(first["at"]) == NOW - timedelta(hours=1)


def test_one_agent_one_conversation_and_one_time_may_be_asked_for(
    heed: Command, conversations: Sequence[ConversationId]
) -> None:
    alex = [("=alex", "claimed"), ("=alex", "released")]
    assert acts(heed("audit", "--json", "--agent", "=alex").out) == alex
    assert acts(heed("audit", "--json", "--conversation", conversations[1]).out) == alex
    since = (NOW - timedelta(minutes=30)).isoformat()
    assert acts(heed("audit", "--json", "--since", since).out) == alex
    assert heed("audit", "--json", "--conversation", conversations[1], "--agent", "sam").err == NOTHING + "\n"


def test_more_than_one_page_is_told_whole(
    heed: Command, conversations: Sequence[ConversationId], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = heed("audit", "--json").out
    monkeypatch.setattr("bot.cli.acts.PAGE", 2)
    assert heed("audit", "--json").out == whole
    since = (NOW - timedelta(minutes=30)).isoformat()
    assert len(acts(heed("audit", "--json", "--since", since).out)) == 2


def test_a_file_for_spreadsheets_holds_no_formula(heed: Command, conversations: Sequence[ConversationId]) -> None:
    done = heed("audit", "--csv", "who.csv")
    assert (done.code, done.out) == (0, "5 acts stand in who.csv.\n")
    text = Path("who.csv").read_text(encoding="utf-8")
    assert heed("audit", "--csv", "-").out == text
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["agent"] for row in found] == ["sam", "sam", "sam", "'=alex", "'=alex"]
    assert [row["act"] for row in found][2:] == ["went_away", "claimed", "released"]
    assert found[2]["conversation"] == ""


def test_with_nothing_to_tell_it_says_so_and_leaves_files_alone(heed: Command, store_with_a_message: Path) -> None:
    assert heed("audit").err == NOTHING + "\n"
    Path("who.csv").write_text("kept")
    assert heed("audit", "--csv", "who.csv").err == f"{NOTHING} who.csv is not written.\n"
    assert Path("who.csv").read_text() == "kept"


async def log_a_pause() -> None:
    async with opened() as store:
        await store.append(LogKind.PAUSED, at=NOW, fields={"agent": "command line"})


def test_what_was_done_at_the_command_line_is_told_too(heed: Command, store_with_a_message: Path) -> None:
    asyncio.run(log_a_pause())
    assert acts(heed("audit", "--json").out) == [("command line", "paused")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--conversation", "c_nowhere"), "there is no conversation 'c_nowhere'; "),
        (("--conversation", " "), "there is no conversation ''; "),
        (("--since", "monday"), "--since: 'monday' is no date; write a day as in 2026-03-01"),
        (("--since", "2999-01-01"), "the period ends"),
        (("--json", "--csv", "-"), "--json and --csv together say too much; leave one of them out"),
        (
            ("--csv", "no/such/folder.csv"),
            "--csv: no/such/folder.csv cannot be written: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(
    heed: Command, conversations: Sequence[ConversationId], words: tuple[str, ...], told: str
) -> None:
    done = heed("audit", *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"heed: {told}")


def test_no_store_is_made_where_there_is_none(heed: Command) -> None:
    assert heed("audit").code == 1
    assert list(Path.cwd().iterdir()) == []
