"""A send as the other side sees it, whether fetched or pushed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from bot.channels.api.bodies import Answer
from bot.domain.messages import Author
from bot.records import Sending


def answer_of(sending: Sending) -> Answer:
    """Return the answer with the sender's own ids beside Heed's."""
    send = sending.send
    return Answer(
        cursor=str(sending.seq),
        id=send.id,
        channel=sending.address.channel,
        conversation=sending.external_conversation or sending.address.place,
        heed_conversation=send.conversation,
        customer=sending.customer_external_id,
        kind=send.wording.value,
        author=_speaker(send.author),
        agent=send.agent,
        text=send.text,
        quick_replies=list(send.quick_replies),
        template=send.template,
        created_at=timestamp(sending.created_at),
    )


def timestamp(moment: datetime) -> str:
    """Return an instant as the API writes it: RFC 3339 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _speaker(author: Author) -> Literal["bot", "agent"]:
    return "agent" if author is Author.AGENT else "bot"
