"""The chat page as a channel: the store itself is the platform."""

from __future__ import annotations

import asyncio

from bot.channels.text import LONGEST_TEXT
from bot.channels.webchat.parse import CHANNEL
from bot.domain.messages import Address
from bot.ports import Capabilities, DeliveryMode, Intake, TimeSource
from bot.records import Sending, Sent

CAPABILITIES = Capabilities(
    name=CHANNEL,
    mode=DeliveryMode.PUSH,
    idempotent_sends=True,
    sees_edits=True,
    sees_deletions=True,
    edits_sends=True,
    deletes_sends=True,
    shows_typing=False,
    longest_text=LONGEST_TEXT,
    backfills=True,
    sends_at_once=64,
    largest_file=50 * 1024 * 1024,
    instead={"shows_typing": "answers come at once, and the page shows when one is on its way"},
)


class WebChat:
    """A text is delivered once it lies in the transcript: open pages learn of it through the event log."""

    def __init__(self, *, time: TimeSource) -> None:
        self._time = time

    @property
    def capabilities(self) -> Capabilities:
        """Return what the page can do."""
        return CAPABILITIES

    def serves(self, channel: str) -> bool:
        """Tell whether this is the chat page's name."""
        return channel == CHANNEL

    async def listen(self, intake: Intake) -> None:  # noqa: ARG002 - pages bring messages in, see ``chat``
        """Wait until cancelled: the pages' sockets hand in what comes."""
        await asyncio.Event().wait()

    async def send(self, sending: Sending) -> Sent:
        """Return now: the text is in the transcript, which is what the visitor sees, and so is what changes it."""
        return Sent(at=self._time.now(), external_ids=(sending.send.revises or sending.send.message,))

    async def typing(self, address: Address) -> None:
        """Show nothing: the page cannot."""
