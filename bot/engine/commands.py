"""Staff commands and the pause switch: a lane that never waits for the model."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from weakref import WeakValueDictionary

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.events import (
    Block,
    Command,
    CorrectLabel,
    FieldsSet,
    HolderLeft,
    Note,
    Reopen,
    Reply,
    Resolve,
    Revise,
    Snooze,
    Transfer,
    Unblock,
)
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, Author, ConversationId, MessageId
from bot.domain.prediction import HOLDS_FROM, SCORED_LABELS, Label, Prediction
from bot.domain.staff_rules import Refusal
from bot.engine.outcomes import report
from bot.engine.road import Passage, Road, Trip
from bot.errors import NotFound
from bot.ports import Capabilities, CommandResult, Store, TimeSource
from bot.records import (
    BlockRecord,
    ConversationView,
    CorrectionRecord,
    DecisionRecord,
    InboxItem,
    NoteRecord,
    note_of,
)

#: Why no label is put to a message: a label is what its writer meant by the words.
NOTHING_TO_CORRECT = "Only what a customer wrote here, and has not taken back, can be corrected."

#: What travels this lane: staff's commands, and what Heed itself finds out about a conversation's owner.
Asked = Command | FieldsSet | HolderLeft

#: The switch in the store that stops automatic answers.
PAUSED = "paused"


class StaffCommands:
    """Carries out what staff want, and answers whoever asked.

    ``revises`` tells what a channel can do about texts that were sent, and about files.
    """

    def __init__(
        self,
        *,
        store: Store,
        road: Road,
        time: TimeSource,
        revises: Callable[[str], Capabilities] = lambda channel: Capabilities(name=channel),
    ) -> None:
        self._store = store
        self._road = road
        self._time = time
        self._revises = revises
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def perform(self, conversation: ConversationId, command: Asked, *, request: str = "") -> CommandResult:
        """Carry out one command. Raises NotFound for an unknown conversation.

        Who asks the same ``request`` again, because the answer was lost, gets it without a second act.
        """
        if not request:
            return await self._perform(conversation, command, "")
        async with self._turns.setdefault(request, asyncio.Lock()):
            if await self._store.requested(request):
                found = await self._store.load([conversation])
                return CommandResult(accepted=True, conversation=found.get(conversation), repeated=True)
            return await self._perform(conversation, command, request)

    async def _perform(self, conversation: ConversationId, command: Asked, request: str) -> CommandResult:
        if isinstance(command, Reply) and command.enclosures:
            return await self._reply_with_files(conversation, command, request)
        if not isinstance(command, CorrectLabel | Revise | Reopen | Block | Unblock):
            return await self._drive(conversation, command, request)
        view = await self._store.view(conversation)
        if view is None:
            raise NotFound(f"there is no conversation {conversation}")
        why = self._why_not(view, command)
        if why:
            return _refused(view, why)
        return await self._drive(conversation, _completed(view, command), request, blocks=_blocks(view, command))

    def _why_not(self, view: ConversationView, command: Asked) -> str:
        """Return why a command does not fit what the conversation alone does not know, "" if it fits."""
        match command:
            case CorrectLabel() if not _may_be_corrected(view, command):
                return NOTHING_TO_CORRECT
            case Reopen() if view.newer is not None:
                return f"The customer's matters go on in conversation {view.newer}: answer there."
            case Revise():
                return self._why_not_revised(view.conversation.address.channel, command)
        return ""

    def _why_not_revised(self, channel: str, command: Revise) -> str:
        may = self._revises(channel)
        if may.edits_sends if command.text else may.deletes_sends:
            return ""
        name = "edits_sends" if command.text else "deletes_sends"
        return may.instead.get(name) or f"On {channel} nothing can be changed once it was sent."

    async def _reply_with_files(self, conversation: ConversationId, command: Reply, request: str) -> CommandResult:
        """Send files along with a reply, where the customer's platform takes them."""
        found = (await self._store.load([conversation])).get(conversation)
        if found is None:
            raise NotFound(f"there is no conversation {conversation}")
        why = _files_refused(command, self._revises(found.address.channel), found.address.channel)
        if why:
            return CommandResult(accepted=False, conversation=found, refusal=why, kind=Refusal.NOT_NOW)
        return await self._drive(conversation, command, request)

    async def _drive(
        self,
        conversation: ConversationId,
        command: Asked,
        request: str,
        *,
        blocks: tuple[BlockRecord, ...] = (),
    ) -> CommandResult:
        seen_by = await self._unread(conversation, command)

        def make(loaded: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=seen_by(loaded))

        trip = Trip(
            conversation=conversation,
            make=make,
            notes=_notes(command, request),
            corrections=_corrections(command),
            blocks=blocks,
            request=request,
        )
        await self._road.drive([trip])
        step = trip.step
        if step is None:
            return CommandResult(accepted=False, conversation=None, refusal="Nothing was done.")
        return CommandResult(
            accepted=not step.refusal, conversation=step.conversation, refusal=step.refusal, kind=step.kind
        )

    async def _unread(self, conversation: ConversationId, command: Asked) -> Callable[[Conversation], Asked]:
        """Return what makes the command as it counts for the conversation as it is loaded.

        Messages that nobody has understood yet are not in the conversation's count, but the customer has written
        them. Those that are handled between this look and the load are counted once, there.
        """
        if not isinstance(command, Reply | Resolve) or command.seen is None:
            return lambda _loaded: command
        looked, seen = command, command.seen
        known = (await self._store.load([conversation])).get(conversation)
        waiting = await self._store.unhandled(conversation)

        def counted(loaded: Conversation) -> Asked:
            handled = loaded.received - (known.received if known is not None else loaded.received)
            return replace(looked, seen=seen - max(waiting - handled, 0))

        return counted

    async def pause(self, *, by: str) -> None:
        """Stop all automatic answers and take back those that have not started out."""
        now = self._time.now()
        await self._store.set_switch(PAUSED, f"{by} {now.isoformat()}")
        await self._store.append(LogKind.PAUSED, at=now, fields={"agent": by})
        await self.withdraw()

    async def withdraw(self) -> None:
        """Take back the bot's answers that have not started out, and escalate their conversations."""
        while taken := await self._store.withdraw(now=self._time.now(), limit=200):
            await self._road.drive_each([report(s, s.state, self._time.now()) for s in taken])

    async def resume(self, *, by: str) -> None:
        """Let the bot answer again."""
        await self._store.set_switch(PAUSED, None)
        await self._store.append(LogKind.RESUMED, at=self._time.now(), fields={"agent": by})

    async def paused(self) -> bool:
        """Tell whether automatic answers are switched off."""
        return await self._store.switch(PAUSED) is not None


