import numpy as np
import pytest

from models.retrieval import EMPTY, build_index


def unit(*values):
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


VECTORS = {"east": unit(1, 0), "north": unit(0, 1), "north-east": unit(1, 1)}


def test_a_template_scores_by_its_best_example():
    index = build_index({"both": ["east", "north"], "between": ["north-east"]}, VECTORS, version="v1")
    found = index.nearest(unit(0, 1))
    assert [candidate.template for candidate in found] == ["both", "between"]
    assert [candidate.score for candidate in found] == pytest.approx([1.0, 0.5**0.5])


def test_only_the_best_are_named():
    index = build_index({f"t{i}": ["east"] for i in range(9)}, VECTORS, version="v1")
    assert [candidate.template for candidate in index.nearest(unit(1))] == ["t0", "t1", "t2", "t3", "t4"]


def test_a_template_without_examples_is_never_found():
    index = build_index({"empty": [], "full": ["east"]}, VECTORS, version="v1")
    assert [candidate.template for candidate in index.nearest(unit(1))] == ["full"]


def test_without_templates_nothing_is_found():
    assert EMPTY.nearest(unit(1)) == ()
    assert build_index({}, VECTORS, version="v1").nearest(unit(1)) == ()


def test_scores_stay_within_a_cosine():
    index = build_index({"east": ["east"]}, VECTORS, version="v1")
    assert index.nearest(np.float32(1.001) * unit(1))[0].score == 1.0
