"""What was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters. A PROBLEM keeps Heed from running well."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that was looked at, and for all but OK what to do about it."""

    severity: Severity
    text: str
    remedy: str = ""
