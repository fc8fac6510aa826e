"""One step in the making: the conversation as it changes, and what the step asks for.

Rules speak to a turn in the words of the domain (open, escalate, say, activate); the turn keeps the
conversation, its clocks and the log together. It lives inside one call of ``advance`` and never leaves it.
"""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import datetime

from bot.domain.actions import Send, message_of
from bot.domain.conversation import Conversation, Pending, Rules, Unanswered
from bot.domain.decisions import Reason, Rendered, Wording
from bot.domain.log import LogEvent, LogKind, Scalar
from bot.domain.messages import ActionId, AgentId, Author, MessageId
from bot.domain.roles import Agent
from bot.domain.sla import HUMAN_REPLY, REPLY_METRICS, Clock, Metric
from bot.domain.states import HUMAN_STATES, State

#: More unanswered messages than this are joined, not listed: an answer covers them all the same.
MOST_UNANSWERED = 200

_FIELDS = tuple(field.name for field in fields_of(Conversation))

#: First and next replies share one count of instances.
_FAMILY = {Metric.FIRST_REPLY: "reply", Metric.NEXT_REPLY: "reply"}


def copy(conversation: Conversation) -> Conversation:
    """Return a value equal to ``conversation`` that may be written to until the turn is over."""
    own = object.__new__(Conversation)
    for name in _FIELDS:
        object.__setattr__(own, name, getattr(conversation, name))
    return own


