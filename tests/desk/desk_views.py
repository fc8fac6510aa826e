"""Conversations as values, for what desks make of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.conversation import Conversation
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import Address, AgentId, Author, ConversationId, Customer, CustomerId, MessageId
from bot.domain.states import State
from bot.records import ConversationView, NoteRecord, QueueRow, TranscriptEntry

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ID = ConversationId("c0123456789abcdef")


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def conversation(**fields: Any) -> Conversation:
    plain = Conversation(
        id=ID,
        address=Address(channel="room", account="a", place="v1"),
        customer=CustomerId("u1"),
        state=State.ESCALATED,
        received=1,
    )
    return replace(plain, **fields)


def entry(number: int, text: str = "words", **fields: Any) -> TranscriptEntry:
    plain = TranscriptEntry(
        message=MessageId(f"m-{number}"),
        conversation=ID,
        author=Author.CUSTOMER,
        text=text,
        at=minutes(number),
        number=number,
        name="visitor",
    )
    return replace(plain, **fields)


def note(number: int, text: str = "a remark") -> NoteRecord:
    return NoteRecord(id=f"note-{number}", agent=AgentId("alex"), text=text, at=minutes(number))


def record(seq: int, kind: LogKind, **fields: Scalar) -> LogRecord:
    return LogRecord(
        seq=seq, conversation=ID, kind=kind.value, at=minutes(seq), recorded_at=minutes(seq), fields=fields
    )


def view(*entries: TranscriptEntry, notes: tuple[NoteRecord, ...] = (), **fields: Any) -> ConversationView:
    return ConversationView(
        conversation=conversation(**fields),
        customer=Customer(channel="room", external_id="v1", name="visitor"),
        transcript=entries,
        notes=notes,
        decisions=(),
    )


def row(**fields: Any) -> QueueRow:
    return QueueRow(conversation=conversation(**fields), customer_name="visitor", preview="", last_message_at=T0)
