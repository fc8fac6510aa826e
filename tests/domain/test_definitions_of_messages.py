"""Decisions 6, 7, 13 and 18 of docs/definitions.md: what a customer's message does to the clocks."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.conversation import deadlines
from bot.domain.decisions import Reason
from bot.domain.events import (
    AgentReplied,
    CustomerDeleted,
    CustomerEdited,
    Release,
    Resolve,
    Snooze,
)
from bot.domain.messages import MessageId
from bot.domain.prediction import Label
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.domain.states import State
from tests.domain.builders import (
    ALEX,
    MIN,
    RULES,
    T0,
    Walk,
    answer,
    escalate,
    greet,
    record,
    silence,
    wrote,
)


def test_6_a_message_after_resolve_reopens_with_new_instances() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.apply(Resolve(at=T0 + 3 * MIN, agent=ALEX))
    walk.wrote(60, escalate(), "m2")
    assert walk.c.state is State.ESCALATED
    instances = {(clock.metric, clock.instance) for clock in walk.c.clocks}
    assert (Metric.NEXT_REPLY, 2) in instances
    assert (Metric.RESOLUTION, 2) in instances
    assert (Metric.FIRST_RESPONSE, 2) in instances


def test_7_silence_starts_no_clock_and_opens_nothing() -> None:
    walk = Walk()
    walk.wrote(0, silence())
    assert walk.c.state is State.UNOPENED
    assert walk.c.clocks == ()
    assert deadlines(walk.c, RULES) == {}


def test_7_a_greeting_is_greeted_and_starts_no_clock() -> None:
    walk = Walk()
    step = walk.wrote(0, greet())
    assert [send.text for send in step.sends] == ["Hello!"]
    assert walk.c.clocks == ()
    walk.report(0.1)
    assert walk.c.state is State.UNOPENED


def test_7_thanks_after_resolve_reopens_nothing() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(Resolve(at=T0 + MIN, agent=ALEX))
    walk.wrote(2, silence(), "m2")
    assert walk.c.state is State.RESOLVED


def test_13_an_edit_restarts_nothing_and_may_escalate() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.apply(CustomerEdited(at=T0 + MIN, message=MessageId("m1"), decision=escalate(), label=Label.COMPLAINT))
    assert walk.c.state is State.ESCALATED
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    assert clock.instance == 1


def test_13_deleting_the_only_unanswered_message_cancels_the_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(CustomerDeleted(at=T0 + MIN, message=MessageId("m1")))
    assert walk.c.state is State.RESOLVED
    assert {entry["by"] for entry in walk.logged("cancel")} == {"deleted"}


def test_13_deleting_one_of_two_changes_no_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.wrote(1, escalate(), "m2")
    before = walk.c.clocks
    walk.apply(CustomerDeleted(at=T0 + 2 * MIN, message=MessageId("m1")))
    assert walk.c.clocks == before


def replied(minute: float, at: float) -> AgentReplied:
    return AgentReplied(at=T0 + at * MIN, agent=ALEX, message=MessageId("r1"), replied_at=T0 + minute * MIN)


def test_18_a_recorded_message_runs_its_clocks_and_the_answer_behind_it_stops_them_at_its_own_time() -> None:
    walk = Walk()
    walk.apply(replace(wrote(60, record()), sent_at=T0))
    assert walk.c.state is State.OPEN
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.started_at == T0
    walk.apply(replied(7, 60))
    assert (walk.c.state, walk.c.holder, walk.c.unanswered) == (State.CLAIMED, "alex", ())
    fulfilled = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert (fulfilled["first_reply_time"], fulfilled["first_response_time"]) == (420, 420)
    assert walk.logged("escalated") == []
    assert [send for step in walk.steps for send in step.sends] == []


def test_18_a_recorded_message_that_the_answer_does_not_cover_is_with_a_human_and_its_clock_runs() -> None:
    walk = Walk()
    walk.apply(replace(wrote(60, record()), sent_at=T0 + 30 * MIN))
    walk.apply(replied(7, 60))
    assert walk.c.state is State.CLAIMED
    assert [message.sent_at for message in walk.c.unanswered] == [T0 + 30 * MIN]
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.due_at == T0 + 45 * MIN


def test_18_recording_after_an_agents_words_calls_nobody_and_leaves_nobody_waiting() -> None:
    for prepare in ("waiting", "snoozed"):
        walk = Walk()
        walk.wrote(0, escalate())
        walk.reply(1)
        walk.report(1)
        if prepare == "waiting":
            walk.apply(Release(at=T0 + 2 * MIN, agent=ALEX))
        else:
            walk.apply(Snooze(at=T0 + 2 * MIN, agent=ALEX, until=T0 + 900 * MIN))
        before = len(walk.logged("escalated"))
        walk.apply(replace(wrote(60, record(), "m2"), sent_at=T0 + 10 * MIN))
        assert walk.c.state is State.ESCALATED
        assert len(walk.logged("escalated")) == before
        assert "snooze_end" not in deadlines(walk.c, RULES)
        walk.apply(replied(12, 60))
        assert (walk.c.state, walk.c.unanswered) == (State.CLAIMED, ())
        assert [e["elapsed"] for e in walk.logged("fulfill") if e["metric"] == "next_reply_time"] == [120]


def test_18_an_edit_that_is_recorded_restarts_nothing_and_opens_what_was_nothing_before() -> None:
    edit = CustomerEdited(at=T0 + MIN, message=MessageId("m1"), decision=record(), label=Label.COMPLAINT)
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(0.5)
    walk.apply(edit)
    assert walk.c.state is State.WAITING
    walk = Walk()
    walk.wrote(0, silence())
    walk.apply(edit)
    assert walk.c.state is State.OPEN
    assert walk.c.clock(*HUMAN_REPLY) is not None


def test_13_an_edit_while_a_human_holds_it_starts_a_clock() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.report(2)
    walk.wrote(3, silence(), "m2")
    walk.apply(
        CustomerEdited(at=T0 + 4 * MIN, message=MessageId("m2"), decision=escalate(), label=Label.COMPLAINT)
    )
    clock = walk.c.clock(Metric.NEXT_REPLY)
    assert clock is not None
    assert clock.started_at == T0 + 4 * MIN


def test_13_an_edit_that_asks_for_a_human_is_heard_although_its_label_is_the_same() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    wish = escalate(Reason.HUMAN_WANTED)
    walk.apply(CustomerEdited(at=T0 + 2 * MIN, message=MessageId("m1"), decision=wish, label=Label.QUESTION))
    assert walk.c.state is State.ESCALATED


def test_13_an_edit_that_gets_the_same_answer_changes_nothing() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    again = escalate(Reason.REPEATED)
    walk.apply(CustomerEdited(at=T0 + 2 * MIN, message=MessageId("m1"), decision=again, label=Label.QUESTION))
    assert walk.c.state is State.WAITING
