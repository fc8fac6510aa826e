"""How the outcome of a send comes back to its conversation."""

from __future__ import annotations

from datetime import datetime

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.events import SendReported
from bot.engine.road import Passage, Trip
from bot.records import InboxItem, Sending, SendOutcome, Sent

#: Of a reason no more is kept than this, in characters.
LONGEST_REASON = 200


def report(
    sending: Sending, outcome: SendState, at: datetime, *, sent: Sent | None = None, reason: str = ""
) -> Trip:
    """Return the trip that stores what became of a send and tells its conversation.

    ``sent`` is the platform's word; a platform clock that runs ahead counts as ``at``. ``reason``: why it did not
    arrive, in words for staff.
    """
    event = SendReported(
        at=at,
        action=sending.send.id,
        outcome=outcome,
        sent_at=min(sent.at, at) if sent is not None else None,
        detail=reason[:LONGEST_REASON],
    )

    def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
        return Passage(event=event)

    ids = sent.external_ids if sent is not None else ()
    stored = SendOutcome(action=sending.send.id, state=outcome, at=event.sent_at or at, external_ids=ids)
    return Trip(conversation=sending.send.conversation, make=make, outcomes=(stored,))
