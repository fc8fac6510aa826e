"""``heed report`` and ``heed explain`` on a store with one conversation that the engine's rules lived through."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from bot.channels import arrivals
from bot.cli import reading
from bot.domain.log import LogEvent, LogKind
from bot.domain.messages import Address, ConversationId
from bot.domain.states import State
from bot.ports import EventLog
from bot.records import Commit
from tests.cli.conftest import Command, opened
from tests.domain.builders import MIN, T0
from tests.reports.told_case import OFFICE, Case, over_lunch

WEEK = ("--since", "2026-03-01", "--until", "2026-03-07")


async def keep(case: Case) -> ConversationId:
    """Put a case into the store of this folder."""
    message = arrivals.message(
        external_id="m1",
        text="my parcel is late",
        address=Address(channel="webchat", account="", place="v1"),
        customer=arrivals.customer("webchat", "v1", "Ines"),
        arrived_at=T0,
    )
    async with opened() as store:
        [receipt] = await store.accept([message], assess_within=2 * MIN)
        known = receipt.conversation
        now = (await store.load([known]))[known]
        for recorded_at, records in groupby(case.log.records, key=lambda record: record.recorded_at):
            events = [(one.conversation, _event(one.kind, one.at, one.fields)) for one in records]
            for where, event in events:
                if not where:
                    await store.append(event.kind, at=event.at, fields=event.fields)
            changed = replace(now, state=State.CLAIMED, version=now.version + 1)
            log = tuple(event for where, event in events if where)
            [done] = await store.commit(
                [Commit(conversation=changed, expected_version=now.version, recorded_at=recorded_at, log=log)]
            )
            assert done
            now = changed
    return known


def _event(kind: str, at, fields) -> LogEvent:
    return LogEvent(kind=LogKind(kind), at=at, fields=fields)


@pytest.fixture
def conversation() -> ConversationId:
    """Put the case over lunch into this folder's store; return its id."""
    return asyncio.run(keep(over_lunch()))


@pytest.fixture
def in_berlin(configured) -> None:
    """Let the brand's default calendar be one in Berlin."""
    configured("calendar: office\ncalendars: {office: {zone: Europe/Berlin, week: {mon: ['09:00-18:00']}}}\n")


# --- report


def test_a_report_tells_response_times_and_groups_of_a_period(heed: Command, conversation) -> None:
    done = heed("report", *WEEK, "--by", "policy")
    assert (done.code, done.err) == (0, "")
    assert "2026-03-01 00:00 to 2026-03-08 00:00 UTC" in done.out
    assert re.search(r"first_reply_time +p50 +4 h 21 m .* 4 h 21 m +3 h 21 m", done.out)
    assert re.search(r"^vip +first_reply_time ", done.out, re.MULTILINE)


def test_days_are_those_of_the_brands_zone(heed: Command, conversation, in_berlin) -> None:
    assert "2026-03-01 00:00 to 2026-03-08 00:00 Europe/Berlin" in heed("report", *WEEK).out
    read = json.loads(heed("report", *WEEK, "--format", "json").out)
    assert (read["since"], read["until"]) == ("2026-02-28T23:00:00+00:00", "2026-03-07T23:00:00+00:00")


def test_only_the_cases_that_were_asked_for_count(heed: Command, conversation) -> None:
    kept = heed("report", *WEEK, "--where", "policy=vip", "--where", "channel=webchat").out
    assert "Only cases with policy vip, channel webchat." in kept
    assert "first_reply_time" in kept.split("No case ended or open")[0]
    assert (
        "No case ended or open in this period: first_response_time, first_reply_time"
        in heed("report", *WEEK, "--channel", "x").out
    )


def test_a_case_can_count_where_it_ended(heed: Command, conversation) -> None:
    after_eleven = ("--since", "2026-03-02T11:00", "--until", "2026-03-03")
    started = heed("report", *after_eleven).out
    ended = heed("report", *after_eleven, "--counting", "ended").out
    assert "first_reply_time" not in started.split("No case ended or open")[0]
    assert "first_reply_time" in ended.split("No case ended or open")[0]
    assert "in which its clock ended" in ended


