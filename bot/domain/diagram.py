"""Draws the transition table, so that the picture in the docs can never differ from the code.

``python -m bot.domain.diagram > docs/states.md`` writes the page again.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict

from bot.domain.events import Command, Event
from bot.domain.states import State
from bot.domain.transitions import TABLE, Cell, Do, Ignore, Refuse

HEADER = """# The states of a conversation

This page is generated from the transition table (`bot/domain/transitions.py`) by
`python -m bot.domain.diagram > docs/states.md`; a test holds the two together.
What each clock does in each state stands in [definitions.md](definitions.md).

"""


def page() -> str:
    """Return the whole page as Markdown."""
    return f"{HEADER}{diagram()}\n{table()}"


def diagram() -> str:
    """Return the moves between states as a Mermaid state diagram. Events that change no state are left out."""
    arrows: defaultdict[tuple[State, State], list[str]] = defaultdict(list)
    for event, row in TABLE.items():
        for state in State:
            cell = row[state]
            for target in sorted(cell.to) if isinstance(cell, Do) else []:
                if target is not state:
                    arrows[state, target].append(_words(event))
    lines = [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    start = f"    [*] --> {State.UNOPENED}"
    return "\n".join(["```mermaid", "stateDiagram-v2", start, *lines, "```", ""])


def table() -> str:
    """Return every cell of the table as Markdown, with the reasons for refusals below."""
    head = ["event", *(state.value for state in State)]
    rows = [[_words(event), *(_cell(state, row[state]) for state in State)] for event, row in TABLE.items()]
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    notes = "\n".join(f"- {note}" for note in dict.fromkeys(_reasons()))
    intro = "A cell names the states that may follow; refused and ignored events change nothing.\n"
    return f"{intro}\n" + "\n".join(lines) + f"\n\nReasons:\n\n{notes}\n"


def _cell(state: State, cell: Cell) -> str:
    match cell:
        case Do(to=to):
            return "stays" if to == {state} else ", ".join(sorted(to))
        case Refuse():
            return "refused"
        case Ignore():
            return "ignored"


def _reasons() -> list[str]:
    reasons = []
    for event, row in TABLE.items():
        for cell in row.values():
            if isinstance(cell, Refuse):
                reasons.append(f"{_words(event)} is refused: “{cell.reason}”")
            elif isinstance(cell, Ignore):
                reasons.append(f"{_words(event)} is ignored: {cell.why}")
    return reasons


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(event: type[Event]) -> str:
    """Return an event's name as words: ``CustomerWrote`` → ``customer wrote``; commands of staff in capitals."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", event.__name__).lower()
    return words.upper() if issubclass(event, Command) else words


if __name__ == "__main__":
    sys.stdout.write(page())
