"""The values that cross the store's border, and that channels, engine and pages exchange."""

from __future__ import annotations

from bot.records.arriving import Arrival, ArrivalKind, InboxItem, Outcome, Receipt
from bot.records.found import Found, Severity
from bot.records.sending import Enclosure, Sending, Sent, Taken
from bot.records.shown import (
    ActQuery,
    AuditRow,
    ConversationView,
    CorrectedMessage,
    EarlierMatter,
    Finding,
    Post,
    QueuePage,
    QueueQuery,
    QueueRow,
    StaffAccount,
    StoreFacts,
    TranscriptEntry,
)
from bot.records.stored import (
    BlockRecord,
    Commit,
    CorrectionRecord,
    DecisionRecord,
    NoteRecord,
    SendOutcome,
    note_of,
)

__all__ = [
    "ActQuery",
    "Arrival",
    "ArrivalKind",
    "AuditRow",
    "BlockRecord",
    "Commit",
    "ConversationView",
    "CorrectedMessage",
    "CorrectionRecord",
    "DecisionRecord",
    "EarlierMatter",
    "Enclosure",
    "Finding",
    "Found",
    "InboxItem",
    "NoteRecord",
    "Outcome",
    "Post",
    "QueuePage",
    "QueueQuery",
    "QueueRow",
    "Receipt",
    "SendOutcome",
    "Sending",
    "Sent",
    "Severity",
    "StaffAccount",
    "StoreFacts",
    "Taken",
    "TranscriptEntry",
    "note_of",
]
