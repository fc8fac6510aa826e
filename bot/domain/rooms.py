"""Public rooms: to what the bot pays attention there, who on staff is who, and when a message goes on a matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.conversation import Conversation
from bot.domain.decisions import Reason
from bot.domain.messages import AgentId
from bot.domain.sla import Metric
from bot.domain.states import State

#: A customer who writes again within this time after the last word goes on with the same matter.
FOLLOW_UP = timedelta(minutes=10)


class Attention(StrEnum):
    """What the bot takes for meant for the brand in a room."""

    ADDRESSED = "addressed"  # what names the bot or replies to it
    UNANSWERED = "unanswered"  # also what nobody has answered for the room's patience
    EVERYTHING = "everything"  # whatever customers write there, but for what they write to each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How one room is listened to. ``patience``: how long others have the first word."""

    attention: Attention = Attention.ADDRESSED
    patience: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRules:
    """The rooms of one platform and the brand's agents there, both by the platform's ids."""

    rooms: Mapping[str, Room] = field(default_factory=dict)
    agents: Mapping[str, AgentId] = field(default_factory=dict)

    def room(self, ids: Iterable[str]) -> Room:
        """Return how a place is listened to: by the first of these ids that is configured, the nearest first."""
        return next((self.rooms[each] for each in ids if each in self.rooms), Room())


def goes_on(conversation: Conversation, at: datetime, *, written: datetime | None = None) -> bool:
    """Tell whether a message of its customer, written ``at`` and naming nobody, belongs to this matter.

    An edit is made ``at``, of what was ``written`` earlier. What was written before the matter began is no part
    of it, though it comes in later. Who never turned to the brand, and was told nothing when a human was asked
    to look, just talks on.
    """
    if conversation.state in {State.UNOPENED, State.RESOLVED} or _is_earlier(written or at, conversation):
        return False
    if conversation.state is State.WAITING:
        return conversation.updated_at is not None and at - conversation.updated_at <= FOLLOW_UP
    quiet = conversation.spoke_last is None and not conversation.acknowledged
    return not (conversation.reason is Reason.UNANSWERED and quiet)


def _is_earlier(written: datetime, conversation: Conversation) -> bool:
    """Tell whether something was written before the message that began the matter.

    The clock of the matter starts when that message was written; the conversation opens when it is decided.
    Some platforms tell whole seconds, others more.
    """
    clock = conversation.clock(Metric.RESOLUTION)
    return clock is not None and written < clock.started_at.replace(microsecond=0)
