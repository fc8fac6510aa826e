"""What the customer reads."""

from __future__ import annotations

from collections import Counter

import pytest
from brand_sample import situation

from bot.domain.decisions import Wording
from handlers import parse_catalogue, render
from handlers.names import inert

FILE = """\
topic: a
templates:
  - id: x
    examples: [a]
    answers:
      - "en one{% if customer.name %}, {{ customer.name }}{% endif %}"
      - "en two{% if customer.name %}, {{ customer.name }}{% endif %}"
      - {text: short, channel: [discord, x]}
      - {text: deutsch, language: de}
      - {text: hola, language: es, channel: telegram}
"""
TEMPLATE = parse_catalogue({"a.yaml": FILE}).templates["x"]


def rendered(*, language: str | None = None, seed: str = "", **where: object) -> str:
    return render(TEMPLATE, situation=situation(**where), variables={}, language=language, seed=seed).text


@pytest.mark.parametrize(
    ("language", "channel", "expected"),
    [
        ("en", "discord", "short"),
        ("en", "x", "short"),
        ("de", "chat", "deutsch"),
        ("de", "discord", "deutsch"),
        ("es", "telegram", "hola"),
        ("es", "discord", "short"),
        ("pl", "discord", "short"),
    ],
)
def test_language_counts_first_then_the_channel_then_english(language: str, channel: str, expected: str) -> None:
    assert rendered(language=language, channel=channel) == expected


def test_the_usual_language_holds_where_none_is_given() -> None:
    assert rendered(usual_language="de") == "deutsch"


def test_variants_take_turns_by_seed_and_stay_the_same_for_the_same_seed() -> None:
    counts = Counter(rendered(seed=str(number)) for number in range(200))
    assert set(counts) == {"en one", "en two"}
    assert min(counts.values()) > 60
    assert rendered(seed="7") == rendered(seed="7")


def test_a_template_without_english_speaks_what_it_has() -> None:
    text = "topic: a\ntemplates:\n- id: x\n  examples: [a]\n  answers: [{text: ja, language: de}]\n"
    only = parse_catalogue({"a.yaml": text}).templates["x"]
    assert render(only, situation=situation(), variables={}).text == "ja"


def test_the_wording_follows_the_kind() -> None:
    assert render(TEMPLATE, situation=situation(), variables={}).wording is Wording.ANSWER


NAMES = [
    ("Robin", "Robin"),
    ("  Anna-Lena   O’Neil ", "Anna-Lena O’Neil"),
    ("J. Smith", "J. Smith"),
    ("Zoë Łukasz 山田 محمد", "Zoë Łukasz 山田 محمد"),
    ("@everyone", "everyone"),
    ("<@123456> <!channel>", "123456 channel"),
    ("**bold** _it_ `code` ~~no~~ ||spoiler||", "bold it code no spoiler"),
    ("[free](http://evil.example)", "free http evil example"),
    ("evil.example", "evil example"),
    ("{{ 7 * 7 }}", ""),
    ("{% for x in y %}", "for x in y"),
    ("a\u202egnp\u202c\u0000\u200bb", "agnp b"),
    ("line\nbreak\r\nname", "line break name"),
    ("# Heading", "Heading"),
    ("- item", "item"),
    ("12345", ""),
    ("🌵🌵", ""),
    ("", ""),
    ("Z" + "\u0301" * 50 + "algo", "Źalgo"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_a_name_is_shown_as_plain_words(name: str, shown: str) -> None:
    assert inert(name) == shown


def test_a_name_is_cut_and_never_costs_much() -> None:
    assert len(inert("x" * 10_000_000)) == 60


def test_a_name_is_never_read_as_a_template() -> None:
    assert rendered(customer_name="{{ brand.name }} Bob", seed="1").endswith(", brand name Bob")
