"""``heed classify --explain``: what Heed would do about a text, by which threshold, and which words mattered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.desk.views import weighed_json, word_json
from bot.desk.weighing import Thresholds, Weighed, decisive, weigh
from bot.desk.wording import reason_text
from bot.domain.decisions import Decision, Situation
from bot.domain.explanation import Explanation, Word
from bot.domain.prediction import UNDETERMINED, Assessment
from bot.domain.states import State
from handlers import Brand, decide

#: Characters of a text that stand above its explanation.
SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One text, all that the model says of it, and what this brand would do if it opened a conversation."""

    explanation: Explanation
    decision: Decision
    weighed: tuple[Weighed, ...]
    languages: frozenset[str]
    thresholds: Thresholds

    @property
    def assessment(self) -> Assessment:
        """Return what the model says of the text."""
        return self.explanation.assessment

    @property
    def note(self) -> str:
        """Return what makes the numbers doubtful; empty where nothing does."""
        language, reader = self.assessment.prediction.language, self.assessment.prediction.reader
        if reader:
            return f"Read by the model under model.languages.{reader}: no template answers what it reads."
        if language == UNDETERMINED:
            return (
                "The text is too short or too odd to tell its language: it is read as if it were in one that the "
                "model knows. In a conversation the customer's usual language counts."
            )
        if language in self.languages:
            return ""
        read = ", ".join(sorted(self.languages))
        return f"Labels, templates and words are guesses: this brand has only {read} answered by the model."


def tell(explanation: Explanation, brand: Brand) -> Told:
    """Return what the brand would do about a text written in private, by somebody who is new."""
    assessment, opening = explanation.assessment, _opening()
    decision = decide(text=explanation.text, assessment=assessment, situation=opening, brand=brand)
    thresholds = dataclasses.asdict(brand.confidence)
    return Told(
        explanation=explanation,
        decision=decision,
        weighed=weigh(decision, assessment, opening, thresholds),
        languages=brand.languages,
        thresholds=thresholds,
    )


def _opening() -> Situation:
    return Situation(
        state=State.UNOPENED,
        channel="webchat",
        private=True,
        spoke_last=None,
        last_template=None,
        acknowledged=False,
        usual_language=UNDETERMINED,
        customer_name="",
        paused=False,
        late=False,
        flooding=False,
        at=datetime.now(UTC),
    )


def as_text(told: Told) -> str:
    """Return it for people: a block of lines, the text first."""
    prediction = told.assessment.prediction
    shares = ", ".join(f"{label} {share:.2f}" for label, share in prediction.probabilities.items())
    sent = f", with the text of {told.decision.rendered.template}" if told.decision.rendered else ""
    rows = [
        ("label", f"{prediction.label} {prediction.confidence():.3f}   ({shares})"),
        ("language", prediction.language + (f" - {told.note}" if told.note else "")),
        ("decision", f"{told.decision.kind}{sent}: {reason_text(told.decision.reason)}"),
        *(("decided by" if first else "", line) for first, line in _first(_threshold_lines(told))),
        *(("templates" if first else "", line) for first, line in _first(_template_lines(told))),
        *_word_rows(told.explanation),
    ]
    return "\n".join([_heading(told.explanation.text), *(f"  {name:<15}{line}" for name, line in rows)])


def _heading(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[:SHOWN] + "…"


def _first(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line) for number, line in enumerate(lines))


def _threshold_lines(told: Told) -> Iterator[str]:
    """Tell the threshold that decided before the others."""
    decided = decisive(told.weighed)
    if decided is None:
        yield "no threshold"
        return
    yield _compared(decided)
    yield from (f"besides: {_compared(one)}" for one in told.weighed if one is not decided)


def _compared(one: Weighed) -> str:
    word = "reaches" if one.passed else "stays below"
    return f"{one.title} {one.value:.3f} {word} {one.needed:g} ({one.setting})"


def _template_lines(told: Told) -> Iterator[str]:
    found = told.assessment.candidates
    if not found:
        yield "none"
        return
    needs = f"needs {told.thresholds['template']:g} and a lead of {told.thresholds['margin']:g}"
    yield f"{found[0].template} {found[0].score:.3f}, {needs}"
    if len(found) > 1:
        lead = found[0].score - found[1].score
        yield f"{found[1].template} {found[1].score:.3f}, the runner-up: a lead of {lead:.3f}"


def _word_rows(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """Name the words; in brackets, what the model would say without each."""
    label = explanation.assessment.prediction.label
    if not explanation.words:
        yield "words", "too few to leave one out"
        return
    yield f"for {label}", _words(explanation.for_label()) or "no single word"
    if against := _words(explanation.against_label()):
        yield "against it", against
    if explanation.assessment.candidates:
        yield "for template", _scores(explanation.for_template()) or "no single word"
    if away := _scores(explanation.against_template()):
        yield "away from it", away
    if not explanation.whole:
        yield "", "(only the beginning was looked at)"


def _words(words: tuple[Word, ...]) -> str:
    return ", ".join(f"{_quoted(word)} ({word.confidence:.3f} without)" for word in words)


def _scores(words: tuple[Word, ...]) -> str:
    return ", ".join(f"{_quoted(word)} ({word.score:.3f} without)" for word in words if word.score is not None)


def _quoted(word: Word) -> str:
    return '"' + " ".join(word.text.split()) + '"'


def as_json(told: Told) -> str:
    """Return everything as one line of JSON."""
    prediction, decision = told.assessment.prediction, told.decision
    found = told.assessment.candidates
    line: dict[str, Any] = {
        "text": told.explanation.text,
        "label": prediction.label,
        "probabilities": {label.value: round(share, 4) for label, share in prediction.probabilities.items()},
        "language": prediction.language,
        "note": told.note,
        "decision": {
            "kind": decision.kind,
            "reason": decision.reason,
            "reason_text": reason_text(decision.reason),
            "template": decision.rendered.template if decision.rendered else None,
        },
        "thresholds": weighed_json(told.weighed),
        "templates": [{"template": one.template, "score": round(one.score, 4)} for one in found],
        "lead": round(found[0].score - found[1].score, 4) if len(found) > 1 else None,
        "words": [{"start": word.start, "end": word.end} | word_json(word) for word in told.explanation.words],
        "whole": told.explanation.whole,
    }
    return json.dumps(line, ensure_ascii=False)
