"""The figures of the model card that rest on labels made by reading: see ``models/readings``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from bot.domain.prediction import PRIMARY_ORDER, SCORED_LABELS, Label
from models.assessor import LocalAssessor
from models.compare_calibrations import compare
from models.encoder import Encoder
from models.evaluate import figures, macro_f1
from models.evaluation_text import as_text
from models.judged import Judged, read_judged
from models.kept_thresholds import read_thresholds
from models.normalise import normalise
from models.outcomes import assessed, outcomes
from models.thresholds import Accepted, promise
from models.transcripts import READINGS, Split, readings

_SPLITS: tuple[Split, ...] = ("choice", "threshold", "test")


async def readings_report(assessor: LocalAssessor, transcripts: Path, *, folder: Path, test: bool) -> str:
    """Return all of it as text, about the weights in ``folder``, which ``assessor`` has loaded."""
    judged = {split: read_judged([transcripts], split=split) for split in _SPLITS if test or split != "test"}
    parts = [second_reading()]
    for split, messages in judged.items():
        parts += [f"read for {split}: {messages.found()}", await _figures(assessor, messages, folder)]
    parts += ["calibrations, cross-validated on choice:", _calibrations(judged["choice"], folder)]
    path, proof = [
        outcomes(messages.rows, await assessed(assessor, messages.rows), messages.groups)
        for messages in (judged["choice"], judged["threshold"])
    ]
    return "\n\n".join(["", *parts, promise(path, proof, Accepted()).to_text(), ""])


def second_reading() -> str:
    """Return how far the second reading agrees with the first, on the primary label."""
    first = {hashed: labels for split in _SPLITS for hashed, labels in readings(split).items()}
    lines = msgspec.json.Decoder(dict[str, str | list[str]]).decode_lines((READINGS / "second.jsonl").read_bytes())
    pairs = [(_primary(first[str(line["hash"])]), _primary(line["labels"])) for line in lines]
    once, again = [one for one, _ in pairs], [other for _, other in pairs]
    same = float(np.mean([one == other for one, other in pairs]))
    return (
        f"second reading of {len(pairs)}: the same primary label in {same:.1%}, kappa {kappa(once, again):.2f}, "
        f"macro-F1 {macro_f1(once, again):.2f}"
    )


def kappa(once: Sequence[str], again: Sequence[str]) -> float:
    """Return Cohen's kappa: agreement beyond what chance would give, at most 1."""
    rows = len(once)
    same = sum(one == other for one, other in zip(once, again, strict=True)) / rows
    first, second = Counter(once), Counter(again)
    chance = sum(first[name] * second[name] for name in first) / rows**2
    return 1.0 if chance == 1.0 else (same - chance) / (1.0 - chance)


async def _figures(assessor: LocalAssessor, messages: Judged, folder: Path) -> str:
    kept = read_thresholds(folder)
    found = figures(
        messages.rows,
        await assessed(assessor, messages.rows),
        groups=messages.groups,
        thresholds=None if kept is None else kept.thresholds,
        certainty=None if kept is None else kept.certainty,
    )
    return as_text(found)


def _calibrations(messages: Judged, folder: Path) -> str:
    """Return each label's table of ways to calibrate the logits."""
    encoder = Encoder(folder)
    logits = np.array([encoder.read(normalise(row.text)).logits for row in messages.rows], dtype=np.float64)
    lines = []
    for place, label in enumerate(SCORED_LABELS):
        happened = np.array([label in row.labels for row in messages.rows], dtype=np.bool_)
        lines += [
            f"  {label.value:<10} {one.way:<12} log-loss {one.log_loss:.4f}  error {one.calibration_error:.4f}"
            for one in compare(logits[:, place], happened, messages.groups)
        ]
    return "\n".join(lines)


def _primary(labels: object) -> str:
    held = labels if isinstance(labels, list | frozenset) else ()
    return next((label.value for label in PRIMARY_ORDER if label in held), Label.OTHER.value)
