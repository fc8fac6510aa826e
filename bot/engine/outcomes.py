"""How the outcome of a send comes back to its conversation."""

from __future__ import annotations

from datetime import datetime

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.events import SendReported
from bot.engine.road import Passage, Trip
from bot.records import InboxItem, Sending, SendOutcome


def report(sending: Sending, outcome: SendState, at: datetime, *, sent_at: datetime | None = None) -> Trip:
    """Return the trip that stores what became of a send and tells its conversation.

    ``sent_at`` is the platform's time; a platform clock that runs ahead counts as ``at``.
    """
    event = SendReported(
        at=at,
        action=sending.send.id,
        outcome=outcome,
        sent_at=min(sent_at, at) if sent_at is not None else None,
    )

    def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
        return Passage(event=event)

    stored = SendOutcome(action=sending.send.id, state=outcome, at=event.sent_at or at)
    return Trip(conversation=sending.send.conversation, make=make, outcomes=(stored,))
