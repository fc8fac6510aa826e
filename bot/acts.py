"""What staff did, one act a row, the same on the page, in files and on the command line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.log import LogRecord, Scalar

#: The columns of a table of acts. ``details`` are ids, labels and times as ``name=value``.
COLUMNS = ("at", "agent", "role", "act", "conversation", "details")

#: What a spreadsheet would take for a formula at the beginning of a cell.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody on staff did. ``details`` hold ids, labels, times and numbers, never a text."""

    seq: int
    at: datetime
    agent: str
    role: str
    act: str
    conversation: str
    details: Mapping[str, Scalar]

    def told(self) -> str:
        """Return the details on one line."""
        return " ".join(f"{name}={value}" for name, value in self.details.items())

    def cells(self) -> list[object]:
        """Return the row of a table: none of its cells is taken for a formula."""
        at = self.at.astimezone(UTC).isoformat()
        row = (at, self.agent, self.role, self.act, self.conversation, self.told())
        return [harmless(cell) for cell in row]

    def json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "agent": self.agent,
            "role": self.role,
            "act": self.act,
            "conversation": self.conversation,
            "details": dict(self.details),
        }


def act_of(record: LogRecord) -> Act:
    """Return what a record of the log tells of an agent's act."""
    details = {name: value for name, value in record.fields.items() if value is not None}
    agent = str(details.pop("agent", ""))
    return Act(
        seq=record.seq,
        at=record.at,
        agent=agent,
        role=str(details.pop("role", "")),
        act=record.kind,
        conversation=record.conversation,
        details=details,
    )


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names of channels and teams come from outside."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
