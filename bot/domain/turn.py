"""One step in the making: the conversation as it changes, and what the step asks for.

Rules speak to a turn in the words of the domain (open, escalate, say, activate); the turn keeps the
conversation, its clocks and the log together. It lives inside one call of ``advance`` and never leaves it.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.actions import Send, message_of
from bot.domain.conversation import Pending, Unanswered
from bot.domain.decisions import Reason, Rendered, Wording
from bot.domain.hindsight import Hindsight, covers_more
from bot.domain.log import LogKind, Scalar
from bot.domain.messages import ActionId, AgentId, Attachment, Author, MessageId
from bot.domain.policies import routed
from bot.domain.roles import Agent, Role
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.domain.states import HUMAN_STATES, State

#: More unanswered messages than this are joined, not listed: an answer covers them all the same.
MOST_UNANSWERED = 200


class Turn(Hindsight):
    """The working copy of a conversation during one step."""

    # --- states

    def move(self, state: State) -> None:
        """Go to another state, with what the resolution clock does there."""
        if state is self.c.state:
            return
        self.log(LogKind.STATE_CHANGED, self.at, **{"from": self.c.state.value, "to": state.value})
        clock = self.c.clock(Metric.RESOLUTION)
        if clock is not None and state is State.WAITING and clock.running_since is not None:
            self.pause(clock)
        elif clock is not None and state is not State.RESOLVED and clock.running_since is None:
            self.resume(clock, self.at, counted=False)
        self.change(state=state)
        self.attach_targets()

    # --- opening and closing

    def open(self, started_at: datetime, *, agent: Agent | None = None) -> None:
        """Open the conversation, or open it again, in state ``open`` with a new resolution clock.

        ``agent``: who on staff opened it again, where it was not the customer.
        """
        if self.c.state is State.RESOLVED:
            self.log(LogKind.REOPENED, channel=self.c.address.channel, **_by(agent))
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
        self.change(opened_at=self.at, reason=None, policy=None, handed_back_at=None)
        self.route()
        self.activate(Metric.RESOLUTION, started_at, agent=agent.id if agent is not None else None)
        self.move(State.OPEN)

    def escalate(self, reason: Reason, *, by_bot: bool = True) -> None:
        """Hand the conversation to a human. ``by_bot``: it was the bot's, so the hand-off is measured."""
        if self.c.state in {State.UNOPENED, State.RESOLVED}:
            self.open(self.at)
        self.change(reason=reason)
        if self.c.state in HUMAN_STATES - {State.SNOOZED}:
            return
        self.change(escalated_at=self.at, snoozed_until=None, handed_back_at=None)
        self.log(LogKind.ESCALATED, reason=reason.value, channel=self.c.address.channel)
        self.route()
        if by_bot and self.c.unanswered and self.c.clock(Metric.HANDOFF_WAIT) is None:
            waited = tuple(message.sent_at for message in self.c.unanswered)
            self.activate(Metric.HANDOFF_WAIT, self.at, waited=waited)
        self.move(State.ESCALATED)

    def resolve(self, *, by: str, agent: Agent | None = None, reason: str | None = None) -> None:
        """Call it done. By an agent this fulfils open clocks; by bot, silence, deletion or erasing it cancels."""
        whose = agent.id if agent is not None else None
        reply_on_its_way = any(send.author is Author.AGENT and send.wording.substantive for send in self.c.pending)
        closer = "bot" if by == "silence" else by
        for clock in self.c.clocks:
            if clock.metric is Metric.RESOLUTION and by not in {"deleted", "erased", "merge"}:
                self.fulfill(clock, by=closer, at=self.at, agent=whose)
            elif agent is None:
                self.cancel(clock, by=closer)
            elif not reply_on_its_way:
                self.fulfill(clock, by="resolution", at=self.at, agent=whose)
        self.log(LogKind.RESOLVED, by=by, **_by(agent), reason=reason)
        self.move(State.RESOLVED)
        keep = self.c.unanswered if reply_on_its_way and agent is not None else ()
        self.change(
            holder=None,
            claim_until=None,
            snoozed_until=None,
            unanswered=keep,
            unlisted=False,
            resolved_at=self.at,
            hold_epoch=self.c.hold_epoch + 1,
        )

    # --- whose it is

    def route(self) -> None:
        """Give the conversation what the brand's routes say of team, priority and tier, where nobody else has."""
        found = routed(self.rules.routes, self.c.traits)
        self.set_fields(by="routes", **{name: value for name, value in found.items() if not self.c.traits[name]})

    def set_fields(self, *, by: str, **fields: str) -> None:
        """Set team, priority or tier; another policy may fit now."""
        changed = {name: value for name, value in fields.items() if self.c.traits[name] != value}
        if changed:
            self.change(**changed)
            self.log(LogKind.FIELDS_SET, self.at, by=by, **changed)
            self.retarget()

    # --- who holds it

    def hold(self, agent: Agent) -> None:
        """Give the conversation to this agent: no answer of the bot starts out from now on."""
        if self.c.holder != agent.id:
            outside: dict[str, Scalar] = {"outside": True} if agent.outside else {}
            self.log(LogKind.CLAIMED, agent=agent.id, role=agent.role.value, **outside)
            self.change(holder=agent.id, hold_epoch=self.c.hold_epoch + 1)
        until = self.at + self.rules.claim_lifetime
        self.change(claim_until=until, claim_warned=False, snoozed_until=None, handed_back_at=None)
        self.move(State.CLAIMED)

    def let_go(self, *, by: str, role: Role | None = None) -> None:
        """Take the conversation from its holder: escalated if the customer waits, else waiting.

        ``role``: the holder's, where they let go themselves.
        """
        self.log(LogKind.RELEASED, agent=self.c.holder, role=role.value if role else None, by=by)
        self.change(holder=None, claim_until=None)
        self.move(State.ESCALATED if self.c.unanswered else State.WAITING)

    # --- the customer's side

    def expect_answer(self, message: MessageId, sent_at: datetime, *, rejected: bool = False) -> None:
        """Note that this message needs an answer: it starts the clocks, or joins those that run."""
        known = next((waiting.sent_at for waiting in self.c.unanswered if waiting.message == message), None)
        if known is None:
            self._list_unanswered(message, sent_at)
        self._wait_for_response(sent_at, known=known)
        self._wait_for_human(sent_at, rejected=rejected, known=known)
        resolution = self.c.clock(Metric.RESOLUTION)
        if resolution is not None and resolution.running_since == resolution.started_at:
            self.join(resolution, sent_at)

    def _wait_for_response(self, sent_at: datetime, *, known: datetime | None) -> None:
        clock = self.c.clock(Metric.FIRST_RESPONSE)
        if clock is None and not self.c.responded:
            self.activate(Metric.FIRST_RESPONSE, sent_at, waited=(known or sent_at,))
        elif clock is not None and known is None:
            self.join(clock, sent_at)

    def _wait_for_human(self, sent_at: datetime, *, rejected: bool, known: datetime | None) -> None:
        clock = self.c.clock(*HUMAN_REPLY)
        if clock is None:
            self.activate(Metric.NEXT_REPLY if self.c.human_replied else Metric.FIRST_REPLY, sent_at)
        elif clock.running_since is None:
            self.resume(clock, sent_at, counted=rejected)
        elif known is None:
            self.join(clock, sent_at)

    def _list_unanswered(self, message: MessageId, sent_at: datetime) -> None:
        if len(self.c.unanswered) >= MOST_UNANSWERED:
            self.change(unlisted=True)
            return
        new = Unanswered(message=message, number=self.c.received, sent_at=sent_at)
        self.change(unanswered=(*self.c.unanswered, new))

    # --- words to the customer

    def before_the_matter(self, at: datetime) -> bool:
        """Tell whether words of that time were said before what the conversation is about now."""
        resolution = self.c.clock(Metric.RESOLUTION)
        return resolution is not None and at < resolution.started_at

    def owe_response(self, at: datetime) -> None:
        """Let who asks in a reopened matter wait on, where words from before it have ended an older wait."""
        owed = tuple(message.sent_at for message in self.c.unanswered)
        if (
            owed
            and self.before_the_matter(at)
            and not self.c.responded
            and not self.c.clock(Metric.FIRST_RESPONSE)
        ):
            self.activate(Metric.FIRST_RESPONSE, min(owed), waited=owed)

    def end_answered(self, at: datetime, rest: tuple[Unanswered, ...]) -> None:
        """Let the bot's answer end the customer's wait for words that help, if it answers what that began with."""
        clock = self.c.clock(Metric.FIRST_RESPONSE)
        if clock is not None and (at < clock.started_at or not covers_more(clock, rest)):
            return
        self.fulfill_open((Metric.FIRST_RESPONSE,), by="bot", at=at)
        self.change(responded=self.c.responded or not self.before_the_matter(at))

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

    def reply(self, agent: Agent, text: str, enclosures: tuple[Attachment, ...] = ()) -> None:
        """Queue an agent's text, with the files that go along. The log is told how many."""
        self._queue(author=Author.AGENT, wording=Wording.REPLY, text=text, agent=agent.id, attachments=enclosures)
        files: dict[str, Scalar] = {"files": len(enclosures)} if enclosures else {}
        self.log(LogKind.REPLIED, agent=agent.id, role=agent.role.value, native=False, **files)

    def revise(self, agent: Agent, message: MessageId, text: str) -> None:
        """Queue a change of a reply that was sent; without a text it is taken back."""
        action = self._queue(
            author=Author.AGENT, wording=Wording.REVISION, text=text, agent=agent.id, revises=message
        )
        self.log(LogKind.REVISED, **_by(agent), message=message, action=action, takes_back=not text)

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
        revises: MessageId | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> ActionId:
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
            revises=revises,
            attachments=attachments,
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
        return action


def _by(agent: Agent | None) -> dict[str, Scalar]:
    """Return who on staff did it, with the role held at that moment; None where nobody did."""
    return {"agent": None, "role": None} if agent is None else {"agent": agent.id, "role": agent.role.value}
