"""Models of single languages, as the settings name them: what is loaded, what is refused, what the check says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from bot import wiring
from bot.errors import ModelError
from bot.settings import parse_settings
from bot.wiring import brand_of, load_assessor
from handlers import LanguageModel
from tests.cli.conftest import Command

Configured = Callable[[str], Path]

GERMAN = """
model:
  languages:
    de:
      classifier: some/german-model
      label_map: {NEG: complaint, POS: praise}
"""
SURE = GERMAN + "      confidence: {praise: 0.9, other: 0.98}\n"


class Loaded:
    """Stands for a model of the hub: torch is no part of these tests."""

    asked: ClassVar[list[tuple[str, Mapping[str, str]]]] = []

    def __init__(self, name: str) -> None:
        self.version = f"{name}@1"

    @classmethod
    def load(cls, name: str, *, labels: Mapping[str, str]) -> Loaded:
        cls.asked.append((name, dict(labels)))
        return cls(name)

    def probabilities(self, text: str) -> list[float]:
        return [0.0, 0.0, 0.01]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> type[Loaded]:
    monkeypatch.setattr(wiring, "HubLabeller", Loaded)
    monkeypatch.setattr(Loaded, "asked", [])
    return Loaded


def test_each_languages_model_is_loaded_with_its_map(hub: type[Loaded]) -> None:
    async def look() -> str:
        assessor = await load_assessor(parse_settings(GERMAN))
        try:
            return assessor.assess_one("Meine Bestellung ist immer noch nicht da").versions.model
        finally:
            await assessor.close()

    assert asyncio.run(look()) == "some/german-model@1"
    assert hub.asked == [("some/german-model", {"NEG": "complaint", "POS": "praise"})]


def test_the_brand_knows_what_counts_of_each(hub: type[Loaded]) -> None:
    brand = brand_of(parse_settings(SURE))
    assert brand.language_models == {"de": LanguageModel(praise=0.9, other=0.98)}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("brand: {languages: [en, de]}", {"en"}),
        ("brand: {languages: [de]}", set()),
        ("brand: {languages: [en, de]}\nmodel: {weights: mine}", {"en"}),
        ("brand: {languages: [en, de]}\nmodel: {classifier: some/model}", {"en", "de"}),
        ("brand: {languages: [en, de]}" + GERMAN, {"en"}),
    ],
)
def test_the_shipped_model_reads_english_whatever_the_brand_would_like(text: str, read: set[str]) -> None:
    assert wiring.languages_read(parse_settings(text)) == read


def test_a_language_that_is_never_told_is_refused_before_anything_is_loaded(hub: type[Loaded]) -> None:
    settings = parse_settings(GERMAN.replace("de:", "xx:"))
    with pytest.raises(ModelError, match=r"model\.languages: 'xx' is no language .*; known are ar, bg, "):
        asyncio.run(load_assessor(settings))
    assert hub.asked == []


def test_the_check_says_which_languages_nobody_reads(heed: Command, configured: Configured) -> None:
    configured("brand: {languages: [en, de]}")
    done = heed("check")
    assert done.code == 0
    assert "No model reads de, which brand.languages names: such messages go to a human." in done.out


@pytest.mark.parametrize(("text", "noted"), [(GERMAN, True), (SURE, False)])
def test_the_check_says_what_is_left_to_humans(
    heed: Command, configured: Configured, hub: type[Loaded], text: str, noted: bool
) -> None:
    configured("brand: {languages: [en, de]}" + text)
    done = heed("check")
    assert done.code == 0
    assert "Messages in de are read by some/german-model; no template answers them." in done.out
    assert ("Whatever some/german-model says of a message in de, a human decides." in done.out) == noted
    assert "No model reads" not in done.out


def test_a_model_that_is_not_there_is_a_problem_with_its_remedy(heed: Command, configured: Configured) -> None:
    configured(GERMAN.replace("some/german-model", "./nowhere"))
    done = heed("check")
    assert done.code == 1
    assert "'./nowhere'" in done.out


def test_an_explanation_says_that_another_model_read_the_text(
    heed: Command, configured: Configured, hub: type[Loaded]
) -> None:
    configured(SURE)
    told = json.loads(heed("classify", "--explain", "--json", "Ich bin heute wieder in der Stadt unterwegs").out)
    assert told["note"] == "Read by the model under model.languages.de: no template answers what it reads."
    assert (told["decision"]["kind"], told["thresholds"], told["templates"]) == ("silence", [], [])