class Turn:
    """The working copy of a conversation during one step."""

    def __init__(self, conversation: Conversation, rules: Rules, at: datetime) -> None:
        self.c = copy(conversation)
        self.changed = False
        self.rules = rules
        self.at = at
        self.logged: list[LogEvent] = []
        self.sends: list[Send] = []

    # --- the record

    def change(self, **fields: object) -> None:
        """Set fields of the conversation.

        The frozen value is written to on purpose: it is this turn's own copy, and nobody else has seen it yet.
        A step makes some twenty changes, and building the value anew for each was half the cost of a step.
        """
        for name, value in fields.items():
            object.__setattr__(self.c, name, value)
        self.changed = True

    def log(self, kind: LogKind, at: datetime | None = None, **fields: Scalar) -> None:
        """Add to the event log."""
        self.logged.append(LogEvent(kind=kind, at=at or self.at, fields=fields))

    def move(self, state: State) -> None:
        """Go to another state, with what the resolution clock does there."""
        if state is self.c.state:
            return
        self.log(LogKind.STATE_CHANGED, self.at, **{"from": self.c.state.value, "to": state.value})
        if state is State.WAITING:
            self._pause_resolution()
        elif self.c.state is State.WAITING and state is not State.RESOLVED:
            self._resume_resolution()
        self.change(state=state)
        self.attach_targets()

    # --- opening and closing

    def open(self, started_at: datetime) -> None:
        """Open the conversation, or open it again, in state ``open`` with a new resolution clock."""
        if self.c.state is State.RESOLVED:
            self.log(LogKind.REOPENED, channel=self.c.address.channel)
            self.change(
                spoke_last=None,
                spoke_at=None,
                responded=False,
                acknowledged=False,
                last_template=None,
                resolved_at=None,
            )
        else:
            self.log(LogKind.OPENED, channel=self.c.address.channel)
        self.change(opened_at=self.at, reason=None)
        self.activate(Metric.RESOLUTION, started_at)
        self.move(State.OPEN)

    def escalate(self, reason: Reason, *, by_bot: bool = True) -> None:
        """Hand the conversation to a human. ``by_bot``: it was the bot's, so the hand-off is measured."""
        if self.c.state in {State.UNOPENED, State.RESOLVED}:
            self.open(self.at)
        self.change(reason=reason)
        if self.c.state in HUMAN_STATES - {State.SNOOZED}:
            return
        self.change(escalated_at=self.at, snoozed_until=None)
        self.log(LogKind.ESCALATED, reason=reason.value, channel=self.c.address.channel)
        if by_bot and self.c.unanswered and self.c.clock(Metric.HANDOFF_WAIT) is None:
            self.activate(Metric.HANDOFF_WAIT, self.at)
        self.move(State.ESCALATED)

    def resolve(self, *, by: str, agent: AgentId | None = None) -> None:
        """Call it done. By an agent this fulfils open clocks; by bot, silence, deletion or erasing it cancels."""
        reply_on_its_way = any(send.author is Author.AGENT for send in self.c.pending)
        closer = "bot" if by == "silence" else by
        for clock in self.c.clocks:
            if clock.metric is Metric.RESOLUTION and by not in {"deleted", "erased"}:
                self.fulfill(clock, by=closer, at=self.at)
            elif agent is None:
                self.cancel(clock, by=closer)
            elif not reply_on_its_way:
                self.fulfill(clock, by="resolution", at=self.at)
        self.log(LogKind.RESOLVED, by=by, agent=agent)
        self.move(State.RESOLVED)
        keep = self.c.unanswered if reply_on_its_way else ()
        self.change(
            holder=None,
            claim_until=None,
            snoozed_until=None,
            unanswered=keep,
            unlisted=False,
            resolved_at=self.at,
            hold_epoch=self.c.hold_epoch + 1,
        )

    # --- who holds it

    def hold(self, agent: Agent) -> None:
        """Give the conversation to this agent: no answer of the bot starts out from now on."""
        if self.c.holder != agent.id:
            self.log(LogKind.CLAIMED, agent=agent.id, role=agent.role.value)
            self.change(holder=agent.id, hold_epoch=self.c.hold_epoch + 1)
        self.change(claim_until=self.at + self.rules.claim_lifetime, snoozed_until=None)
        self.move(State.CLAIMED)

    def let_go(self, *, by: str) -> None:
        """Take the conversation from its holder: escalated if the customer waits, else waiting."""
        self.log(LogKind.RELEASED, agent=self.c.holder, by=by)
        self.change(holder=None, claim_until=None)
        self.move(State.ESCALATED if self.c.unanswered else State.WAITING)

    # --- the customer's side

    def expect_answer(self, message: MessageId, sent_at: datetime, *, rejected: bool = False) -> None:
        """Note that this message needs an answer: it starts the clocks, or joins those that run."""
        self._list_unanswered(message, sent_at)
        if not self.c.responded and self.c.clock(Metric.FIRST_RESPONSE) is None:
            self.activate(Metric.FIRST_RESPONSE, sent_at)
        clock = self.c.clock(*HUMAN_REPLY)
        if clock is None:
            self.activate(Metric.NEXT_REPLY if self.c.human_replied else Metric.FIRST_REPLY, sent_at)
        elif clock.running_since is None:
            self.resume(clock, sent_at, counted=rejected)

    def _list_unanswered(self, message: MessageId, sent_at: datetime) -> None:
        if any(known.message == message for known in self.c.unanswered):
            return
        if len(self.c.unanswered) >= MOST_UNANSWERED:
            self.change(unlisted=True)
            return
        new = Unanswered(message=message, number=self.c.received, sent_at=sent_at)
        self.change(unanswered=(*self.c.unanswered, new))

    # --- words to the customer

    def say(self, rendered: Rendered) -> None:
        """Queue a text of the bot. Answers carry the hold epoch; acknowledgements and notices do not."""
        guarded = rendered.wording in {Wording.ANSWER, Wording.THANKS, Wording.GREETING}
        self._queue(
            author=Author.BOT,
            wording=rendered.wording,
            text=rendered.text,
            hold_epoch=self.c.hold_epoch if guarded else None,
            template=rendered.template,
            quick_replies=rendered.quick_replies,
        )
        if rendered.wording is Wording.ACKNOWLEDGEMENT:
            self.change(acknowledged=True)
        elif rendered.wording is Wording.GREETING:
            self.change(greeted_at=self.at)
        elif rendered.wording is Wording.ANSWER:
            self.change(last_template=rendered.template)

    def reply(self, agent: Agent, text: str) -> None:
        """Queue an agent's text."""
        self._queue(author=Author.AGENT, wording=Wording.REPLY, text=text, agent=agent.id)
        self.log(LogKind.REPLIED, agent=agent.id, role=agent.role.value, native=False)

    def _queue(
        self,
        *,
        author: Author,
        wording: Wording,
        text: str,
        agent: AgentId | None = None,
        hold_epoch: int | None = None,
        template: str | None = None,
        quick_replies: tuple[str, ...] = (),
    ) -> None:
        action = ActionId(f"{self.c.id}-{self.c.version + 1}-{len(self.sends)}")
        send = Send(
            id=action,
            conversation=self.c.id,
            message=message_of(action),
            author=author,
            wording=wording,
            text=text,
            answers_to=self.c.received,
            hold_epoch=hold_epoch,
            agent=agent,
            template=template,
            quick_replies=quick_replies,
        )
        pending = Pending(
            action=action,
            author=author,
            wording=wording,
            answers_to=self.c.received,
            queued_at=self.at,
            agent=agent,
        )
        self.sends.append(send)
        self.change(pending=(*self.c.pending, pending))
        self.log(LogKind.SEND_QUEUED, action=action, wording=wording.value, by=author.value, template=template)

    # --- clocks

    def activate(self, metric: Metric, started_at: datetime) -> None:
        """Start a new instance of a clock."""
        family = _FAMILY.get(metric, metric.value)
        instance = self.c.instances.get(family, 0) + 1
        clock = Clock(
            metric=metric,
            instance=instance,
            started_at=started_at,
            running_since=started_at,
            eligible_at=self.at,
        )
        self.change(instances={**self.c.instances, family: instance}, clocks=(*self.c.clocks, clock))
        label = self.c.label.value if self.c.label else None
        self._log_clock(LogKind.ACTIVATE, clock, started_at, channel=self.c.address.channel, label=label)
        self.attach_targets()

    def attach_targets(self) -> None:
        """Apply the policy to the clocks that have no target yet; human replies once a human has the word."""
        policy = self.c.policy or self.rules.policy
        for clock in self.c.clocks:
            target = policy.targets.get(clock.metric)
            early = clock.metric in HUMAN_REPLY and self.c.state not in HUMAN_STATES
            if target is None or clock.target is not None or early:
                continue
            aimed = clock.with_target(target, warn_at=policy.warn_at, at=self.at)
            self.change(policy=policy)
            self._put(aimed)
            due = aimed.due_at()
            self._log_clock(
                LogKind.APPLY_SLA,
                aimed,
                policy=policy.name,
                target=target.total_seconds(),
                due=due.isoformat() if due else None,
            )

    def suspend(self, clock: Clock, at: datetime) -> None:
        """Stop a human-reply clock because the bot has answered."""
        clock = self._notice_passed(clock, at)
        self._put(clock.suspend(at))
        self._log_clock(LogKind.SUSPEND, clock, at)

    def resume(self, clock: Clock, at: datetime, *, counted: bool) -> None:
        """Let a clock run on; ``counted``: as if it had never stopped."""
        running = clock.resume(max(at, clock.stopped_at or at), counted=counted)
        running = replace(running, eligible_at=self.at)
        self._put(running)
        since = running.running_since
        self._log_clock(LogKind.RESUME, running, at, counted=counted, since=since.isoformat() if since else None)

    def fulfill(self, clock: Clock, *, by: str, at: datetime) -> None:
        """End a clock: what it measured has happened."""
        clock = self._notice_passed(clock, at)
        self._drop(clock)
        self._log_clock(LogKind.FULFILL, clock, at, by=by, elapsed=clock.value(at).total_seconds())

    def cancel(self, clock: Clock, *, by: str) -> None:
        """End a clock that measures nothing any more."""
        clock = self._notice_passed(clock, self.at)
        self._drop(clock)
        self._log_clock(LogKind.CANCEL, clock, by=by)

    def fulfill_open(self, metrics: tuple[Metric, ...], *, by: str, at: datetime) -> None:
        """End those of these clocks that are open."""
        for clock in self.c.clocks:
            if clock.metric in metrics:
                self.fulfill(clock, by=by, at=at)

    def cancel_reply_clocks(self, *, by: str) -> None:
        """End all clocks that wait for words, unmeasured."""
        for clock in self.c.clocks:
            if clock.metric in REPLY_METRICS:
                self.cancel(clock, by=by)

    def mark(self, clock: Clock, kind: LogKind, due_at: datetime) -> Clock:
        """Note that a clock's warning or target has passed, and how late that was noticed."""
        late = (self.at - max(due_at, clock.eligible_at or due_at)).total_seconds()
        marked = replace(clock, warned=True, breached=kind is LogKind.BREACH)
        self._put(marked)
        self._log_clock(kind, clock, due=due_at.isoformat(), lateness=max(late, 0.0))
        return marked

    def _notice_passed(self, clock: Clock, at: datetime) -> Clock:
        """Mark what had passed when a clock stops at ``at``, should nobody have noticed it yet.

        A reply that comes a moment after the target, or while Heed was down, must not hide the breach.
        """
        warn, due = clock.due_at(clock.warn_at), clock.due_at()
        if warn is not None and warn < at and not (clock.warned or clock.breached):
            clock = self.mark(clock, LogKind.WARN, warn)
        if due is not None and due < at and not clock.breached:
            clock = self.mark(clock, LogKind.BREACH, due)
        return clock

    def _pause_resolution(self) -> None:
        clock = self.c.clock(Metric.RESOLUTION)
        if clock is not None and clock.running_since is not None:
            clock = self._notice_passed(clock, self.at)
            self._put(clock.stop(self.at))
            self._log_clock(LogKind.PAUSE, clock)

    def _resume_resolution(self) -> None:
        clock = self.c.clock(Metric.RESOLUTION)
        if clock is not None and clock.running_since is None:
            self.resume(clock, self.at, counted=False)

    def _put(self, clock: Clock) -> None:
        self.change(clocks=tuple(clock if old.key == clock.key else old for old in self.c.clocks))

    def _drop(self, clock: Clock) -> None:
        self.change(clocks=tuple(old for old in self.c.clocks if old.key != clock.key))

    def _log_clock(self, kind: LogKind, clock: Clock, at: datetime | None = None, **fields: Scalar) -> None:
        self.log(kind, at, metric=clock.metric.value, instance=clock.instance, **fields)