def _files_refused(command: Reply, may: Capabilities, channel: str) -> str:
    """Return why these files cannot go to the customer, "" if they can."""
    if not may.largest_file:
        return may.instead.get("largest_file") or f"On {channel} no files can be sent: send the text alone."
    large = next((each for each in command.enclosures if (each.size or 0) > may.largest_file), None)
    if large is None:
        return ""
    return f"{large.name} is too large for {channel}: at most {may.largest_file / 1024**2:g} MB."


def _refused(view: ConversationView, why: str) -> CommandResult:
    return CommandResult(accepted=False, conversation=view.conversation, refusal=why, kind=Refusal.NOT_NOW)


def _blocks(view: ConversationView, command: Asked) -> tuple[BlockRecord, ...]:
    if not isinstance(command, Block | Unblock):
        return ()
    lifted = isinstance(command, Unblock)
    customer = view.conversation.customer
    return (BlockRecord(customer=customer, agent=command.agent.id, at=command.at, lifted=lifted),)


def _notes(command: Asked, request: str) -> tuple[NoteRecord, ...]:
    """Return the note that a command leaves: its own words, or the remark that goes along with it."""
    match command:
        case Note(note=text) | Transfer(remark=text) | Snooze(remark=text) | Resolve(remark=text) if text:
            note_id = note_of(request or uuid.uuid4().hex)
            return (NoteRecord(id=note_id, agent=command.agent.id, text=text, at=command.at),)
    return ()


def _corrections(command: Asked) -> tuple[CorrectionRecord, ...]:
    if not isinstance(command, CorrectLabel):
        return ()
    labels = tuple(label for label in SCORED_LABELS if label in command.labels)
    return (CorrectionRecord(message=command.message, labels=labels, agent=command.agent.id, at=command.at),)


def _may_be_corrected(view: ConversationView, command: CorrectLabel) -> bool:
    said = next((entry for entry in view.transcript if entry.message == command.message), None)
    return said is not None and said.author is Author.CUSTOMER and said.deleted_at is None and bool(said.text)


def _completed(view: ConversationView, command: Asked) -> Asked:
    """Return the command with what only the transcript and the decisions know."""
    match command:
        case CorrectLabel():  # what the model had said, and what was done: of an edited message the newest
            records = [record for record in view.decisions if record.message == command.message]
            return replace(command, was=_labels_given(records), decided=_done(records))
        case Revise():
            return replace(command, wrote=_writer(view, command.message))
    return command


def _writer(view: ConversationView, message: MessageId) -> AgentId | None:
    """Return who wrote a reply that stands with the customer, None if it is none."""
    said = next((line for line in view.transcript if line.message == message), None)
    if said is None or said.author is not Author.AGENT or said.deleted_at is not None:
        return None
    return said.agent if said.send_state is SendState.SENT else None


def _labels_given(records: list[DecisionRecord]) -> tuple[Label, ...]:
    newest = next((record.assessment for record in reversed(records) if record.assessment is not None), None)
    return () if newest is None else _holding(newest.prediction)


def _holding(prediction: Prediction) -> tuple[Label, ...]:
    return tuple(label for label in SCORED_LABELS if prediction.probabilities[label] >= HOLDS_FROM[label])


def _done(records: list[DecisionRecord]) -> str:
    return next((record.decision.kind.value for record in reversed(records) if record.decision is not None), "")
