"""The interface of a platform on which customers write, and what it can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.messages import Address
from bot.records import (
    Arrival,
    Receipt,
    Sending,
    Sent,
)


class DeliveryMode(StrEnum):
    """Who moves the answer: Heed pushes it, or the other side comes for it."""

    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do. Shown by ``heed check`` and in the docs; a missing one is replaced as stated.

    ``idempotent_sends``: a repeated send with the same key reaches the customer once, so an unknown outcome
    may be repeated. ``backfills``: what was written while Heed was away is fetched. ``per_place`` is the least
    time between two sends to one private chat, ``per_room`` to one public room, ``per_account`` between any two.
    A text longer than ``longest_part`` leaves in parts, each of which counts. ``largest_file``: the most bytes of
    a file that goes along with a reply. ``instead`` says in a sentence, for each flag that is False, what Heed
    does in its stead.
    """

    name: str
    mode: DeliveryMode = DeliveryMode.PUSH
    idempotent_sends: bool = False
    sees_edits: bool = False
    sees_deletions: bool = False
    edits_sends: bool = False
    deletes_sends: bool = False
    shows_typing: bool = False
    backfills: bool = False
    longest_text: int = 4000
    longest_part: int = 0  # 0: never in parts
    sends_at_once: int = 16
    per_place: timedelta = timedelta(0)
    per_room: timedelta = timedelta(0)
    per_account: timedelta = timedelta(0)
    largest_file: int = 0  # 0: a text goes alone
    instead: Mapping[str, str] = field(default_factory=dict)


Intake = Callable[[Sequence[Arrival]], Awaitable[Sequence[Receipt]]]


class Channel(Protocol):
    """A platform on which customers write."""

    @property
    def capabilities(self) -> Capabilities:
        """Return what this platform can do."""
        ...

    def serves(self, channel: str) -> bool:
        """Tell whether conversations of this channel name are delivered here."""
        ...

    async def listen(self, intake: Intake) -> None:
        """Hand everything that comes in to ``intake``, acknowledging only after it returned. Until cancelled."""
        ...

    async def send(self, sending: Sending) -> Sent:
        """Deliver one text, or change one that was sent, and return when that was and as which messages there.

        ``sending.enclosures`` go along with it, unchanged. A text that is changed keeps its files.
        ``sending.send.revises``: the messages ``sending.revised_ids`` get the new text, or are deleted where it is
        empty. Asked for only where the capabilities say so. Raises a SendError that says what is known.
        """
        ...

    async def typing(self, address: Address) -> None:
        """Show the customer for some seconds that an answer is being prepared. Called only if it can be shown."""
        ...


#: Returns a file of a platform by the platform's own handle. Raises NotFound where it gives it no longer.
Fetch = Callable[[str], Awaitable[bytes]]

#: Where files are fetched by channel, those that staff sent along stand under this name, which no channel has.
ENCLOSED = ""
