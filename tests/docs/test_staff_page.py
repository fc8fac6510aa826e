"""The page for staff lists what the code lets staff do: no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from bot.desk.actions import ACTIONS
from bot.domain.roles import RIGHTS, Right, Role

PAGE = (Path(__file__).parents[2] / "docs" / "staff.md").read_text(encoding="utf-8")


def cells_below(heading: str) -> list[list[str]]:
    """Return the cells of the table in a section, without its head."""
    section = PAGE.split(f"## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def test_the_page_lists_every_action_with_its_key_and_who_may() -> None:
    wanted = []
    for action in ACTIONS:
        least = next(role for role in Role if action.right in RIGHTS[role])
        who = "everybody" if least is Role.AGENT else f"{least.value} and above"
        key = f"`{action.key}`" if action.key else ""
        wanted.append([action.title, key, "yes" if action.bulk else "", who, action.what])
    assert cells_below("Everything you can do") == wanted


def test_the_page_says_what_each_role_may() -> None:
    told = [row[1:] for row in cells_below("Who may what")]
    assert told == [["yes" if right in RIGHTS[role] else "no" for role in Role] for right in Right]


def test_no_two_actions_share_a_name_or_a_key() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
    keys = [action.key for action in ACTIONS if action.key]
    assert len(set(keys)) == len(keys)
