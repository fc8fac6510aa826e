"""The API as a channel: the other side fetches its answers, or a webhook pushes them."""

from __future__ import annotations

import asyncio

from bot.channels.api.names import ChannelNames
from bot.channels.api.webhook import Webhook
from bot.channels.text import LONGEST_TEXT
from bot.domain.messages import Address
from bot.errors import SendFailed
from bot.ports import Capabilities, DeliveryMode, Intake
from bot.records import Sending, Sent


class ApiChannel:
    """Every channel name that no built-in channel has. Messages come in by the HTTP routes, not by ``listen``."""

    def __init__(self, *, names: ChannelNames | None = None, webhook: Webhook | None = None) -> None:
        self.names = names or ChannelNames()
        self.ended = asyncio.Event()
        self._webhook = webhook

    @property
    def capabilities(self) -> Capabilities:
        """Return what the API can do. A repeated push carries the same webhook-id."""
        return Capabilities(
            name="api",
            mode=DeliveryMode.PULL if self._webhook is None else DeliveryMode.PUSH,
            idempotent_sends=True,
            sees_edits=True,
            sees_deletions=True,
            edits_sends=True,
            deletes_sends=True,
            longest_text=LONGEST_TEXT,
            largest_file=50 * 1024 * 1024,
            instead={
                "shows_typing": "other systems are told of texts alone",
                "backfills": "what was not accepted is repeated by its sender",
            },
        )

    def serves(self, channel: str) -> bool:
        """Tell whether conversations of this channel name are the API's."""
        return self.names.serves(channel)

    async def listen(self, intake: Intake) -> None:  # noqa: ARG002 - requests bring messages in, see ``routes``
        """Wait until cancelled: the routes hand in what comes."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Answer whoever waits for answers. Call it when the application shuts down."""
        self.ended.set()

    async def send(self, sending: Sending) -> Sent:
        """Push one answer, or a change of one, to the webhook.

        Without one, answers are fetched and nothing may be sent.
        """
        if self._webhook is None:
            raise SendFailed(f"answers of channel {sending.address.channel!r} are fetched; no webhook is set")
        return await self._webhook.push(sending)

    async def typing(self, address: Address) -> None:
        """Show nothing: other systems are told of answers alone."""
