"""What pages and desks ask of the store: lists, whole conversations, acts, posts, and files that go along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.domain.log import LogRecord
from bot.domain.messages import ConversationId
from bot.records import (
    ActQuery,
    AuditRow,
    ConversationView,
    CorrectedMessage,
    Enclosure,
    Post,
    QueuePage,
    QueueQuery,
    StoreFacts,
    TranscriptEntry,
)
from bot.stores.sqlite import corrections, enclosures, log, shown, transcript, views
from bot.stores.sqlite.readers import Readers
from bot.stores.sqlite.writer import Writer


class ForStaff:
    """One half of the store; the other opens the file and gives it readers and writer."""

    _readers: Readers
    _writer: Writer
    _present: Callable[[], datetime]

    # --- views --------------------------------------------------------------------------------------------

    async def queue(self, query: QueueQuery) -> QueuePage:
        """Return conversations by urgency."""
        return await self._readers.run(lambda db: views.queue(db, query))

    async def view(self, conversation: ConversationId) -> ConversationView | None:
        """Return all that staff may see of one conversation."""
        return await self._readers.run(lambda db: views.view(db, conversation))

    async def history(
        self, channel: str, customer: str, *, after: int = 0, limit: int = 200
    ) -> list[TranscriptEntry]:
        """Return what one customer (by the platform's id) may see."""
        return await self._readers.run(
            lambda db: transcript.history(db, channel, customer, after=after, limit=limit)
        )

    async def unhandled(self, conversation: ConversationId) -> int:
        """Return how many messages of its customer's wait to be understood."""
        return await self._readers.run(lambda db: views.unhandled(db, conversation))

    async def acts(self, query: ActQuery) -> list[LogRecord]:
        """Return what staff did, newest first."""
        return await self._readers.run(lambda db: log.acts(db, query))

    async def audit(self, *, after: str, limit: int) -> list[AuditRow]:
        """Return all but unopened and resolved conversations, by id."""
        return await self._readers.run(lambda db: views.audit(db, after=after, limit=limit))

    async def facts(self) -> StoreFacts:
        """Return how much lies where."""
        return await self._readers.run(views.facts)

    async def corrected(self, *, after: str, limit: int) -> list[CorrectedMessage]:
        """Return messages that staff corrected, with their texts as they were corrected."""
        return await self._readers.run(lambda db: corrections.with_texts(db, after=after, limit=limit))

    # --- desks' posts -------------------------------------------------------------------------------------

    async def posts(self, desk: str, conversation: ConversationId) -> Mapping[str, Post]:
        """Return by key what a desk shows of one conversation."""
        return await self._readers.run(lambda db: shown.of(db, desk, conversation))

    async def keep_posts(
        self, desk: str, conversation: ConversationId, posts: Sequence[Post], *, gone: Sequence[str] = ()
    ) -> None:
        """Store what a desk shows, and take out what it shows no more."""
        await self._writer.run(lambda tx: shown.keep(tx, desk, conversation, posts, gone), rows=len(posts))

    async def posted(self, desk: str, external_id: str) -> tuple[ConversationId, str] | None:
        """Return which piece of which conversation a message, or a thread, of a desk shows."""
        return await self._readers.run(lambda db: shown.find(db, desk, external_id))

    # --- files that go along with replies -----------------------------------------------------------------

    async def keep_enclosure(self, conversation: ConversationId, enclosure: Enclosure) -> str:
        """Store a file and return its id. One that no reply takes along is gone after a day."""
        return await self._writer.run(lambda tx: enclosures.keep(tx, conversation, enclosure, at=self._present()))

    async def enclosure(self, enclosure: str) -> Enclosure | None:
        """Return a file, None where it never was or was erased."""
        return await self._readers.run(lambda db: enclosures.of(db, enclosure))

    async def enclosure_for(self, channel: str, customer: str, enclosure: str) -> Enclosure | None:
        """Return a file that was sent to this customer (by the platform's id) and not taken back."""
        return await self._readers.run(lambda db: enclosures.of_customer(db, channel, customer, enclosure))
