"""The templates that come with Heed: all of them can be sent, and they keep what they promise."""

from __future__ import annotations

import re

import pytest
from brand_sample import sample_brand, situation

from handlers import Kind, Template, render
from handlers.template import FIXED
from handlers.verdicts import settles
from handlers.wishes import wants_human

TEMPLATES = tuple(sample_brand().catalogue.templates.values())
CHANNELS = ("chat", "api", "discord", "telegram", "x")
ADVERTISING = re.compile(
    r"inconvenience|valued customer|we apologi[sz]e|don't hesitate|rest assured|delighted to", re.IGNORECASE
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
@pytest.mark.parametrize("name", ["", "Robin Fairweather"])
def test_every_variant_of_every_template_can_be_sent(template: Template, name: str) -> None:
    for variant in template.variants:
        for channel in CHANNELS:
            text = variant.text.render(brand=sample_brand().facts(), customer_name=name, channel=channel)
            assert 10 < len(text) < 700
            assert "{" not in text
            assert "None" not in text
            assert "  " not in text.replace("\n", "")
            assert not ADVERTISING.search(text)


@pytest.mark.parametrize(
    "template", sample_brand().catalogue.of_kind(Kind.ANSWER), ids=lambda template: template.id
)
def test_every_answer_has_enough_examples_and_a_short_form_stays_short(template: Template) -> None:
    assert 18 <= len(template.examples) <= 21
    for channel in ("discord", "telegram", "x"):
        short = render(template, situation=situation(channel=channel), variables=sample_brand().facts())
        assert len(short.text) < 600


def test_there_are_enough_answers_and_all_fixed_templates() -> None:
    assert len(sample_brand().catalogue.of_kind(Kind.ANSWER)) >= 36
    assert set(FIXED) <= set(sample_brand().catalogue.templates)


def test_every_quick_reply_leads_somewhere() -> None:
    examples = {
        example.casefold().rstrip("?") for some in sample_brand().catalogue.examples().values() for example in some
    }
    replies = {reply for template in TEMPLATES for variant in template.variants for reply in variant.quick_replies}
    lost = [r for r in replies if not (r.casefold().rstrip("?") in examples or wants_human(r) or settles(r))]
    assert not lost


def test_no_example_is_taken_for_the_wish_for_a_person() -> None:
    caught = [e for some in sample_brand().catalogue.examples().values() for e in some if wants_human(e)]
    assert not caught


@pytest.mark.parametrize("language", ["en", "de", "es"])
@pytest.mark.parametrize("fixed", FIXED)
def test_what_heed_says_by_itself_is_said_in_three_languages(fixed: str, language: str) -> None:
    assert sample_brand().catalogue.templates[fixed].speaks(language)
