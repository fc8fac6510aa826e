"""Where something stands in a template file, so that an error can send its reader there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import TemplateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, counted from 1 as editors do."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def down(self, lines: int) -> Place:
        """Return the place ``lines`` below this one."""
        return Place(file=self.file, line=self.line + lines)

    def problem(self, what: str) -> TemplateError:
        """Return the error to raise: ``file:line: what is wrong and what would be right``."""
        return TemplateError(f"{self}: {what}")


def nearest(wrong: str, right: Iterable[str]) -> str:
    """Name what was probably meant, or else all that is possible: the second half of an error's text."""
    known = sorted(right)
    close = get_close_matches(wrong, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known are: {', '.join(known) or 'none'}"
