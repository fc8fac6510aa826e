"""An evaluation as one HTML page with plots, which needs nothing beside itself and fetches nothing."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from models.bootstrap import Figure
from models.evaluate import AtThresholds, Bin, Evaluation, LabelFigures, Perfect, PrimaryFigures

_PAGE = Path(__file__).with_name("evaluation.html")

_RISK = (
    "The model says how sure it is of each message. Here only the surest are left to it: the further right, the "
    "more. The line is the share of those that got the wrong primary label; the band shows where it could lie by "
    "chance; the dashed line is the 5 % that Heed accepts unless told otherwise."
)
_CALIBRATION = (
    "Of the messages that get 70 %, about 70 in 100 should have the label. Each point is a tenth of the messages: "
    "on the diagonal the model's numbers mean what they say, below it the model is too sure of itself."
)
_LABELS = (
    "Precision: of the messages that were given the label, how many have it. Recall: of those that have it, "
    "how many were found. F1: both in one number. AUC: the chance that a message with the label gets a higher "
    "probability than one without. Calibration error: how far probabilities are from what happens, on average; "
    "even a perfect model shows some, because messages are few. In brackets: 95 of 100 bootstrap draws."
)


def as_page(evaluation: Evaluation, *, about: str) -> str:
    """Return the page; ``about`` says in a sentence what was measured on."""
    library = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    primary = evaluation.primary
    body = [f"<h1>How good the classifier is</h1>\n<p>{escape(about)}. Model {escape(evaluation.model)}.</p>"]
    charts: dict[str, Any] = {}
    if primary is not None:
        body += [_cards(primary), _risk_section(primary)]
        charts["risk"] = _risk_chart(primary)
    body += [_labels_section(evaluation.labels), _calibration_section(evaluation)]
    charts["calibration"] = _calibration_chart(evaluation)
    page = _PAGE.read_text(encoding="utf-8")
    for name, text in (
        ("BODY", "\n".join(body)),
        ("CHARTS", json.dumps(charts).replace("</", "<\\/")),
        ("PLOTLY", library.read_text(encoding="utf-8")),
    ):
        page = page.replace("{{" + name + "}}", text)
    return page


def _cards(primary: PrimaryFigures) -> str:
    cards = [
        _card("Macro-F1 of the primary label", primary.macro_f1),
        _card("Messages with the right primary label", primary.accuracy),
    ]
    if primary.at_thresholds is not None:
        cards += _threshold_cards(primary.at_thresholds)
    return f'<dl class="cards">{"".join(cards)}</dl>'


def _threshold_cards(at: AtThresholds) -> list[str]:
    return [
        _card("Decided without a human", at.coverage),
        _card("Wrong among the decided", at.risk),
        _card(f"Of {at.wanting} questions and complaints left in silence", at.silence),
    ]


def _card(name: str, figure: Figure) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{_cell(figure)}</dd></div>"


def _cell(figure: Figure) -> str:
    if figure.value is None or figure.interval is None:
        return "–"
    return f"{figure.value:.3f} <small>[{figure.interval.low:.3f}, {figure.interval.high:.3f}]</small>"


def _risk_section(primary: PrimaryFigures) -> str:
    rows = [
        f"<tr><td>{point.coverage:.0%}</td><td>{point.confidence:.3f}</td>"
        f"<td>{point.risk:.3f} <small>[{point.low:.3f}, {point.high:.3f}]</small></td></tr>"
        for point in primary.curve
    ]
    table = _table("Risk by coverage", ("Coverage", "Surer than", "Wrong among the decided"), rows)
    return (
        f"<h2>If the model decides only what it is sure of</h2>\n<p>{_RISK}</p>\n"
        '<div class="chart" id="risk" role="img" aria-label="Wrong decisions by the share of messages decided; '
        'the same numbers stand in the table below"></div>\n'
        f"<details><summary>The same as a table</summary>{table}</details>"
    )


def _labels_section(labels: Sequence[LabelFigures]) -> str:
    head = ("Label", "Messages", "Precision", "Recall", "F1", "AUC", "Calibration error", "Perfect model's")
    rows = [
        f"<tr><td>{escape(label.label)}</td><td>{label.support} of {label.rows}</td>"
        + "".join(
            f"<td>{_cell(figure)}</td>"
            for figure in (label.precision, label.recall, label.f1, label.auc, label.calibration_error)
        )
        + f"<td>{_perfect(label.perfect)}</td></tr>"
        for label in labels
    ]
    return f"<h2>Label by label</h2>\n<p>{_LABELS}</p>\n{_table('Figures of each label', head, rows)}"


def _calibration_section(evaluation: Evaluation) -> str:
    rows = [
        f"<tr><td>{escape(name)}</td><td>{part.rows}</td><td>{part.said:.3f}</td><td>{part.happened:.3f}</td></tr>"
        for name, bins, _ in _series(evaluation)
        for part in bins
    ]
    table = _table("Said and happened", ("Label", "Messages", "Said", "Happened"), rows)
    return (
        f"<h2>Do the probabilities mean what they say?</h2>\n<p>{_CALIBRATION}</p>\n"
        '<div class="chart" id="calibration" role="img" aria-label="What the model said against what happened; '
        'the same numbers stand in the table below"></div>\n'
        f"<details><summary>The same as a table</summary>{table}</details>"
    )


def _perfect(perfect: Perfect | None) -> str:
    if perfect is None:
        return "–"
    verdict = "not distinguishable" if perfect.place <= 0.95 else "worse"
    return f"{perfect.mean:.3f} <small>up to {perfect.high:.3f}: {verdict}</small>"


def _table(caption: str, head: Sequence[str], rows: Sequence[str]) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _series(evaluation: Evaluation) -> list[tuple[str, Sequence[Bin], str]]:
    """Return name, bins and colour of each curve of the calibration plot."""
    found: list[tuple[str, Sequence[Bin], str]] = [
        (label.label, label.bins, f"--{label.label}") for label in evaluation.labels
    ]
    if evaluation.primary is not None:
        found.append(("primary label", evaluation.primary.bins, "--primary"))
    return found


def _risk_chart(primary: PrimaryFigures) -> dict[str, Any]:
    across = [point.coverage for point in primary.curve]
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "x": across}
    line = {
        "x": across,
        "y": [point.risk for point in primary.curve],
        "mode": "lines+markers",
        "line": {"color": "--accent", "width": 2.5},
        "hovertemplate": "%{x:.0%} decided: %{y:.1%} wrong<extra></extra>",
    }
    accepted = {
        "type": "line",
        "x0": 0,
        "x1": 1,
        "y0": 0.05,
        "y1": 0.05,
        "line": {"color": "--bad", "dash": "dash"},
    }
    return {
        "data": [
            {**band, "y": [point.high for point in primary.curve]},
            {**band, "y": [point.low for point in primary.curve], "fill": "tonexty", "fillcolor": "--band"},
            line,
        ],
        "layout": _layout("decided by the model", "wrong among them", shapes=[accepted]),
    }


def _calibration_chart(evaluation: Evaluation) -> dict[str, Any]:
    symbols = ("circle", "square", "diamond", "x")
    data = [
        {
            "name": name,
            "x": [part.said for part in bins],
            "y": [part.happened for part in bins],
            "mode": "lines+markers",
            "line": {"color": colour, "width": 1.5},
            "marker": {"symbol": symbol, "size": 9, "color": colour},
            "hovertemplate": "said %{x:.1%}, happened %{y:.1%}<extra>" + name + "</extra>",
        }
        for (name, bins, colour), symbol in zip(_series(evaluation), symbols, strict=False)
    ]
    diagonal = {
        "type": "line",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": 1,
        "line": {"color": "--line-strong", "dash": "dot"},
    }
    layout = _layout("probability", "share of messages where the label holds", shapes=[diagonal])
    return {"data": data, "layout": {**layout, "showlegend": True, "legend": {"orientation": "h", "y": 1.12}}}


def _layout(across: str, up: str, *, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    axis = {"gridcolor": "--line", "linecolor": "--line-strong", "zeroline": False, "tickformat": ".0%"}
    return {
        "showlegend": False,
        "margin": {"l": 66, "r": 18, "t": 30, "b": 62},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "color": "--ink-2", "size": 13},
        "xaxis": {**axis, "title": {"text": across}, "range": [0, 1.02]},
        "yaxis": {**axis, "title": {"text": up}, "rangemode": "tozero"},
        "shapes": shapes,
    }
