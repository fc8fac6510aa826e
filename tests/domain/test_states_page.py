from pathlib import Path

from bot.domain import events
from bot.domain.diagram import page
from bot.domain.events import Command, Fact
from bot.domain.states import State
from bot.domain.transitions import TABLE


def test_the_page_about_states_is_generated_from_the_table() -> None:
    written = Path(__file__).parents[2] / "docs" / "states.md"
    assert written.read_text(encoding="utf-8") == page()


def test_every_event_has_a_cell_in_every_state() -> None:
    named = [kind for kind in vars(events).values() if isinstance(kind, type)]
    known = {kind for kind in named if issubclass(kind, Command | Fact) and kind not in {Command, Fact}}
    assert set(TABLE) == known
    assert all(set(row) == set(State) for row in TABLE.values())
