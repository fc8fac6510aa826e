import json
from dataclasses import replace

import numpy as np
import pytest

from bot.domain.prediction import Assessment, Label, Prediction, Versions, primary_label
from models.dataset import Row
from models.evaluate import auc, bins_of, calibration_error, evaluate, figures, macro_f1, perfect_of
from models.evaluation_text import as_text

ALL = frozenset({"question", "complaint", "praise"})
SURE = {"question": 0.8, "complaint": 0.8, "praise": 0.8, "other": 0.8}


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


@pytest.mark.parametrize("scores", [[], [0.5, 0.6]])
def test_auc_is_undefined_with_one_class(scores):
    assert auc(np.array(scores), np.ones(len(scores), dtype=bool)) is None


def test_calibration_error_is_the_mean_gap_of_equal_bins():
    scores = np.array([0.2, 0.2, 0.9, 0.9])
    happened = np.array([False, True, True, True])
    assert calibration_error(scores, happened, bins=2) == pytest.approx((0.3 * 2 + 0.1 * 2) / 4)


def test_without_rows_there_is_no_calibration_error():
    assert calibration_error(np.array([]), np.array([], dtype=bool)) is None


def test_macro_f1_weighs_classes_alike():
    truth = ["a", "a", "a", "b"]
    assert macro_f1(truth, ["a", "a", "b", "b"]) == pytest.approx((0.8 + 2 / 3) / 2)


def test_figures_of_a_label_agree_with_a_count_by_hand():
    rows = [row("question"), row("question"), row(), row("complaint")]
    made = [said(question=0.9), said(question=0.2), said(question=0.7), said(complaint=0.6)]
    question, complaint, praise = figures(rows, made, draws=50).labels
    assert (question.rows, question.support) == (4, 2)
    assert (question.precision.value, question.recall.value, question.f1.value) == (0.5, 0.5, 0.5)
    assert question.auc.value == 0.75
    assert complaint.f1.value == complaint.auc.value == 1.0
    assert praise.support == 0
    assert praise.precision.value is praise.recall.value is praise.auc.value is None


def test_a_label_is_measured_only_where_it_is_known():
    rows = [row("question", known={"question"}), row(known={"complaint"})]
    question, complaint, praise = figures(rows, [said(question=0.9), said(question=0.9)], draws=50).labels
    assert (question.rows, complaint.rows, praise.rows) == (1, 1, 0)
    assert question.precision.value == 1.0


def test_the_primary_label_is_measured_on_fully_decided_rows():
    rows = [row("question", "complaint"), row("praise"), row(), row("question", known={"question"})]
    made = [said(complaint=0.9), said(praise=0.9), said(praise=0.6), said()]
    primary = figures(rows, made, draws=50).primary
    assert primary.rows == 3
    assert primary.support == {"complaint": 1, "other": 1, "praise": 1}
    assert primary.macro_f1.value == pytest.approx((1.0 + 2 / 3 + 0.0) / 3)


def test_without_fully_decided_rows_nothing_is_said_of_the_primary_label():
    assert figures([row(known={"question"})], [said()], draws=50).primary is None


def test_the_risk_falls_to_the_wrong_among_the_surest():
    rows = [row("question")] * 9 + [row("complaint")]
    made = [said(question=0.95)] * 9 + [said(question=0.55)]
    curve = figures(rows, made, draws=50).primary.curve
    assert [round(point.risk, 3) for point in curve][-2:] == [0.1, 0.1]
    assert curve[17].coverage == 0.9
    assert curve[17].risk == 0.0
    assert curve[17].confidence == 0.95


def test_thresholds_say_what_is_decided_and_what_is_left_in_silence():
    rows = [row("question"), row("question"), row("complaint"), row()]
    made = [said(question=0.9), said(question=0.05), said(question=0.6), said()]
    at = figures(rows, made, thresholds=SURE, draws=50).primary.at_thresholds
    assert at.coverage.value == 0.75
    assert at.risk.value == pytest.approx(1 / 3)
    assert (at.silent, at.wanting, at.silence.value) == (1, 3, pytest.approx(1 / 3))
    assert at.silence.interval.high > at.silence.value


def test_a_perfect_model_is_not_told_from_itself_and_a_boastful_one_is():
    chance = np.random.default_rng(5)
    scores = chance.random(1500)
    happened = chance.random(1500) < scores
    honest = perfect_of(scores, calibration_error(scores, happened))
    boastful = perfect_of(scores**3, calibration_error(scores**3, happened))
    assert honest.place <= 0.95
    assert boastful.place == 1.0
    assert 0.0 < honest.mean < honest.high < 0.1


def test_bins_hold_as_many_rows_each_and_rise():
    scores = np.linspace(0.0, 1.0, 40)
    bins = bins_of(scores, scores > 0.5)
    assert [part.rows for part in bins] == [4] * 10
    assert [part.said for part in bins] == sorted(part.said for part in bins)


def test_figures_are_shown_as_text_and_json():
    rows = [row("question"), row("complaint"), row()] * 5
    made = [said(question=0.9), said(question=0.7), said()] * 5
    result = figures(rows, made, thresholds=SURE, draws=50)
    text = as_text(result)
    assert "macro-F1" in text
    assert "left in silence" in text
    fields = json.loads(result.to_json())
    assert fields["labels"][0]["f1"]["value"] == pytest.approx(2 / 3)
    assert fields["primary"]["curve"][-1]["coverage"] == 1.0


async def test_every_row_is_assessed_once_and_in_order():
    asked = []

    class Recorder:
        async def assess(self, texts, *, addressed):
            assert addressed == [True] * len(texts)
            asked.append(len(texts))
            return [said() for _ in texts]

    rows = [row() for _ in range(5)]
    assert (await evaluate(Recorder(), rows, at_once=2)).rows == 5
    assert asked == [2, 2, 1]


async def test_talk_is_assessed_as_talk():
    asked = []

    class Recorder:
        async def assess(self, texts, *, addressed):
            asked.extend(addressed)
            return [said() for _ in texts]

    await evaluate(Recorder(), [row(), replace(row(), talk=True)])
    assert asked == [True, False]
