"""The pages that list metrics, states, decisions and words are held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.domain.sla import Metric
from bot.domain.states import State

DOCS = Path(__file__).parents[2] / "docs"
DEFINITIONS = (DOCS / "definitions.md").read_text(encoding="utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
WORDS = re.findall(
    r"\w+",
    """message customer channel address conversation prediction assessment decision template answer
acknowledgement escalation team agent desk claim note reply resolve reopen clock target policy
business_calendar warning breach deadline""",
)


@pytest.mark.parametrize("metric", [*Metric, "requester_wait_time", "agent_work_time", "handle_time"])
def test_every_metric_is_defined(metric) -> None:
    assert re.search(rf"^\| `{metric}` \|", DEFINITIONS, re.MULTILINE)


@pytest.mark.parametrize("state", State)
def test_every_state_says_what_its_clocks_do(state) -> None:
    assert re.search(rf"^\| `{state}` \|", DEFINITIONS, re.MULTILINE)


def test_there_are_eighteen_decisions() -> None:
    assert re.findall(r"^(\d+)\. \*\*", DEFINITIONS, re.MULTILINE) == [str(number) for number in range(1, 19)]


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_design_has_one_definition(word) -> None:
    assert GLOSSARY.count(f"| **{word.replace('_', ' ')}** |") == 1
