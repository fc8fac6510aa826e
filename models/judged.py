"""Messages with the labels that somebody of this project read into them, and the conversations they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.errors import ModelError
from models.dataset import Row, read_rows
from models.transcripts import READINGS, Split, reading_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Labelled rows and, for each, the group that it is drawn with: its conversation, else itself.

    ``wanted`` rows were asked for; those whose text lies in no transcript are missing.
    """

    rows: tuple[Row, ...]
    groups: tuple[str, ...]
    wanted: int

    def found(self) -> str:
        """Return a sentence about what was found."""
        return f"{len(self.rows)} of {self.wanted} messages found, in {len(set(self.groups))} conversations"

    def where(self, holds: Callable[[str], bool]) -> Judged:
        """Return the rows of those groups for which ``holds`` says yes."""
        kept = [(row, group) for row, group in zip(self.rows, self.groups, strict=True) if holds(group)]
        rows, groups = tuple(row for row, _ in kept), tuple(group for _, group in kept)
        return Judged(rows=rows, groups=groups, wanted=len(rows))


class _Line(msgspec.Struct, frozen=True):
    hash: str
    group: str = ""


def read_judged(transcripts: Sequence[Path], *, split: Split) -> Judged:
    """Return the messages read for ``split`` whose texts lie in ``transcripts`` (files or folders).

    Raises ModelError where none is found.
    """
    group_of = _groups(split)
    once: dict[str, Row] = {}
    for row in read_rows(transcripts, splits=(split,)):
        key = reading_key(row.text)
        if key in group_of:
            once.setdefault(key, row)
    if not once:
        raise ModelError(f"no message of {READINGS / split}.jsonl lies in {', '.join(map(str, transcripts))}")
    keys = sorted(once)
    return Judged(
        rows=tuple(once[key] for key in keys),
        groups=tuple(group_of[key] for key in keys),
        wanted=len(group_of),
    )


def as_judged(rows: Sequence[Row]) -> Judged:
    """Return labelled rows of which no conversation is known: copies of a text belong together."""
    groups = tuple(reading_key(row.text) for row in rows)
    return Judged(rows=tuple(rows), groups=groups, wanted=len(rows))


def _groups(split: Split) -> dict[str, str]:
    file = READINGS / f"{split}.jsonl"
    if not file.is_file():
        raise ModelError(f"{file} is missing: the labels made by reading come with the source of Heed only")
    lines = msgspec.json.Decoder(_Line).decode_lines(file.read_bytes())
    return {line.hash: line.group or line.hash for line in lines}
