"""An evaluation as a table for a terminal."""

from __future__ import annotations

from models.bootstrap import Figure
from models.evaluate import AtThresholds, Evaluation, LabelFigures, Perfect, PrimaryFigures

_COLUMNS = ("precision", "recall", "F1", "AUC", "calibration error")
_WIDTH = 22


def as_text(evaluation: Evaluation) -> str:
    """Return the figures with their intervals: each ``figure [low, high]``."""
    head = f"{'label':<10} {'support':>11} " + "".join(f"{name:>{_WIDTH}}" for name in _COLUMNS)
    lines = [head, *(_line(label) for label in evaluation.labels)]
    lines += [
        f"{label.label}: calibration error {_next_to_perfect(label.perfect)}"
        for label in evaluation.labels
        if label.perfect
    ]
    if evaluation.primary is not None:
        lines += ["", *_primary(evaluation.primary)]
    lines += [
        "",
        f"model/calibration {evaluation.model}",
        f"in brackets: 95 of 100 of {evaluation.draws} bootstrap draws of whole conversations",
    ]
    return "\n".join(lines)


def shown(figure: Figure) -> str:
    """Return a figure with its interval, ``-`` where it has no denominator."""
    if figure.value is None or figure.interval is None:
        return "-"
    return f"{figure.value:.3f} [{figure.interval.low:.3f}, {figure.interval.high:.3f}]"


def _line(label: LabelFigures) -> str:
    cells = (label.precision, label.recall, label.f1, label.auc, label.calibration_error)
    support = f"{label.support}/{label.rows}"
    return f"{label.label:<10} {support:>11} " + "".join(f"{shown(cell):>{_WIDTH}}" for cell in cells)


def _primary(primary: PrimaryFigures) -> list[str]:
    counts = ", ".join(f"{name} {count}" for name, count in primary.support.items())
    lines = [
        f"primary label: {primary.rows} messages in {primary.conversations} conversations ({counts})",
        f"  macro-F1           {shown(primary.macro_f1)}",
        f"  right              {shown(primary.accuracy)}",
        f"  calibration error  {shown(primary.calibration_error)}",
        f"  mean risk          {shown(primary.area)} over all coverages",
        f"  coverage           {shown(primary.coverage_within)} where at most 5 % of the decided are wrong",
        "risk-coverage (if only the surest are decided, how many of these are wrong):",
        f"  {'coverage':>8} {'from':>7}  risk",
    ]
    if primary.perfect:
        lines.insert(4, f"                     {_next_to_perfect(primary.perfect)}")
    lines += [
        f"  {point.coverage:>8.0%} {point.confidence:>7.3f}  {point.risk:.3f} [{point.low:.3f}, {point.high:.3f}]"
        for point in primary.curve
        if round(point.coverage * 20) % 2 == 0
    ]
    return lines + (_at(primary.at_thresholds) if primary.at_thresholds else [])


def _at(at: AtThresholds) -> list[str]:
    named = ", ".join(f"{name} {value:g}" for name, value in at.thresholds.items())
    return [
        f"with these thresholds ({named}):",
        f"  coverage           {shown(at.coverage)}",
        f"  risk               {shown(at.risk)}",
        f"  left in silence    {shown(at.silence)}, {at.silent} of {at.wanting} questions and complaints",
    ]


def _next_to_perfect(perfect: Perfect) -> str:
    verdict = "cannot be told from it" if perfect.place <= 0.95 else "worse than it"
    return (
        f"of a perfect model at this size {perfect.mean:.3f}, below {perfect.high:.3f} in 95 of 100; "
        f"measured: {verdict} (above {perfect.place:.0%} of its draws)"
    )
