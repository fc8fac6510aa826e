"""One customer's matter with the brand, as a value: all that the rules need to know, and no text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.actions import Deadline, DeadlineKind
from bot.domain.calendar import ALWAYS_OPEN, Calendar
from bot.domain.decisions import Reason, Wording
from bot.domain.messages import ActionId, Address, AgentId, Author, ConversationId, CustomerId, MessageId
from bot.domain.policies import Policy, Route, Traits
from bot.domain.prediction import UNDETERMINED, Label
from bot.domain.sla import Clock, EndedClock, Metric
from bot.domain.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the brand sets for all its conversations.

    ``calendars`` holds, by id, every calendar that a running clock may name; ``calendar`` is the brand's default.
    """

    policies: tuple[Policy, ...] = ()
    routes: tuple[Route, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    calendar: str = ""
    silence_resolves_after: timedelta = timedelta(hours=24)
    reopen_window: timedelta = timedelta(days=7)
    claim_lifetime: timedelta = timedelta(minutes=30)
    claim_notice: timedelta = timedelta(minutes=5)
    send_within: timedelta = timedelta(minutes=5)

    def calendar_of(self, name: str) -> Calendar:
        """Return a calendar by its id; one that is not known any more counts all time."""
        return self.calendars.get(name, ALWAYS_OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A customer's message without a substantive public reply. ``number`` counts messages from 1."""

    message: MessageId
    number: int
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A text on its way to the customer."""

    action: ActionId
    author: Author
    wording: Wording
    answers_to: int
    queued_at: datetime
    agent: AgentId | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The state of one conversation at one version. ``version`` rises by one with each commit.

    ``received`` is the number of the customer's last message. ``hold_epoch`` rises with each claim, so that
    a bot's answer from before it can be told. ``instances`` counts clocks by metric family. ``responded``: a
    substantive reply has reached the customer since opening. ``unlisted``: more messages wait than are listed.
    ``ended`` are the reply clocks that ended last. ``handed_back_at``: since when it is the bot's again.
    ``erased``: its customer was removed for good, and nobody can be written to. ``merged_into``: the conversation
    that goes on with this matter; ``linked``: those whose matter came in here.
    """

    id: ConversationId
    address: Address
    customer: CustomerId
    private: bool = True
    version: int = 0
    state: State = State.UNOPENED
    received: int = 0
    unanswered: tuple[Unanswered, ...] = ()
    pending: tuple[Pending, ...] = ()
    clocks: tuple[Clock, ...] = ()
    ended: tuple[EndedClock, ...] = ()
    instances: Mapping[str, int] = field(default_factory=dict)
    policy: Policy | None = None
    holder: AgentId | None = None
    claim_until: datetime | None = None
    claim_warned: bool = False
    snoozed_until: datetime | None = None
    hold_epoch: int = 0
    spoke_last: Author | None = None
    spoke_at: datetime | None = None
    human_replied: bool = False
    responded: bool = False
    unlisted: bool = False
    acknowledged: bool = False
    greeted_at: datetime | None = None
    last_template: str | None = None
    label: Label | None = None
    language: str = UNDETERMINED
    team: str = ""
    priority: str = ""
    tier: str = ""
    topic: str = ""
    handed_back_at: datetime | None = None
    erased: bool = False
    merged_into: ConversationId | None = None
    linked: tuple[ConversationId, ...] = ()
    reason: Reason | None = None
    opened_at: datetime | None = None
    escalated_at: datetime | None = None
    resolved_at: datetime | None = None
    updated_at: datetime | None = None

    def clock(self, *metrics: Metric) -> Clock | None:
        """Return the open clock of one of these metrics, if there is one."""
        return next((clock for clock in self.clocks if clock.metric in metrics), None)

    @property
    def answer_pending(self) -> bool:
        """Tell whether a substantive text is on its way."""
        return any(send.wording.substantive for send in self.pending)

    @property
    def due_at(self) -> datetime | None:
        """Return the earliest instant at which a running clock reaches its target."""
        return min((due for clock in self.clocks if (due := clock.due_at) is not None), default=None)

    @property
    def traits(self) -> Traits:
        """Return by what policies and routes tell this conversation."""
        return {
            "channel": self.address.channel,
            "label": "" if self.label is None else self.label.value,
            "language": self.language,
            "team": self.team,
            "priority": self.priority,
            "tier": self.tier,
            "topic": self.topic,
        }

    @property
    def waiting_since(self) -> datetime | None:
        """Return when the customer's oldest unanswered message was sent."""
        return min((message.sent_at for message in self.unanswered), default=None)


def deadlines(conversation: Conversation, rules: Rules) -> dict[str, Deadline]:
    """Return every deadline that this state of the conversation asks for, by key."""
    return {deadline.key: deadline for deadline in _deadlines(conversation, rules)}


def silence_due(c: Conversation, rules: Rules) -> datetime | None:
    """Return when the customer's silence means that the matter is done; never after a human's words.

    What staff handed back to the bot with nothing left to answer is the bot's to close.
    """
    if c.state is State.OPEN and c.handed_back_at is not None and not c.unanswered and not c.pending:
        return c.handed_back_at + rules.silence_resolves_after
    since = c.spoke_at or c.opened_at
    if c.state is not State.WAITING or c.spoke_last is Author.AGENT or since is None:
        return None
    return since + rules.silence_resolves_after


def _deadlines(c: Conversation, rules: Rules) -> Iterator[Deadline]:
    for clock in c.clocks:
        yield from _clock_deadlines(c.id, clock)
    if c.state is State.CLAIMED and c.claim_until is not None:
        yield _deadline(c.id, DeadlineKind.CLAIM_EXPIRY, "", c.claim_until)
        if not c.claim_warned and rules.claim_notice < rules.claim_lifetime:
            yield _deadline(c.id, DeadlineKind.CLAIM_ENDING, "", c.claim_until - rules.claim_notice)
    if c.state is State.SNOOZED and c.snoozed_until is not None:
        yield _deadline(c.id, DeadlineKind.SNOOZE_END, "", c.snoozed_until)
    if (silence := silence_due(c, rules)) is not None:
        yield _deadline(c.id, DeadlineKind.SILENCE, "", silence)
    for send in (send for send in c.pending if not send.overdue):
        yield _deadline(c.id, DeadlineKind.SEND_OVERDUE, send.action, send.queued_at + rules.send_within)


def _clock_deadlines(conversation: ConversationId, clock: Clock) -> Iterator[Deadline]:
    """Yield the clock's next warning and its breach: one row each, however many warnings follow."""
    if clock.breached:
        return
    if clock.warn_due:
        yield _deadline(conversation, DeadlineKind.WARN, clock.key, clock.warn_due[0])
    if clock.due_at is not None:
        yield _deadline(conversation, DeadlineKind.BREACH, clock.key, clock.due_at)


def _deadline(conversation: ConversationId, kind: DeadlineKind, what: str, due_at: datetime) -> Deadline:
    key = f"{kind}:{what}" if what else str(kind)
    return Deadline(conversation=conversation, kind=kind, key=key, due_at=due_at)
