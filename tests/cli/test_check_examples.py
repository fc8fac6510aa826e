"""``heed check`` tells which templates have too few examples, and which examples of two templates collide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot import checking_examples
from bot.checking_examples import FEW_EXAMPLES, few_examples, line_of
from handlers.catalogue import parse_catalogue
from tests.cli.conftest import Command

Configured = Callable[[str], Path]

TWO = """topic: t
templates:
  - id: first
    examples:
      - where is my parcel
      - "track my parcel: how"
      - what happened to my delivery
      - has it been sent yet
      - when does it arrive
    answers: [a]
  - id: second
    examples:
      - where's my parcel?
    answers: [b]
"""


def test_templates_with_few_examples_are_named_with_their_line() -> None:
    [found] = few_examples(parse_catalogue({"t.yaml": TWO}))
    assert found.text == "t.yaml:11: the template 'second' has only 1 example."
    assert str(FEW_EXAMPLES) == "5"
    assert "at least five" in found.remedy


def test_an_example_is_found_on_its_line_however_it_is_quoted() -> None:
    catalogue = parse_catalogue({"t.yaml": TWO})
    first = catalogue.templates["first"]
    assert line_of("track my parcel: how", first, catalogue).line == 6
    assert line_of("has it been sent yet", first, catalogue).line == 8


def test_an_example_that_cannot_be_found_has_its_templates_line() -> None:
    catalogue = parse_catalogue({"t.yaml": TWO})
    assert line_of("not there at all", catalogue.templates["second"], catalogue).line == 11


def test_examples_that_collide_are_told_with_file_line_and_remedy(heed: Command, configured: Configured) -> None:
    Path("mine").mkdir()
    Path("mine/t.yaml").write_text(TWO, encoding="utf-8")
    configured("templates: mine")
    done = heed("check")
    assert done.code == 0
    assert "t.yaml:5: the example 'where is my parcel' of 'first' is very near 'where's my parcel?'" in done.out
    assert "(t.yaml:13)" in done.out
    assert "or make one template of both" in done.out


def test_a_long_list_of_collisions_is_cut(
    heed: Command, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking_examples, "TOLD", 1)
    done = heed("check")
    assert done.code == 0
    assert done.out.count("is very near") == 1
    assert "more examples collide" in done.out


def test_of_very_many_examples_only_the_first_are_compared(
    heed: Command, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking_examples, "MOST_EXAMPLES", 5)
    done = heed("check")
    assert done.code == 0
    assert "the first 5 were compared" in done.out
