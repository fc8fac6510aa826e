"""The store, in small pieces; one backend implements them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.domain.actions import Deadline
from bot.domain.conversation import Conversation
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import ActionId, ConversationId
from bot.records import (
    ActQuery,
    Arrival,
    AuditRow,
    Commit,
    ConversationView,
    CorrectedMessage,
    Enclosure,
    InboxItem,
    Post,
    QueuePage,
    QueueQuery,
    Receipt,
    Sending,
    StaffAccount,
    StoreFacts,
    Taken,
    TranscriptEntry,
)


class Inbox(Protocol):
    """Accepted arrivals, kept until a commit takes them off."""

    async def accept(self, arrivals: Sequence[Arrival], *, assess_within: timedelta) -> list[Receipt]:
        """Store these under the platform's ids, durably, before it returns. A repetition is recognised."""
        ...

    async def take(self, limit: int, *, owner: str, now: datetime, lease: timedelta) -> list[InboxItem]:
        """Lease up to ``limit`` items, oldest first, at most the first of each conversation.

        An item that was handed out before without a commit comes alone, so that a poison message stands out.
        A message that is not addressed is not handed out before its patience has passed: counted from when it was
        written, and never less than half a minute after it came in, so that a back-fill is complete by then.
        A conversation with a leased item hands out no other until the lease ends. What ``owner`` itself still has
        leased comes again: it has lost it, or it would not ask.
        """
        ...

    async def overdue(self, now: datetime, limit: int) -> list[InboxItem]:
        """Return items whose deadline for assessment has passed, oldest first, leased or not."""
        ...

    async def items(self, seqs: Sequence[int]) -> list[InboxItem]:
        """Return those of these items that are still there, as they are now."""
        ...

    async def depth(self) -> int:
        """Return how many items wait for a worker, leased ones included; what a room's patience holds is not."""
        ...

    async def reject(self, items: Sequence[InboxItem], *, reason: str, now: datetime) -> None:
        """Put these aside as dead letters: kept, counted and shown, never handed out again."""
        ...

    async def release(self, items: Sequence[InboxItem], *, blameless: bool = False) -> None:
        """Give leased items back; ``blameless`` does not count as an attempt."""
        ...


