"""Checks from the store's rows, independently of the engine, that nobody was forgotten.

Promise: a waiting customer always has a running clock, and a human or a pending answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta

import structlog

from bot.domain.actions import SendState, message_of
from bot.domain.conversation import Conversation
from bot.domain.decisions import Reason
from bot.domain.events import EscalationForced, SendReported
from bot.domain.messages import ActionId, ConversationId
from bot.domain.sla import HUMAN_REPLY
from bot.domain.states import State
from bot.engine.road import Passage, Road, Trip
from bot.ports import Store, TimeSource
from bot.records import AuditRow, Finding, InboxItem

log = structlog.get_logger(__name__)

PAGE = 500

#: A deadline this long past and still stored means that the timekeeper does not do its work.
FORGOTTEN_AFTER = timedelta(seconds=30)

Heartbeat = Callable[[], Awaitable[None]]


class Auditor:
    """Reads all conversations that are not done. A finding is reported, and mended by a human's look."""

    def __init__(self, *, store: Store, road: Road, time: TimeSource, heartbeat: Heartbeat | None = None) -> None:
        self._store = store
        self._road = road
        self._time = time
        self._heartbeat = heartbeat
        self._suspects: Counter[str] = Counter()
        self.findings: tuple[Finding, ...] = ()
        self.audits = 0

    async def audit(self) -> tuple[Finding, ...]:
        """Check everything once. What is wrong twice in a row is a finding: a step under way is not."""
        suspects = [finding async for finding in self._suspicions()]
        keys = [f"{finding.conversation} {finding.problem}" for finding in suspects]
        again = [finding for finding, key in zip(suspects, keys, strict=True) if self._suspects[key]]
        self._suspects = Counter(keys)
        self.findings = tuple(again)
        self.audits += 1
        for finding in again:
            log.error("audit_finding", conversation=finding.conversation, problem=finding.problem)
        await self._mend(again)
        if not again and self._heartbeat is not None:
            await self._heartbeat()
        return self.findings

    async def _suspicions(self) -> AsyncIterator[Finding]:
        after = ""
        while rows := await self._store.audit(after=after, limit=PAGE):
            for row in rows:
                for problem in problems(row):
                    yield Finding(conversation=row.conversation.id, problem=problem)
            after = rows[-1].conversation.id
        overdue = await self._store.next_due()
        if overdue is not None and self._time.now() - overdue > FORGOTTEN_AFTER:
            for deadline in await self._store.due(self._time.now() - FORGOTTEN_AFTER, PAGE):
                yield Finding(
                    conversation=deadline.conversation, problem=f"deadline {deadline.key} was not noticed"
                )

    async def _mend(self, findings: list[Finding]) -> None:
        """Put each conversation's rows right again, and bring it before a human."""
        for conversation in dict.fromkeys(finding.conversation for finding in findings):
            await self._road.drive_each([*await self._forgotten_sends(conversation), self._look(conversation)])

    def _look(self, conversation: ConversationId) -> Trip:
        def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=EscalationForced(at=self._time.now(), reason=Reason.DEFECT))

        return Trip(conversation=conversation, make=make, restore=True)

    async def _forgotten_sends(self, conversation: ConversationId) -> list[Trip]:
        """Report the texts that are expected on their way and have long ended, or never were in the outbox."""
        view = await self._store.view(conversation)
        if view is None:
            return []
        states = {entry.message: entry.send_state for entry in view.transcript}
        ended = [
            (send.action, states.get(message_of(send.action)) or SendState.FAILED)
            for send in view.conversation.pending
            if states.get(message_of(send.action)) not in {SendState.NEW, SendState.SENDING}
        ]
        return [self._report(conversation, action, state) for action, state in ended]

    def _report(self, conversation: ConversationId, action: ActionId, state: SendState) -> Trip:
        def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=SendReported(at=self._time.now(), action=action, outcome=state))

        return Trip(conversation=conversation, make=make)


def problems(row: AuditRow) -> Iterator[str]:
    """Return what is wrong with one conversation's rows, in sentences."""
    c = row.conversation
    clock = c.clock(*HUMAN_REPLY)
    if c.unanswered and (clock is None or clock.running_since is None):
        yield "the customer waits and no reply clock runs"
    if c.unanswered and c.state is State.WAITING:
        yield "the customer waits in state waiting, where nobody answers"
    if c.state is State.OPEN and c.unanswered and not row.unsent and not row.inbox:
        yield "the customer waits for the bot and no answer is on its way"
    if len(c.pending) != row.unsent:
        yield f"{len(c.pending)} texts are expected on their way, the outbox has {row.unsent}"
    yield from _missing_deadlines(row)


def _missing_deadlines(row: AuditRow) -> Iterator[str]:
    c = row.conversation
    stored = set(row.deadline_keys)
    for clock in c.clocks:
        aimed = clock.running_since is not None and clock.target is not None and not clock.breached
        if aimed and f"breach:{clock.key}" not in stored:
            yield f"the clock {clock.key} has a target and no deadline"
    if c.state is State.CLAIMED and "claim_expiry" not in stored:
        yield "the claim never expires"
    if c.state is State.SNOOZED and "snooze_end" not in stored:
        yield "the snooze never ends"
