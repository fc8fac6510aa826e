"""Which period the options of ``heed report`` name, in the brand's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.cli.asking import read_period, read_where
from bot.errors import SettingsError
from bot.figures import Dimension

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)


def asked(zone=UTC, **said: str) -> tuple[datetime, datetime]:
    return read_period(now=NOW, zone=zone, **({"period": None, "since": None, "until": None} | said))


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "since", "until"),
    [
        ({}, NOW - 7 * DAY, NOW),
        ({"period": "24h"}, NOW - DAY, NOW),
        ({"since": "2026-04-01"}, day(4, 1), NOW),
        ({"since": "2026-03-01", "until": "2026-03-31"}, day(3, 1), day(4, 1)),
        ({"since": "2026-03-01", "until": "2026-03-01"}, day(3, 1), day(3, 2)),
        ({"since": "2026-03-01T09:00", "until": "2026-03-01T10:00"}, day(3, 1, 9), day(3, 1, 10)),
        ({"since": "2026-03-01T09:00+02:00", "until": "2026-03-02"}, day(3, 1, 7), day(3, 3)),
        ({"since": "2026-03-01", "period": "1d"}, day(3, 1), day(3, 2)),
        ({"until": "2026-03-31", "period": "31d"}, day(3, 1), day(4, 1)),
        ({"until": "2026-03-31"}, day(3, 25), day(4, 1)),
    ],
)
def test_two_parts_make_a_period_and_the_rest_is_as_usual(said, since, until) -> None:
    assert asked(**said) == (since, until)


def test_a_day_of_the_brand_is_as_long_as_its_clocks_make_it() -> None:
    since, until = asked(BERLIN, since="2026-03-29", until="2026-03-29")
    assert (since, until - since) == (day(3, 28, 23), timedelta(hours=23))
    since, until = asked(BERLIN, since="2025-10-26", until="2025-10-26")
    assert until - since == timedelta(hours=25)


def test_a_time_with_an_offset_is_what_it_says_in_any_zone() -> None:
    assert asked(BERLIN, since="2026-03-01T00:00Z")[0] == day(3, 1)


@pytest.mark.parametrize("text", ["", "1.3.2026", "2026-13-01", "2026-03-01T25:00", "now", "９９９９-01-01T"])
def test_what_is_no_date_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="is no date; write a day as in 2026-03-01"):
        asked(since=text)


@pytest.mark.parametrize("said", [{"until": "9999-12-31"}, {"until": "0001-01-02", "period": "99y"}])
def test_a_date_at_the_end_of_all_dates_is_refused(said) -> None:
    with pytest.raises(SettingsError, match="--"):
        asked(**said)


def test_the_first_of_all_days_has_no_week_before_it() -> None:
    with pytest.raises(SettingsError, match="before the year 1"):
        asked(until="0001-01-02")


@pytest.mark.parametrize(("said", "hour"), [("hour=9", "9"), ("hour=09", "09"), ("hour= 23", "23")])
def test_an_hour_of_the_day_may_be_kept(said: str, hour: str) -> None:
    assert read_where([said], channel=None, label=None) == {Dimension.HOUR: hour}


def test_an_hour_of_more_digits_than_a_number_may_have_is_refused_in_few_words() -> None:
    with pytest.raises(SettingsError, match="no hour of the day; write 0 to 23") as refused:
        read_where([f"hour={'9' * 5000}"], channel=None, label=None)
    assert len(str(refused.value)) < 100


def test_the_same_value_may_be_said_twice_and_an_empty_one_keeps_what_has_none() -> None:
    kept = read_where(["team=", "channel=api"], channel="api", label="complaint")
    assert kept == {Dimension.TEAM: "", Dimension.CHANNEL: "api", Dimension.LABEL: "complaint"}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert read_where(["tier=a=b"], channel=None, label=None) == {Dimension.TIER: "a=b"}
