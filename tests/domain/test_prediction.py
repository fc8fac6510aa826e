"""How sure a prediction is of its primary label."""

from __future__ import annotations

import pytest

from bot.domain.prediction import Label, Prediction

Q, C, P, NONE = Label.QUESTION, Label.COMPLAINT, Label.PRAISE, Label.OTHER


@pytest.mark.parametrize(
    ("label", "question", "complaint", "praise", "sure"),
    [
        (C, 0.9, 0.8, 0.1, 0.8),  # nothing comes before a complaint
        (Q, 0.9, 0.05, 0.7, 0.9),
        (Q, 0.9, 0.4, 0.0, 0.6),  # it may as well be a complaint
        (P, 0.1, 0.2, 0.95, 0.8),
        (P, 0.45, 0.2, 0.95, 0.55),
        (NONE, 0.1, 0.2, 0.3, 0.7),  # that none of them holds
        (NONE, 0.0, 0.0, 0.0, 1.0),
    ],
)
def test_a_label_is_as_sure_as_what_makes_it_the_primary_one(label, question, complaint, praise, sure) -> None:
    prediction = Prediction(label=label, probabilities={Q: question, C: complaint, P: praise})
    assert prediction.confidence() == pytest.approx(sure)
