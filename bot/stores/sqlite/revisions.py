"""Replies that are changed or taken back after they were sent: what the transcript says once that is done."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.actions import SendState
from bot.records import SendOutcome
from bot.stores.sqlite.codec import encode, micros
from bot.stores.sqlite.transaction import Transaction

# An outcome that is told again changes nothing: its revision is sent already.
_FOUND = """
SELECT o.revises, b.text FROM outbox o JOIN bodies b ON b.message = o.message AND b.revision = 0
WHERE o.action = ? AND o.revises IS NOT NULL AND o.state <> 'sent'"""
# The files that went along stay.
_ADD_BODY = """
INSERT INTO bodies (message, revision, text, attachments)
SELECT m.id, m.revision + 1, ?1, b.attachments
FROM messages m LEFT JOIN bodies b ON b.message = m.id AND b.revision = m.revision
WHERE m.id = ?2 AND m.erased = 0 AND m.deleted_at IS NULL"""
_MARK_EDITED = """
UPDATE messages SET revision = revision + 1, edited_at = ?1
WHERE id = ?2 AND erased = 0 AND deleted_at IS NULL"""
_MARK_DELETED = "UPDATE messages SET deleted_at = ?1 WHERE id = ?2 AND deleted_at IS NULL"
# The next change goes by the ids that are left of the text.
_NAME_ANEW = "UPDATE outbox SET external_ids = ?1 WHERE action = (SELECT action FROM messages WHERE id = ?2)"


def apply(tx: Transaction, outcomes: Sequence[SendOutcome]) -> None:
    """Give replies the texts that have taken the place of theirs, or mark them as taken back.

    Call it before the outcomes themselves are stored.
    """
    sent = {outcome.action: outcome for outcome in outcomes if outcome.state is SendState.SENT}
    for outcome in sent.values():
        for revised, text in tx.execute(_FOUND, (outcome.action,)).fetchall():
            _revise(tx, revised, text, outcome)


def _revise(tx: Transaction, revised: str, text: str, outcome: SendOutcome) -> None:
    if not text:
        tx.execute(_MARK_DELETED, (micros(outcome.at), revised))
        return
    tx.execute(_ADD_BODY, (text, revised))
    tx.execute(_MARK_EDITED, (micros(outcome.at), revised))
    if outcome.external_ids:
        tx.execute(_NAME_ANEW, (encode(outcome.external_ids).decode(), revised))
