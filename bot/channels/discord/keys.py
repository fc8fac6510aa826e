"""Discord's ids and keys: when a message was written, where a text goes, under which key it is sent. Pure."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from bot.channels.discord.places import is_id
from bot.domain.messages import Address
from bot.errors import SendFailed

#: Ids count the milliseconds since Discord began in all but their lowest 22 bits.
_BEGAN = datetime(2015, 1, 1, tzinfo=UTC)
_BITS = 22
_MILLISECOND = timedelta(milliseconds=1)


def message_at(moment: datetime) -> int:
    """Return the lowest id that a message of this moment can have."""
    return max((moment - _BEGAN) // _MILLISECOND, 0) << _BITS


def written_at(message: int) -> datetime:
    """Return when a message was written, by its id."""
    return _BEGAN + (message >> _BITS) * _MILLISECOND


def earlier(message: int, by: timedelta) -> int:
    """Return the id of this much earlier, 0 for before all time."""
    return max(message - (by // _MILLISECOND << _BITS), 0)


def channel_of(address: Address) -> int:
    """Return the id of the channel to which an address leads. Raises SendFailed for what is no id."""
    inner = address.thread.removeprefix("t:") if address.thread.startswith("t:") else ""
    place = inner or address.place
    if not is_id(place):
        raise SendFailed("the address names no channel of Discord")
    return int(place)


def nonce(action: str, part: int) -> str:
    """Return Discord's key for one part of a text: 20 characters of its 25, the same each time."""
    digest = hashlib.blake2b(f"{action}/{part}".encode(), digest_size=15).digest()
    return base64.urlsafe_b64encode(digest).decode()
