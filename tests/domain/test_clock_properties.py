"""What holds for every clock, whatever happens to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.actions import DeadlineKind
from bot.domain.calendar import ALWAYS_OPEN, BusinessCalendar, Calendar, parse_spans
from bot.domain.conversation import Conversation, deadlines
from bot.domain.events import Event
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.transitions import advance
from tests.domain.builders import MIN, T0, fresh
from tests.domain.histories import FACT, Engine, History, live
from tests.domain.log_reader import read

OFFICE = BusinessCalendar(
    name="office",
    zone="Europe/Berlin",
    week=(*(parse_spans(["09:00-12:00", "13:00-13:20", "14:00-17:30"]),) * 5, parse_spans(["10:00-10:07"]), ()),
)
CALENDARS = st.sampled_from([ALWAYS_OPEN, OFFICE])
STEPS = st.lists(st.integers(0, 2_000).map(lambda minutes: minutes * MIN), min_size=1, max_size=12)
AIMS = st.builds(
    Aim,
    policy=st.just("p"),
    target=st.integers(1, 3_000).map(lambda minutes: minutes * MIN),
    shares=st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.8, 0.99]), unique=True, max_size=4).map(sorted).map(tuple),
)
PROGRAMS = st.binary(min_size=1 + 2 * FACT, max_size=1 + 20 * FACT)
MANY = settings(max_examples=150, deadline=None)


def started(aim: Aim, calendar: Calendar) -> Clock:
    clock = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=T0, running_since=T0)
    return clock.aimed_at(aim, calendar, at=T0)


@MANY
@given(AIMS, CALENDARS, STEPS, st.booleans())
def test_standing_still_never_brings_a_deadline_forward(
    aim: Aim, calendar: Calendar, steps: list[timedelta], counted: bool
) -> None:
    clock, at = started(aim, calendar), T0
    for step in steps:
        before = clock
        at += step
        clock = clock.stop(at, calendar)
        assert (clock.due_at, clock.warn_due) == (None, ())
        at += step
        clock = clock.resume(at, calendar, counted=counted)
        assert clock.due_at is not None
        assert before.due_at is not None
        assert clock.due_at >= before.due_at
        assert all(new >= old for new, old in zip(clock.warn_due, before.warn_due, strict=True))


@MANY
@given(AIMS, CALENDARS, STEPS)
def test_business_time_adds_up(aim: Aim, calendar: Calendar, steps: list[timedelta]) -> None:
    clock, at, counted = started(aim, calendar), T0, timedelta(0)
    for index, step in enumerate(steps):
        counted += calendar.between(at, at + step) if index % 2 == 0 else timedelta(0)
        at += step
        clock = clock.stop(at, calendar) if index % 2 == 0 else clock.resume(at, calendar)
        assert clock.value(at, calendar) == counted
    stopped = clock.stop(at, calendar)
    assert stopped.elapsed == counted
    assert stopped.elapsed == sum((calendar.between(s.start, s.end) for s in stopped.spans), timedelta(0))


@MANY
@given(AIMS, CALENDARS, STEPS)
def test_spans_that_are_added_up_are_not_lost(aim: Aim, calendar: Calendar, steps: list[timedelta]) -> None:
    clock, at = started(aim, calendar), T0
    counted = timedelta(0)
    for step in steps * 6:
        counted += calendar.between(at, at + step)
        clock = clock.stop(at + step, calendar).resume(at + step + MIN, calendar)
        at += step + MIN
    assert clock.value(at, calendar) == counted


@MANY
@given(AIMS, CALENDARS, STEPS)
def test_warnings_ascend_and_come_before_the_breach(aim: Aim, calendar: Calendar, steps: list[timedelta]) -> None:
    clock = started(aim, calendar).stop(T0 + steps[0], calendar).resume(T0 + sum(steps, timedelta(0)), calendar)
    due = [*clock.warn_due, clock.due_at]
    assert due == sorted(due)
    assert len(clock.warn_due) == len(aim.shares)


@MANY
@given(AIMS, CALENDARS, st.integers(0, 5_000), st.integers(0, 5_000))
def test_an_earlier_beginning_never_puts_a_deadline_off(
    aim: Aim, calendar: Calendar, stood: int, earlier: int
) -> None:
    clock = started(aim, calendar)
    for running in (clock, clock.stop(T0 + MIN, calendar).resume(T0 + (1 + stood) * MIN, calendar)):
        moved = running.begun_earlier(running.running_since - earlier * MIN, calendar)
        assert moved.due_at <= running.due_at
        assert moved.value(T0 + 99 * MIN, calendar) >= running.value(T0 + 99 * MIN, calendar)


@dataclass
class Recorded(Engine):
    """An engine that remembers what it was given."""

    events: list[Event] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        self.events.append(event)
        super().apply(event)
        check_deadlines(self.c, self)


def check_deadlines(c: Conversation, engine: Engine) -> None:
    rows = deadlines(c, engine.rules)
    for clock in c.clocks:
        if clock.running_since is not None and clock.aim is not None and not clock.breached:
            assert rows[f"{DeadlineKind.BREACH}:{clock.key}"].due_at == clock.due_at
            assert (f"{DeadlineKind.WARN}:{clock.key}" in rows) == (clock.warnings < len(clock.aim.shares))
        else:
            assert not any(key.endswith(clock.key) for key in rows)


def lived(program: bytes, *, late: bool) -> tuple[History, int]:
    return live(program, late=late, engine=Recorded)


@MANY
@given(PROGRAMS, st.booleans())
def test_the_same_facts_give_the_same_conversation_and_the_same_log(program: bytes, late: bool) -> None:
    history, until = lived(program, late=late)
    c, log = fresh(), []
    for event in history.engine.events:
        step = advance(c, event, history.engine.rules)
        c = step.conversation
        log.extend(step.log)
    assert c == history.engine.c
    assert log == history.engine.log
    assert read(log, until) == read(history.engine.log, until)


@MANY
@given(PROGRAMS, st.booleans())
def test_the_log_alone_gives_the_clocks_that_the_conversation_holds(program: bytes, late: bool) -> None:
    history, until = lived(program, late=late)
    c = history.engine.c
    kept = {f"{clock['metric']}:{clock['instance']}": clock for clock in read(history.engine.log, until)}
    open_in_the_log = {key for key, clock in kept.items() if clock["end"] is None}
    assert open_in_the_log == {clock.key for clock in c.clocks}
    for clock in c.clocks:
        assert T0 + kept[clock.key]["start"] * MIN == clock.started_at
        assert len(kept[clock.key]["ran"]) * MIN == _calendar_time(clock, T0 + until * MIN)
        assert kept[clock.key]["breached"] == clock.breached
    for ended in c.ended:
        assert kept[ended.clock.key]["breached"] == ended.clock.breached
        assert T0 + kept[ended.clock.key]["end"] * MIN == ended.ended_at


def _calendar_time(clock: Clock, at: datetime) -> timedelta:
    return replace(clock, summed=timedelta(0)).value(at, ALWAYS_OPEN)


@MANY
@given(PROGRAMS, st.booleans())
def test_no_clock_starts_later_than_what_started_it_was_learned(program: bytes, late: bool) -> None:
    history, _ = lived(program, late=late)
    c: Conversation = fresh()
    for event in history.engine.events:
        step = advance(c, event, history.engine.rules)
        assert all(entry.at <= event.at for entry in step.log)
        assert all(clock.started_at <= event.at for clock in step.conversation.clocks)
        c = step.conversation


@MANY
@given(PROGRAMS, st.booleans())
def test_each_warning_and_each_breach_is_noted_once_for_each_target_and_never_before_its_time(
    program: bytes, late: bool
) -> None:
    history, _ = lived(program, late=late)
    warned: dict[tuple[object, ...], list[object]] = {}
    breached: dict[tuple[object, ...], bool] = {}
    for event in history.engine.log:
        key = (event.fields.get("metric"), event.fields.get("instance"))
        if event.kind == "apply_sla":
            warned[key], breached[key] = [], False
        elif event.kind == "correct" and "warnings" in event.fields:  # what is taken back may be noted again
            warned[key] = warned.get(key, [])[: int(event.fields["warnings"])]
            breached[key] = event.fields["breached"] is True
        elif event.kind in {"warn", "breach"}:
            assert not breached[key]
            assert event.fields.get("share") not in warned[key]
            warned[key] += [event.fields["share"]] if event.kind == "warn" else []
            breached[key] = event.kind == "breach"
            assert datetime.fromisoformat(str(event.fields["due"])) <= event.at
            assert event.fields["lateness"] >= 0
