"""A clock that is off shows by messages from the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.channels import clock_watch

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_the_latest_message_from_the_future_counts() -> None:
    written = [None, NOW - timedelta(days=1), NOW + timedelta(seconds=3), NOW + timedelta(seconds=90)]
    assert clock_watch.ahead(written, NOW) == timedelta(seconds=90)
    assert clock_watch.ahead([], NOW) == clock_watch.ahead([NOW], NOW) == timedelta(0)


def test_a_few_seconds_are_no_news() -> None:
    assert clock_watch.sentence("Telegram", timedelta(seconds=5)) is None
    told = clock_watch.sentence("Telegram", timedelta(seconds=90))
    assert told is not None
    assert "90 s" in told
    assert "NTP" in told
