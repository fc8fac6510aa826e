"""In which words, and in which language, somebody hears that a person reads on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from brand_sample import WATERING, assessed, outcome, sample_brand, situation

from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.prediction import UNDETERMINED, Assessment, Label
from handlers import Brand, decide

ANSWER, ESCALATE = DecisionKind.ANSWER, DecisionKind.ESCALATE
Q, C, P, O = Label.QUESTION, Label.COMPLAINT, Label.PRAISE, Label.OTHER  # noqa: E741 - a table's columns


def act(text: str, heard: Assessment, where: Situation | None = None, brand: Brand | None = None) -> Decision:
    return decide(text=text, assessment=heard, situation=where or situation(), brand=brand or sample_brand())


LANGUAGES = [
    # the language told, the usual one, what follows
    ("pl", "en", (ESCALATE, Reason.LANGUAGE, None)),
    ("de", "en", (ESCALATE, Reason.LANGUAGE, "ack-unsure")),
    (UNDETERMINED, "en", (ANSWER, Reason.TEMPLATE, "watering")),
    (UNDETERMINED, "pl", (ESCALATE, Reason.LANGUAGE, None)),
    (UNDETERMINED, UNDETERMINED, (ANSWER, Reason.TEMPLATE, "watering")),
    ("en", "pl", (ANSWER, Reason.TEMPLATE, "watering")),
]


@pytest.mark.parametrize(("told", "usual", "expected"), LANGUAGES)
def test_a_language_that_the_model_does_not_read_goes_to_a_human(told, usual, expected) -> None:
    decision = act("quanta acqua", assessed(Q, *WATERING, language=told), situation(usual_language=usual))
    assert outcome(decision) == expected


def test_the_acknowledgement_is_in_the_customers_language() -> None:
    decision = act("wie oft giessen", assessed(Q, *WATERING, language="de"))
    assert decision.rendered is not None
    assert "Mensch" in decision.rendered.text


def brand_without(*ids: str) -> Brand:
    catalogue = sample_brand().catalogue
    left = {name: one for name, one in catalogue.templates.items() if name not in ids}
    return replace(sample_brand(), catalogue=replace(catalogue, templates=left))


@pytest.mark.parametrize(
    ("missing", "template"),
    [
        ((), "ack-unsure"),
        (("ack-unsure",), "ack-question"),
        (("ack-unsure", "ack-question"), None),
    ],
)
def test_who_is_not_surely_understood_hears_neither_regret_nor_of_a_question(missing, template) -> None:
    for heard in (assessed(C, sure=0.45), assessed(P, sure=0.45), assessed(O, sure=0.45)):
        decision = act("my parcel arrived smashed", heard, None, brand_without(*missing))
        assert outcome(decision) == (ESCALATE, Reason.UNSURE, template)


def test_words_in_the_customers_language_come_before_words_that_fit_better() -> None:
    catalogue = sample_brand().catalogue
    unsure = catalogue.templates["ack-unsure"]
    english = replace(unsure, variants=tuple(one for one in unsure.variants if one.language == "en"))
    brand = replace(
        sample_brand(),
        catalogue=replace(catalogue, templates={**catalogue.templates, "ack-unsure": english}),
    )
    decision = act("wie oft giessen", assessed(Q, *WATERING, language="de"), None, brand)
    assert outcome(decision) == (ESCALATE, Reason.LANGUAGE, "ack-question")


def test_a_brand_that_answers_in_german_does() -> None:
    brand = replace(sample_brand(), languages=frozenset({"en", "de"}))
    decision = act("wann kommt es", assessed(Q, ("delivery-time", 0.9), language="de"), None, brand)
    assert decision.rendered is not None
    assert "Werktage" in decision.rendered.text
