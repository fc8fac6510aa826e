"""Whether this machine's clock agrees with a platform's. Pure.

A message cannot arrive before it was written: where it seems so, a clock is off. Heed takes such a message's time
as its arrival, so nothing breaks, but its times are wrong by as much.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

#: Clocks that agree within this are as good as right: platforms give whole seconds and networks take their time.
TOLERANCE = timedelta(seconds=5)


def ahead(written: Iterable[datetime | None], arrived_at: datetime) -> timedelta:
    """Return how far the latest of these times lies ahead of their arrival; 0 where none does."""
    return max((at - arrived_at for at in written if at is not None and at > arrived_at), default=timedelta(0))


def sentence(platform: str, ahead: timedelta) -> str | None:
    """Return what to tell operations of a clock that is off by this much, None if it is right enough."""
    if ahead <= TOLERANCE:
        return None
    return (
        f"{platform}'s messages are dated {ahead.total_seconds():.0f} s after they arrive: this machine's clock "
        "is slow. Set it by a time server (NTP); until then response times are wrong by as much"
    )
