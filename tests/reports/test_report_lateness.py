"""How late Heed noticed what fell due: all of it, and apart what had to wait until Heed ran again."""

from __future__ import annotations

import pytest

from bot.figures import Summary
from bot.records import StoreFacts
from bot.reports.outputs import as_csv, as_text
from bot.reports.page import as_page
from bot.web.metrics import Snapshot, exposition
from tests.reports.written_log import WrittenLog, at


def breach(log: WrittenLog, conversation: str, *, due: float, late: float, before: float | None = None) -> None:
    """Let a target be noticed as passed ``late`` seconds after it could be: after it was due, or ``before``."""
    noticed = (due if before is None else before) + late
    log.clock("activate", due - 60, conversation=conversation)
    log.clock("apply_sla", due - 60, conversation=conversation, policy="p", target=60, due=at(due).isoformat())
    log.clock("breach", noticed, conversation=conversation, due=at(due).isoformat(), lateness=late)


@pytest.fixture
async def after_a_night(log: WrittenLog, summarise) -> Summary:
    """Two targets that were noticed at once, and one that fell due an hour before Heed started."""
    log.write("started", -5000, "")
    breach(log, "a", due=100, late=0.1)
    log.write("started", 4000, "")
    breach(log, "b", due=400, late=3600.5)
    breach(log, "c", due=4100, late=0.3)
    return await summarise()


async def test_what_fell_due_before_a_start_waited_for_it(after_a_night: Summary) -> None:
    late = after_a_night.lateness
    assert (late.noticed, late.p50, late.worst) == (3, 0.3, 3600.5)
    assert (late.after_downtime, late.after_downtime_worst) == (1, 3600.5)
    assert (late.running_p50, late.running_p99, late.running_worst) == (0.1, 0.3, 0.3)


async def test_a_start_counts_even_where_it_could_be_logged_only_after_what_it_let_fire(log, summarise) -> None:
    breach(log, "a", due=100, late=900)
    breach(log, "b", due=1005, late=1)
    log.write("started", 990, "", committed=60)
    late = (await summarise()).lateness
    assert (late.after_downtime, late.running_worst) == (1, 1.0)


async def test_what_was_noticed_before_a_start_did_not_wait_for_it(log, summarise) -> None:
    breach(log, "a", due=100, late=5)
    log.write("started", 106, "")
    assert (await summarise()).lateness.after_downtime == 0


async def test_a_target_that_attached_after_the_start_waited_for_nothing(log, summarise) -> None:
    log.write("started", 1000, "")
    breach(log, "a", due=100, before=1030, late=0.5)
    late = (await summarise()).lateness
    assert (late.after_downtime, late.running_worst) == (0, 0.5)


@pytest.mark.parametrize("cause", ["clock", "standstill"])
async def test_what_fell_due_while_time_stood_still_is_told_apart(log, summarise, cause: str) -> None:
    breach(log, "before", due=80, late=5)
    breach(log, "within", due=200, late=400)
    log.write("time_jumped", 601, "", by=500.0, cause=cause)
    breach(log, "after", due=700, late=0.2)
    late = (await summarise()).lateness
    assert (late.after_downtime, late.after_downtime_worst) == (1, 400.0)
    assert (late.running_p50, late.running_worst) == (0.2, 5.0)


async def test_a_clock_that_was_set_back_holds_nothing_up(log, summarise) -> None:
    breach(log, "a", due=100, late=3)
    log.write("time_jumped", 104, "", by=-500.0, cause="clock")
    assert (await summarise()).lateness.after_downtime == 0


def snapshot(day: Summary) -> Snapshot:
    facts = StoreFacts(
        inbox=0, outbox=0, deadlines=0, dead_letters=0, conversations={}, schema_version=1, size_bytes=1
    )
    return Snapshot(summaries={"24h": day}, facts=facts, ready=True, problems=0, paused=False)


async def test_every_output_shows_downtime_apart(after_a_night: Summary) -> None:
    text = as_text(after_a_night)
    assert "Warnings and breaches noticed: 3; late by p50 0.3 s, p99 1 h, worst 1 h\n" in text
    assert "  1 of them after downtime, worst 1 h; the others p50 0.1 s, p99 0.3 s, worst 0.3 s\n" in text
    csv = as_csv(after_a_night)
    assert ",lateness,,after_downtime,count,1\n" in csv
    assert ",lateness,,after_downtime_worst,s,3600.5\n" in csv
    assert ",lateness,,running_p99,s,0.3\n" in csv
    page = as_page(after_a_night, brand="Heed")
    assert "<dt>After downtime</dt><dd>1</dd>" in page
    assert "<dt>Worst of the others</dt><dd>0.3 s</dd>" in page
    told = exposition(snapshot(after_a_night)).decode()
    assert 'heed_notices{noticed="after_downtime",period="24h"} 1.0' in told
    assert 'heed_notice_lateness_seconds{noticed="after_downtime",period="24h",quantile="1"} 3600.5' in told
    assert 'heed_notice_lateness_seconds{noticed="running",period="24h",quantile="0.99"} 0.3' in told


async def test_without_downtime_nothing_is_said_of_it(log, summarise) -> None:
    log.write("started", 0, "")
    breach(log, "a", due=100, late=0.1)
    summary = await summarise()
    assert "downtime" not in as_text(summary)
    assert "<dt>After downtime" not in as_page(summary, brand="Heed")
    assert summary.lateness.running_worst == summary.lateness.worst == 0.1
