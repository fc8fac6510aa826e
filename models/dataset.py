"""Rows of labelled messages, from files to masked targets.

A row is one JSON object a line: ``{"text", "labels"}`` with every label decided (a brand's own data), or with
``known`` and ``weak`` beside them (public sets). ``known`` says which labels the source decides both ways: the
others are **unknown, not negative**, and their weight is 0. ``weak`` labels are proxies: they count less, and
where they contradict a known label nothing is learned. Transcripts (see ``models.transcripts``) give the messages
that somebody of this project read.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from bot.domain.prediction import SCORED_LABELS, Label
from bot.errors import ModelError
from models.normalise import normalise, split_form
from models.transcripts import READ, Split, is_of_transcript, is_talk, labels_read

#: What a proxy label counts for, against 1 for an annotator's.
WEAK = 0.35
#: What a proxy counts for that is mostly wrong.
FAINT = 0.1
#: What a label counts for that is only likely to be absent.
LIKELY_ABSENT = 0.2
#: Of a hundred rows, how many are held out: never trained on.
HELD_OUT_PERCENT = 10
#: Of a hundred of a brand's own rows, how many calibrate the probabilities.
CALIBRATION_PERCENT = 7

#: The source of public rows that somebody of this project labelled again.
RELABELLED = "relabelled"
#: Sets whose test split measures how templates are chosen, and is never trained on.
MEASURING = ("banking77", "clinc150")
#: Bad rows that are named one by one.
TOLD = 50

_NAMES = frozenset(label.value for label in Label)
_SUFFIXES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled message. ``labels`` hold for certain, ``weak`` perhaps; ``known`` are decided both ways.

    ``talk`` was said in a room where many talk, addressed to no brand.
    """

    text: str
    labels: frozenset[str]
    known: frozenset[str]
    weak: frozenset[str]
    source: str
    talk: bool = False

    @property
    def signature(self) -> str:
        """Return what is said to hold, for drawing rows evenly: ``"complaint+question"``, ``"other"``, ``""``."""
        return "+".join(sorted(self.labels | self.weak))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What training sees. ``targets`` and ``weights`` have one number for question, complaint and praise.

    Targets are 0 or 1; a weight of 0 masks its target.
    """

    text: str
    targets: tuple[float, ...]
    weights: tuple[float, ...]
    source: str
    talk: bool = False


def read_rows(paths: Sequence[Path], *, splits: Sequence[Split] = ("train",)) -> Iterator[Row]:
    """Yield the rows of files and of folders' ``*.jsonl`` and ``*.jsonl.gz``, in the order of their names.

    Of transcripts, which say nothing of labels, the messages come that were read for one of ``splits``.
    Raises ModelError, after the last good row, that names each bad one with file and line.
    """
    faults: list[str] = []
    for path in paths:
        for file in _files(path):
            yield from _rows_of(file, splits, faults)
    if faults:
        raise ModelError(_told(faults))


def example(row: Row, *, importance: float = 1.0) -> Example:
    """Return the masked targets of ``row``; ``importance`` multiplies all its weights."""
    pairs = [_target(row, label.value) for label in SCORED_LABELS]
    return Example(
        text=normalise(row.text),
        targets=tuple(target for target, _ in pairs),
        weights=tuple(weight * importance for _, weight in pairs),
        source=row.source,
        talk=row.talk,
    )


def judged_again(row: Row) -> Row | None:
    """Return the row with the labels of somebody of this project who read it by the guideline, or None.

    ``relabelled.json`` holds hashes of public messages, not their text: tweets, support chats and comments whose
    own labels say little of ours. Of the tweets with a negative mood one in four complains of what a brand did.
    """
    kept = _relabelled().get(judged_key(row.text))
    if kept is None:
        return None
    return decided(row.text, frozenset(kept.split("+")) - {""}, source=RELABELLED)


def judged_key(text: str) -> str:
    """Return what stands for a text in ``relabelled.json``, however ``normalise`` may change."""
    return hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "replace")).hexdigest()[:16]


def text_key(text: str) -> str:
    """Return what stands for a text as the model reads it: the same for spellings that it cannot tell apart."""
    return hashlib.sha256(normalise(text).lower().encode()).hexdigest()[:16]


@cache
def _relabelled() -> dict[str, str]:
    file = Path(__file__).with_name("relabelled.json")
    return msgspec.json.decode(file.read_bytes(), type=dict[str, str])


def is_held_out(text: str) -> bool:
    """Say whether a message is kept for measuring. Decided by its text alone, so copies stay together."""
    return bucket(split_form(text).lower()) < HELD_OUT_PERCENT


def is_for_calibration(text: str) -> bool:
    """Say whether a message with all labels decided is kept to calibrate probabilities, and not trained on."""
    return HELD_OUT_PERCENT <= bucket(split_form(text).lower()) < HELD_OUT_PERCENT + CALIBRATION_PERCENT


def bucket(text: str) -> int:
    """Return a number from 0 to 99 that depends on the text only."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big") % 100


