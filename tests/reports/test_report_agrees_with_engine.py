"""Whatever happens to a conversation: the clocks that reports read from its log are the clocks that it carries."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Conversation
from bot.domain.log import LogKind
from bot.domain.sla import Clock
from bot.domain.transitions import advance
from bot.reports.fold import Fold
from bot.reports.instants import micros
from bot.reports.rows import ClockRow, ClockState
from tests.domain.builders import RULES, T0, fresh
from tests.domain.test_walk import CHOICES, event_of
from tests.reports.written_log import WrittenLog

#: Random edits and annotations may name messages that were never received; a store refuses those.
ABOUT_MESSAGES = {LogKind.MESSAGE_EDITED, LogKind.MESSAGE_ANNOTATED}


def history(choices: list[tuple]) -> tuple[Conversation, WrittenLog]:
    """Walk through a random life; return where it ended and the log that it wrote."""
    conversation, log, at = fresh(), WrittenLog(), T0
    for choice in choices:
        at += timedelta(seconds=choice[1])
        step = advance(conversation, event_of(choice, conversation, at), RULES)
        conversation = step.conversation
        for event in step.log:
            log.add(event, conversation.id, recorded_at=at)
    return conversation, log


def expected(clock: Clock) -> dict[str, object]:
    """Say how reports must see an open clock."""
    running, due, target = clock.running_since, clock.due_at(), clock.target
    return {
        "started_at": micros(clock.started_at),
        "running": running is not None,
        "running_since": None if running is None else micros(running),
        "elapsed": clock.elapsed // timedelta(microseconds=1),
        "target": None if target is None else target // timedelta(microseconds=1),
        "due_at": None if due is None else micros(due),
        "warned": clock.warned,  # the engine warns no clock that has breached
        "breached": clock.breached,
    }


def seen(row: ClockRow) -> dict[str, object]:
    running, warned = row.state == ClockState.RUNNING, row.warned or row.breached
    return asdict(row) | {"running": running, "warned": warned}


@settings(max_examples=300, deadline=None)
@given(st.lists(CHOICES, max_size=40))
def test_the_clocks_of_any_history_are_read_back_from_its_log(choices) -> None:
    conversation, log = history(choices)
    fold = Fold()
    for record in log.records:
        fold.apply(record)
    rows = fold.clocks.get(conversation.id, {})
    for clock in conversation.clocks:
        row = seen(rows[conversation.id, clock.metric.value, clock.instance])
        assert {name: row[name] for name in expected(clock)} == expected(clock)
    carried = {(conversation.id, clock.metric.value, clock.instance) for clock in conversation.clocks}
    assert {key for key, row in rows.items() if not ClockState(row.state).over} == carried


@settings(max_examples=300, deadline=None)
@given(st.lists(CHOICES, max_size=40))
def test_nothing_that_the_engine_logs_is_unreadable(choices) -> None:
    _, log = history(choices)
    fold = Fold()
    for record in log.records:
        if record.kind not in ABOUT_MESSAGES:
            fold.apply(record)
            assert fold.unknown == 0, record
