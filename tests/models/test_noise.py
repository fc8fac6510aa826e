"""What is changed about the copies of a training message is small, and the same every time."""

import pytest

from models.dataset import decided, text_key
from models.mixture import Recipe, mix
from models.noise import noisy
from models.normalise import normalise

TEXTS = (
    "where's my parcel, it should have been here by monday.",
    "ok?",
    "👍",
    "",
    "user12: try that first",
    "a" * 4_000,
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12] or "empty")
def test_a_change_is_small_and_repeatable(text):
    for seed in map(str, range(60)):
        changed = noisy(text, seed=seed)
        assert changed == noisy(text, seed=seed)
        assert abs(len(changed) - len(text)) <= 24
        assert text.endswith("?") <= ("?" in changed)


def test_other_seeds_make_other_changes():
    assert len({noisy(TEXTS[0], seed=str(seed)) for seed in range(60)}) > 20


def test_the_first_copy_of_a_message_stays_as_it_was():
    row = decided("Where is my parcel now", frozenset({"question"}), source="readings")
    texts = [made.text for made in mix([], [row], seed=1, recipe=Recipe(read=4)).train]
    assert texts[0] == normalise(row.text)
    assert len(texts) == 4
    assert len(set(texts)) > 2


def test_without_noise_all_copies_are_alike():
    row = decided("Where is my parcel now", frozenset({"question"}), source="readings")
    made = mix([], [row], seed=1, recipe=Recipe(read=3, noise=False)).train
    assert [text_key(one.text) for one in made] == [text_key(row.text)] * 3


@pytest.mark.parametrize("noise", [True, False])
def test_a_source_that_is_shown_no_times_is_left_out(noise):
    row = decided("Where is my parcel now", frozenset({"question"}), source="readings")
    assert mix([], [row], seed=1, recipe=Recipe(read=0, noise=noise)).train == ()
