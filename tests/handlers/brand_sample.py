"""The sample brand and short ways to write a situation and an assessment."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.states import State
from handlers import Brand, Confidence, read_catalogue

FOLDER = Path(__file__).resolve().parents[2] / "handlers" / "templates"
AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
VERSIONS = Versions(model="m", calibration="c", templates="t")

VARIABLES = {
    "website": "fernandforge.example",
    "email": "hello@fernandforge.example",
    "hours": "Monday to Saturday, 9 am to 6 pm",
    "phone": "555 0142",
}

WATERING = (("watering", 0.81), ("yellow-leaves", 0.55))

#: Thresholds that the tests' scores are written for, whatever the defaults become.
CONFIDENCE = Confidence(template=0.62, margin=0.06, verbatim=0.93, unasked_template=0.75)


@cache
def sample_brand() -> Brand:
    return Brand(name="Fern & Forge", catalogue=read_catalogue(FOLDER), variables=VARIABLES, confidence=CONFIDENCE)


def situation(**changes: Any) -> Situation:
    calm: dict[str, Any] = {
        "state": State.UNOPENED,
        "channel": "chat",
        "private": True,
        "spoke_last": None,
        "last_template": None,
        "acknowledged": False,
        "usual_language": "en",
        "customer_name": "",
        "paused": False,
        "late": False,
        "flooding": False,
        "at": AT,
    }
    return Situation(**{**calm, **changes})


def assessed(
    label: Label,
    *candidates: tuple[str, float],
    sure: float = 0.97,
    language: str = "en",
    reader: str = "",
    **probabilities: float,
) -> Assessment:
    """An assessment whose primary label is ``label`` with confidence ``sure``, all else low."""
    scores = {Label.QUESTION: 0.02, Label.COMPLAINT: 0.02, Label.PRAISE: 0.02}
    if label is Label.OTHER:
        scores = dict.fromkeys(scores, 1.0 - sure)
    else:
        scores[label] = sure
    scores |= {Label(name): value for name, value in probabilities.items()}
    return Assessment(
        prediction=Prediction(label=label, probabilities=scores, language=language, reader=reader),
        candidates=tuple(Candidate(template=template, score=score) for template, score in candidates),
        versions=VERSIONS,
    )


def outcome(decision: Decision) -> tuple[DecisionKind, Reason, str | None]:
    """What was decided, why, and the template whose words are said."""
    return decision.kind, decision.reason, decision.rendered.template if decision.rendered else None
