"""Small builders, so that a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.actions import DeadlineKind, SendState
from bot.domain.conversation import Conversation, Rules, deadlines
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Wording
from bot.domain.events import (
    AgentReplied,
    Claim,
    ClaimExpired,
    ClockBreached,
    ClockWarned,
    CustomerWrote,
    Event,
    Reply,
    SendReported,
    SilencePassed,
    SnoozeEnded,
)
from bot.domain.messages import Address, AgentId, ConversationId, CustomerId, MessageId
from bot.domain.policies import Policy
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.domain.sla import Metric
from bot.domain.transitions import Step, advance

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
STANDARD = Policy(name="standard", targets={Metric.FIRST_REPLY: 15 * MIN, Metric.NEXT_REPLY: 15 * MIN})
RULES = Rules(policies=(STANDARD,))
ALEX = Agent(id=AgentId("alex"))
SAM = Agent(id=AgentId("sam"))


def fresh() -> Conversation:
    return Conversation(
        id=ConversationId("c1"),
        address=Address(channel="webchat", account="", place="v1"),
        customer=CustomerId("u1"),
    )


def answer(template: str = "hours") -> Decision:
    return Decision(
        kind=DecisionKind.ANSWER,
        reason=Reason.TEMPLATE,
        rendered=Rendered(text="We open at nine.", template=template, wording=Wording.ANSWER),
    )


def escalate(reason: Reason = Reason.COMPLAINT, *, rejected: bool = False, ack: bool = False) -> Decision:
    text = Rendered(text="Somebody is coming.", template="ack", wording=Wording.ACKNOWLEDGEMENT) if ack else None
    return Decision(kind=DecisionKind.ESCALATE, reason=reason, rejected=rejected, rendered=text)


def silence(*, settled: bool = False) -> Decision:
    return Decision(kind=DecisionKind.SILENCE, reason=Reason.CHATTER, settled=settled)


def record() -> Decision:
    return Decision(kind=DecisionKind.RECORD, reason=Reason.ANSWERED)


def greet() -> Decision:
    return Decision(
        kind=DecisionKind.GREET,
        reason=Reason.GREETING,
        rendered=Rendered(text="Hello!", template="greeting", wording=Wording.GREETING),
    )


def wrote(minute: float, decision: Decision, message: str = "m1", label: Label = Label.QUESTION) -> CustomerWrote:
    at = T0 + minute * MIN
    return CustomerWrote(at=at, sent_at=at, message=MessageId(message), decision=decision, label=label)


class Walk:
    """A conversation that events are applied to one after the other."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.c = fresh()
        self.rules = rules
        self.steps: list[Step] = []

    def apply(self, event: Event) -> Step:
        step = advance(self.c, event, self.rules)
        self.c = step.conversation
        self.steps.append(step)
        return step

    def wrote(self, minute: float, decision: Decision, message: str = "m1") -> Step:
        return self.apply(wrote(minute, decision, message))

    def claim(self, minute: float, agent: Agent = ALEX) -> Step:
        return self.apply(Claim(at=T0 + minute * MIN, agent=agent))

    def reply(self, minute: float, agent: Agent = ALEX) -> Step:
        return self.apply(Reply(at=T0 + minute * MIN, agent=agent, text="Here you are."))

    def report(self, minute: float, outcome: SendState = SendState.SENT, which: int = 0) -> Step:
        at = T0 + minute * MIN
        action = self.c.pending[which].action
        return self.apply(SendReported(at=at, action=action, outcome=outcome, sent_at=at))

    def native(self, minute: float, *, learned: float | None = None, agent: Agent = ALEX) -> Step:
        at = T0 + (minute if learned is None else learned) * MIN
        replied = AgentReplied(at=at, agent=agent, message=MessageId("r"), replied_at=T0 + minute * MIN)
        return self.apply(replied)

    def pass_until(self, minute: float) -> None:
        """Fire everything that falls due until then, in time."""
        fired = {
            DeadlineKind.WARN: lambda d: ClockWarned(at=d.due_at, key=d.key[5:], due_at=d.due_at),
            DeadlineKind.BREACH: lambda d: ClockBreached(at=d.due_at, key=d.key[7:], due_at=d.due_at),
            DeadlineKind.CLAIM_EXPIRY: lambda d: ClaimExpired(at=d.due_at, due_at=d.due_at),
            DeadlineKind.SNOOZE_END: lambda d: SnoozeEnded(at=d.due_at, due_at=d.due_at),
            DeadlineKind.SILENCE: lambda d: SilencePassed(at=d.due_at, due_at=d.due_at),
        }
        while True:
            asked = [d for d in deadlines(self.c, self.rules).values() if d.kind in fired]
            due = min(asked, key=lambda deadline: deadline.due_at, default=None)
            if due is None or due.due_at > T0 + minute * MIN:
                return
            self.apply(fired[due.kind](due))

    def logged(self, kind: str) -> list[dict[str, object]]:
        return [
            {"at": (event.at - T0) / MIN, **event.fields}
            for step in self.steps
            for event in step.log
            if event.kind == kind
        ]
