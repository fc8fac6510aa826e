"""Stand-ins for what staff do: their commands, their teams and the brand's templates, all in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from bot.desk.counter import Counter, Offer
from bot.desk.web import WebDesk
from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Wording
from bot.domain.events import (
    AskFor,
    Block,
    Claim,
    Command,
    CorrectLabel,
    HandBack,
    Note,
    Release,
    Reopen,
    Reply,
    Resolve,
    Revise,
    Snooze,
    TakeOver,
    Transfer,
    Unblock,
    Wait,
)
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, Author, ConversationId, MessageId
from bot.domain.roles import Agent
from bot.domain.staff_rules import MOVED_ON, Refusal
from bot.domain.states import State
from bot.errors import NotFound
from bot.ports import CommandResult
from bot.records import (
    ConversationView,
    CorrectionRecord,
    NoteRecord,
    StaffAccount,
    TranscriptEntry,
)
from tests.web.fakes import MemoryStore

#: What may be done with what somebody else holds.
FREE = Note | CorrectLabel | TakeOver | AskFor | Unblock

KINDS = {
    Claim: LogKind.CLAIMED,
    TakeOver: LogKind.TAKEN_OVER,
    AskFor: LogKind.ASKED_FOR,
    Release: LogKind.RELEASED,
    Reply: LogKind.REPLIED,
    Revise: LogKind.REVISED,
    Note: LogKind.NOTED,
    Snooze: LogKind.SNOOZED,
    Wait: LogKind.ASKED,
    Transfer: LogKind.TRANSFERRED,
    HandBack: LogKind.HANDED_BACK,
    Resolve: LogKind.RESOLVED,
    Reopen: LogKind.REOPENED,
    Block: LogKind.BLOCKED,
    Unblock: LogKind.UNBLOCKED,
    CorrectLabel: LogKind.LABEL_CORRECTED,
}


class MemoryCommands:
    """Staff's commands with the rules of holding, straight on the store above."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.performed: list[Command] = []
        self.requests: set[str] = set()
        self.refuses = ""

    async def perform(self, conversation: ConversationId, command: Command, *, request: str = "") -> CommandResult:
        view = self._store.views.get(conversation)
        if view is None:
            raise NotFound(f"There is no conversation {conversation!r}.")
        now, holder = view.conversation, view.conversation.holder
        if request and request in self.requests:
            return CommandResult(accepted=True, conversation=now)
        if self.refuses:
            return _refused(now, self.refuses, Refusal.NOT_NOW)
        if holder is not None and holder != command.agent.id and not isinstance(command, FREE):
            return _refused(now, f"{holder} holds this conversation.", Refusal.HELD)
        if isinstance(command, Release) and holder is None:
            return _refused(now, "Nobody holds this conversation.", Refusal.NOT_NOW)
        if isinstance(command, Reply | Resolve) and command.seen is not None and command.seen < now.received:
            return _refused(now, MOVED_ON, Refusal.MOVED_ON)
        self.requests.add(request)
        self.performed.append(command)
        changed = _remarked(_after(view, command), command)
        self._store.put(changed)
        self._log(changed.conversation, command)
        return CommandResult(accepted=True, conversation=changed.conversation)

    async def pause(self, *, by: str) -> None:
        await self._store.set_switch("paused", by)
        self._store.record("", LogKind.PAUSED, by=by)

    async def resume(self, *, by: str) -> None:
        await self._store.set_switch("paused", None)
        self._store.record("", LogKind.RESUMED, by=by)

    async def paused(self) -> bool:
        return await self._store.switch("paused") is not None

    def _log(self, conversation: Conversation, command: Command) -> None:
        self._store.record(conversation.id, KINDS[type(command)], agent=command.agent.id, by="agent")


