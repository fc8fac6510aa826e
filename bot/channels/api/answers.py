"""A send as the other side sees it, whether fetched or pushed. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from bot.channels.api.bodies import Answer, AttachmentOut
from bot.domain.messages import Attachment, Author
from bot.records import Sending

#: Below this address files that staff sent along are opened.
FILES = "/api/v1/files/"


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
        revises=_revised(sending),
        attachments=[attachment_of(each, enclosed=True) for each in send.attachments],
        created_at=timestamp(sending.created_at),
    )


def attachment_of(attachment: Attachment, *, enclosed: bool) -> AttachmentOut:
    """Return an attachment with where it opens. ``enclosed``: staff sent it, so Heed itself has it."""
    own = FILES + attachment.reference if enclosed and attachment.reference else ""
    return AttachmentOut(
        kind=attachment.kind.value,
        name=attachment.name,
        media_type=attachment.media_type,
        size=attachment.size,
        url=attachment.url or own or None,
    )


def timestamp(moment: datetime) -> str:
    """Return an instant as the API writes it: RFC 3339 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _revised(sending: Sending) -> str | None:
    """Return by what the other side knows the text that this changes: the answer's id."""
    return next(iter(sending.revised_ids), sending.send.revises)


def _speaker(author: Author) -> Literal["bot", "agent"]:
    return "agent" if author is Author.AGENT else "bot"
