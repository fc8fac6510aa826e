import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from models.words import LETTERS, holders, shares, words

HELD = holders([(0, words("is my parcel on its way")), (0, words("track it")), (2, words("track my order"))])


def test_words_are_known_by_their_first_letters_whatever_their_case():
    assert words("Ordering ORDERS, order-42 don't") == {"order", "42", "don't"}


def test_words_of_any_script_count():
    assert words("где мой заказ?") == {"где", "мой", "заказ"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("track my order", (2 / 3, 0, 1)),
        ("my goodness", (1 / 2, 0, 1 / 2)),
        ("track track track", (1, 0, 1)),
        ("hello", (0, 0, 0)),
        ("?!", (0, 0, 0)),
        ("", (0, 0, 0)),
    ],
)
def test_a_share_is_that_of_the_messages_words_each_once(text, expected):
    assert shares(words(text), HELD, templates=3) == pytest.approx(expected)


@settings(deadline=None)
@given(some.text(), some.lists(some.text(max_size=40), max_size=5))
def test_a_share_is_a_share_for_any_text(text, examples):
    held = holders((number, words(one)) for number, one in enumerate(examples))
    found = shares(words(text), held, templates=len(examples))
    assert found.shape == (len(examples),)
    assert np.all((found >= 0) & (found <= 1))
    assert all(0 < len(word) <= LETTERS for word in words(text))


@settings(deadline=None)
@given(some.text(min_size=1))
def test_an_examples_own_words_are_all_there(text):
    said = words(text)
    assert shares(said, holders([(0, said)]), templates=1)[0] == pytest.approx(1.0 if said else 0.0)
