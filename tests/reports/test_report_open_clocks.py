"""What is open and does not count now is a case all the same; what counts now shows its calendar's time."""

from __future__ import annotations

import pytest

from bot.domain.calendar import read_calendar
from bot.reports.outputs import as_text
from tests.reports.written_log import at

#: Open until half a minute past noon, by the clock of the written log.
MORNING = read_calendar(
    '{"name": "morning", "zone": "UTC", "days": {}, "week": [' + ", ".join(['["09:00-12:01"]'] * 7) + "]}"
)


@pytest.fixture
async def paused(log, summarise):
    """Let a human be owed a reply for 90 s, after which the conversation waits for the customer."""
    log.clock("activate", 0, "resolution_time")
    log.clock("activate", 0)
    log.write("state_changed", 0, **{"from": "open", "to": "escalated"})
    log.clock("fulfill", 90, by="agent", elapsed=90)
    log.write("state_changed", 90, **{"from": "escalated", "to": "claimed"})
    log.clock("pause", 120, "resolution_time")
    log.write("state_changed", 120, **{"from": "claimed", "to": "waiting"})
    return {figure.metric.value: figure for figure in (await summarise()).metrics}


@pytest.mark.parametrize("name", ["resolution_time", "requester_wait_time", "agent_work_time", "handle_time"])
async def test_what_stands_still_while_its_case_is_open_is_a_case(paused, name: str) -> None:
    figure = paused[name]
    assert (figure.ended, figure.running, figure.standing, figure.cases) == (0, 0, 1, 1)


async def test_a_suspended_clock_stands_still_too_and_is_censored_at_its_value(log, figure) -> None:
    for conversation, elapsed in (("a", 10), ("b", 30)):
        log.case(conversation, 0, elapsed)
    log.clock("activate", 0, conversation="c")
    log.clock("suspend", 20, conversation="c")
    reply = await figure()
    assert (reply.ended, reply.running, reply.standing) == (2, 0, 1)
    assert (reply.corrected.p50, reply.naive.p50) == (30, 10)


async def test_the_report_does_not_say_that_there_is_no_such_case(paused, summarise) -> None:
    text = as_text(await summarise())
    none = text.split("No case ended or open in this period: ")[1].splitlines()[0].split(", ")
    assert none == ["first_response_time", "next_reply_time", "handoff_wait_time"]
    waited = text.split("requester_wait_time")[1]
    assert waited.splitlines()[1].strip().startswith("0 ended, 0 waiting, 1 standing still, 0 resolved without")


async def test_a_running_clock_shows_its_calendars_time_and_beside_it_all_time(log, summarise) -> None:
    log.write("calendar_kept", 0, "", calendar=MORNING.id, source=MORNING.source())
    log.clock("activate", 0, calendar=MORNING.id)
    log.clock("apply_sla", 0, policy="p", target=50, calendar=MORNING.id, due=at(50).isoformat())
    summary = await summarise()
    [running] = summary.running
    assert (running.seconds, running.calendar_seconds, running.target_seconds) == (60, 1000, 50)
    assert summary.oldest_waiting_seconds == 1000
