import json

import numpy as np
import pytest

from bot.domain.prediction import Assessment, Label, Prediction, Versions, primary_label
from models.dataset import Row
from models.evaluate import auc, calibration_error, evaluate, figures, macro_f1

ALL = frozenset({"question", "complaint", "praise"})


def row(*labels, known=ALL):
    return Row(text="a text", labels=frozenset(labels), known=frozenset(known), weak=frozenset(), source="test")


def said(question=0.0, complaint=0.0, praise=0.0):
    by_label = {Label.QUESTION: question, Label.COMPLAINT: complaint, Label.PRAISE: praise}
    prediction = Prediction(label=primary_label(by_label), probabilities=by_label)
    versions = Versions(model="m", calibration="c", templates="t")
    return Assessment(prediction=prediction, candidates=(), versions=versions)


def test_auc_counts_the_pairs_in_the_right_order():
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    assert auc(scores, np.array([False, False, True, True])) == 0.75


def test_ties_count_half():
    assert auc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5


def test_auc_is_undefined_with_one_class():
    assert auc(np.array([0.5, 0.6]), np.array([True, True])) is None


def test_calibration_error_is_the_mean_gap_of_equal_bins():
    scores = np.array([0.2, 0.2, 0.9, 0.9])
    happened = np.array([False, True, True, True])
    assert calibration_error(scores, happened, bins=2) == pytest.approx((0.3 * 2 + 0.1 * 2) / 4)


def test_macro_f1_weighs_classes_alike():
    truth = ["a", "a", "a", "b"]
    assert macro_f1(truth, ["a", "a", "b", "b"]) == pytest.approx((0.8 + 2 / 3) / 2)


def test_figures_of_a_label_agree_with_a_count_by_hand():
    rows = [row("question"), row("question"), row(), row("complaint")]
    made = [said(question=0.9), said(question=0.2), said(question=0.7), said(complaint=0.6)]
    question, complaint, praise = figures(rows, made).labels
    assert (question.rows, question.support) == (4, 2)
    assert (question.precision, question.recall, question.f1) == (0.5, 0.5, 0.5)
    assert question.auc == 0.75
    assert (complaint.precision, complaint.recall, complaint.f1, complaint.auc) == (1.0, 1.0, 1.0, 1.0)
    assert (praise.support, praise.precision, praise.recall, praise.f1, praise.auc) == (0, None, None, None, None)


def test_a_label_is_measured_only_where_it_is_known():
    rows = [row("question", known={"question"}), row(known={"complaint"})]
    question, complaint, praise = figures(rows, [said(question=0.9), said(question=0.9)]).labels
    assert (question.rows, complaint.rows, praise.rows) == (1, 1, 0)
    assert question.precision == 1.0


def test_the_primary_label_is_measured_on_fully_decided_rows():
    rows = [row("question", "complaint"), row("praise"), row(), row("question", known={"question"})]
    made = [said(complaint=0.9), said(praise=0.9), said(praise=0.6), said()]
    result = figures(rows, made)
    assert result.primary_rows == 3
    assert result.primary_support == {"complaint": 1, "other": 1, "praise": 1}
    assert result.macro_f1 == pytest.approx((1.0 + 2 / 3 + 0.0) / 3)


def test_figures_are_shown_as_text_and_json():
    result = figures([row("question")], [said(question=0.9)])
    assert "question" in result.to_text()
    assert json.loads(result.to_json())["labels"][0]["f1"] == 1.0


async def test_every_row_is_assessed_once_and_in_order():
    asked = []

    class Recorder:
        async def assess(self, texts):
            asked.append(len(texts))
            return [said() for _ in texts]

    rows = [row() for _ in range(5)]
    assert (await evaluate(Recorder(), rows, at_once=2)).rows == 5
    assert asked == [2, 2, 1]
