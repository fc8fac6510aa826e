"""Small builders, so that a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation, Rules
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Wording
from bot.domain.events import (
    Claim,
    CustomerWrote,
    Event,
    Reply,
    SendReported,
)
from bot.domain.messages import Address, AgentId, ConversationId, CustomerId, MessageId
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.domain.sla import Metric, Policy
from bot.domain.transitions import Step, advance

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)
RULES = Rules(policy=Policy(name="standard", targets={Metric.FIRST_REPLY: 15 * MIN, Metric.NEXT_REPLY: 15 * MIN}))
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

    def __init__(self) -> None:
        self.c = fresh()
        self.steps: list[Step] = []

    def apply(self, event: Event) -> Step:
        step = advance(self.c, event, RULES)
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

    def logged(self, kind: str) -> list[dict[str, object]]:
        return [
            {"at": (event.at - T0) / MIN, **event.fields}
            for step in self.steps
            for event in step.log
            if event.kind == kind
        ]