#: Sources whose negative sentiment stands in for a complaint: right in one of four when read by people.
_SENTIMENT = ("semeval", "tweeteval")


def _proxy(row: Row, label: str) -> float:
    """Return what a proxy label counts for."""
    return FAINT if label == "complaint" and row.source.startswith(_SENTIMENT) else WEAK


def _target(row: Row, label: str) -> tuple[float, float]:
    """Return target and weight of one label."""
    if label in row.known:
        if label in row.weak and label not in row.labels:
            return 0.0, 0.0
        return float(label in row.labels), 1.0
    if label in row.weak:
        return 1.0, _proxy(row, label)
    if "other" in row.labels | row.weak:
        return 0.0, 0.0 if _thanks(row, label) else WEAK
    return 0.0, LIKELY_ABSENT if _likely_absent(row, label) else 0.0


def _thanks(row: Row, label: str) -> bool:
    """Say whether "other" leaves praise open: sets of dialogue acts count thanks as a mere closing."""
    return label == "praise" and "thank" in row.text.lower()


def _likely_absent(row: Row, label: str) -> bool:
    """Say whether the source's nature makes a label unlikely that it does not speak of.

    Messages of assistants and banks hold no praise; a sentiment decides between complaint and praise;
    what an annotator found empty of content asks nothing.
    """
    family = row.source.split("_", maxsplit=1)[0]
    if label == "praise":
        return family in ("banking77", "clinc150", "hwu64", "nlupp") or "complaint" in row.weak
    if label == "complaint":
        return family in ("clinc150", "hwu64") or "praise" in row.weak
    return "?" not in row.text and "praise" in row.labels | row.weak


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name.endswith(_SUFFIXES))
    if not path.exists():
        raise ModelError(f"no training data at {path}: give a folder or a file of JSON lines")
    return [path]


def _rows_of(file: Path, splits: Sequence[Split], faults: list[str]) -> Iterator[Row]:
    """Yield the good rows of one file, and add a line to ``faults`` for each bad one."""
    opener = gzip.open if file.suffix == ".gz" else Path.open
    with opener(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    row = _row(line, file=file, splits=splits)
                except ModelError as error:
                    faults.append(f"{file}:{number}: {error}")
                else:
                    yield from () if row is None else (row,)


def _told(faults: Sequence[str]) -> str:
    """Return one line for each fault, up to a screenful."""
    if len(faults) == 1:
        return faults[0]
    more = [f"... and {len(faults) - TOLD} more"] if len(faults) > TOLD else []
    return "\n".join([f"{len(faults)} rows cannot be read:", *faults[:TOLD], *more])


def _row(line: bytes, *, file: Path, splits: Sequence[Split]) -> Row | None:
    """Return one line's row, or None for what is not learned from.

    That is a transcript's message that nobody read for ``splits``, and a message that measures retrieval.
    """
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"not a JSON object ({error})") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise ModelError('wanted {"text": "…", "labels": [...]}')
    if is_of_transcript(fields):
        read = labels_read(fields, splits)
        return None if read is None else replace(decided(fields["text"], read, source=READ), talk=is_talk(fields))
    if not fields["text"].strip():
        raise ModelError("the text is empty")
    if _measures_retrieval(fields):
        return None
    return Row(
        text=fields["text"],
        labels=_names(fields, "labels"),
        known=_names(fields, "known", default=_all_if(fields.get("labels") is not None)),
        weak=_names(fields, "weak"),
        source=str(fields.get("source", file.name.split(".", maxsplit=1)[0])),
    )


def _measures_retrieval(fields: dict[str, Any]) -> bool:
    """Say whether a row is of a test split by which ``models.choosing`` measures."""
    return fields.get("split") == "test" and fields.get("source") in MEASURING


def decided(text: str, labels: frozenset[str], *, source: str) -> Row:
    """Return a row that somebody read: every label is decided, and nothing about it is a proxy."""
    return Row(text=text, labels=labels, known=frozenset(SCORED_LABELS), weak=frozenset(), source=source)


def _all_if(decided: bool) -> list[str]:
    return [label.value for label in SCORED_LABELS] if decided else []


def _names(fields: dict[str, Any], field: str, *, default: Sequence[str] = ()) -> frozenset[str]:
    value = fields.get(field)
    names = default if value is None else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ModelError(f"{field!r} is {value!r}, wanted a list of labels")
    if unknown := sorted(set(names) - _NAMES):
        raise ModelError(f"unknown label {unknown[0]!r} in {field!r}, wanted some of {sorted(_NAMES)}")
    return frozenset(names)
