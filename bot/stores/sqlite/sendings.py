"""Rows of the outbox as the values that delivery works with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.actions import Send, SendState
from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, AgentId, Author, ConversationId, MessageId
from bot.records import Sending
from bot.stores.sqlite.codec import address_of, attachments_of, decode_texts, moment

# What revises a text stands in the outbox alone; ``m`` is then the text that it revises.
SENDING = """
SELECT o.seq, o.action, o.conversation, o.message, m.author,
       CASE WHEN o.revises IS NULL THEN m.wording ELSE 'revision' END, coalesce(b.text, ''), o.answers_to,
       o.hold_epoch, CASE WHEN o.revises IS NULL THEN m.agent ELSE o.agent END,
       CASE WHEN o.revises IS NULL THEN m.template END, CASE WHEN o.revises IS NULL THEN m.quick_replies END,
       c.address, coalesce(u.external_id, ''), o.state, o.created_at, o.attempts, c.hold_epoch, o.doubtful,
       coalesce(r.external_id, ''), c.private, o.revises,
       CASE WHEN o.revises IS NOT NULL THEN (SELECT x.external_ids FROM outbox x WHERE x.action = m.action) END,
       b.attachments
FROM outbox o
JOIN conversations c ON c.id = o.conversation
JOIN messages m ON m.id = coalesce(o.revises, o.message)
LEFT JOIN customers u ON u.id = c.customer
LEFT JOIN bodies b ON b.message = o.message AND b.revision = 0
LEFT JOIN messages r ON r.id = o.reply_to AND r.deleted_at IS NULL
"""


Row = Sequence[Any]  # of ``SENDING``


def is_new(row: Row) -> bool:
    """Tell whether this has not started out."""
    return bool(row[14] == SendState.NEW)


def is_unsent_answer(row: Row) -> bool:
    """Tell whether this is an answer of the bot that has not started out."""
    return row[8] is not None and is_new(row)


def is_outdated(row: Row) -> bool:
    """Tell whether a human has claimed the conversation since this answer was decided."""
    return bool(row[8] != row[17])


def ended_state(row: Row) -> SendState:
    """Return how this ends if it does not start out any more: unknown where an earlier try may have arrived."""
    return SendState.UNKNOWN if row[18] else SendState.WITHDRAWN


def sending(row: Row, state: SendState | None = None) -> Sending:
    """Return a row as a value, in the state into which it was just brought."""
    address = address_of(row[12])
    return Sending(
        seq=row[0],
        send=_send(row),
        address=address,
        customer_external_id=row[13],
        state=SendState(row[14]) if state is None else state,
        created_at=moment(row[15]),
        attempts=row[16],
        doubtful=bool(row[18]),
        external_conversation=address.place,
        reply_to=row[19],
        private=bool(row[20]),
        revised_ids=() if row[22] is None else decode_texts(row[22]),
    )


def _send(row: Row) -> Send:
    return Send(
        id=ActionId(row[1]),
        conversation=ConversationId(row[2]),
        message=MessageId(row[3]),
        author=Author(row[4]),
        wording=Wording(row[5]),
        text=row[6],
        answers_to=row[7],
        hold_epoch=row[8],
        agent=None if row[9] is None else AgentId(row[9]),
        template=row[10],
        quick_replies=() if row[11] is None else decode_texts(row[11]),
        revises=None if row[21] is None else MessageId(row[21]),
        attachments=attachments_of(row[23]),
    )
