"""Whatever happens to a conversation: the clocks that reports read from its log are the clocks that it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import read_calendar
from bot.domain.conversation import Conversation, Rules
from bot.domain.log import LogKind
from bot.domain.policies import Match, Policy
from bot.domain.sla import HUMAN_REPLY, Clock, EndedClock, Metric
from bot.domain.transitions import advance
from bot.figures import Sum
from bot.reports.business import Calendars
from bot.reports.fold import Fold
from bot.reports.instants import MICROS, micros
from bot.reports.rows import ClockRow, ClockState
from tests.domain.builders import MIN, T0, fresh
from tests.domain.test_walk import CHOICES, event_of
from tests.reports.written_log import WrittenLog

BRAND = read_calendar(
    '{"name": "brand", "zone": "Europe/Berlin", "days": {}, "week": ['
    + ", ".join(['["10:05-10:50", "11:00-23:00"]'] * 7)
    + "]}"
)
PRESS = read_calendar(
    '{"name": "press", "zone": "Asia/Kolkata", "days": {}, "week": ['
    + ", ".join(['["14:00-14:40", "15:00-15:01", "15:20-24:00"]'] * 7)
    + "]}"
)
TARGETS = {Metric.FIRST_REPLY: 15 * MIN, Metric.NEXT_REPLY: 10 * MIN, Metric.RESOLUTION: 40 * MIN}
OF_PRESS = Policy(
    name="press",
    targets={Metric.FIRST_REPLY: 5 * MIN},
    shares=(0.5, 0.9),
    match=Match(among={"team": ("press",)}),
    calendar=PRESS.id,
)
RULES = Rules(
    policies=(Policy(name="standard", targets=TARGETS), OF_PRESS),
    calendars={calendar.id: calendar for calendar in (BRAND, PRESS)},
    calendar=BRAND.id,
)

#: Random edits and annotations may name messages that were never received; a store refuses those.
ABOUT_MESSAGES = {LogKind.MESSAGE_EDITED, LogKind.MESSAGE_ANNOTATED, LogKind.LABEL_CORRECTED}


def history(choices: list[tuple]) -> tuple[Conversation, WrittenLog]:
    """Walk through a random life; return where it ended and the log that it wrote."""
    conversation, log, at = fresh(), WrittenLog(), T0
    for calendar in (BRAND, PRESS):
        log.write("calendar_kept", 0, "", calendar=calendar.id, source=calendar.source())
    for choice in choices:
        at += timedelta(seconds=choice[1])
        step = advance(conversation, event_of(choice, conversation, at), RULES)
        conversation = step.conversation
        for event in step.log:
            log.add(event, conversation.id, recorded_at=at)
    return conversation, log


def expected(clock: Clock) -> dict[str, object]:
    """Say how reports must see an open clock."""
    running, due, target = clock.running_since, clock.due_at, clock.target
    return {
        "started_at": micros(clock.started_at),
        "running": running is not None,
        "running_since": None if running is None else micros(running),
        "elapsed": clock.elapsed // timedelta(microseconds=1),
        "spans": [(micros(span.start), micros(span.end)) for span in clock.spans],
        "calendar": clock.calendar,
        "policy": "" if clock.aim is None else clock.aim.policy,
        "target": None if target is None else target // timedelta(microseconds=1),
        "due_at": None if due is None else micros(due),
        "warnings": clock.warnings,
        "breached": clock.breached,
    }


def expected_at_the_end(ended: EndedClock) -> dict[str, object]:
    """Say how reports must see a reply clock that has ended, corrections included."""
    clock = ended.clock
    return {
        "ended_at": micros(ended.ended_at),
        "ended_by": ended.by,
        "elapsed": clock.elapsed // timedelta(microseconds=1),
        "warnings": clock.warnings,
        "breached": clock.breached,
    }


def seen(row: ClockRow) -> dict[str, object]:
    return asdict(row) | {"running": row.state == ClockState.RUNNING}


def read(log: WrittenLog) -> Fold:
    """Read a log, as reports do."""
    fold = Fold(calendars=Calendars())
    for record in log.records:
        fold.apply(record)
        assert fold.unknown == 0 or record.kind in ABOUT_MESSAGES, record
        fold.unknown = 0
    return fold


@settings(max_examples=300, deadline=None)
@given(st.lists(CHOICES, max_size=40))
def test_the_clocks_of_any_history_are_read_back_from_its_log(choices) -> None:
    conversation, log = history(choices)
    rows = read(log).clocks.get(conversation.id, {})
    for clock in conversation.clocks:
        row = seen(rows[conversation.id, clock.metric.value, clock.instance])
        assert {name: row[name] for name in expected(clock)} == expected(clock)
    for ended in conversation.ended:
        row = seen(rows[conversation.id, ended.clock.metric.value, ended.clock.instance])
        assert {name: row[name] for name in expected_at_the_end(ended)} == expected_at_the_end(ended)
    carried = {(conversation.id, clock.metric.value, clock.instance) for clock in conversation.clocks}
    assert {key for key, row in rows.items() if not row.over} == carried


@settings(max_examples=300, deadline=None)
@given(st.lists(CHOICES, max_size=40))
def test_the_three_sums_are_what_states_and_reply_clocks_say_second_by_second(choices) -> None:
    """The states change at whole seconds here, so that counting the seconds one by one is exact."""
    conversation, log = history(choices)
    fold = read(log)
    fold.finish()
    rows = fold.clocks.get(conversation.id, {})
    now = micros(log.records[-1].recorded_at) + MICROS
    for resolution in [row for row in rows.values() if row.metric == Metric.RESOLUTION]:
        true = counted(resolution, rows.values(), now)
        for name in Sum:
            row = rows.get((conversation.id, name.value, resolution.instance))
            value = 0 if row is None else row.wall + (now - row.running_since if row.running_since else 0)
            assert value == true[name] * MICROS


def counted(resolution: ClockRow, rows: Iterable[ClockRow], now: int) -> Counter[Sum]:
    """Count the seconds of each sum between the start of a resolution and its end, or now."""
    owed = [row for row in rows if row.metric in HUMAN_REPLY]
    seconds: Counter[Sum] = Counter()
    for at in range(resolution.started_at, resolution.ended_at or now, MICROS):
        state = [name for since, name in resolution.states if since <= at][-1]
        unanswered = any(start <= at < (end or now) for row in owed for start, end in row.ran())
        waits = state == "escalated" or (unanswered and state in {"open", "claimed", "snoozed"})
        seconds[Sum.REQUESTER_WAIT] += waits
        seconds[Sum.AGENT_WORK] += state in {"escalated", "claimed"}
        seconds[Sum.HANDLE] += state == "claimed"
    return seconds
