"""What a model said about labelled messages, next to what is true: what all figures and thresholds are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.domain.prediction import PRIMARY_ORDER, Assessment, Label
from models.bootstrap import Floats
from models.dataset import Row
from models.statistics import Bools

Words = npt.NDArray[np.str_]


class Assesses(Protocol):
    """What is evaluated."""

    async def assess(self, texts: Sequence[str], *, addressed: Sequence[bool] | None = None) -> list[Assessment]:
        """Return one assessment for each text, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Primary labels of messages that decide every label: what is true, what was said, and how surely.

    All arrays are ``[rows]``; ``confidence`` is in [0, 1]; ``wants`` tells questions and complaints.
    """

    truth: Words
    said: Words
    confidence: Floats
    wants: Bools
    groups: Words

    def __len__(self) -> int:
        """Return how many messages there are."""
        return len(self.truth)

    @property
    def wrong(self) -> Bools:
        """Return which messages got another primary label than theirs."""
        return np.asarray(self.truth != self.said, dtype=np.bool_)

    def decided(self, thresholds: Mapping[str, float]) -> Bools:
        """Return which messages are surely enough of the label that was said."""
        needed = np.ones(len(self), dtype=np.float64)
        for label, threshold in thresholds.items():
            needed[self.said == label] = threshold
        return np.asarray(self.confidence >= needed, dtype=np.bool_)

    def silent(self, thresholds: Mapping[str, float]) -> Bools:
        """Return which messages are left without an answer: surely enough ``other``."""
        return np.asarray(self.decided(thresholds) & (self.said == Label.OTHER.value), dtype=np.bool_)


async def assessed(assessor: Assesses, rows: Sequence[Row], *, at_once: int = 256) -> list[Assessment]:
    """Return one assessment for each row, in order."""
    made: list[Assessment] = []
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        made += await assessor.assess([row.text for row in some], addressed=[not row.talk for row in some])
    return made


def outcomes(rows: Sequence[Row], made: Sequence[Assessment], groups: Sequence[str]) -> Outcomes:
    """Return the outcomes of ``rows``, all of which decide every label."""
    wanted = (Label.QUESTION.value, Label.COMPLAINT.value)
    return Outcomes(
        truth=np.array([primary_of(row) for row in rows], dtype=np.str_),
        said=np.array([one.prediction.label.value for one in made], dtype=np.str_),
        confidence=np.array([one.prediction.confidence() for one in made], dtype=np.float64),
        wants=np.array([not row.labels.isdisjoint(wanted) for row in rows], dtype=np.bool_),
        groups=np.array(groups, dtype=np.str_),
    )


def primary_of(row: Row) -> str:
    """Return the label that a reply to ``row`` must deal with first."""
    return next((label.value for label in PRIMARY_ORDER if label in row.labels), Label.OTHER.value)
