"""Staff commands and the pause switch: a lane that never waits for the model."""

from __future__ import annotations

import uuid

from bot.domain.conversation import Conversation
from bot.domain.events import Command, Note
from bot.domain.log import LogKind
from bot.domain.messages import ConversationId
from bot.engine.outcomes import report
from bot.engine.road import Passage, Road, Trip
from bot.ports import CommandResult, Store, TimeSource
from bot.records import InboxItem, NoteRecord

#: The switch in the store that stops automatic answers.
PAUSED = "paused"


class StaffCommands:
    """Carries out what staff want, and answers whoever asked."""

    def __init__(self, *, store: Store, road: Road, time: TimeSource) -> None:
        self._store = store
        self._road = road
        self._time = time

    async def perform(self, conversation: ConversationId, command: Command) -> CommandResult:
        """Carry out one command. Raises NotFound for an unknown conversation."""

        def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=command)

        trip = Trip(conversation=conversation, make=make, notes=_notes(command))
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


def _notes(command: Command) -> tuple[NoteRecord, ...]:
    if not isinstance(command, Note):
        return ()
    note_id = f"n{uuid.uuid4().hex[:20]}"
    return (NoteRecord(id=note_id, agent=command.agent.id, text=command.note, at=command.at),)