def _after(view: ConversationView, command: Command) -> ConversationView:
    c = view.conversation
    version = c.version + 1
    match command:
        case Claim() | TakeOver():
            return _with(view, replace(c, state=State.CLAIMED, holder=command.agent.id, version=version))
        case Release():
            state = State.ESCALATED if c.unanswered else State.WAITING
            return _with(view, replace(c, state=state, holder=None, version=version))
        case Note():
            note = NoteRecord(id=f"n{version}", agent=command.agent.id, text=command.note, at=command.at)
            return replace(view, conversation=replace(c, version=version), notes=(*view.notes, note))
        case CorrectLabel():
            record = CorrectionRecord(
                message=command.message, labels=command.labels, agent=command.agent.id, at=command.at
            )
            others = tuple(one for one in view.corrections if one.message != command.message)
            return replace(view, conversation=replace(c, version=version), corrections=(*others, record))
        case Resolve():
            done = replace(c, state=State.RESOLVED, holder=None, clocks=(), unanswered=(), version=version)
            return _with(view, replace(done, resolved_at=command.at))
        case Reply():
            held = replace(
                c, state=State.CLAIMED, holder=command.agent.id, unanswered=(), clocks=(), version=version
            )
            return replace(view, conversation=held, transcript=(*view.transcript, _reply(view, command)))
        case Snooze():
            put_away = replace(c, state=State.SNOOZED, holder=None, snoozed_until=command.until, version=version)
            return _with(view, put_away)
        case Transfer():
            return _with(view, replace(c, state=State.ESCALATED, holder=None, team=command.team, version=version))
        case AskFor() | Wait() | HandBack() | Reopen() | Block() | Unblock() | Revise():
            return _with(view, replace(c, version=version))
    raise AssertionError(command)


def _remarked(view: ConversationView, command: Command) -> ConversationView:
    """Keep the note that goes along with putting something away."""
    if not isinstance(command, Resolve | Snooze | Transfer) or not command.remark:
        return view
    name = f"n{view.conversation.version}"
    note = NoteRecord(id=name, agent=command.agent.id, text=command.remark, at=command.at)
    return replace(view, notes=(*view.notes, note))


def _refused(now: Conversation, why: str, kind: Refusal) -> CommandResult:
    return CommandResult(accepted=False, conversation=now, refusal=why, kind=kind)


def _with(view: ConversationView, conversation: Conversation) -> ConversationView:
    return replace(view, conversation=conversation)


def _reply(view: ConversationView, command: Reply) -> TranscriptEntry:
    number = len(view.transcript) + 1
    return TranscriptEntry(
        message=MessageId(f"{view.conversation.id}-{number}"),
        conversation=view.conversation.id,
        author=Author.AGENT,
        agent=AgentId(command.agent.id),
        text=command.text,
        at=command.at,
        number=number,
        wording=Wording.REPLY,
        send_state=SendState.SENT,
    )


class FakeAnswers:
    """A brand with a few answers."""

    offers = (
        Offer(template="delivery_time", topic="Delivery", text="Most parcels arrive within three working days."),
        Offer(template="refund", topic="Money", text="Your money is back on your account within five days."),
        Offer(
            template="where_is_my_order", topic="Delivery", text="You can follow your parcel under “My orders”."
        ),
    )

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        words = text.casefold().split()
        found = [
            replace(offer, text=f"Hi {view.customer.name}! {offer.text}")
            for offer in self.offers
            if all(word in f"{offer.template} {offer.topic} {offer.text}".casefold() for word in words)
        ]
        return found[:limit]

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        return [replace(offer, score=0.71) for offer in self.search("parcel", view, limit=limit)]


class FakeRoster:
    """Two teams: Mara and Sam are support, Alex is press."""

    teams: ClassVar = {"Mara": "support", "Sam": "support", "Alex": "press"}

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def of_account(self, account: StaffAccount) -> Agent:
        return Agent(id=AgentId(account.name), role=account.role, team=self.teams.get(account.name, ""))

    async def is_away(self, name: str) -> bool:
        return name in self.gone

    async def away(self, agent: Agent) -> bool:
        self.gone.add(agent.id)
        return True

    async def back(self, agent: Agent) -> bool:
        self.gone.discard(agent.id)
        return True

    async def present_for(self, team: str) -> frozenset[str]:
        return frozenset(name for name, its in self.teams.items() if its == team or not team) - self.gone


def desk_of(store: MemoryStore, commands: MemoryCommands, **more: object) -> WebDesk:
    """Return the desk of a brand with two teams, straight on the store above."""
    counter = Counter(
        store=store, commands=commands, time=store.time, answers=FakeAnswers(), teams=("support", "press")
    )
    parts = {"counter": counter, "store": store, "paused": commands.paused, "time": store.time, **more}
    return WebDesk(**parts)  # type: ignore[arg-type] - only what a desk takes comes here
