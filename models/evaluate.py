"""How good the labels are, and how well the model knows when it does not know, on rows never trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import msgspec
import numpy as np

from bot.domain.prediction import HOLDS_FROM, SCORED_LABELS, Assessment, Label
from models import statistics
from models.bootstrap import DRAWS, Bootstrap, Figure, Floats, Interval, Statistic
from models.certainty import Certainty
from models.dataset import Row
from models.outcomes import Assesses, Outcomes, assessed, outcomes
from models.risk import interval
from models.statistics import Bools

#: Bins of the calibration error, with the same number of rows each; and those that are drawn.
BINS = 15
DRAWN_BINS = 10
#: Shares of the messages, surest first, at which the risk is told.
COVERAGES = np.round(np.arange(0.05, 1.001, 0.05), 2)
#: The share of wrong decisions at which the coverage is told.
RISK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Perfect:
    """The calibration error that a perfect model would have by chance alone, with as many rows.

    ``mean`` and ``high`` (95 of 100 lie below) come from labels drawn from the probabilities themselves.
    ``place`` is the share of such draws below the measured error: up to 0.95 the two cannot be told apart.
    """

    mean: float
    high: float
    place: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of similar probability: its mean, and the share of them where the label holds."""

    rows: int
    said: float
    happened: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFigures:
    """Figures of one label over the rows that decide it: ``support`` have it, of ``rows``. All are in [0, 1]."""

    label: str
    rows: int
    support: int
    precision: Figure
    recall: Figure
    f1: Figure
    auc: Figure
    calibration_error: Figure
    perfect: Perfect | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """If only the surest ``coverage`` of messages are decided: the share of these that is wrong, ``risk``."""

    coverage: float
    confidence: float
    risk: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtThresholds:
    """What the brand's thresholds do to these rows.

    ``coverage`` of them are decided without a human; ``risk`` of those have the wrong primary label; ``silence``
    of all questions and complaints are left without an answer, ``silent`` of ``wanting``.
    """

    thresholds: Mapping[str, float]
    coverage: Figure
    risk: Figure
    silence: Figure
    silent: int
    wanting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryFigures:
    """Figures of the primary label, over the rows that decide every label.

    ``macro_f1`` is the mean F1 over the classes that occur; ``area`` the mean risk over all coverages;
    ``coverage_within`` the largest coverage at which the risk is at most 5 %.
    """

    rows: int
    conversations: int
    support: Mapping[str, int]
    macro_f1: Figure
    accuracy: Figure
    calibration_error: Figure
    perfect: Perfect | None
    bins: tuple[Bin, ...]
    area: Figure
    coverage_within: Figure
    curve: tuple[CurvePoint, ...]
    at_thresholds: AtThresholds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Figures of an assessor on labelled rows; ``primary`` is None where no row decides every label."""

    model: str
    rows: int
    draws: int
    labels: tuple[LabelFigures, ...]
    primary: PrimaryFigures | None

    def to_json(self) -> str:
        """Return the figures as one JSON object."""
        return msgspec.json.encode(asdict(self)).decode()


async def evaluate(
    assessor: Assesses,
    rows: Sequence[Row],
    *,
    groups: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    certainty: Certainty | None = None,
    at_once: int = 256,
) -> Evaluation:
    """Return the figures of ``assessor`` on ``rows``; weak labels are never measured on.

    ``groups`` names each row's conversation; ``thresholds`` the confidence that each primary label must reach;
    ``certainty`` brings the labels to one measure for the risk-coverage curve, else it is their confidence.
    """
    made = await assessed(assessor, rows, at_once=at_once)
    return figures(rows, made, groups=groups, thresholds=thresholds, certainty=certainty)


def figures(
    rows: Sequence[Row],
    made: Sequence[Assessment],
    *,
    groups: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    certainty: Certainty | None = None,
    draws: int = DRAWS,
) -> Evaluation:
    """Return the figures of the assessments ``made`` of ``rows``; without ``groups`` each row is its own.

    The rest is as for ``evaluate``.
    """
    names = [str(number) for number in range(len(rows))] if groups is None else list(groups)
    known = list(zip(rows, made, names, strict=True))
    full = [one for one in known if one[0].known.issuperset(SCORED_LABELS)]
    return Evaluation(
        model=" and ".join(sorted({f"{one.versions.model}/{one.versions.calibration}" for one in made})),
        rows=len(rows),
        draws=draws,
        labels=tuple(_label_figures(label, known, draws) for label in SCORED_LABELS),
        primary=_primary_figures(full, thresholds, certainty, draws) if full else None,
    )


def auc(scores: Floats, truth: Bools) -> float | None:
    """Return the chance that a positive row scores above a negative one, ties counted half; None if undefined."""
    return _one(statistics.auc(scores, truth), len(scores))


def calibration_error(scores: Floats, truth: Bools, *, bins: int = BINS) -> float | None:
    """Return the expected calibration error with bins of equal mass; None without rows."""
    return _one(statistics.calibration_error(scores, truth, bins=bins), len(scores))


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """Return the unweighted mean of F1 over the classes that occur in ``truth`` or ``said``."""
    return float(statistics.macro_f1(truth, said)(np.ones((1, len(truth))))[0])


def perfect_of(scores: Floats, measured: float | None) -> Perfect | None:
    """Return what a perfect model with these probabilities would show, next to what was ``measured``."""
    if measured is None:
        return None
    drawn = statistics.perfect_errors(scores, bins=BINS)
    return Perfect(
        mean=float(drawn.mean()),
        high=float(np.quantile(drawn, 0.95)),
        place=float((drawn < measured).mean()),
    )


def bins_of(scores: Floats, truth: Bools) -> tuple[Bin, ...]:
    """Return rows of similar probability together, as many in each bin."""
    parts = np.array_split(np.argsort(scores, kind="stable"), DRAWN_BINS)
    return tuple(
        Bin(rows=len(part), said=float(scores[part].mean()), happened=float(truth[part].mean()))
        for part in parts
        if len(part)
    )


def _one(statistic: Statistic, rows: int) -> float | None:
    found = float(statistic(np.ones((1, rows)))[0])
    return None if np.isnan(found) else found


def _label_figures(label: Label, known: Sequence[tuple[Row, Assessment, str]], draws: int) -> LabelFigures:
    decided = [one for one in known if label in one[0].known]
    truth = np.array([label in row.labels for row, _, _ in decided], dtype=np.bool_)
    scores = np.array([made.prediction.probabilities[label] for _, made, _ in decided], dtype=np.float64)
    said = np.asarray(scores >= HOLDS_FROM[label])
    chance = Bootstrap([group for _, _, group in decided], draws=draws)
    error = chance.figure(statistics.calibration_error(scores, truth, bins=BINS), basic=True)
    return LabelFigures(
        label=label.value,
        rows=len(decided),
        support=int(truth.sum()),
        precision=chance.figure(statistics.share(truth, said)),
        recall=chance.figure(statistics.share(said, truth)),
        f1=chance.figure(statistics.f1(truth, said)),
        auc=chance.figure(statistics.auc(scores, truth)),
        calibration_error=error,
        perfect=perfect_of(scores, error.value),
        bins=bins_of(scores, truth),
    )


def _primary_figures(
    full: Sequence[tuple[Row, Assessment, str]],
    thresholds: Mapping[str, float] | None,
    certainty: Certainty | None,
    draws: int,
) -> PrimaryFigures:
    found = outcomes([row for row, _, _ in full], [made for _, made, _ in full], [group for _, _, group in full])
    chance = Bootstrap(found.groups.tolist(), draws=draws)
    wrong, sure = found.wrong, found.confidence if certainty is None else certainty.of(found)
    error = chance.figure(statistics.calibration_error(sure, ~wrong, bins=BINS), basic=True)
    everything = np.ones(len(found), dtype=np.bool_)
    return PrimaryFigures(
        rows=len(found),
        conversations=len(chance),
        support=dict(sorted(Counter(found.truth.tolist()).items())),
        macro_f1=chance.figure(statistics.macro_f1(found.truth.tolist(), found.said.tolist())),
        accuracy=chance.figure(statistics.share(~wrong, everything)),
        calibration_error=error,
        perfect=perfect_of(sure, error.value),
        bins=bins_of(sure, ~wrong),
        area=chance.figure(statistics.area_under_risk(sure, wrong)),
        coverage_within=chance.figure(statistics.coverage_at(sure, wrong, RISK)),
        curve=_curve(sure, wrong, chance),
        at_thresholds=None if thresholds is None else _at(found, chance, thresholds),
    )


def _curve(sure: Floats, wrong: Bools, chance: Bootstrap) -> tuple[CurvePoint, ...]:
    statistic = statistics.risk_at(sure, wrong, COVERAGES)
    risks, bounds = chance.whole(statistic), chance.bounds(statistic)
    ordered = -np.sort(-sure)
    places = np.ceil(COVERAGES * len(ordered) - 1e-9).astype(int) - 1
    return tuple(
        CurvePoint(
            coverage=float(coverage), confidence=float(ordered[place]), risk=float(risk), low=low, high=high
        )
        for coverage, place, risk, low, high in zip(
            COVERAGES, places, risks, bounds[0].tolist(), bounds[1].tolist(), strict=True
        )
    )


def _at(found: Outcomes, chance: Bootstrap, thresholds: Mapping[str, float]) -> AtThresholds:
    decided = found.decided(thresholds)
    left, wanting = int((found.silent(thresholds) & found.wants).sum()), int(found.wants.sum())
    low, high = interval(left, wanting)  # exact: of a share near 0 a bootstrap knows too little
    return AtThresholds(
        thresholds=dict(thresholds),
        coverage=chance.figure(statistics.share(decided, np.ones(len(found), dtype=np.bool_))),
        risk=chance.figure(statistics.share(found.wrong, decided)),
        silence=Figure(value=left / wanting if wanting else None, interval=Interval(low=low, high=high)),
        silent=left,
        wanting=wanting,
    )
