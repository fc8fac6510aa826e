"""The interfaces between what drives (engine, web) and what is driven (channels, models, stores, time).

An implementation of any of these joins the contract suite under ``tests/contracts`` on the day it is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.domain.actions import Deadline
from bot.domain.conversation import Conversation
from bot.domain.events import Command, FieldsSet, HolderLeft
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import ActionId, Address, ConversationId
from bot.domain.prediction import Assessment
from bot.domain.staff_rules import Refusal
from bot.figures import Question, Summary
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
    Sent,
    StaffAccount,
    StoreFacts,
    Taken,
    TranscriptEntry,
)


class TimeSource(Protocol):
    """The one place where time comes from, so that tests and replays can move it."""

    def now(self) -> datetime:
        """Return the present as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some instant, never fewer than before, whatever is done to the clock."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set or ``until`` has come, whichever is first. Clears nothing.

        A clock that is set back meanwhile prolongs no wait.
        """
        ...


class Assessor(Protocol):
    """Understands messages. A text's assessment never depends on the texts beside it."""

    async def assess(
        self, texts: Sequence[str], *, usual: Sequence[str] | None = None
    ) -> Sequence[Assessment | None]:
        """Return one assessment for each text, in order; None where the model failed. Never blocks the loop.

        ``usual`` names for each text the language in which its writer usually writes. It counts for nothing but
        which language's model reads a text whose own language cannot be told.
        """
        ...

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Take these templates' examples as the ones to choose from; earlier ones are forgotten."""
        ...

    async def close(self) -> None:
        """Give back threads and memory."""
        ...


class DeliveryMode(StrEnum):
    """Who moves the answer: Heed pushes it, or the other side comes for it."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do. Shown by ``heed check`` and in the docs; a missing one is replaced as stated.

    ``idempotent_sends``: a repeated send with the same key reaches the customer once, so an unknown outcome
    may be repeated. ``backfills``: what was written while Heed was away is fetched. ``per_place`` is the least
    time between two sends to one private chat, ``per_room`` to one public room, ``per_account`` between any two.
    A text longer than ``longest_part`` leaves in parts, each of which counts. ``largest_file``: the most bytes of
    a file that goes along with a reply. ``instead`` says in a sentence, for each flag that is False, what Heed
    does in its stead.
    """

    name: str
    mode: DeliveryMode = DeliveryMode.PUSH
    idempotent_sends: bool = False
    sees_edits: bool = False
    sees_deletions: bool = False
    edits_sends: bool = False
    deletes_sends: bool = False
    shows_typing: bool = False
    backfills: bool = False
    longest_text: int = 4000
    longest_part: int = 0  # 0: never in parts
    sends_at_once: int = 16
    per_place: timedelta = timedelta(0)
    per_room: timedelta = timedelta(0)
    per_account: timedelta = timedelta(0)
    largest_file: int = 0  # 0: a text goes alone
    instead: Mapping[str, str] = field(default_factory=dict)


Intake = Callable[[Sequence[Arrival]], Awaitable[Sequence[Receipt]]]


class Channel(Protocol):
    """A platform on which customers write."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what this platform can do."""
        ...

    def serves(self, channel: str) -> bool:
        """Tell whether conversations of this channel name are delivered here."""
        ...

    async def listen(self, intake: Intake) -> None:
        """Hand everything that comes in to ``intake``, acknowledging only after it returned. Until cancelled."""
        ...

    async def send(self, sending: Sending) -> Sent:
        """Deliver one text, or change one that was sent, and return when that was and as which messages there.

        ``sending.enclosures`` go along with it, unchanged. A text that is changed keeps its files.
        ``sending.send.revises``: the messages ``sending.revised_ids`` get the new text, or are deleted where it is
        empty. Asked for only where the capabilities say so. Raises a SendError that says what is known.
        """
        ...

    async def typing(self, address: Address) -> None:
        """Show the customer for some seconds that an answer is being prepared. Called only if it can be shown."""
        ...


#: Returns a file of a platform by the platform's own handle. Raises NotFound where it gives it no longer.
Fetch = Callable[[str], Awaitable[bytes]]

#: Where files are fetched by channel, those that staff sent along stand under this name, which no channel has.
ENCLOSED = ""


class Board(Protocol):
    """Where a part says what operations should know now, in a sentence; shown at ``/ops`` until it is cleared."""

    def tell(self, topic: str, sentence: str) -> None:
        """Show this sentence under its topic, in the place of an earlier one; logged when it is a new one."""
        ...

    def clear(self, topic: str) -> None:
        """Take down what was told under this topic, if anything was."""
        ...


# --- the store, in small pieces; one backend implements them all ------------------------------------------


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


# --- what pages ask of the engine -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What became of a staff command.

    A refusal says why in a sentence for the person who gave it; its kind lets a desk offer the next step.
    ``repeated``: the same request was carried out before, as it stood then.
    """

    accepted: bool
    conversation: Conversation | None
    refusal: str = ""
    kind: Refusal | None = None
    repeated: bool = False


class Desk(Protocol):
    """A place where staff work, in a chat or on a page.

    It shows conversations as they stand in the store, and hands in what staff do; of its own it decides nothing.
    Words that staff write on it reach nobody outside unless they expressly ask for a reply.
    """

    @property
    def name(self) -> str:
        """Return what the desk is called in the log and in the store."""
        ...

    async def run(self) -> None:
        """Show what changes and hand in what staff do, until cancelled. What fails is told and tried again."""
        ...


class Commands(Protocol):
    """The road of staff commands: answers at once, however many messages wait for the model."""

    async def perform(
        self, conversation: ConversationId, command: Command | FieldsSet | HolderLeft, *, request: str = ""
    ) -> CommandResult:
        """Carry out a command and say what became of it. Raises NotFound for an unknown conversation.

        ``request`` names the wish itself: one that was carried out before is accepted, and nothing is done again.
        """
        ...

    async def pause(self, *, by: str) -> None:
        """Stop all automatic answers; those not yet sent are withdrawn and escalated."""
        ...

    async def resume(self, *, by: str) -> None:
        """Let the bot answer again."""
        ...

    async def paused(self) -> bool:
        """Tell whether automatic answers are switched off."""
        ...


class Feed(Protocol):
    """The road of answers that the other side fetches."""

    async def fetch(self, channel: str, *, after: int, limit: int) -> list[Sending]:
        """Return answers behind the cursor; being handed out confirms them as sent."""
        ...


class Health(Protocol):
    """What the engine knows of itself."""

    async def ready(self) -> tuple[bool, Mapping[str, str]]:
        """Tell whether messages can be taken and understood, and the state of each part in words."""
        ...

    async def problems(self) -> Sequence[str]:
        """Return what operations should know now, in sentences: broken templates, findings of the auditor."""
        ...


class Reports(Protocol):
    """Figures from the event log."""

    async def summary(self, question: Question, /) -> Summary:
        """Return the figures that somebody asks for, up to the newest event.

        Every screen, export and metric asks here, so that the same question has the same answer everywhere.
        """
        ...
