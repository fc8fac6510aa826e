"""Decisions 1 to 5, 11, 12, 14 and 15 of docs/definitions.md: when clocks start, stand still and stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.calendar import BusinessCalendar, parse_spans
from bot.domain.conversation import Rules, deadlines
from bot.domain.decisions import Reason
from bot.domain.events import Resolve, SilencePassed, Snooze, SnoozeEnded
from bot.domain.policies import Policy
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.domain.states import State
from tests.domain.builders import (
    ALEX,
    MIN,
    RULES,
    STANDARD,
    T0,
    Walk,
    answer,
    escalate,
    silence,
    wrote,
)


def test_1_a_clock_starts_at_the_customers_own_message_time() -> None:
    walk = Walk()
    walk.apply(replace(wrote(5, escalate()), sent_at=T0))
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0


def test_2_a_policy_that_attaches_later_applies_from_the_clocks_start() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.target is None
    walk.wrote(3, escalate(), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.due_at == T0 + 15 * MIN
    assert walk.logged("apply_sla")[0]["target"] == 900


def test_2_the_policy_is_copied_into_the_conversation() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    assert walk.c.policy == STANDARD


def test_4_resolving_fulfils_open_reply_clocks_and_says_so() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(2)
    walk.apply(Resolve(at=T0 + 5 * MIN, agent=ALEX))
    fulfilled = {entry["metric"]: entry for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"]["by"] == "resolution"
    assert fulfilled["resolution_time"]["by"] == "agent"
    assert walk.c.clocks == ()


def test_5_an_answer_suspends_the_human_reply_clock_and_a_rejection_counts_the_time_between() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    assert walk.c.state is State.WAITING
    assert walk.logged("suspend")[0]["at"] == 1
    walk.wrote(8, escalate(Reason.HUMAN_WANTED, rejected=True), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.value(T0 + 10 * MIN) == 10 * MIN
    assert clock.due_at == T0 + 15 * MIN


def test_5_without_a_rejection_the_suspended_time_does_not_count() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    walk.wrote(8, escalate(), "m2")
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.value(T0 + 10 * MIN) == 3 * MIN
    assert clock.due_at == T0 + 22 * MIN


def test_5_silence_after_the_answer_resolves_and_cancels_by_bot() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    due = deadlines(walk.c, RULES)["silence"].due_at
    assert due == T0 + 1 * MIN + timedelta(hours=24)
    walk.apply(SilencePassed(at=due, due_at=due))
    assert walk.c.state is State.RESOLVED
    cancelled = {entry["metric"]: entry["by"] for entry in walk.logged("cancel")}
    assert cancelled == {"first_reply_time": "bot"}


def test_5_the_customer_saying_so_resolves_by_the_bot() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    walk.wrote(2, silence(settled=True), "m2")
    assert walk.c.state is State.RESOLVED
    assert walk.logged("resolved")[0]["by"] == "bot"


def test_11_a_reply_and_a_resolve_in_one_go_keep_the_reply() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(4)
    walk.apply(Resolve(at=T0 + 4 * MIN, agent=ALEX))
    assert walk.c.clock(Metric.FIRST_REPLY) is not None
    walk.report(5)
    fulfilled = {entry["metric"]: entry for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"]["by"] == "agent"
    assert fulfilled["first_reply_time"]["elapsed"] == 300
    assert walk.c.clocks == ()
    assert walk.c.state is State.RESOLVED


def test_14_later_messages_of_a_burst_join_the_first_ones_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(4, escalate(), "m2")
    clock = walk.c.clock(*HUMAN_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    assert len(walk.c.unanswered) == 2


def test_14_what_came_after_the_answered_message_starts_the_next_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(3)
    walk.wrote(3.5, escalate(), "m2")
    walk.report(4)
    clock = walk.c.clock(Metric.NEXT_REPLY)
    assert clock is not None
    assert clock.started_at == T0 + 3.5 * MIN
    assert clock.instance == 2


EVENINGS = BusinessCalendar(name="evenings", zone="Europe/Berlin", week=(parse_spans(["18:00-22:00"]),) * 7)
OFFICE = BusinessCalendar(name="office", zone="UTC", week=(parse_spans(["09:00-09:10", "10:00-17:00"]),) * 7)


def ruled(*policies: Policy, calendar: BusinessCalendar | None = None) -> Rules:
    known = {c.id: c for c in (EVENINGS, OFFICE)}
    return Rules(policies=policies, calendars=known, calendar=calendar.id if calendar else "")


def test_1_no_clock_starts_after_the_message_arrived_and_a_burst_begins_with_its_oldest() -> None:
    walk = Walk()
    walk.wrote(10, escalate())
    walk.apply(replace(wrote(12, escalate(), "m2"), sent_at=T0 + 4 * MIN))
    assert {clock.started_at for clock in walk.c.clocks if clock.metric in HUMAN_REPLY} == {T0 + 4 * MIN}
    correct = next(entry for entry in walk.logged("correct") if entry["metric"] == "first_reply_time")
    assert correct["because"] == "earlier_message"
    assert correct["started"] == (T0 + 4 * MIN).isoformat()


def test_2_editing_the_policy_changes_no_running_clock_and_no_later_clock_of_the_conversation() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    shorter = replace(STANDARD, targets=dict.fromkeys(STANDARD.targets, 2 * MIN))
    walk.rules = ruled(shorter)
    walk.reply(1)
    walk.wrote(1.5, escalate(), "m2")
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 15 * MIN
    walk.report(2)
    assert walk.c.clock(Metric.NEXT_REPLY).due_at == T0 + 16.5 * MIN
    assert walk.c.policy == STANDARD


def test_2_a_reopened_conversation_gets_the_policy_as_it_is_now() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(Resolve(at=T0 + MIN, agent=ALEX))
    walk.rules = ruled(replace(STANDARD, targets={Metric.FIRST_REPLY: 2 * MIN}))
    walk.wrote(5, escalate(), "m2")
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 7 * MIN


def test_2_a_target_that_attaches_while_the_clock_stands_still_behind_it_is_breached_at_once() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(20)
    assert walk.logged("breach") == []
    walk.claim(21)
    (breach,) = walk.logged("breach")
    assert (breach["due"], breach["lateness"]) == ((T0 + 15 * MIN).isoformat(), 0.0)
    walk.wrote(30, escalate(), "m2")
    assert len(walk.logged("breach")) == 1


def test_3_a_clock_counts_by_its_policys_calendar_from_its_start_and_without_policy_by_the_brands() -> None:
    evening = Policy(name="evening", targets={Metric.FIRST_REPLY: 30 * MIN}, calendar=EVENINGS.id)
    walk = Walk(ruled(evening, calendar=OFFICE))
    walk.wrote(0, escalate())
    assert walk.c.clock(Metric.FIRST_REPLY).calendar == EVENINGS.id
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + (8 * 60 + 30) * MIN  # 18:30 in Berlin
    assert walk.c.clock(Metric.FIRST_RESPONSE).calendar == OFFICE.id
    walk.native(70)
    elapsed = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert elapsed == {"first_response_time": 20 * 60, "first_reply_time": 0, "handoff_wait_time": 20 * 60}


def test_3_the_calendar_is_fixed_when_the_policy_attaches() -> None:
    evening = Policy(name="evening", targets={Metric.FIRST_REPLY: 30 * MIN}, calendar=EVENINGS.id)
    walk = Walk(ruled(evening))
    walk.wrote(0, escalate())
    walk.rules = ruled(replace(evening, calendar=OFFICE.id))
    walk.apply(Snooze(at=T0 + MIN, agent=ALEX, until=T0 + 5 * MIN))
    walk.apply(SnoozeEnded(at=T0 + 5 * MIN, due_at=T0 + 5 * MIN))
    assert walk.c.clock(Metric.FIRST_REPLY).calendar == EVENINGS.id


def test_12_what_is_due_at_closing_time_is_due_then_and_not_when_the_next_day_opens() -> None:
    walk = Walk(ruled(Policy(name="p", targets={Metric.FIRST_REPLY: 10 * MIN}), calendar=OFFICE))
    walk.wrote(0, escalate())
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 10 * MIN
    walk.native(59)
    (ended,) = (entry for entry in walk.logged("fulfill") if entry["metric"] == "first_reply_time")
    assert ended["elapsed"] == 600
    assert len(walk.logged("breach")) == 1


def test_12_an_answer_at_the_due_instant_is_in_time_even_if_the_breach_was_noted_in_the_same_instant() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.pass_until(15)
    assert len(walk.logged("breach")) == 1
    walk.native(15)
    (corrected,) = walk.logged("correct")
    assert (corrected["metric"], corrected["breached"]) == ("first_reply_time", False)


def test_14_a_reply_that_answers_nothing_a_clock_covers_does_not_stop_it() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.reply(2)
    walk.report(3)
    walk.wrote(4, escalate(), "m2")
    walk.report(5)  # the second text was written before the customer asked again
    (waits,) = (clock for clock in walk.c.clocks if clock.metric is Metric.NEXT_REPLY)
    assert (waits.instance, waits.started_at) == (2, T0 + 4 * MIN)
    assert [entry["metric"] for entry in walk.logged("fulfill")].count("next_reply_time") == 0


def test_15_first_and_next_reply_targets_are_independent() -> None:
    for targets in ({Metric.FIRST_REPLY: 5 * MIN}, {Metric.NEXT_REPLY: 7 * MIN}):
        walk = Walk(ruled(Policy(name="p", targets=targets)))
        walk.wrote(0, escalate())
        first = walk.c.clock(Metric.FIRST_REPLY)
        assert first.target == targets.get(Metric.FIRST_REPLY)
        walk.native(1)
        walk.wrote(2, escalate(), "m2")
        following = walk.c.clock(Metric.NEXT_REPLY)
        assert following.target == targets.get(Metric.NEXT_REPLY)
