"""Whatever comes in, a decision comes out, and it fits together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from brand_sample import VERSIONS, sample_brand
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.decisions import Decision, DecisionKind, Reason, Situation, Wording
from bot.domain.messages import AttachmentKind, Author
from bot.domain.prediction import SCORED_LABELS, Assessment, Candidate, Label, Prediction, primary_label
from bot.domain.states import HUMAN_STATES, State
from handlers import decide

PHRASES = (
    "hi",
    "thanks",
    "no",
    "human please",
    "that solved it",
    "that's not what I asked",
    "ok",
    "FF-20331",
    "",
    "🌿",
    "http://a.b",
    "[image]",
    "[sticker] [file]",
    "@shop",
)
TEMPLATES = tuple(sample_brand().catalogue.templates)
probability = some.floats(0, 1)

texts = some.one_of(some.text(), some.sampled_from(PHRASES), some.text(alphabet="{}%<>*@no, i\u202e\ud800"))
templates = some.one_of(some.sampled_from(TEMPLATES), some.just("gone-since"))
situations = some.builds(
    Situation,
    state=some.sampled_from(State),
    channel=some.sampled_from(("chat", "discord", "telegram", "x", "api", "")),
    private=some.booleans(),
    spoke_last=some.none() | some.sampled_from(Author),
    last_template=some.none() | templates,
    acknowledged=some.booleans(),
    usual_language=some.sampled_from(("en", "de", "es", "pl", "und", "")),
    customer_name=some.text(),
    paused=some.booleans(),
    late=some.booleans(),
    flooding=some.booleans(),
    addressed=some.booleans(),
    answered=some.booleans(),
    replied=some.booleans(),
    expected_wait=some.none() | some.timedeltas(timedelta(0), timedelta(days=30)),
    opens_at=some.none() | some.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001 - made aware here
    zone=some.sampled_from(("", "UTC", "Europe/Berlin", "Asia/Kathmandu")),
    attachments=some.lists(some.sampled_from(AttachmentKind), max_size=2).map(tuple),
    at=some.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC)),  # noqa: DTZ001 - made aware here
)


@some.composite
def predictions(draw: some.DrawFn) -> Prediction:
    scores = {label: draw(probability) for label in SCORED_LABELS}
    label = draw(some.just(primary_label(scores)) | some.sampled_from(Label))
    return Prediction(
        label=label, probabilities=scores, language=draw(some.sampled_from(("en", "de", "pl", "und")))
    )


assessments = some.none() | some.builds(
    Assessment,
    prediction=predictions(),
    candidates=some.lists(some.builds(Candidate, template=templates, score=some.floats(-1, 1)), max_size=4).map(
        tuple
    ),
    versions=some.just(VERSIONS),
)


def assert_fits_together(decision: Decision, where: Situation) -> None:
    acts = decision.kind in {DecisionKind.ANSWER, DecisionKind.GREET}
    if acts:
        assert decision.rendered is not None
        assert where.state not in HUMAN_STATES
        assert not where.paused
        assert not where.late
    if decision.kind is DecisionKind.SILENCE:
        assert decision.rendered is None
    if decision.kind is DecisionKind.ESCALATE and decision.rendered is not None:
        assert decision.rendered.wording in {Wording.ACKNOWLEDGEMENT, Wording.NOTICE}
        assert where.state not in HUMAN_STATES
    if decision.rendered is not None:
        assert decision.rendered.text.strip()
    if decision.rejected:
        assert where.spoke_last is Author.BOT
        assert decision.kind in {DecisionKind.ESCALATE, DecisionKind.RECORD}
    if decision.kind is DecisionKind.RECORD:
        assert decision.rendered is None
        assert where.replied
    if not (where.private or where.addressed):
        assert decision.rendered is None or decision.kind is DecisionKind.ANSWER
        assert decision.reason is not Reason.PRAISE
    elif any(kind.matters for kind in where.attachments):
        assert decision.kind in {DecisionKind.ESCALATE, DecisionKind.RECORD}
    if decision.settled:
        assert decision.kind is DecisionKind.SILENCE


@settings(max_examples=400, deadline=None)
@given(text=texts, assessment=assessments, where=situations)
def test_every_message_gets_a_decision_that_fits_together(text, assessment, where) -> None:
    decision = decide(text=text, assessment=assessment, situation=where, brand=sample_brand())
    assert_fits_together(decision, where)
    assert decision == decide(text=text, assessment=assessment, situation=where, brand=sample_brand())
