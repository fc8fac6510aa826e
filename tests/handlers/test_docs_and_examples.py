"""The page for staff and the sample transcript are held against the code."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from handlers import Kind, parse_catalogue
from handlers.parsing import MAX_QUICK_REPLIES, MAX_QUICK_REPLY
from handlers.template import FIXED
from handlers.texts import FILTERS
from handlers.waiting import LANGUAGES, NAMES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
LINES = (ROOT / "examples" / "transcript.jsonl").read_text(encoding="utf-8").splitlines()
FIELDS = {"conversation", "channel", "author", "role", "sent_at", "text"}


@pytest.mark.parametrize(
    "word", [*FIXED, *Kind, *FILTERS, "id", "kind", "examples", "answers", "quick_replies", "expires"]
)
def test_the_page_names_every_fixed_id_kind_key_and_filter(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_everything_that_may_be_said_of_the_wait(name: str) -> None:
    assert f"`waiting.{name}`" in PAGE


def test_the_page_names_the_languages_in_which_the_wait_is_told() -> None:
    listed = ", ".join(f"`{language}`" for language in sorted(LANGUAGES))
    assert f"Of time Heed speaks in {listed}" in PAGE


def test_the_page_tells_the_limits_that_hold() -> None:
    assert f"up to {MAX_QUICK_REPLIES} buttons of up to {MAX_QUICK_REPLY} characters" in PAGE


def blocks() -> list[str]:
    return [part.split("```", 1)[0] for part in PAGE.split("```yaml\n")[1:]]


def test_every_yaml_example_on_the_page_is_sound() -> None:
    head = "topic: a\ntemplates:\n  - id: x\n    examples: [a]\n"
    for block in blocks():
        whole = (
            block
            if block.startswith("topic")
            else head + ("" if "answers:" in block else "    answers:\n") + block
        )
        assert parse_catalogue({"page.yaml": whole}).templates


def test_the_sample_transcript_is_well_formed() -> None:
    messages = [json.loads(line) for line in LINES]
    assert 55 <= len(messages) <= 90
    assert all(set(message) == FIELDS for message in messages)
    assert {message["role"] for message in messages} == {"customer", "agent", "bot", "member"}
    times = [datetime.fromisoformat(message["sent_at"]) for message in messages]
    assert times == sorted(times)
    assert len({message["conversation"] for message in messages}) == 25
