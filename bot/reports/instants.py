"""Times and durations as the read database keeps them: whole microseconds, so that sums are exact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MICROS = 1_000_000
HOUR = 3600 * MICROS
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970. Raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; every instant carries one")
    return round(at.timestamp() * MICROS)


def instant(at: int) -> datetime:
    """Return microseconds since 1970 as aware UTC."""
    return _EPOCH + timedelta(microseconds=at)


def seconds(duration: float) -> float:
    """Return microseconds as seconds."""
    return duration / MICROS
