"""Decision 10: joined clocks begin with the earlier of the two starts, however often ours stood still."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.conversation import Rules
from bot.domain.events import Linked
from bot.domain.messages import ConversationId
from bot.domain.policies import Policy
from bot.domain.sla import MOST_SPANS, Metric, Span
from bot.domain.states import State
from tests.domain.builders import MIN, T0, Walk, answer, escalate


def joined(minute: float, other: Walk) -> Linked:
    waits = tuple((message.message, message.sent_at) for message in other.c.unanswered)
    return Linked(at=T0 + minute * MIN, other=ConversationId("c2"), clocks=other.c.clocks, unanswered=waits)


def waiting_since(minute: float) -> Walk:
    other = Walk()
    other.wrote(minute, escalate(), "theirs")
    return other


def minutes(walk: Walk, metric: Metric, until: float) -> float:
    return walk.c.clock(metric).value(T0 + until * MIN) / MIN


def test_10_a_clock_that_the_bot_had_suspended_takes_the_earlier_start_and_the_time_up_to_its_own() -> None:
    walk = Walk()
    walk.wrote(60, answer())
    walk.report(61)
    walk.apply(joined(120, waiting_since(0)))
    for metric in (Metric.FIRST_REPLY, Metric.RESOLUTION):
        assert walk.c.clock(metric).started_at == T0
    assert minutes(walk, Metric.FIRST_REPLY, 120) == 120
    assert minutes(walk, Metric.RESOLUTION, 120) == 61  # it was paused while the customer had to act


def test_10_a_clock_that_stood_still_and_runs_again_takes_the_earlier_start_too() -> None:
    walk = Walk()
    walk.wrote(60, answer())
    walk.report(65)
    walk.wrote(80, escalate(), "m2")
    walk.apply(joined(90, waiting_since(0)))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock.started_at == T0
    assert clock.spans == (Span(start=T0, end=T0 + 60 * MIN), Span(start=T0 + 60 * MIN, end=T0 + 65 * MIN))
    assert clock.due_at <= T0 + 90 * MIN
    (correct,) = (entry for entry in walk.logged("correct") if entry["metric"] == "first_reply_time")
    assert (correct["because"], correct["started"]) == ("link", T0.isoformat())


def test_10_the_time_in_which_the_other_clock_stood_still_does_not_count() -> None:
    other, walk = Walk(), Walk()
    other.wrote(0, answer(), "theirs")
    other.report(5)
    other.wrote(20, escalate(), "theirs too")
    walk.wrote(60, escalate())
    walk.apply(joined(70, other))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert (clock.started_at, clock.running_since) == (T0, T0 + 20 * MIN)
    assert minutes(walk, Metric.FIRST_REPLY, 70) == 5 + 50


def test_10_an_earlier_start_counts_from_there_even_where_the_other_clock_had_not_run_by_then() -> None:
    other, walk = Walk(), Walk()
    other.wrote(0, answer(), "theirs")
    other.report(0)
    other.wrote(30, escalate(), "theirs too")
    walk.wrote(10, answer())
    walk.report(12)
    walk.wrote(15, escalate(), "m2")
    walk.apply(joined(40, other))
    assert walk.c.clock(Metric.FIRST_REPLY).started_at == T0
    assert minutes(walk, Metric.FIRST_REPLY, 40) == 2 + 25


def test_10_a_target_that_had_passed_with_the_joined_time_on_a_standing_clock_is_warned_and_breached() -> None:
    policy = Policy(name="whole", targets={Metric.RESOLUTION: 30 * MIN}, shares=(0.5,))
    walk = Walk(Rules(policies=(policy,)))
    walk.wrote(60, answer())
    walk.report(61)
    assert walk.c.state is State.WAITING
    walk.apply(joined(120, waiting_since(0)))
    noticed = [(entry["metric"], entry["due"]) for kind in ("warn", "breach") for entry in walk.logged(kind)]
    assert noticed == [
        ("resolution_time", (T0 + 15 * MIN).isoformat()),
        ("resolution_time", (T0 + 30 * MIN).isoformat()),
    ]
    assert walk.c.clock(Metric.RESOLUTION).breached


def test_10_no_more_spans_are_kept_than_of_any_clock() -> None:
    other, walk = Walk(), Walk()
    for number in range(MOST_SPANS - 5):
        other.wrote(number, answer(), f"t{number}")
        other.report(number + 0.5)
    other.wrote(MOST_SPANS, escalate(), "theirs")
    for number in range(10):
        walk.wrote(1_000 + number, answer(), f"m{number}")
        walk.report(1_000.5 + number)
    walk.wrote(1_010, escalate(), "ours")
    walk.apply(joined(1_020, other))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock.started_at == T0
    assert len(clock.spans) == MOST_SPANS
    assert clock.elapsed == (1_000 - MOST_SPANS + 0.5 * MOST_SPANS - 2.5 + 5) * MIN
    assert clock.summed > timedelta(0)
