"""A summary as text, JSON and CSV: the same numbers in three shapes."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bot.reports.outputs import as_csv, as_json, as_text, duration
from tests.reports.written_log import at


@pytest.fixture
async def summary(log, summarise):
    log.message(0, conversation="a")
    log.write("opened", 0, "a", channel="web")
    log.write("escalated", 1, "a", reason="complaint", channel="web")
    log.case("a", 0, 130)
    log.case("b", 0, 130)
    log.case("c", 0, None)
    log.clock("apply_sla", 0, conversation="c", policy="p", target=60, due=at(60).isoformat())
    log.clock("breach", 60.2, conversation="c", due=at(60).isoformat(), lateness=0.2)
    log.write("resolved", 200, "a", by="agent", agent="ann")
    return await summarise()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (60, "1 m"),
        (130, "2 m 10 s"),
        (3605, "1 h"),
        (3660, "1 h 1 m"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_duration_is_said_in_its_two_greatest_units(seconds, words) -> None:
    assert duration(seconds) == words


async def test_the_text_shows_both_percentiles_where_people_still_wait(summary) -> None:
    text = as_text(summary)
    assert "Waiting now: 1, the longest for 16 m 40 s." in text
    line = next(line for line in text.splitlines() if line.startswith("first_reply_time"))
    assert "2 m 10 s" in line
    assert "– (2 m 10 s)" in line
    assert "Resolved by: agent 1" in text
    assert "Escalated because: complaint 1" in text
    assert "worst 0.2 s" in text
    assert "could not read" not in text


async def test_an_empty_summary_reads_well_in_every_shape(summarise) -> None:
    empty = await summarise()
    assert "Waiting now: 0.  Opened: 0." in as_text(empty)
    assert json.loads(as_json(empty))["volumes"] == []
    assert as_csv(empty).startswith("section,of,figure,value\n")


async def test_records_that_could_not_be_read_are_told_in_the_text(log, summarise) -> None:
    log.write("teleported", 0)
    assert "could not read: 1" in as_text(await summarise())


async def test_json_carries_seconds_and_iso_times(summary) -> None:
    read = json.loads(as_json(summary))
    assert read["durations_in"] == "seconds"
    reply = next(figure for figure in read["metrics"] if figure["metric"] == "first_reply_time")
    assert (reply["naive"]["p50"], reply["corrected"]["p90"], reply["breaches"]) == (130, None, 1)
    assert read["running"][0]["due_at"] == "2026-03-02T12:01:00+00:00"
    assert read["resolved_by"] == {"agent": 1}


async def test_csv_has_one_row_for_each_number(summary) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(summary))))
    found = {(row["section"], row["of"], row["figure"]): row["value"] for row in rows}
    assert found["response times", "first_reply_time", "naive_p50"] == "130.0"
    assert found["response times", "first_reply_time", "corrected_p99"] == ""
    assert found["volumes", "web/question", "answered"] == "1"
    assert found["overview", "", "waiting_now"] == "1"
    assert found["escalations", "complaint", "count"] == "1"
    assert len(found) == len(rows)
