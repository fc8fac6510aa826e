"""Staff commands and the pause switch: a lane that never waits for the model."""

from __future__ import annotations

import uuid
from dataclasses import replace

from bot.domain.conversation import Conversation
from bot.domain.events import Command, CorrectLabel, FieldsSet, Note
from bot.domain.log import LogKind
from bot.domain.messages import Author, ConversationId
from bot.domain.prediction import HOLDS_FROM, SCORED_LABELS, Label, Prediction
from bot.engine.outcomes import report
from bot.engine.road import Passage, Road, Trip
from bot.errors import NotFound
from bot.ports import CommandResult, Store, TimeSource
from bot.records import ConversationView, CorrectionRecord, DecisionRecord, InboxItem, NoteRecord

#: Why no label is put to a message: a label is what its writer meant by the words.
NOTHING_TO_CORRECT = "Only what a customer wrote here, and has not taken back, can be corrected."

#: The switch in the store that stops automatic answers.
PAUSED = "paused"


class StaffCommands:
    """Carries out what staff want, and answers whoever asked."""

    def __init__(self, *, store: Store, road: Road, time: TimeSource) -> None:
        self._store = store
        self._road = road
        self._time = time

    async def perform(self, conversation: ConversationId, command: Command | FieldsSet) -> CommandResult:
        """Carry out one command. Raises NotFound for an unknown conversation."""
        if not isinstance(command, CorrectLabel):
            return await self._drive(conversation, command)
        view = await self._store.view(conversation)
        if view is None:
            raise NotFound(f"there is no conversation {conversation}")
        if not _may_be_corrected(view, command):
            return CommandResult(accepted=False, conversation=view.conversation, refusal=NOTHING_TO_CORRECT)
        return await self._drive(conversation, _completed(view, command))

    async def _drive(self, conversation: ConversationId, command: Command | FieldsSet) -> CommandResult:
        def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=command)

        trip = Trip(conversation=conversation, make=make, notes=_notes(command), corrections=_corrections(command))
        await self._road.drive([trip])
        step = trip.step
        if step is None:
            return CommandResult(accepted=False, conversation=None, refusal="Nothing was done.")
        return CommandResult(accepted=not step.refusal, conversation=step.conversation, refusal=step.refusal)

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


def _notes(command: Command | FieldsSet) -> tuple[NoteRecord, ...]:
    if not isinstance(command, Note):
        return ()
    note_id = f"n{uuid.uuid4().hex[:20]}"
    return (NoteRecord(id=note_id, agent=command.agent.id, text=command.note, at=command.at),)


def _corrections(command: Command | FieldsSet) -> tuple[CorrectionRecord, ...]:
    if not isinstance(command, CorrectLabel):
        return ()
    labels = tuple(label for label in SCORED_LABELS if label in command.labels)
    return (CorrectionRecord(message=command.message, labels=labels, agent=command.agent.id, at=command.at),)


def _may_be_corrected(view: ConversationView, command: CorrectLabel) -> bool:
    said = next((entry for entry in view.transcript if entry.message == command.message), None)
    return said is not None and said.author is Author.CUSTOMER and said.deleted_at is None and bool(said.text)


def _completed(view: ConversationView, command: CorrectLabel) -> CorrectLabel:
    """Return the command with what the model had said, and what was done: of an edited message the newest."""
    records = [record for record in view.decisions if record.message == command.message]
    return replace(command, was=_labels_given(records), decided=_done(records))


def _labels_given(records: list[DecisionRecord]) -> tuple[Label, ...]:
    newest = next((record.assessment for record in reversed(records) if record.assessment is not None), None)
    return () if newest is None else _holding(newest.prediction)


def _holding(prediction: Prediction) -> tuple[Label, ...]:
    return tuple(label for label in SCORED_LABELS if prediction.probabilities[label] >= HOLDS_FROM[label])


def _done(records: list[DecisionRecord]) -> str:
    return next((record.decision.kind.value for record in reversed(records) if record.decision is not None), "")
