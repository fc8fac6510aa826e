"""How good the labels are: precision, recall, F1, AUC and calibration for each label, on rows never trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from bot.domain.prediction import PRIMARY_ORDER, SCORED_LABELS, Assessment, Label
from models.dataset import Row

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Bins of the calibration error, with the same number of rows each.
BINS = 15


class Assesses(Protocol):
    """What is evaluated."""

    async def assess(self, texts: Sequence[str]) -> list[Assessment]:
        """Return one assessment for each text, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFigures:
    """Figures of one label over the rows that decide it. All but the counts are in [0, 1].

    ``support`` rows have the label, of ``rows``. ``auc`` and what has no denominator are None where undefined.
    """

    label: str
    rows: int
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None
    calibration_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of an assessor on labelled rows.

    ``macro_f1`` is the mean F1 of the primary label over the classes that occur, from the ``primary_rows``
    that decide every label; None without such rows.
    """

    rows: int
    labels: tuple[LabelFigures, ...]
    primary_rows: int
    primary_support: dict[str, int]
    macro_f1: float | None

    def to_json(self) -> str:
        """Return the figures as one JSON object."""
        return msgspec.json.encode(asdict(self)).decode()

    def to_text(self) -> str:
        """Return the figures as a table."""
        head = f"{'label':<10} {'support':>13} {'precision':>9} {'recall':>7} {'F1':>6} {'AUC':>6} {'ECE':>6}"
        lines = [head, *(_line(figures) for figures in self.labels)]
        counts = ", ".join(f"{name} {count}" for name, count in self.primary_support.items())
        if self.macro_f1 is not None:
            lines.append(
                f"macro-F1 of the primary label: {self.macro_f1:.3f} on {self.primary_rows} rows ({counts})"
            )
        return "\n".join(lines)


async def evaluate(assessor: Assesses, rows: Sequence[Row], *, at_once: int = 256) -> Evaluation:
    """Return the figures of ``assessor`` on ``rows``; weak labels are never measured on."""
    assessments: list[Assessment] = []
    for start in range(0, len(rows), at_once):
        assessments += await assessor.assess([row.text for row in rows[start : start + at_once]])
    return figures(rows, assessments)


def figures(rows: Sequence[Row], assessments: Sequence[Assessment]) -> Evaluation:
    """Return the figures of assessments already made, in the order of ``rows``."""
    pairs = list(zip(rows, assessments, strict=True))
    decided = [(row, made) for row, made in pairs if row.known.issuperset(SCORED_LABELS)]
    truth = [_primary(row) for row, _ in decided]
    said = [made.prediction.label.value for _, made in decided]
    return Evaluation(
        rows=len(rows),
        labels=tuple(_label_figures(label, pairs) for label in SCORED_LABELS),
        primary_rows=len(decided),
        primary_support=dict(sorted(Counter(truth).items())),
        macro_f1=macro_f1(truth, said) if decided else None,
    )


def auc(scores: Floats, truth: Bools) -> float | None:
    """Return the chance that a positive row scores above a negative one, ties counted half (Mann-Whitney).

    Both arrays are ``[rows]``; None where one class is missing.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    return float((ranks[truth].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def calibration_error(scores: Floats, truth: Bools, *, bins: int = BINS) -> float | None:
    """Return the expected calibration error with bins of equal mass (Nixon et al. 2019), in [0, 1].

    That is the mean gap between the mean probability of a bin and the share of its rows that are positive.
    """
    if not len(scores):
        return None
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(float(scores[part].mean() - truth[part].mean())) * len(part) for part in parts]
    return sum(gaps) / len(scores)


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """Return the unweighted mean of F1 over the classes that occur in ``truth`` or ``said``."""
    classes = sorted(set(truth) | set(said))
    return sum(_f1_of(name, truth, said) for name in classes) / len(classes)


def _f1_of(name: str, truth: Sequence[str], said: Sequence[str]) -> float:
    both = sum(t == s == name for t, s in zip(truth, said, strict=True))
    return 2.0 * both / (list(truth).count(name) + list(said).count(name))


def _primary(row: Row) -> str:
    return next((label.value for label in PRIMARY_ORDER if label in row.labels), Label.OTHER.value)


def _label_figures(label: Label, pairs: Sequence[tuple[Row, Assessment]]) -> LabelFigures:
    known = [(row, made) for row, made in pairs if label in row.known]
    truth = np.array([label in row.labels for row, _ in known], dtype=np.bool_)
    scores = np.array([made.prediction.probabilities[label] for _, made in known], dtype=np.float64)
    said = scores >= 0.5
    hits = float((truth & said).sum())
    return LabelFigures(
        label=label.value,
        rows=len(known),
        support=int(truth.sum()),
        precision=_ratio(hits, float(said.sum())),
        recall=_ratio(hits, float(truth.sum())),
        f1=_ratio(2.0 * hits, float(said.sum() + truth.sum())),
        auc=auc(scores, truth),
        calibration_error=calibration_error(scores, truth),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _line(row: LabelFigures) -> str:
    numbers: tuple[Any, ...] = (row.precision, row.recall, row.f1, row.auc, row.calibration_error)
    shown = ["-" if number is None else f"{number:.3f}" for number in numbers]
    support = f"{row.support}/{row.rows}"
    return f"{row.label:<10} {support:>13} {shown[0]:>9} {shown[1]:>7} {shown[2]:>6} {shown[3]:>6} {shown[4]:>6}"
