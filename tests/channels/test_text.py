"""Cleaning of what comes in."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.text import LONGEST_TEXT, clean_id, clean_name, clean_text, clean_time, shortened
from bot.errors import BadMessage

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("  Hello \n", "Hello"),
        ("a\x00b\x07c\x9fd", "abcd"),
        ("keep\n\tthis", "keep\n\tthis"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\u2066isolated\u2069", "isolated"),
        ("cafe\u0301", "café"),
        ("half a pair \ud83d", "half a pair \ufffd"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("\u200fשלום\u200f", "\u200fשלום\u200f"),
        ("\ufeffhi", "hi"),
    ],
)
def test_a_text_is_repaired_without_losing_what_a_reader_sees(given_: str, cleaned: str) -> None:
    assert clean_text(given_) == cleaned


@pytest.mark.parametrize("empty", ["", "  \n", "\x00\x01", "\u200b\u200d", "\u202e"])
def test_a_text_with_nothing_to_read_is_refused(empty: str) -> None:
    with pytest.raises(BadMessage, match=r"^text: .* holds nothing to read"):
        clean_text(empty)


def test_the_longest_text_passes_and_one_character_more_is_refused_with_limit_and_length() -> None:
    assert len(clean_text("ä" * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(BadMessage, match=r"^text: 16,001 characters are too many; the limit is 16,000$"):
        clean_text("ä" * (LONGEST_TEXT + 1))
    with pytest.raises(BadMessage, match="1,000,000 characters"):
        clean_text("x" * 1_000_000)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=400))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except BadMessage:
        return
    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in cleaned)


@pytest.mark.parametrize("wrong", ["", " ", "x" * 201, "a\nb", "a\x00", "\u202e", "\ud800", "x\ufffd"])
def test_an_id_that_is_not_printable_or_too_long_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(BadMessage, match=r"^customer.id: .* 1 to 200 printable characters"):
        clean_id(wrong, field="customer.id")


def test_a_good_id_stays_as_it_is() -> None:
    assert clean_id("order/77 #ä", field="id") == "order/77 #ä"


def test_a_name_becomes_one_short_line_and_is_never_refused() -> None:
    assert clean_name("  Ann\n\x00 Lee\u202e ") == "Ann Lee"
    assert clean_name(None) == ""
    assert len(clean_name("x" * 10_000)) == 200


def test_a_missing_time_and_one_in_the_future_become_the_arrival() -> None:
    assert clean_time(None, arrived_at=NOW) == NOW
    assert clean_time(NOW + timedelta(days=1), arrived_at=NOW) == NOW
    assert clean_time("2026-11-22T12:00:00+01:00", arrived_at=NOW) == NOW


def test_a_time_keeps_its_instant_in_utc() -> None:
    assert clean_time("2026-11-22T09:30:00+01:00", arrived_at=NOW) == datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "yesterday",
        "2026-11-22T09:00:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00Z",
        "\ud800",
    ],
)
def test_a_bad_time_is_refused_with_field_and_value(wrong: str) -> None:
    with pytest.raises(BadMessage, match=r"^edited_at: "):
        clean_time(wrong, arrived_at=NOW, field="edited_at")


def test_what_an_error_shows_is_short_and_plain() -> None:
    assert shortened("ä" * 500) == "'" + "\\xe4" * 60 + "...'"
    assert shortened("🌱" * 500) == "'" + "\\U0001f331" * 30 + "...'"
    assert shortened(5) == "5"