@pytest.mark.parametrize("ending", ["json", "csv", "html"])
def test_a_file_is_written_as_its_name_ends(heed: Command, conversation, ending: str) -> None:
    done = heed("report", *WEEK, "--out", f"march.{ending}")
    assert (done.code, done.out, done.err) == (0, "", f"The report is written to march.{ending}.\n")
    text = Path(f"march.{ending}").read_text(encoding="utf-8")
    assert text.startswith({"json": "{", "csv": "since,until,", "html": "<!doctype html>"}[ending])


def test_a_page_without_a_name_is_named_for_its_period(heed: Command, conversation) -> None:
    done = heed("report", *WEEK, "--format", "html")
    assert done.err == "The report is written to heed-report-2026-03-01-to-2026-03-07.html.\n"
    page = Path("heed-report-2026-03-01-to-2026-03-07.html").read_text(encoding="utf-8")
    assert "Response times of Fern &amp; Forge" in page
    assert "3 h 21 m" in page


def test_parquet_is_written_to_a_file(heed: Command, conversation) -> None:
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow: pip install 'heed[reports]'")
    assert heed("report", *WEEK, "--out", "march.parquet").code == 0
    assert Path("march.parquet").read_bytes().startswith(b"PAR1")


def test_the_five_forms_tell_the_same_number(heed: Command, conversation) -> None:
    read = json.loads(heed("report", *WEEK, "--format", "json").out)
    reply = next(figure for figure in read["metrics"] if figure["metric"] == "first_reply_time")
    rows = csv.DictReader(io.StringIO(heed("report", *WEEK, "--format", "csv").out))
    [row] = [row for row in rows if (row["of"], row["figure"]) == ("first_reply_time", "business_p90")]
    assert float(row["value"]) == reply["business"]["p90"] == 201 * 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--since", "yesterday"),
            "--since: 'yesterday' is no date; write a day as in 2026-03-01, or a time as in",
        ),
        (("--until", "2026-02-30"), "--until: '2026-02-30' is no date; write"),
        (
            ("--since", "2026-03-02", "--until", "2026-02-27"),
            "the period ends 2026-02-28 00:00 UTC, before",
        ),
        (("--since", "2999-01-01", "--until", "2999-02-01"), "--since: 2999-01-01 00:00 UTC is still to come"),
        (("--period", "7d", *WEEK), "--period, --since and --until together say too much; leave one of them out"),
        (("--period", "0s"), "--period: '0s' is no time at all; write one longer than zero"),
        (("--where", "webchat"), "--where: 'webchat' keeps nothing; write dimension=value, as in team=billing"),
        (("--where", "chanel=web"), "--where: there is no dimension 'chanel'; did you mean 'channel'?"),
        (
            ("--where", "x=1"),
            "--where: there is no dimension 'x'; there are channel, team, agent, label, policy, hour",
        ),
        (("--label", "complain"), "--label: there is no label 'complain'; did you mean 'complaint'?"),
        (("--where", "hour=24"), "--where: '24' is no hour of the day; write 0 to 23"),
        (("--where", "team=a", "--where", "team=b"), "--where: team cannot be 'a' and 'b' at once"),
        (("--channel", "a", "--where", "channel=b"), "--channel: channel cannot be 'b' and 'a' at once"),
        (("--out", "nowhere/march.html"), "--out: there is no folder nowhere; make it, or name another file"),
        (("--out", "var"), "--out: var is a folder; name a file in it, as in var/report.html"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(heed: Command, conversation, words, told: str) -> None:
    done = heed("report", *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"heed: {told}")


def test_how_far_the_log_is_read_is_told_to_the_bar(heed: Command, conversation, monkeypatch) -> None:
    told: list[int] = []
    usual = reading.WatchedLog

    def watched(log: EventLog, tell) -> reading.WatchedLog:
        return usual(log, lambda cursor: (told.append(cursor), tell(cursor)))

    monkeypatch.setattr(reading, "WatchedLog", watched)
    heed("report")
    assert told
    assert told[0] == 0


# --- explain


def test_every_clock_is_told_with_its_arithmetic(heed: Command, conversation, in_berlin) -> None:
    done = heed("explain", conversation)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Times are those of Europe/Berlin.\n")
    for metric in ("first_response_time:1", "first_reply_time:1", "handoff_wait_time:1", "requester_wait_time:1"):
        assert re.search(rf"^{metric}  ", done.out, re.MULTILINE)
    assert "2026-03-02 11:00:01  breached: the target of 1 h had passed at 11:00, noticed 1.5 s late" in done.out
    assert (
        "ended: 3 h 21 m in the hours of office (4 h 21 m of calendar time); target 1 h by policy vip, breached"
        in done.out
    )


@pytest.mark.parametrize("clock", ["first_reply_time", "first_reply_time:1"])
def test_one_clock_can_be_asked_for(heed: Command, conversation, clock: str) -> None:
    out = heed("explain", conversation, "--clock", clock).out
    assert re.findall(r"^(\w+:\d)  ", out, re.MULTILINE) == ["first_reply_time:1"]


def test_no_line_is_wider_than_the_table_where_there_is_no_terminal(heed: Command, conversation) -> None:
    assert max(map(len, heed("explain", conversation).out.splitlines())) <= 120


def test_programs_get_one_json_object(heed: Command, conversation) -> None:
    read = json.loads(heed("explain", conversation, "--json", "--clock", "first_reply_time").out)
    assert (read["conversation"], read["durations_in"]) == (conversation, "seconds")
    [clock] = read["clocks"]
    assert (clock["metric"], clock["instance"], clock["business_seconds"]) == ("first_reply_time", 1, 12060)
    assert clock["lines"][0]["says"].startswith("started: the customer wrote at")
    assert clock["lines"][-2]["due_at"] == "2026-03-02T10:00:00+00:00"


def test_a_clock_that_never_ran_is_told_with_those_that_did(heed: Command, conversation) -> None:
    done = heed("explain", conversation, "--clock", "first_reply_time:2")
    assert done.code == 1
    assert f"heed: --clock: conversation {conversation} has no clock 'first_reply_time:2'; there are " in done.err
    assert "first_reply_time:1" in done.err


def test_an_id_with_a_slip_is_told_with_the_nearest(heed: Command, conversation) -> None:
    done = heed("explain", conversation[:-1] + "?")
    assert done.code == 1
    assert done.err == (f"heed: there is no conversation '{conversation[:-1]}?'; did you mean {conversation}?\n")


def test_a_part_of_an_id_is_told_with_the_whole(heed: Command, conversation) -> None:
    assert f"did you mean {conversation}?" in heed("explain", conversation[:6]).err


@pytest.mark.parametrize("name", ["zzz", ""])
def test_an_id_like_no_other_is_told_with_where_ids_stand(heed: Command, conversation, name: str) -> None:
    done = heed("explain", name)
    assert (done.code, done.err) == (
        1,
        f"heed: there is no conversation {name!r}; ids stand at /desk under Details\n",
    )


def test_a_conversation_without_clocks_says_so(heed: Command) -> None:
    case = Case()
    case.log.write("message_received", conversation="c1", message="m1", channel="webchat", decision="silence")
    conversation = asyncio.run(keep(case))
    done = heed("explain", conversation)
    assert (done.code, done.out) == (0, "No clock has run in this conversation.\n")


def test_explaining_makes_no_store_where_there_is_none(heed: Command) -> None:
    done = heed("explain", "c1")
    assert done.code == 1
    assert "there is no store at" in done.err
    assert list(Path.cwd().iterdir()) == []


def test_the_calendar_comes_from_the_log_alone(heed: Command, conversation) -> None:
    assert OFFICE.name in heed("explain", conversation).out
