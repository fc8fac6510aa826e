"""Who holds a conversation, who may take it, and what staff may do besides: the rules that every desk leans on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.actions import SendState
from bot.domain.conversation import Rules, deadlines
from bot.domain.decisions import Decision, DecisionKind, Reason, Wording
from bot.domain.events import (
    AskFor,
    Block,
    Claim,
    ClaimNearsEnd,
    HolderLeft,
    LinkRequested,
    Note,
    Reopen,
    Resolve,
    ResolveReason,
    Revise,
    Snooze,
    TakeOver,
    Unblock,
)
from bot.domain.messages import AgentId, ConversationId, MessageId
from bot.domain.roles import RIGHTS, Agent, Right, Role
from bot.domain.sla import Metric
from bot.domain.staff_rules import Refusal
from bot.domain.states import State
from tests.domain.builders import ALEX, MIN, SAM, STANDARD, T0, Walk, answer, escalate, silence

LEAD = Agent(id=AgentId("lead"), role=Role.LEAD)


def waiting() -> Walk:
    walk = Walk()
    walk.wrote(0, escalate())
    return walk


def held() -> Walk:
    walk = waiting()
    walk.claim(1)
    return walk


def resolved() -> Walk:
    walk = held()
    walk.reply(2)
    walk.report(3)
    walk.apply(Resolve(at=T0 + 4 * MIN, agent=ALEX))
    return walk


def test_whoever_comes_second_is_refused_with_the_name_of_who_holds_it() -> None:
    walk = held()
    step = walk.claim(2, SAM)
    assert (step.refusal, step.kind) == ("alex holds this conversation.", Refusal.HELD)
    assert walk.c.holder == "alex"


def test_a_refused_agent_may_ask_for_it_and_the_holder_keeps_it() -> None:
    walk = held()
    walk.apply(AskFor(at=T0 + 2 * MIN, agent=SAM))
    assert walk.logged("asked_for") == [{"at": 2.0, "agent": "sam", "role": "agent", "holder": "alex"}]
    assert walk.c.holder == "alex"
    assert walk.c.claim_until == T0 + 31 * MIN  # somebody else's wish is no act of the holder's


def test_nobody_asks_for_what_is_free_or_their_own() -> None:
    assert waiting().apply(AskFor(at=T0 + MIN, agent=SAM)).refusal == "Nobody holds this conversation: claim it."
    assert held().apply(AskFor(at=T0 + MIN, agent=ALEX)).refusal == "You hold this conversation yourself."


def test_a_lead_takes_over_and_the_log_says_from_whom() -> None:
    walk = held()
    epoch = walk.c.hold_epoch
    walk.apply(TakeOver(at=T0 + 2 * MIN, agent=LEAD))
    assert (walk.c.holder, walk.c.state, walk.c.hold_epoch) == ("lead", State.CLAIMED, epoch + 1)
    assert walk.logged("taken_over") == [{"at": 2.0, "agent": "lead", "role": "lead", "from": "alex"}]
    assert walk.logged("released") == [{"at": 2.0, "agent": "alex", "by": "take_over"}]


def test_taking_over_what_nobody_holds_is_a_claim() -> None:
    walk = waiting()
    walk.apply(TakeOver(at=T0 + MIN, agent=LEAD))
    assert walk.c.holder == "lead"
    assert walk.logged("taken_over") == []


def test_an_agent_may_not_take_over() -> None:
    step = held().apply(TakeOver(at=T0 + 2 * MIN, agent=SAM))
    assert step.kind is Refusal.NOT_ALLOWED


def test_the_holder_is_told_once_before_the_claim_ends() -> None:
    walk = held()
    due = deadlines(walk.c, walk.rules)["claim_ending"].due_at
    assert due == T0 + 26 * MIN
    walk.apply(ClaimNearsEnd(at=due, due_at=due))
    assert walk.logged("claim_ending") == [{"at": 26.0, "agent": "alex", "until": (T0 + 31 * MIN).isoformat()}]
    assert "claim_ending" not in deadlines(walk.c, walk.rules)
    assert walk.apply(ClaimNearsEnd(at=due, due_at=due)).ignored


@pytest.mark.parametrize(
    "act",
    [
        Note(at=T0 + 20 * MIN, agent=ALEX, note="calling the warehouse"),
        Claim(at=T0 + 20 * MIN, agent=ALEX),
        Revise(at=T0 + 20 * MIN, agent=ALEX, message=MessageId("s1"), text="better", wrote=AgentId("alex")),
    ],
    ids=lambda act: type(act).__name__,
)
def test_any_act_of_the_holder_on_it_renews_the_claim_and_its_notice(act: object) -> None:
    walk = held()
    walk.apply(act)  # type: ignore[arg-type]  # each of them is a command
    assert walk.c.claim_until == T0 + 50 * MIN
    assert deadlines(walk.c, walk.rules)["claim_ending"].due_at == T0 + 45 * MIN


def test_a_note_of_somebody_else_renews_nothing() -> None:
    walk = held()
    walk.apply(Note(at=T0 + 20 * MIN, agent=SAM, note="I know this one"))
    assert walk.c.claim_until == T0 + 31 * MIN


def test_a_notice_as_long_as_the_claim_itself_is_none() -> None:
    walk = Walk(Rules(policies=(STANDARD,), claim_lifetime=5 * MIN, claim_notice=5 * MIN))
    walk.wrote(0, escalate())
    walk.claim(1)
    assert "claim_ending" not in deadlines(walk.c, walk.rules)


def test_who_is_not_on_staff_any_more_holds_nothing() -> None:
    walk = held()
    walk.apply(HolderLeft(at=T0 + 2 * MIN, holder=AgentId("alex")))
    assert (walk.c.state, walk.c.holder) == (State.ESCALATED, None)
    assert walk.logged("released") == [{"at": 2.0, "agent": "alex", "role": None, "by": "left"}]
    assert held().apply(HolderLeft(at=T0 + 2 * MIN, holder=AgentId("sam"))).ignored


def test_a_resolve_says_why() -> None:
    walk = held()
    walk.apply(Resolve(at=T0 + 2 * MIN, agent=ALEX, reason=ResolveReason.DUPLICATE))
    assert walk.logged("resolved") == [
        {"at": 2.0, "by": "agent", "agent": "alex", "role": "agent", "reason": "duplicate"}
    ]


def test_staff_take_up_again_what_was_resolved_and_hold_it() -> None:
    walk = resolved()
    walk.apply(Reopen(at=T0 + 60 * MIN, agent=SAM))
    assert (walk.c.state, walk.c.holder, walk.c.reason) == (State.CLAIMED, "sam", Reason.REOPENED)
    assert walk.logged("reopened") == [{"at": 60.0, "channel": "webchat", "agent": "sam", "role": "agent"}]
    assert [clock.metric for clock in walk.c.clocks] == [Metric.RESOLUTION]
    assert walk.c.clocks[0].instance == 2
    assert walk.c.clocks[0].started_at == T0 + 60 * MIN


def test_what_is_not_resolved_is_not_reopened_and_what_was_joined_goes_on_elsewhere() -> None:
    assert held().apply(Reopen(at=T0 + 2 * MIN, agent=ALEX)).refusal == "This conversation is not resolved."
    walk = held()
    walk.apply(LinkRequested(at=T0 + 2 * MIN, into=ConversationId("c2"), by="alex"))
    assert "c2" in walk.apply(Reopen(at=T0 + 3 * MIN, agent=ALEX)).refusal


def test_blocking_a_customer_ends_the_matter_and_withdraws_what_the_bot_had_ready() -> None:
    walk = Walk()
    walk.wrote(0, answer())
    epoch = walk.c.hold_epoch
    walk.apply(Block(at=T0 + MIN, agent=LEAD))
    assert (walk.c.state, walk.c.clocks, walk.c.hold_epoch) == (State.RESOLVED, (), epoch + 1)
    assert walk.logged("blocked") == [{"at": 1.0, "agent": "lead", "role": "lead"}]
    assert walk.logged("resolved") == [
        {"at": 1.0, "by": "agent", "agent": "lead", "role": "lead", "reason": "blocked"}
    ]


def test_what_a_blocked_customer_writes_starts_nothing() -> None:
    walk = held()
    walk.apply(TakeOver(at=T0 + 2 * MIN, agent=LEAD))
    walk.apply(Block(at=T0 + 3 * MIN, agent=LEAD))
    blocked = Decision(kind=DecisionKind.SILENCE, reason=Reason.BLOCKED)
    walk.wrote(4, blocked, "m2")
    assert (walk.c.state, walk.c.clocks) == (State.RESOLVED, ())


def test_an_agent_may_not_block_and_nobody_blocks_what_somebody_else_holds() -> None:
    assert waiting().apply(Block(at=T0 + MIN, agent=ALEX)).kind is Refusal.NOT_ALLOWED
    assert held().apply(Block(at=T0 + MIN, agent=LEAD)).kind is Refusal.HELD
    assert waiting().apply(Unblock(at=T0 + MIN, agent=ALEX)).kind is Refusal.NOT_ALLOWED


def test_a_revision_is_sent_like_a_reply_and_answers_nothing() -> None:
    walk = held()
    walk.reply(2)
    walk.report(3)
    walk.wrote(4, escalate(), "m2")
    step = walk.apply(
        Revise(at=T0 + 5 * MIN, agent=ALEX, message=MessageId("s1"), text="Monday", wrote=AgentId("alex"))
    )
    [send] = step.sends
    assert (send.wording, send.revises, send.text) == (Wording.REVISION, "s1", "Monday")
    walk.report(6)
    assert [message.message for message in walk.c.unanswered] == ["m2"]
    assert walk.c.clock(Metric.NEXT_REPLY) is not None


def test_a_revision_that_fails_brings_nobody_in() -> None:
    walk = resolved()
    walk.apply(Revise(at=T0 + 5 * MIN, agent=ALEX, message=MessageId("s1"), wrote=AgentId("alex")))
    walk.report(6, outcome=SendState.FAILED)
    assert walk.c.state is State.RESOLVED


def test_only_who_wrote_a_reply_or_a_lead_changes_it() -> None:
    theirs = Revise(at=T0 + 5 * MIN, agent=SAM, message=MessageId("s1"), text="no", wrote=AgentId("alex"))
    step = resolved().apply(theirs)
    assert (step.kind, step.sends) == (Refusal.NOT_ALLOWED, ())
    by_lead = Revise(at=T0 + 5 * MIN, agent=LEAD, message=MessageId("s1"), text="yes", wrote=AgentId("alex"))
    assert len(resolved().apply(by_lead).sends) == 1


def test_what_is_no_reply_is_not_changed() -> None:
    step = resolved().apply(Revise(at=T0 + 5 * MIN, agent=ALEX, message=MessageId("m1"), text="no"))
    assert step.refusal == "Only a reply that has reached the customer can be changed or taken back."


def test_the_topic_of_the_nearest_template_stays_until_another_is_near() -> None:
    walk = Walk()
    walk.wrote(0, Decision(kind=DecisionKind.ESCALATE, reason=Reason.COMPLAINT, topic="delivery"))
    walk.wrote(1, silence(), "m2")
    assert walk.c.traits["topic"] == "delivery"


def test_leaving_a_claim_by_snoozing_needs_no_notice_later() -> None:
    walk = held()
    walk.apply(Snooze(at=T0 + 2 * MIN, agent=ALEX, until=T0 + timedelta(days=1)))
    assert {"claim_ending", "claim_expiry"}.isdisjoint(deadlines(walk.c, walk.rules))


def test_every_role_is_in_the_table_and_a_higher_one_may_what_a_lower_one_may() -> None:
    assert set(RIGHTS) == set(Role)
    assert RIGHTS[Role.AGENT] < RIGHTS[Role.LEAD] <= RIGHTS[Role.ADMIN] == frozenset(Right)
