"""Long texts come in parts, cut where a reader would pause, and nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.splitting import split


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("text", "longest", "parts"),
    [
        ("", 10, []),
        (" \n ", 10, []),
        ("short", 10, ["short"]),
        ("exactly 10", 10, ["exactly 10"]),
        ("one two. three four\nfive six\n\nseven", 32, ["one two. three four\nfive six", "seven"]),
        ("one two. three\nfour five six", 18, ["one two. three", "four five six"]),
        ("One two. Three four five", 18, ["One two.", "Three four five"]),
        ("He said “so.” Then more words", 20, ["He said “so.”", "Then more words"]),
        ("one two three four", 9, ["one two", "three", "four"]),
        ("aaaa bbbb", 4, ["aaaa", "bbbb"]),
        ("今日は。明日も。", 6, ["今日は。", "明日も。"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("A. Bcdefghijklm nopqrst", 20, ["A. Bcdefghijklm", "nopqrst"]),
    ],
)
def test_a_text_is_cut_at_the_best_pause(text: str, longest: int, parts: list[str]) -> None:
    assert split(text, longest) == parts


@pytest.mark.parametrize(
    "character",
    [
        "😀",  # two units
        "e\u0301",  # a letter and its accent
        "👩\u200d👩\u200d👧",  # joined
        "👍🏽",  # toned
        "🇩🇪",  # a flag
        "❤\ufe0f",
    ],
)
def test_what_a_reader_sees_as_one_character_stays_whole(character: str) -> None:
    size = units(character)
    for longest in range(2 * size, 3 * size + 2):
        parts = split(character * 20, longest)
        assert all(part == character * (len(part) // len(character)) for part in parts)
        assert "".join(parts) == character * 20


def test_a_character_longer_than_a_part_is_cut_all_the_same() -> None:
    assert "".join(split("e" + "\u0301" * 300, 50)) == "e" + "\u0301" * 300


TEXTS = st.text(
    alphabet=st.sampled_from([*"ab .!?\n\t", "。", "😀", "\u0301", "\u200d", "🇩", "🇪", "”", "\u2003", "é"]),
    max_size=300,
)


@settings(deadline=None)
@given(text=TEXTS | st.text(max_size=200), longest=st.integers(2, 60))
def test_no_part_is_too_long_or_empty_and_nothing_is_lost_but_blanks_at_cuts(text: str, longest: int) -> None:
    rest = text.strip()
    for part in split(text, longest):
        assert part
        assert units(part) <= longest
        assert rest.startswith(part)
        rest = rest.removeprefix(part).lstrip()
    assert rest == ""


@settings(deadline=None)
@given(text=TEXTS, longest=st.integers(2, 60))
def test_no_part_begins_in_the_middle_of_a_surrogate_pair(text: str, longest: int) -> None:
    for part in split(text, longest):
        part.encode("utf-16-le").decode("utf-16-le")
