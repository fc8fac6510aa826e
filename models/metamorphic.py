"""How stable readings are: ``python -m models.metamorphic [--transcripts PATH …]``.

Counts how often a small change that leaves the meaning flips the primary label, whether a text alone is read as
among a hundred others, and how often int8 and float32 say the same. Texts come from transcripts (customers' and
members', none that was trained on), else from the messages written for Heed that were held out.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

from bot.domain.prediction import SCORED_LABELS, Assessment, Label, Prediction, primary_label
from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.bootstrap import Bootstrap, Figure, Floats, Interval
from models.dataset import is_held_out, read_rows
from models.manifest import SHIPPED, read_manifest
from models.normalise import normalise
from models.outcomes import Assesses
from models.perturb import CHANGES, Change
from models.risk import interval
from models.tokens import Tokens
from models.train import CORPUS
from models.transcripts import is_of_transcript, reading_key, readings

#: Texts that are changed, and those that are read together.
TEXTS = 1_000
TOGETHER = 101
#: From where on a reading counts as sure.
SURE = 0.8
#: By how much a probability may differ alone and among others.
TOLERANCE = 0.001

_WRITERS = ("customer", "member")

Probabilities = Callable[[str], Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """One change: of ``texts`` so many became other texts, and ``flips`` of these another primary label.

    ``share`` is of all texts. ``sure`` flips are those where both readings were sure, the harmful ones.
    """

    change: str
    texts: int
    changed: int
    flips: int
    sure: int
    share: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariance:
    """Texts read alone and among a hundred others: ``differing`` in label, templates or a probability.

    A probability differs from ``TOLERANCE`` on; ``worst`` is the greatest difference of any.
    """

    texts: int
    differing: int
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The shipped network next to its float32 original: ``same`` primary label in so many of ``texts``."""

    texts: int
    same: int
    share: Figure
    mean_difference: float
    worst_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was found. ``overall`` is the mean share of flips over all changes."""

    seed: int
    overall: Figure
    changes: tuple[Flips, ...]
    invariance: Invariance
    agreement: Agreement | None

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return msgspec.json.encode(asdict(self)).decode()

    def to_text(self) -> str:
        """Return the report as a table."""
        lines = [f"{'change':<22}{'changed':>8}{'flips':>7}{'sure':>6}  share"]
        lines += [
            f"{one.change:<22}{one.changed:>8}{one.flips:>7}{one.sure:>6}  {_percent(one.share)}"
            for one in self.changes
        ]
        lines += [
            f"{'all changes':<43}  {_percent(self.overall)}",
            _of_invariance(self.invariance),
        ]
        if self.agreement is not None:
            lines.append(_of_agreement(self.agreement))
        return "\n".join(lines)


async def flip_rates(
    assessor: Assesses, texts: Sequence[str], *, changes: Mapping[str, Change] = CHANGES, seed: int = 1
) -> tuple[Figure, tuple[Flips, ...]]:
    """Return the mean share of flips, and the flips of each change. The same seed makes the same changes."""
    before = [made.prediction for made in await assessor.assess(texts)]
    found, flipped = [], []
    for name, change in changes.items():
        altered = [_altered(text, number, name, change, seed) for number, text in enumerate(texts)]
        after = [made.prediction for made in await assessor.assess(altered)]
        flips = [one.label is not other.label for one, other in zip(before, after, strict=True)]
        found.append(_flips(name, texts, altered, _sure(before, after), flips))
        flipped.append(flips)
    mean = np.asarray(flipped, dtype=np.float64).mean(axis=0)
    chance = Bootstrap([str(number) for number in range(len(texts))], seed=seed)
    return chance.figure(lambda weights: (weights @ mean) / weights.sum(axis=1)), tuple(found)


async def invariance(assessor: LocalAssessor, texts: Sequence[str]) -> Invariance:
    """Return how many texts are read otherwise among a hundred others than alone."""
    differing, worst = 0, 0.0
    for start in range(0, len(texts), TOGETHER):
        together = texts[start : start + TOGETHER]
        for text, among in zip(together, await assessor.assess(together), strict=True):
            alone = assessor.assess_one(text)
            difference = _difference(alone.prediction, among.prediction)
            worst = max(worst, difference)
            differing += difference > TOLERANCE or not _same(alone, among)
    return Invariance(texts=len(texts), differing=differing, worst=worst)


def agreement(small: Probabilities, exact: Probabilities, texts: Sequence[str]) -> Agreement:
    """Return how often two networks name the same primary label; both take a normalised text."""
    wanted = [cleaned for cleaned in map(normalise, texts) if cleaned]
    pairs = np.array([(small(text), exact(text)) for text in wanted], dtype=np.float64)
    apart = np.abs(pairs[:, 0] - pairs[:, 1]).max(axis=1)
    same = sum(_primary(one) is _primary(other) for one, other in pairs)
    return Agreement(
        texts=len(wanted),
        same=same,
        share=_share(same, len(wanted)),
        mean_difference=float(apart.mean()),
        worst_difference=float(apart.max()),
    )


def network(file: Path, folder: Path) -> Probabilities:
    """Return what the network in ``file`` says, with the tokenizer and the calibration of ``folder``."""
    manifest = read_manifest(folder)
    tokens, calibration = Tokens(folder, max_tokens=manifest.max_tokens), manifest.calibration
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def probabilities(text: str) -> list[float]:
        ids = np.array([tokens.ids_of_normalised(text)], dtype=np.int64)
        logits = session.run(["logits"], {"ids": ids})[0]
        return calibration.probabilities(logits.tolist())

    return probabilities


def sampled(transcripts: Sequence[Path], *, count: int = TEXTS, seed: int = 1) -> list[str]:
    """Return different messages, as many from each file; without transcripts those that were held out.

    Raises ModelError where there is nothing to read.
    """
    files = [sorted(set(_messages(file)) - {""}) for path in transcripts for file in _files(path)]
    if not transcripts:
        files = [sorted({row.text for row in read_rows([CORPUS]) if is_held_out(row.text)})]
    chance = random.Random(seed)  # noqa: S311  # no secret is drawn
    share = count // max(1, len(files))
    texts = [text for file in files for text in chance.sample(file, min(share, len(file)))]
    if not texts:
        raise ModelError(f"no message in {', '.join(map(str, transcripts)) or CORPUS}: name transcripts")
    return texts


async def report(
    texts: Sequence[str], *, folder: Path = SHIPPED, exact: Path | None = None, seed: int = 1
) -> Report:
    """Return everything about the weights in ``folder``; ``exact`` is their float32 network."""
    assessor = await LocalAssessor.load(folder=folder)
    try:
        overall, changes = await flip_rates(assessor, texts, seed=seed)
        alone = await invariance(assessor, texts)
    finally:
        await assessor.close()
    same = None
    if exact is not None:
        same = agreement(network(folder / "model.int8.onnx", folder), network(exact, folder), texts)
    return Report(seed=seed, overall=overall, changes=changes, invariance=alone, agreement=same)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m models.metamorphic", description=(__doc__ or "").strip())
    parser.add_argument("--transcripts", type=Path, nargs="*", default=[], help="files or folders of transcripts")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="a folder of weights")
    parser.add_argument("--float32", type=Path, help="the float32 network of these weights")
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args(arguments)
    texts = sampled(wanted.transcripts, count=wanted.texts, seed=wanted.seed)
    found = asyncio.run(report(texts, folder=wanted.weights, exact=wanted.float32, seed=wanted.seed))
    sys.stdout.write((found.to_json() if wanted.json else found.to_text()) + "\n")


def _altered(text: str, number: int, name: str, change: Change, seed: int) -> str:
    return change(text, random.Random(f"{seed} {name} {number}"))  # noqa: S311  # no secret is drawn


def _flips(
    name: str, texts: Sequence[str], altered: Sequence[str], sure: Sequence[bool], flips: Sequence[bool]
) -> Flips:
    return Flips(
        change=name,
        texts=len(texts),
        changed=sum(one != other for one, other in zip(texts, altered, strict=True)),
        flips=sum(flips),
        sure=sum(flip and certain for flip, certain in zip(flips, sure, strict=True)),
        share=_share(sum(flips), len(texts)),
    )


def _sure(before: Sequence[Prediction], after: Sequence[Prediction]) -> list[bool]:
    return [min(one.confidence(), other.confidence()) >= SURE for one, other in zip(before, after, strict=True)]


def _difference(one: Prediction, other: Prediction) -> float:
    return max(abs(one.probabilities[label] - other.probabilities[label]) for label in SCORED_LABELS)


def _same(one: Assessment, other: Assessment) -> bool:
    named = [candidate.template for candidate in one.candidates]
    return one.prediction.label is other.prediction.label and named == [
        candidate.template for candidate in other.candidates
    ]


def _primary(probabilities: Floats) -> Label:
    return primary_label(dict(zip(SCORED_LABELS, probabilities.tolist(), strict=True)))


def _share(found: int, rows: int) -> Figure:
    low, high = interval(found, rows)
    return Figure(value=found / rows if rows else None, interval=Interval(low=low, high=high))


def _percent(figure: Figure) -> str:
    if figure.value is None or figure.interval is None:
        return "-"
    return f"{figure.value:6.2%} [{figure.interval.low:.2%}, {figure.interval.high:.2%}]"


def _of_invariance(found: Invariance) -> str:
    return (
        f"alone and among {TOGETHER - 1} others: {found.differing} of {found.texts} differ, "
        f"probabilities by at most {found.worst:.6f}"
    )


def _of_agreement(found: Agreement) -> str:
    return (
        f"int8 and float32 name the same primary label: {_percent(found.share).strip()}, {found.same} of "
        f"{found.texts}; probabilities differ by {found.mean_difference:.4f} on average, "
        f"{found.worst_difference:.4f} at most"
    )


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name.endswith((".jsonl", ".jsonl.gz")))
    return [path]


def _messages(file: Path) -> Iterator[str]:
    """Yield what customers and members wrote in one transcript, without what was trained on."""
    trained = readings("train").keys()
    opener = gzip.open if file.suffix == ".gz" else Path.open
    with opener(file, "rb") as lines:
        for line in lines:
            fields = msgspec.json.decode(line)
            if (
                is_of_transcript(fields)
                and fields["role"] in _WRITERS
                and reading_key(fields["text"]) not in trained
            ):
                yield fields["text"].strip()


if __name__ == "__main__":
    main()
