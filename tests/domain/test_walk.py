"""Random histories through the transition table: whatever happens, the promises hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.actions import DeadlineKind, SendState
from bot.domain.conversation import Conversation, deadlines
from bot.domain.decisions import DecisionKind, Reason
from bot.domain.events import (
    AgentReplied,
    ClaimExpired,
    ClaimNearsEnd,
    ClockBreached,
    ClockWarned,
    CorrectLabel,
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    EscalationForced,
    Event,
    FieldsSet,
    HolderLeft,
    Linked,
    LinkRequested,
    MessageAnnotated,
    Note,
    Reply,
    Revise,
    SendOverdue,
    SendReported,
    SilencePassed,
    Snooze,
    SnoozeEnded,
    Transfer,
)
from bot.domain.log import LogEvent
from bot.domain.messages import ActionId, ConversationId, MessageId
from bot.domain.prediction import Label
from bot.domain.sla import HUMAN_REPLY, Clock, Metric, Span
from bot.domain.states import State
from bot.domain.transitions import TABLE, Do, Refuse, Step, advance
from tests.domain.builders import ALEX, MIN, RULES, SAM, T0, answer, escalate, fresh, greet, record, silence

DECISIONS = [
    answer(),
    answer("prices"),
    escalate(),
    escalate(ack=True),
    silence(),
    silence(settled=True),
    greet(),
    record(),
]
CHOICES = st.tuples(
    st.sampled_from(list(TABLE)),
    st.integers(0, 400),
    st.integers(0, 6),
    st.sampled_from(DECISIONS),
    st.sampled_from([ALEX, SAM]),
    st.sampled_from([SendState.SENT, SendState.FAILED, SendState.UNKNOWN, SendState.WITHDRAWN]),
)


def event_of(choice: tuple, c: Conversation, at) -> Event:
    """Build an event of the chosen kind that is possible for this conversation."""
    kind, _, number, decision, agent, outcome = choice
    message = MessageId(f"m{number}")
    due = {deadline.kind: deadline for deadline in deadlines(c, RULES).values()}
    action = c.pending[number % len(c.pending)].action if c.pending else ActionId("gone")
    match kind:
        case k if k is CustomerWrote:
            new = MessageId(f"m{c.received}")
            return CustomerWrote(at=at, sent_at=at - MIN, message=new, decision=decision, label=Label.QUESTION)
        case k if k is CustomerEdited:
            return CustomerEdited(at=at, message=message, decision=decision, label=Label.COMPLAINT)
        case k if k is CustomerDeleted:
            return CustomerDeleted(at=at, message=message)
        case k if k is MessageAnnotated:
            return MessageAnnotated(at=at, message=message, label=Label.PRAISE, confidence=0.5)
        case k if k is AgentReplied:
            return AgentReplied(at=at, agent=agent, message=message, replied_at=at - MIN)
        case k if k is SendReported:
            return SendReported(at=at, action=action, outcome=outcome, sent_at=at)
        case k if k is SendOverdue:
            return SendOverdue(at=at, action=action, due_at=at)
        case k if k is EscalationForced:
            return EscalationForced(at=at, reason=Reason.DEFECT)
        case k if k in (ClockWarned, ClockBreached):
            wanted = DeadlineKind.WARN if kind is ClockWarned else DeadlineKind.BREACH
            found = due.get(wanted)
            key = found.key.partition(":")[2] if found else "first_reply_time:9"
            return kind(at=at, key=key, due_at=found.due_at if found else at)
        case k if k in (ClaimNearsEnd, ClaimExpired, SnoozeEnded, SilencePassed):
            wanted = {
                ClaimNearsEnd: DeadlineKind.CLAIM_ENDING,
                ClaimExpired: DeadlineKind.CLAIM_EXPIRY,
                SnoozeEnded: DeadlineKind.SNOOZE_END,
                SilencePassed: DeadlineKind.SILENCE,
            }[kind]
            return kind(at=at, due_at=due[wanted].due_at if wanted in due else at)
        case k if k is HolderLeft:
            return HolderLeft(at=at, holder=agent.id)
        case k if k is Revise:
            return Revise(at=at, agent=agent, message=message, text="words"[number:], wrote=agent.id)
        case k if k is Reply:
            return Reply(at=at, agent=agent, text="words")
        case k if k is Note:
            return Note(at=at, agent=agent, note="remark")
        case k if k is Snooze:
            return Snooze(at=at, agent=agent, until=at + (number - 1) * MIN)
        case k if k is FieldsSet:
            return FieldsSet(at=at, by="api", team=("", "support", "press")[number % 3], tier="gold")
        case k if k is LinkRequested:
            return LinkRequested(at=at, into=ConversationId("c9"), by="alex")
        case k if k is Linked:
            waits = ((MessageId(f"l{number}"), at - 3 * MIN),) if number % 2 else ()
            clocks = joined_clocks(number, at) if waits else ()
            return Linked(at=at, other=ConversationId(f"c{number}"), clocks=clocks, unanswered=waits)
        case k if k is Transfer:
            return Transfer(at=at, agent=agent, team=("support", "press")[number % 2])
        case k if k is CorrectLabel:
            return CorrectLabel(at=at, agent=agent, message=message, labels=(Label.COMPLAINT,)[: number % 2])
        case _:
            return kind(at=at, agent=agent)


def joined_clocks(number: int, at: datetime) -> tuple[Clock, ...]:
    """Build the clocks of another conversation, which began early and may have stood still since."""
    begin = T0 - number * MIN
    spans = (Span(start=begin, end=begin + MIN), Span(start=begin + 2 * MIN, end=T0 + 9 * MIN))[: number // 2]
    since = max(spans[-1].end, at - 5 * MIN) if spans else begin
    metrics = (Metric.FIRST_REPLY, Metric.RESOLUTION, Metric.FIRST_RESPONSE, Metric.HANDOFF_WAIT)
    return tuple(
        Clock(metric=metric, instance=1, started_at=begin, running_since=since, spans=spans) for metric in metrics
    )


def key_of(entry: LogEvent) -> str:
    return f"{entry.fields['metric']}:{entry.fields['instance']}"


def check_promises(before: Conversation, event: Event, step: Step, *, owed: bool) -> None:
    """``owed``: a message was recorded, and the agent's answer behind it has not been taken in yet."""
    cell = TABLE[type(event)][before.state]
    after = step.conversation
    if isinstance(cell, Do):
        assert after.state in cell.to or (step.refusal or step.ignored)
    if step.refusal or step.ignored:
        assert after is before
        assert (step.sends, step.log, step.deadlines, step.cancelled) == ((), (), (), ())
        return
    assert after.version == before.version + 1
    waiting_clock = after.clock(*HUMAN_REPLY)
    if after.unanswered:
        assert waiting_clock is not None
        assert waiting_clock.running_since is not None
    if after.state is State.OPEN and after.unanswered and not owed:
        assert after.answer_pending
    assert after.state is not State.WAITING or not after.unanswered
    assert (after.holder is not None) == (after.state is State.CLAIMED)
    if before.holder is not None and isinstance(event, CustomerWrote | CustomerEdited):
        assert step.sends == () or all(not send.wording.substantive for send in step.sends)
    for clock in after.clocks:
        if clock.running_since is not None and clock.target is not None and not clock.breached:
            assert f"breach:{clock.key}" in deadlines(after, RULES)
    stopped = {clock.key for clock in before.clocks} - {clock.key for clock in after.clocks}
    noticed = {
        f"{entry.fields['metric']}:{entry.fields['instance']}" for entry in step.log if entry.kind == "breach"
    }
    ends = {
        f"{entry.fields['metric']}:{entry.fields['instance']}": entry.at
        for entry in step.log
        if entry.kind in {"fulfill", "cancel"}
    }
    for clock in before.clocks:
        due = clock.due_at
        if clock.key in stopped and due is not None and due < ends[clock.key]:
            assert clock.breached or clock.key in noticed
    assert len({clock.key for clock in after.clocks}) == len(after.clocks)
    assert sum(clock.metric in HUMAN_REPLY for clock in after.clocks) <= 1


