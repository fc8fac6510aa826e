"""Decisions 8, 9, 10, 16 and 17 of docs/definitions.md: staff, teams, joined conversations, facts learned late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.events import AgentReplied, ClockBreached, FieldsSet, Linked, LinkRequested, Transfer
from bot.domain.messages import ConversationId, MessageId
from bot.domain.roles import Role
from bot.domain.sla import Metric
from bot.domain.states import State
from tests.domain.builders import (
    ALEX,
    MIN,
    SAM,
    T0,
    Walk,
    answer,
    escalate,
)


def test_8_the_role_held_at_that_moment_is_in_the_event() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    assert walk.logged("replied")[0]["role"] == "agent"


def test_16_lateness_counts_from_the_latest_of_due_and_attached() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    walk.wrote(20, escalate(), "m2")
    due = T0 + 15 * MIN
    walk.apply(ClockBreached(at=T0 + 20 * MIN + timedelta(seconds=1), key="first_reply_time:1", due_at=due))
    assert walk.logged("breach")[0]["lateness"] == 1.0


def test_17_a_native_reply_counts_and_claims_a_free_conversation() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.apply(AgentReplied(at=T0 + 9 * MIN, agent=ALEX, message=MessageId("r1"), replied_at=T0 + 6 * MIN))
    assert walk.c.holder == "alex"
    assert walk.c.unanswered == ()
    fulfilled = {entry["metric"]: entry["elapsed"] for entry in walk.logged("fulfill")}
    assert fulfilled["first_reply_time"] == 360


def test_17_a_native_reply_leaves_a_held_conversation_to_its_holder() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    walk.apply(AgentReplied(at=T0 + 2 * MIN, agent=SAM, message=MessageId("r1"), replied_at=T0 + 2 * MIN))
    assert walk.c.holder == "alex"
    assert walk.logged("replied")[0]["holder"] == "alex"


def test_8_a_role_that_changes_later_does_not_change_what_was_said_before() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.native(1, agent=replace(ALEX, role=Role.LEAD))
    walk.native(2)
    assert [entry["role"] for entry in walk.logged("replied")] == ["lead", "agent"]


def transfer(minute: float, team: str) -> Transfer:
    return Transfer(at=T0 + minute * MIN, agent=ALEX, team=team)


def test_9_each_team_owns_its_segment_and_the_breach_belongs_to_the_team_that_held_it_then() -> None:
    walk = Walk()
    walk.apply(FieldsSet(at=T0, by="api", team="support"))
    walk.wrote(0, escalate())
    walk.pass_until(13)
    walk.apply(transfer(13, "press"))
    walk.pass_until(16)
    walk.apply(transfer(17, "support"))
    walk.native(18)
    assert [(e["at"], e["from"], e["to"]) for e in walk.logged("transferred")] == [
        (13, "support", "press"),
        (17, "press", "support"),
    ]
    assert [entry["team"] for entry in walk.logged("warn")] == ["support"]
    assert [entry["team"] for entry in walk.logged("breach")] == ["press"]


def test_9_a_transfer_stops_no_clock_and_takes_the_conversation_from_its_holder() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.claim(1)
    before = {clock.key: clock.value(T0 + 9 * MIN) for clock in walk.c.clocks}
    walk.apply(transfer(2, "press"))
    assert (walk.c.state, walk.c.holder) == (State.ESCALATED, None)
    assert {clock.key: clock.value(T0 + 9 * MIN) for clock in walk.c.clocks} == before


def joined(minute: float, other: Walk) -> Linked:
    waits = tuple((message.message, message.sent_at) for message in other.c.unanswered)
    return Linked(at=T0 + minute * MIN, other=ConversationId("c2"), clocks=other.c.clocks, unanswered=waits)


def test_10_joining_keeps_the_earliest_start_and_cancels_the_other_clocks_unfulfilled() -> None:
    other, walk = Walk(), Walk()
    other.wrote(1, escalate(), "theirs")
    walk.wrote(5, escalate(), "ours")
    linked = joined(7, other)
    other.apply(LinkRequested(at=T0 + 7 * MIN, into=ConversationId("c1"), by="alex"))
    walk.apply(linked)
    assert other.logged("fulfill") == []
    assert {entry["by"] for entry in other.logged("cancel")} == {"merge"}
    assert other.c.clocks == ()
    assert {clock.started_at for clock in walk.c.clocks} == {T0 + MIN}
    assert walk.c.clock(Metric.FIRST_REPLY).due_at == T0 + 16 * MIN
    again = walk.c
    walk.apply(linked)
    assert walk.c is again


def test_10_a_later_start_moves_nothing() -> None:
    other, walk = Walk(), Walk()
    other.wrote(6, escalate(), "theirs")
    walk.wrote(5, escalate(), "ours")
    walk.apply(joined(7, other))
    assert {clock.started_at for clock in walk.c.clocks} == {T0 + 5 * MIN}
    assert walk.logged("correct") == []


def test_10_merging_while_a_reply_is_on_its_way_leaves_nobody_waiting_here() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.reply(1)
    walk.apply(LinkRequested(at=T0 + 2 * MIN, into=ConversationId("c9"), by="alex"))
    assert (walk.c.state, walk.c.unanswered, walk.c.clocks) == (State.RESOLVED, (), ())


def test_16_a_reply_in_time_that_is_learned_after_the_breach_takes_the_breach_back_beside_it() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.pass_until(20)
    assert len(walk.logged("breach")) == 1
    walk.native(10, learned=21)
    (correct,) = walk.logged("correct")
    assert (correct["metric"], correct["because"], correct["breached"], correct["warnings"]) == (
        "first_reply_time",
        "late_fact",
        False,
        0,
    )
    assert len(walk.logged("breach")) == 1  # the original stays visible
    assert {e["elapsed"] for e in walk.logged("fulfill") if e["metric"] == "first_reply_time"} == {600}


def test_17_a_native_reply_learned_late_claims_when_it_is_learned() -> None:
    walk = Walk()
    walk.wrote(0, escalate())
    walk.native(3, learned=9)
    assert walk.logged("claimed")[0]["at"] == 9
    assert walk.c.holder == "alex"
