"""What a single language's model says counts in its language alone, and only as far as the brand says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.messages import Author
from bot.domain.prediction import Assessment, Label
from bot.domain.states import State
from handlers import Brand, LanguageModel, decide
from tests.handlers.brand_sample import assessed, sample_brand, situation

SILENCE, ANSWER, ESCALATE = DecisionKind.SILENCE, DecisionKind.ANSWER, DecisionKind.ESCALATE
UNSET = LanguageModel()
SET = LanguageModel(complaint=0.9, praise=0.9, praise_alone=0.8, other=0.95)


def brand(model: LanguageModel, **more: object) -> Brand:
    return replace(sample_brand(), language_models={"de": model}, **more)  # type: ignore[arg-type]


def german(label: Label, *, language: str = "de", sure: float = 0.97, **more: object) -> Assessment:
    return assessed(label, language=language, reader="de", sure=sure, **more)  # type: ignore[arg-type]


def act(text: str, made: Assessment, model: LanguageModel = UNSET, **where: object) -> Decision:
    where = {"usual_language": "de"} | where
    return decide(text=text, assessment=made, situation=situation(**where), brand=brand(model))


@pytest.mark.parametrize("label", list(Label))
def test_without_thresholds_of_the_brand_everything_goes_to_a_human(label: Label) -> None:
    decision = act("es ist was es ist", german(label, sure=1.0))
    assert decision.kind is ESCALATE
    assert decision.rendered is not None
    assert "Jemand von uns" in decision.rendered.text, "the acknowledgement is German"


CASES = [
    (Label.PRAISE, 0.95, {}, (ANSWER, Reason.PRAISE)),
    (Label.PRAISE, 0.85, {}, (ESCALATE, Reason.UNSURE)),
    (Label.PRAISE, 0.95, {"question": 0.3}, (ESCALATE, Reason.UNSURE)),
    (Label.OTHER, 0.96, {}, (SILENCE, Reason.CHATTER)),
    (Label.OTHER, 0.94, {}, (ESCALATE, Reason.UNSURE)),
    (Label.COMPLAINT, 0.95, {}, (ESCALATE, Reason.COMPLAINT)),
    (Label.COMPLAINT, 0.85, {}, (ESCALATE, Reason.UNSURE)),
    (Label.QUESTION, 0.99, {}, (ESCALATE, Reason.NO_TEMPLATE)),
]


@pytest.mark.parametrize(("label", "sure", "beside", "expected"), CASES)
def test_with_thresholds_it_thanks_and_keeps_silent_as_surely_as_the_brand_wants(
    label: Label, sure: float, beside: dict[str, float], expected: tuple[DecisionKind, Reason]
) -> None:
    decision = act("es ist was es ist", german(label, sure=sure, **beside), SET)
    assert (decision.kind, decision.reason) == expected


def test_how_surely_praise_is_alone_follows_praise_where_it_is_not_set() -> None:
    model = LanguageModel(praise=0.9)
    assert act("so toll", german(Label.PRAISE, question=0.05), model).kind is ANSWER
    assert act("so toll", german(Label.PRAISE, question=0.15), model).kind is ESCALATE


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize("german_is_wanted", [True, False])
def test_what_the_usual_model_makes_of_a_short_text_of_a_german_never_counts(
    label: Label, german_is_wanted: bool
) -> None:
    """As when the customer's language became known only after the model had read the text."""
    languages = frozenset({"en", "de"} if german_is_wanted else {"en"})
    decision = decide(
        text="passt schon so",
        assessment=assessed(label, ("order-status", 0.99), sure=1.0, language="und"),
        situation=situation(usual_language="de"),
        brand=brand(SET, languages=languages),
    )
    assert (decision.kind, decision.reason) == (ESCALATE, Reason.LANGUAGE)


def test_a_short_text_that_the_german_model_read_counts_for_a_german_alone() -> None:
    made = german(Label.OTHER, language="und", sure=0.99)
    assert act("passt schon so", made, SET).kind is SILENCE
    decision = act("passt schon so", made, SET, usual_language="en")
    assert (decision.kind, decision.reason) == (ESCALATE, Reason.LANGUAGE)


def test_a_model_that_the_brand_has_taken_out_counts_no_more() -> None:
    decision = decide(
        text="passt schon so",
        assessment=german(Label.OTHER, sure=0.99),
        situation=situation(usual_language="de"),
        brand=sample_brand(),
    )
    assert (decision.kind, decision.reason) == (ESCALATE, Reason.LANGUAGE)


def test_no_words_in_another_language_answer_what_a_languages_own_model_read() -> None:
    models = {"pl": SET}
    made = assessed(Label.COMPLAINT, language="pl", reader="pl")
    polish = replace(sample_brand(), language_models=models)
    decision = decide(text="nie dziala", assessment=made, situation=situation(usual_language="pl"), brand=polish)
    assert (decision.kind, decision.reason, decision.rendered) == (ESCALATE, Reason.COMPLAINT, None)


@pytest.mark.parametrize(("model", "kind"), [(UNSET, ESCALATE), (SET, SILENCE)])
def test_a_matter_is_settled_by_thanks_only_with_thresholds(model: LanguageModel, kind: DecisionKind) -> None:
    where = {"state": State.WAITING, "spoke_last": Author.BOT, "last_template": "order-status"}
    decision = act("danke, das hat mir geholfen", german(Label.PRAISE), model, **where)
    assert decision.kind is kind


@pytest.mark.parametrize(("model", "kind"), [(UNSET, ESCALATE), (SET, SILENCE)])
def test_the_human_who_holds_it_is_disturbed_where_nobody_can_be_sure(
    model: LanguageModel, kind: DecisionKind
) -> None:
    decision = act("vielen dank", german(Label.PRAISE), model, state=State.CLAIMED)
    assert decision.kind is kind
