import numpy as np
import pytest

from models.odds import PRIOR
from models.retrieval import EMPTY, WORDS, build_index, left_out, nearness, owners, unit
from models.words import holders, shares, words


def direction(*values):
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


VECTORS = {
    "east": direction(1, 0),
    "north": direction(0, 1),
    "north-east": direction(1, 1),
    "up": direction(0, 0, 1),
}


def test_the_template_whose_examples_are_nearest_comes_first():
    index = build_index({"sky": ["up"], "ground": ["east", "north-east"]}, VECTORS, version="v1")
    found = index.nearest(direction(1, 0.3), "")
    assert [candidate.template for candidate in found] == ["ground", "sky"]
    assert found[0].score > found[1].score


def test_nearness_is_the_mean_of_nearest_nearest_three_and_middle_and_counts_common_words():
    similar = np.array([0.1, 0.9, 0.5, 0.3, 0.2], dtype=np.float32)
    middle = np.array([0.6, 0.4], dtype=np.float32)
    shared = np.array([0.5, 0.0], dtype=np.float32)
    found = nearness(similar, middle, shared, (0, 4))
    cosines = [(0.9 + (0.9 + 0.5 + 0.3) / 3 + 0.6) / 3, (0.2 + 0.2 + 0.4) / 3]
    assert found == pytest.approx([cosines[0] + 0.5 * WORDS, cosines[1]], abs=1e-6)


def test_scores_are_probabilities():
    index = build_index({name: [name] for name in VECTORS}, VECTORS, version="v1")
    for embedding in VECTORS.values():
        assert all(0.0 <= candidate.score <= 1.0 for candidate in index.nearest(embedding, ""))


def test_an_example_itself_is_certain_whatever_the_odds():
    index = build_index({"a": ["east"], "b": ["north-east"]}, VECTORS, version="v1")
    [first, second] = index.nearest(VECTORS["east"], "")
    assert (first.template, first.score) == ("a", pytest.approx(1.0))
    assert second.score < 0.5


def test_between_two_templates_neither_is_likely():
    index = build_index({"a": ["east"], "b": ["north"]}, VECTORS, version="v1")
    assert all(candidate.score < 0.5 for candidate in index.nearest(VECTORS["north-east"], ""))


def test_what_is_near_nothing_is_covered_by_nothing():
    index = build_index({"a": ["east"], "b": ["north"]}, VECTORS, version="v1")
    assert index.nearest(VECTORS["up"], "")[0].score < 0.05


def test_a_single_template_needs_nearness_too():
    index = build_index({"a": ["east"]}, VECTORS, version="v1")
    assert index.nearest(VECTORS["up"], "")[0].score < 0.1
    assert index.nearest(VECTORS["east"], "")[0].score == pytest.approx(1.0)


def test_only_the_best_are_named_and_equals_by_name():
    index = build_index({f"t{i}": ["east"] for i in range(9)}, VECTORS, version="v1")
    assert [candidate.template for candidate in index.nearest(direction(1), "")] == ["t0", "t1", "t2", "t3", "t4"]


def test_a_template_without_examples_is_never_found():
    index = build_index({"empty": [], "full": ["east"]}, VECTORS, version="v1")
    assert [candidate.template for candidate in index.nearest(direction(1), "")] == ["full"]


def test_without_templates_nothing_is_found():
    assert EMPTY.nearest(direction(1), "") == ()
    assert build_index({}, VECTORS, version="v1").nearest(direction(1), "") == ()


def test_a_rounding_error_makes_no_score_above_one():
    index = build_index({"east": ["east"]}, VECTORS, version="v1")
    assert index.nearest(np.float32(1.001) * direction(1), "")[0].score == 1.0


def test_few_examples_leave_the_odds_of_other_brands():
    assert build_index({"a": ["east"], "b": ["north"]}, VECTORS, version="v1").odds == PRIOR


def test_an_example_that_is_left_out_does_not_count_for_its_template():
    matrix = np.stack([VECTORS["east"], VECTORS["north"], VECTORS["up"]])
    starts = (0, 2)
    sums = np.add.reduceat(matrix, starts, axis=0)
    rows = left_out(matrix, sums, [frozenset()] * 3, starts)
    assert rows[0] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert rows[2] == pytest.approx([0.0, -1.0], abs=1e-6)


def test_left_out_is_what_an_index_without_the_example_would_say():
    chance = np.random.default_rng(1)
    matrix = unit(chance.normal(size=(12, 384)).astype(np.float32))
    starts = (0, 5, 8)
    said = [words(" ".join(chance.choice(["one", "two", "three", "four", "five", "six"], 3))) for _ in range(12)]
    rows = left_out(matrix, np.add.reduceat(matrix, starts, axis=0), said, starts)
    for place, own in enumerate(owners(starts, 12)):
        others = [(int(each), said[i]) for i, each in enumerate(owners(starts, 12)) if i != place]
        shared = shares(said[place], holders(others), templates=3)
        rest = np.delete(matrix, place, axis=0)
        fewer = [start - (number > own) for number, start in enumerate(starts)]
        middles = unit(np.add.reduceat(rest, fewer, axis=0))
        assert rows[place] == pytest.approx(
            nearness(rest @ matrix[place], middles @ matrix[place], shared, fewer), abs=1e-5
        )


def test_brands_whose_templates_are_all_alike_need_more_nearness():
    def brand(common):
        chance = np.random.default_rng(1)
        vectors, examples = {}, {}
        for template in range(12):
            centre = chance.normal(size=384)
            for number in range(6):
                shared = common * np.sqrt(384) * np.eye(384)[0]
                noise = centre + 1.2 * chance.normal(size=384) + shared
                vectors[f"{template} {number}"] = (noise / np.linalg.norm(noise)).astype(np.float32)
            examples[f"t{template:02d}"] = [f"{template} {number}" for number in range(6)]
        return build_index(examples, vectors, version="v1").odds

    alike, different = brand(2.0), brand(0.0)
    assert alike.chances(np.array([0.6, 0.5]))[0] < different.chances(np.array([0.6, 0.5]))[0]


def test_of_two_equally_near_templates_the_one_that_has_the_words_comes_first():
    vectors = {"open on sunday": direction(1, 0.6), "open in the rain": direction(1, -0.6)}
    index = build_index({"rain": ["open in the rain"], "sunday": ["open on sunday"]}, vectors, version="v1")
    assert index.nearest(direction(1), "sunday, open?")[0].template == "sunday"
    assert index.nearest(direction(1), "raining, open?")[0].template == "rain"


def test_a_word_that_no_example_has_lowers_every_score():
    vectors = {"when do you open": direction(1, 0.1), "where are you": direction(0, 1)}
    index = build_index({"hours": ["when do you open"], "place": ["where are you"]}, vectors, version="v1")
    said, asked = direction(1, 0.6), ("when do you open", "when do you open bidding")
    assert index.nearest(said, asked[0])[0].score > index.nearest(said, asked[1])[0].score


def test_examples_are_known_by_their_words_as_they_are_read():
    index = build_index(
        {"e": ["@shop Ordering, please!"]}, {"@shop Ordering, please!": direction(1)}, version="v1"
    )
    assert set(index.held) == {"order", "pleas"}