class Conversations(Protocol):
    """The state of each conversation."""

    async def load(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Return the conversations that exist among these."""
        ...

    async def requested(self, request: str) -> bool:
        """Tell whether a commit has carried out this request, lately."""
        ...

    async def commit(self, commits: Sequence[Commit]) -> list[bool]:
        """Apply each commit whole, or not at all (False) where the stored version is not the expected one."""
        ...


class Outbox(Protocol):
    """Texts on their way to customers."""

    async def take_sends(
        self,
        channels: Sequence[str] | None,
        *,
        now: datetime,
        limit: int,
        lease: timedelta,
        without: Sequence[str] = (),
    ) -> Taken:
        """Mark sends ``sending`` and return them: the first open one of each conversation, customers first.

        ``channels`` None means all but those that are fetched (see ``offer``) and those ``without``. An answer of
        the bot whose hold epoch is not the conversation's, or that meets the pause switch, becomes ``withdrawn``
        instead; or ``unknown``, where an earlier try may have arrived.
        """
        ...

    async def offer(self, channel: str, *, after: int, limit: int, now: datetime) -> Taken:
        """Return the sends of a fetched channel behind ``after``; new ones become ``sending`` or ``withdrawn``."""
        ...

    async def put_back(
        self, action: ActionId, *, not_before: datetime, unknown: bool = False, tried: bool = True
    ) -> None:
        """Return a send to ``new``, to be taken again after ``not_before``.

        ``unknown``: it may have reached the customer all the same, so it is never ``withdrawn`` afterwards but
        ends ``unknown``; without it the platform has definitely refused. ``tried`` False: nothing was sent yet,
        and it does not count as an attempt.
        """
        ...

    async def stranded(self, *, now: datetime, limit: int) -> list[Sending]:
        """Return sends left ``sending`` by a process that ended: their lease has passed."""
        ...

    async def withdraw(self, *, now: datetime, limit: int) -> list[Sending]:
        """Withdraw bot's answers still ``new`` because automatic answers are paused; return them."""
        ...


class Deadlines(Protocol):
    """Stored instants at which something falls due."""

    async def next_due(self) -> datetime | None:
        """Return the earliest instant: of a deadline, or of an item that waits for its assessment."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Deadline]:
        """Return what has fallen due, oldest first. A commit takes it off."""
        ...


class EventLog(Protocol):
    """All that ever happened, in order. Pages learn of changes by reading on from a cursor."""

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        """Return up to ``limit`` records behind the cursor ``after`` (0: from the beginning)."""
        ...

    async def last(self) -> int:
        """Return the cursor of the newest record, 0 for none."""
        ...

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        """Log something that concerns no conversation."""
        ...

    async def wait(self, after: int, until: datetime | None) -> None:
        """Return once there is a record behind ``after``, or at ``until``."""
        ...

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        """Return the whole life of one conversation."""
        ...


class Accounts(Protocol):
    """Who may sign in, one-time links, the brand's switches, and leases by name."""

    async def put_staff(self, account: StaffAccount) -> None:
        """Add or replace somebody."""
        ...

    async def staff(self, name: str) -> StaffAccount | None:
        """Return somebody, or None."""
        ...

    async def remove_staff(self, name: str) -> bool:
        """Remove somebody's account; False if there is none."""
        ...

    async def redeem(self, token: str, *, now: datetime) -> bool:
        """Use up a one-time token. False if it was used before."""
        ...

    async def switch(self, name: str) -> str | None:
        """Return a switch's value (``paused``), None if it was never set."""
        ...

    async def set_switch(self, name: str, value: str | None) -> None:
        """Set or clear a switch."""
        ...

    async def switches(self, prefix: str) -> Mapping[str, str]:
        """Return all switches that are set and whose names begin so."""
        ...


class Bookmarks(Protocol):
    """How far a channel has read, by name: what lies behind a bookmark is fetched when it listens again."""

    async def bookmarks(self, prefix: str) -> Mapping[str, str]:
        """Return all bookmarks whose names begin so."""
        ...

    async def keep_bookmarks(self, places: Mapping[str, str]) -> None:
        """Set these bookmarks, durably before it returns. An empty value takes one out."""
        ...


class Leases(Protocol):
    """Who may do what alone, when several processes share a store."""

    async def acquire(self, name: str, *, owner: str, now: datetime, lease: timedelta) -> bool:
        """Take or renew a lease by name. False while somebody else holds it."""
        ...


class Views(Protocol):
    """What pages read. Never changes anything."""

    async def queue(self, query: QueueQuery) -> QueuePage:
        """Return conversations by urgency: the first due, then longest waiting, then newest."""
        ...

    async def view(self, conversation: ConversationId) -> ConversationView | None:
        """Return all that staff may see of one conversation."""
        ...

    async def history(
        self, channel: str, customer: str, *, after: int = 0, limit: int = 200
    ) -> list[TranscriptEntry]:
        """Return what one customer of a channel may see: their own messages and what was sent to them.

        Never notes, never what is still ``new``, ``withdrawn`` or ``failed``.
        """
        ...

    async def unhandled(self, conversation: ConversationId) -> int:
        """Return how many messages of its customer's are stored and wait to be understood."""
        ...

    async def acts(self, query: ActQuery) -> list[LogRecord]:
        """Return what staff did, newest first: the log's records of commands, each with its agent."""
        ...

    async def audit(self, *, after: str, limit: int) -> list[AuditRow]:
        """Return all but unopened and resolved conversations, by id behind ``after``."""
        ...

    async def facts(self) -> StoreFacts:
        """Return how much lies where."""
        ...


class Corrections(Protocol):
    """What staff said that messages are, where the model was wrong. Commits bring it, erasing removes it."""

    async def corrected(self, *, after: str, limit: int) -> list[CorrectedMessage]:
        """Return corrected messages by id behind ``after``, each with the newest correction.

        A message that has no text any more, was taken back, or was edited after it was corrected is left out.
        """
        ...


class Posts(Protocol):
    """What each desk shows of conversations, so that it is shown once and kept up."""

    async def posts(self, desk: str, conversation: ConversationId) -> Mapping[str, Post]:
        """Return by key what a desk shows of one conversation."""
        ...

    async def keep_posts(
        self, desk: str, conversation: ConversationId, posts: Sequence[Post], *, gone: Sequence[str] = ()
    ) -> None:
        """Store these, durably before it returns; ``gone`` are keys of what the desk shows no more."""
        ...

    async def posted(self, desk: str, external_id: str) -> tuple[ConversationId, str] | None:
        """Return which piece of which conversation a message, or a thread, of a desk shows."""
        ...


class Enclosures(Protocol):
    """Files that staff send along with replies, each under an id that nobody can guess."""

    async def keep_enclosure(self, conversation: ConversationId, enclosure: Enclosure) -> str:
        """Store a file, durably before it returns its id. One that no reply takes along is gone after a day."""
        ...

    async def enclosure(self, enclosure: str) -> Enclosure | None:
        """Return a file, for staff and for its way to the customer. None where it never was, or was erased."""
        ...

    async def enclosure_for(self, channel: str, customer: str, enclosure: str) -> Enclosure | None:
        """Return a file as the customer (by the platform's id) to whom it was sent may open it.

        None for anybody else, before it has started out, and after it was taken back.
        """
        ...


class Upkeep(Protocol):
    """What operators do with a store."""

    async def backup(self, target: Path) -> None:
        """Write a consistent copy while running. Raises StoreError naming the path."""
        ...

    async def erase(self, channel: str, customer: str) -> int:
        """Remove a customer's texts and identity for good, and end their open cases; figures stay.

        ``customer`` is the platform's id or Heed's own. Returns how many texts went.
        """
        ...

    async def keep_templates(self, version: str, sources: Mapping[str, str]) -> None:
        """Store a version of the templates, so that decisions made with it can be read again."""
        ...

    async def keep_calendar(self, calendar: str, source: str, *, at: datetime) -> None:
        """Store a business calendar under its id, for the clocks that count by it; the first time it is logged."""
        ...

    async def calendars(self) -> Mapping[str, str]:
        """Return the source of every calendar that was ever kept, by id."""
        ...

    async def templates(self, version: str) -> Mapping[str, str] | None:
        """Return a stored version of the templates."""
        ...

    async def close(self) -> None:
        """Finish what was begun and give back files."""
        ...


class Store(
    Inbox,
    Conversations,
    Outbox,
    Deadlines,
    EventLog,
    Accounts,
    Bookmarks,
    Leases,
    Views,
    Corrections,
    Posts,
    Enclosures,
    Upkeep,
    Protocol,
):
    """All pieces together. ``on_change`` lets engine parts in the same process wake without polling."""

    def on_change(self, notice: Callable[[Changed], None]) -> None:
        """Call ``notice`` in the event loop after each durable change, with what changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a durable change touched."""

    inbox: bool = False
    outbox: bool = False
    log: bool = False
    earliest_deadline: datetime | None = None
