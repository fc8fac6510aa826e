import json
from random import Random

import msgspec
import numpy as np
import pytest

from bot.errors import ModelError
from models.choosing import (
    LATER,
    QUERIES,
    Chosen,
    choose,
    chooses,
    drawn_brand,
    lowest_threshold,
    report,
    sample_examples,
    sample_queries,
    table,
)
from models.intents import Asked
from models.retrieval import build_index
from tests.models.public_sets import write


def unit(*values):
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def chosen(scores, right, covered=None, lead=None):
    return Chosen(
        score=np.array(scores, dtype=float),
        lead=np.array(lead if lead is not None else [1.0] * len(scores)),
        right=np.array(right, dtype=bool),
        covered=np.array(covered if covered is not None else [True] * len(scores), dtype=bool),
    )


def test_a_choice_is_right_if_the_best_template_is_the_one_that_answers():
    vectors = {"east": unit(1), "north": unit(0, 1), "also east": unit(1, 0.1), "up": unit(0, 0, 1)}
    index = build_index({"e": ["east"], "n": ["north"]}, vectors, version="v")
    found = choose(index, [Asked("also east", "e"), Asked("also east", "n"), Asked("up", None)], vectors)
    assert found.right.tolist() == [True, False, False]
    assert found.covered.tolist() == [True, True, False]
    assert found.lead[0] > found.lead[2]


def test_what_has_too_little_score_or_lead_is_not_answered():
    found = chosen([0.9, 0.9, 0.5], [True] * 3, lead=[0.5, 0.01, 0.5])
    assert found.answered(0.8, 0.1).tolist() == [True, False, False]


def test_the_threshold_is_the_lowest_above_which_all_is_well():
    assert lowest_threshold(chosen([0.9, 0.8, 0.7], [True, True, False]), margin=0.0) == 0.8
    assert lowest_threshold(chosen([0.9, 0.8, 0.7], [True, True, True]), margin=0.0) == 0.7


def test_no_threshold_is_found_where_the_surest_is_wrong():
    assert lowest_threshold(chosen([0.9, 0.8], [False, True]), margin=0.0) is None
    assert lowest_threshold(chosen([], []), margin=0.0) is None


def test_the_table_tells_what_is_answered_right_and_what_is_answered_though_nothing_covers_it():
    told = table(
        chosen([0.9, 0.9, 0.9, 0.1], [True, True, False, False], [True, True, False, False]),
        template=0.5,
        margin=0,
    )
    assert "4 messages, 2 covered; 3 answered" in told
    assert "right, of all that is answered   0.667" in told
    assert "answered, of what is covered     1.000" in told
    assert "answered, of what nothing covers 0.500" in told


def test_a_drawn_brand_asks_half_of_what_it_covers_and_never_its_examples():
    asked = [Asked(f"{name} {number}", f"i{name}") for name in range(70) for number in range(60)]
    for seed in range(5):
        examples, messages = drawn_brand(asked, Random(seed))
        covered = [one for one in messages if one.template is not None]
        assert {one.template for one in covered} <= set(examples)
        assert 2 * len(covered) <= len(messages)
        assert not {text for texts in examples.values() for text in texts} & {one.text for one in messages}


def test_the_sample_brand_has_enough_queries_half_of_them_covered_by_nothing():
    asked = [*sample_queries(QUERIES), *sample_queries(LATER)]
    uncovered = sum(one.template is None for one in asked)
    assert len(asked) >= 300
    assert 0.4 <= uncovered / len(asked) <= 0.6
    assert len({one.text.lower() for one in asked}) == len(asked)


@pytest.mark.parametrize("file", [QUERIES, LATER])
def test_every_template_of_the_sample_brand_is_asked_for(file):
    assert {one.template for one in sample_queries(file)} - {None} == set(sample_examples())


@pytest.mark.parametrize("file", [QUERIES, LATER])
def test_no_query_of_the_sample_brand_is_one_of_its_examples(file):
    examples = {text.lower() for texts in sample_examples().values() for text in texts}
    assert not examples & {one.text.lower() for one in sample_queries(file)}


def test_queries_are_parted_in_halves():
    parts = [chooses(one.text) for one in sample_queries()]
    assert 0.4 <= sum(parts) / len(parts) <= 0.6


def test_a_query_for_a_template_that_is_not_there_is_named_with_its_line(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_bytes(
        msgspec.json.encode(Asked("a", None)) + b"\n" + msgspec.json.encode(Asked("b", "no-such")) + b"\n"
    )
    with pytest.raises(ModelError, match=r"queries\.jsonl:2: the sample brand has no template 'no-such'"):
        sample_queries(file)


def test_the_queries_are_kept_as_lines_of_text_and_template():
    for line in QUERIES.read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"text", "template"}


def test_the_report_has_every_set(tmp_path):
    for name in ("banking77", "clinc150"):
        rows = [
            (f"{word} {number}", word, split)
            for word in ("pay", "send")
            for number, split in enumerate(["train"] * 3 + ["test"] * 2)
        ]
        write(tmp_path / "train", name, [*rows, ("else", "oos", "test")])

    def embed(texts):
        return {text: unit(*np.random.default_rng(len(text)).normal(size=4)) for text in texts}

    told = report(tmp_path, embed, examples=[2], template=0.8, margin=0.06)
    for name in (
        "banking77, 2 examples",
        "clinc150, 2 examples",
        "sample brand, all queries",
        "half that measures",
    ):
        assert name in told