@settings(max_examples=400, deadline=None)
@given(st.lists(CHOICES, max_size=40))
def test_any_history_keeps_the_promises(choices: list[tuple]) -> None:
    conversation, at, owed = fresh(), T0, False
    kept = {}
    for choice in choices:
        at += timedelta(seconds=choice[1])
        event = event_of(choice, conversation, at)
        recorded = isinstance(event, CustomerWrote | CustomerEdited) and event.decision.kind is DecisionKind.RECORD
        owed = recorded or (owed and not isinstance(event, AgentReplied))
        step = advance(conversation, event, RULES)
        assert step == advance(conversation, event, RULES)
        check_promises(conversation, event, step, owed=owed)
        for key in step.cancelled:
            kept.pop(key, None)
        kept |= {deadline.key: deadline for deadline in step.deadlines}
        conversation = step.conversation
        assert kept == deadlines(conversation, RULES)


@settings(max_examples=100, deadline=None)
@given(st.lists(CHOICES, max_size=25))
def test_staff_commands_are_refused_with_a_sentence_and_never_raise(choices: list[tuple]) -> None:
    conversation, at = fresh(), T0
    for choice in choices:
        at += timedelta(seconds=choice[1])
        event = event_of(choice, conversation, at)
        step = advance(conversation, event, RULES)
        if isinstance(TABLE[type(event)][conversation.state], Refuse):
            assert step.refusal.endswith(".")
        conversation = step.conversation
