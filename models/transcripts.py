"""Messages of transcripts that somebody of this project read, by hash: their labels, and which must stay apart.

``models/readings/`` holds hashes and labels, no text. The texts are found in transcripts, JSON lines with ``role``
and ``conversation`` such as ``heed replay`` reads. Of the four splits only ``train`` is ever trained on: the texts
of the others are refused whatever file they come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

Split = Literal["train", "choice", "threshold", "test", "elsewhere"]

#: Where the labels made by reading lie.
READINGS = Path(__file__).parent / "readings"
#: The source of rows that come from there.
READ = "readings"
#: What is only measured, chosen or calibrated with. ``elsewhere`` are messages of labelled sets.
KEPT_APART: tuple[Split, ...] = ("choice", "threshold", "test", "elsewhere")
SPLITS: tuple[Split, ...] = ("train", "choice", "threshold", "test")
#: Who writes the messages that are classified. Agents and bots write in transcripts too.
_WRITERS = frozenset({"customer", "member"})


class Reading(msgspec.Struct, frozen=True):
    """One line of a file of readings: the message's hash and the labels that hold."""

    hash: str
    labels: list[str]


def reading_key(text: str) -> str:
    """Return what stands for a message in ``models/readings``: its exact text decides."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


@cache
def readings(split: Split) -> Mapping[str, frozenset[str]]:
    """Return the labels made by reading, by hash; none where the files were not installed."""
    file = READINGS / f"{split}.jsonl"
    if not file.is_file():
        return {}
    lines = msgspec.json.Decoder(Reading).decode_lines(file.read_bytes())
    return {line.hash: frozenset(line.labels) for line in lines}


@cache
def kept_apart() -> frozenset[str]:
    """Return the hashes of all messages that nothing may be trained on."""
    return frozenset().union(*(readings(split) for split in KEPT_APART))


def is_of_transcript(fields: Mapping[str, Any]) -> bool:
    """Say whether a row is a line of a transcript rather than a labelled message."""
    return "role" in fields and "conversation" in fields and "labels" not in fields


def is_talk(fields: Mapping[str, Any]) -> bool:
    """Return whether a line of a transcript was said in a room where many talk, and not to a brand."""
    return bool(fields["role"] == "member")


def labels_read(fields: Mapping[str, Any], splits: Sequence[Split]) -> frozenset[str] | None:
    """Return the labels of a transcript's message in ``splits``; None for all others, and for agents'."""
    if fields["role"] not in _WRITERS:
        return None
    key = reading_key(fields["text"])
    return next((readings(split)[key] for split in splits if key in readings(split)), None)
