"""Thresholds that keep a promise: of what the bot decides alone, at most a stated share is wrong.

Learn-then-Test (Angelopoulos, Bates, Candès, Jordan & Lei 2021): each setting of the thresholds is a hypothesis,
"too many decisions are wrong", tested exactly; settings are tried one after the other, boldest last, until one
cannot be ruled out (fixed-sequence testing), so that all tests together err with the stated chance only. Which
settings are tried, and from where on, is decided by *other* messages (``path``): Learn-then-Test wants that.

Two promises, each with its own confidence, both for messages drawn like those the thresholds were ``proved`` on:
1. of the primary labels decided, silence included, at most ``risk`` are wrong;
2. of all questions and complaints at most ``silence`` are left without an answer.

Messages of one conversation are alike; where that shows, rows count less (design effect, Kish 1965), which makes
the tests cautious but, with clusters, no longer exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain.prediction import Label
from bot.errors import ModelError
from models.certainty import NEVER, Certainty
from models.outcomes import Outcomes
from models.risk import design_effect, fewest, too_high, upper_bound
from models.statistics import Bools

#: How the chance of error is shared out to the three thresholds of silence that are kept ready, boldest first.
_SHARES = (0.7, 0.2, 0.1)
#: How it is shared out to a start that looks safe enough, and to the one that looks safest.
_STARTS = (0.75, 0.25)
#: A setting looks safe enough to start from if its expected p-value is this share of the chance of error.
_LOOKS_SAFE = 0.01
#: Wanted certainties of being right, and confidences of silence: the cautious ones first.
_CERTAINTIES = tuple(round(1.0 - 0.005 * step, 3) for step in range(1, 121))
_CONFIDENCES = tuple(round(1.0 - 0.005 * step, 3) for step in range(101))

Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a brand accepts: the share of wrong decisions, the share of questions and complaints left in silence.

    ``confidence`` is how sure it wants to be of each: in so many of a hundred drawn sets of messages it holds.
    """

    risk: float = 0.05
    silence: float = 0.02
    confidence: float = 0.9

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise ModelError(f"{name} is {value}; it must lie between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One promise, as the messages bear it out: ``faults`` in ``rows``, so truly at most ``bound``.

    ``bound`` is None where nothing can be promised.
    """

    rows: int
    faults: int
    bound: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Thresholds on the confidence of each primary label, and what holds with them.

    ``certainty`` brings the labels' confidences to one measure; with it, one number moved all thresholds.
    ``risk`` is about the decided of the ``proved_on`` messages, ``silence`` about their questions and complaints;
    ``chosen_on`` other messages settled what was tried. ``why`` says what is missing, if anything is.
    """

    thresholds: Thresholds
    certainty: Certainty
    accepted: Accepted
    chosen_on: int
    proved_on: int
    risk: Kept
    silence: Kept
    why: tuple[str, ...]

    @property
    def coverage(self) -> float:
        """Return the share of messages that are decided without a human."""
        return self.risk.rows / self.proved_on if self.proved_on else 0.0

    def to_text(self) -> str:
        """Return thresholds and promises, in words."""
        named = ", ".join(f"{name} {value:g}" for name, value in self.thresholds.items())
        return "\n".join(
            [
                f"thresholds: {named}",
                f"decided without a human: {self.risk.rows} of {self.proved_on} ({self.coverage:.1%})",
                f"wrong among them: {_kept(self.risk, self.accepted.confidence)}",
                f"questions and complaints left in silence: {_kept(self.silence, self.accepted.confidence)}",
                *self.why,
                "valid for messages drawn like those that were counted, and for these weights",
            ]
        )


def promise(path: Outcomes, proof: Outcomes, accepted: Accepted) -> Promise:
    """Return the boldest thresholds for which ``proof`` supports both promises; see the top of this file.

    ``path`` only settles which thresholds are tried; the calibration may have been fitted on it, on ``proof`` not.
    """
    certainty = Certainty.learned(path)
    quiet = _quiet(proof, accepted)
    ready = _ready(path, certainty, proof, accepted)
    floor, share = next((f, s) for f, s in zip(ready, _SHARES, strict=True) if f >= quiet)
    chains = _chains(path, certainty, floor, accepted, rows=len(proof))
    for tried, part in chains:
        confidence = 1.0 - (1.0 - accepted.confidence) * share * part
        proved = _boldest(tried, proof, accepted.risk, confidence)
        if proved is not None:
            break
    thresholds = proved or _all(NEVER)
    risk = _kept_risk(proof, thresholds, confidence) if proved else Kept(rows=0, faults=0, bound=None)
    silence = _kept_silence(proof, thresholds, accepted)
    return Promise(
        thresholds=thresholds,
        certainty=certainty,
        accepted=accepted,
        chosen_on=len(path),
        proved_on=len(proof),
        risk=risk,
        silence=silence,
        why=tuple(_why(proof, accepted, confidence, proved=proved, floor=floor, first=tried[0])),
    )


def _chains(
    path: Outcomes, certainty: Certainty, floor: float, accepted: Accepted, *, rows: int
) -> list[tuple[list[Thresholds], float]]:
    """Return the settings to try, each bolder than the last, and the share of the chance of error that they get.

    A setting needs no proof of the more cautious ones, so the first chain starts where it looks safe enough; the
    second is for when it was not, and starts where it looks safest.
    """
    settings = [_setting(certainty, wanted, floor) for wanted in _CERTAINTIES]
    doubt = 1.0 - certainty.of(path)
    expected = []
    for setting in settings:
        decided = path.decided(setting)
        scale = rows / max(1, len(path))
        expected.append(too_high(float(doubt[decided].sum()) * scale, float(decided.sum()) * scale, accepted.risk))
    safest = int(np.argmin(expected))
    safe = [place for place, p in enumerate(expected) if p <= _LOOKS_SAFE * (1.0 - accepted.confidence)]
    if not safe or safe[-1] <= safest:
        return [(settings[safest:], 1.0)]
    return [(settings[start:], part) for start, part in zip((safe[-1], safest), _STARTS, strict=True)]


def _setting(certainty: Certainty, wanted: float, floor: float) -> Thresholds:
    found = {label.value: certainty.threshold(label.value, wanted) for label in Label}
    return {**found, Label.OTHER.value: max(found[Label.OTHER.value], floor)}


def _boldest(tried: Sequence[Thresholds], proof: Outcomes, risk: float, confidence: float) -> Thresholds | None:
    """Return the last setting before the first that may be too risky; None if the very first may be."""
    proved = None
    for setting in tried:
        if _p_value(proof.wrong, proof.decided(setting), proof, risk) > 1.0 - confidence:
            break
        proved = setting
    return proved


def _quiet(proof: Outcomes, accepted: Accepted) -> float:
    """Return the lowest confidence at which silence is proved to leave few questions and complaints behind."""
    quiet = NEVER
    for confidence in _CONFIDENCES:
        silent = proof.silent(_all(confidence))
        if _p_value(silent, proof.wants, proof, accepted.silence) > 1.0 - accepted.confidence:
            break
        quiet = confidence
    return quiet


def _ready(
    path: Outcomes, certainty: Certainty, proof: Outcomes, accepted: Accepted
) -> tuple[float, float, float]:
    """Return three thresholds of silence, boldest first: one that should do, one between, and none at all."""
    doubt, wanting = 1.0 - certainty.of(path), float(proof.wants.sum())
    scale = wanting / max(1.0, float(path.wants.sum()))
    boldest = NEVER
    for confidence in _CONFIDENCES:
        expected = float(doubt[path.silent(_all(confidence))].sum()) * scale
        if too_high(expected, wanting, accepted.silence) > 1.0 - accepted.confidence:
            break
        boldest = confidence
    return boldest, round((boldest + NEVER) / 2.0, 4), NEVER


def _p_value(faults: Bools, among: Bools, proof: Outcomes, share: float) -> float:
    """Return how well "more than ``share`` of ``among`` are ``faults``" fits what was seen."""
    found, rows, effect = _counted(faults, among, proof)
    return too_high(found / effect, rows / effect, share)


def _counted(faults: Bools, among: Bools, proof: Outcomes) -> tuple[int, int, float]:
    """Return faults, rows, and by how much rows count less because they come in conversations."""
    of_them = np.asarray(faults[among], dtype=np.bool_)
    return int(of_them.sum()), len(of_them), design_effect(of_them, proof.groups[among].tolist())


def _kept_risk(proof: Outcomes, thresholds: Thresholds, confidence: float) -> Kept:
    return _kept_share(proof.wrong, proof.decided(thresholds), proof, confidence)


def _kept_silence(proof: Outcomes, thresholds: Thresholds, accepted: Accepted) -> Kept:
    return _kept_share(proof.silent(thresholds), proof.wants, proof, accepted.confidence)


def _kept_share(faults: Bools, among: Bools, proof: Outcomes, confidence: float) -> Kept:
    found, rows, effect = _counted(faults, among, proof)
    bound = upper_bound(found / effect, rows / effect, confidence=confidence) if rows else None
    return Kept(rows=rows, faults=found, bound=bound)


def _why(
    proof: Outcomes,
    accepted: Accepted,
    confidence: float,
    *,
    proved: Thresholds | None,
    floor: float,
    first: Thresholds,
) -> list[str]:
    """Say why nothing, or no silence, is left to the bot."""
    said = []
    if proved is None:
        decided = proof.decided(first)
        needed = fewest(accepted.risk, confidence=confidence)
        said.append(
            f"everything goes to a human: of the surest {int(decided.sum())} messages "
            f"{int((proof.wrong & decided).sum())} are wrong, which does not prove {accepted.risk:.1%} "
            f"(with none wrong it takes {needed}); label more messages like yours"
        )
    if floor >= NEVER:
        needed = fewest(accepted.silence, confidence=accepted.confidence)
        said.append(
            f"nothing is left in silence: {int(proof.wants.sum())} questions and complaints do not prove that "
            f"at most {accepted.silence:.1%} would be (with none in silence it takes {needed})"
        )
    return said


def _kept(kept: Kept, confidence: float) -> str:
    bound = "nothing can be promised" if kept.bound is None else f"truly at most {kept.bound:.1%}"
    return f"{kept.faults} of {kept.rows}; {bound} (confidence {confidence:.0%})"


def _all(value: float) -> Thresholds:
    return {label.value: value for label in Label}
