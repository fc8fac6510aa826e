"""What customers are told of the wait for a person, in their text's language; and what no text may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from brand_sample import assessed, sample_brand, situation
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.prediction import Label
from bot.errors import TemplateError
from handlers import decide, parse_catalogue, render
from handlers.template import ACK_COMPLAINT, ACK_HUMAN, ACK_QUESTION, ACK_UNSURE
from handlers.waiting import LANGUAGES, NOTHING_KNOWN, Waiting, waiting_of

MONDAY = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)  # 14:30 in Berlin
ACKNOWLEDGEMENTS = (ACK_COMPLAINT, ACK_QUESTION, ACK_UNSURE, ACK_HUMAN)

SPAN = """\
topic: a
templates:
  - id: x
    examples: [a]
    answers:
"""


def about(language: str, **wait: float) -> str:
    return waiting_of(situation(expected_wait=timedelta(**wait)), language).about


def opens(language: str, at: datetime, zone: str = "Europe/Berlin", *, now: datetime = MONDAY) -> str:
    return waiting_of(situation(at=now, opens_at=at, zone=zone), language).opens


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, "a few minutes"),
        (3, "a few minutes"),
        (3.1, "about 5 minutes"),
        (5, "about 5 minutes"),
        (9.9, "about 10 minutes"),
        (21, "about 30 minutes"),
        (31, "about 45 minutes"),
        (46, "about an hour"),
        (70, "about an hour"),
        (71, "about 2 hours"),
        (135, "about 3 hours"),
        (20 * 60, "about 20 hours"),
        (21 * 60, "about a day"),
        (28 * 60, "about a day"),
        (29 * 60, "about 2 days"),
        (6 * 24 * 60, "about 6 days"),
    ],
)
def test_a_wait_is_rounded_up_in_words(minutes: float, told: str) -> None:
    assert about("en", minutes=minutes) == told


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de", ["ein paar Minuten", "etwa 10 Minuten", "etwa eine Stunde", "etwa 2 Stunden", "etwa einen Tag"]),
        (
            "es",
            ["unos minutos", "unos 10 minutos", "alrededor de una hora", "unas 2 horas", "alrededor de un día"],
        ),
    ],
)
def test_other_languages_have_their_own_words(language: str, told: list[str]) -> None:
    assert [about(language, minutes=each) for each in (1, 10, 60, 120, 24 * 60)] == told


TODAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
NEXT_MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "at", "told"),
    [
        ("en", TODAY, "at 16:00 (CET)"),
        ("en", TOMORROW, "tomorrow at 09:00 (CET)"),
        ("en", SUNDAY, "on Sunday at 09:00 (CET)"),
        ("en", NEXT_MONDAY, "on 30 November at 09:00 (CET)"),
        ("de", TODAY, "um 16:00 Uhr (CET)"),
        ("de", TOMORROW, "morgen um 09:00 Uhr (CET)"),
        ("de", SUNDAY, "am Sonntag um 09:00 Uhr (CET)"),
        ("de", NEXT_MONDAY, "am 30. November um 09:00 Uhr (CET)"),
        ("es", TODAY, "a las 16:00 (CET)"),
        ("es", TOMORROW, "mañana a las 09:00 (CET)"),
        ("es", SUNDAY, "el domingo a las 09:00 (CET)"),
        ("es", NEXT_MONDAY, "el 30 de noviembre a las 09:00 (CET)"),
        ("es", datetime(2026, 11, 24, 0, 30, tzinfo=UTC), "mañana a la 01:30 (CET)"),
    ],
)
def test_the_opening_is_told_by_the_brands_own_clock(language: str, at: datetime, told: str) -> None:
    assert opens(language, at) == told


def test_what_is_tomorrow_follows_from_the_brands_zone() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # in Berlin it is Tuesday
    assert opens("en", TOMORROW, now=late) == "at 09:00 (CET)"
    assert opens("en", TOMORROW, "UTC", now=late) == "tomorrow at 08:00 (UTC)"


def test_the_opening_after_the_clocks_change_is_told_by_the_new_time() -> None:
    saturday = datetime(2026, 3, 28, 18, tzinfo=UTC)
    assert opens("en", datetime(2026, 3, 30, 7, tzinfo=UTC), now=saturday) == "on Monday at 09:00 (CEST)"


def test_a_zone_whose_short_name_is_only_figures_is_told_by_its_distance() -> None:
    assert opens("en", TODAY, "Asia/Kathmandu") == "at 20:45 (UTC+05:45)"


@pytest.mark.parametrize("language", ["pl", "und", ""])
def test_in_a_language_without_words_nothing_is_said_of_time(language: str) -> None:
    assert waiting_of(situation(expected_wait=timedelta(minutes=5)), language) is NOTHING_KNOWN
    assert waiting_of(situation(opens_at=MONDAY, zone="UTC"), language) is NOTHING_KNOWN


@settings(deadline=None)
@given(
    language=some.sampled_from(sorted(LANGUAGES)),
    wait=some.timedeltas(timedelta(0), timedelta(days=400)),
    longer=some.timedeltas(timedelta(0), timedelta(hours=3)),
)
def test_any_wait_has_words_and_never_fewer_than_a_shorter_one(
    language: str, wait: timedelta, longer: timedelta
) -> None:
    first, second = (waiting_of(situation(expected_wait=each), language).about for each in (wait, wait + longer))
    assert first
    assert length(second) >= length(first)


def length(told: str) -> timedelta:
    """Read the words of a wait, in any of the languages."""
    number = next((int(word) for word in told.split() if word.isdigit()), 1)
    units = {"minut": timedelta(minutes=1), "h": timedelta(hours=1), "stund": timedelta(hours=1)}
    units |= {"d": timedelta(days=1), "t": timedelta(days=1)}
    unit = told.rsplit(maxsplit=1)[-1].lower()
    return number * next(span for start, span in units.items() if unit.startswith(start))


# --- the sample texts


@pytest.mark.parametrize("template", ACKNOWLEDGEMENTS)
@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    "waiting", [NOTHING_KNOWN, Waiting(about="about 10 minutes"), Waiting(opens="on Monday at 09:00 (CET)")]
)
def test_every_sample_acknowledgement_tells_what_is_known_and_no_more(
    template: str, language: str, waiting: Waiting
) -> None:
    variants = sample_brand().catalogue.templates[template].variants
    for text in (variant.text for variant in variants if variant.language == language):
        said = text.render(brand=sample_brand().facts(), customer_name="", channel="chat", waiting=waiting)
        assert ("about 10 minutes" in said) is bool(waiting.about), said
        assert ("Monday at 09:00" in said) is bool(waiting.opens), said
        assert said[-1] in ".!?"
        assert "  " not in said
        assert " ." not in said
        assert len(said) < 300


def test_the_decision_says_it_in_the_language_of_the_text_and_not_of_the_message() -> None:
    where = situation(expected_wait=timedelta(minutes=10))
    german = decide(
        text="Mein Farn kam kaputt an", assessment=assessed(Label.OTHER, language="de"), situation=where,
        brand=sample_brand(),
    )  # fmt: skip
    assert german.rendered is not None
    assert "etwa 10 Minuten" in german.rendered.text
    only_english = parse_catalogue(
        {"a.yaml": SPAN + "      - x{% if waiting.known %} {{ waiting.about }}{% endif %}"}
    )
    said = render(only_english.templates["x"], situation=where, variables={}, language="de")
    assert said.text == "x about 10 minutes"


def test_the_same_situation_says_the_same_again() -> None:
    where = situation(opens_at=TOMORROW, zone="Europe/Berlin", at=MONDAY)
    first, again = (
        decide(
            text="this is a disgrace", assessment=assessed(Label.COMPLAINT), situation=where, brand=sample_brand()
        )
        for _ in range(2)
    )
    assert first == again
    assert first.rendered is not None
    assert "tomorrow at 09:00 (CET)" in first.rendered.text


# --- what is refused when a template is read


def refusal(source: str) -> str:
    with pytest.raises(TemplateError) as caught:
        parse_catalogue({"a.yaml": f'{SPAN}      - "{source}"\n'})
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["waiting.abuot", "waiting.minutes", "waiting", "waiting.known.about", "wait.about"]
)
def test_an_unknown_word_about_the_wait_is_refused(name: str) -> None:
    told = refusal(f"x {{{{ {name} }}}}")
    assert f"a.yaml:6: unknown variable {name}; known are:" in told
    assert "waiting.about" in told


@pytest.mark.parametrize(
    ("source", "case"),
    [
        ("In {{ waiting.about }}.", "while nothing is known of the wait"),
        ("{% if waiting.closed %}{{ waiting.about }}{% else %}x{% endif %}", "while the brand is closed"),
        ("{% if waiting.known %}{{ waiting.opens }}{% else %}x{% endif %}", "while the wait is known"),
        ("x{% if waiting.about %}y{% endif %}", "while nothing is known of the wait"),
    ],
)
def test_a_text_that_names_a_time_which_is_not_known_is_refused(source: str, case: str) -> None:
    told = refusal(source)
    assert told.startswith("a.yaml:6: cannot be rendered on channel 'chat' with no name " + case)
    assert "put waiting.about inside `{% if waiting.known %}`" in told


def test_a_text_that_says_nothing_while_closed_is_refused() -> None:
    assert "says nothing on channel 'chat' with no name while the brand is closed" in refusal(
        "{% if not waiting.closed %}x{% endif %}"
    )


@pytest.mark.parametrize("compared", ["waiting.about == 'an hour'", "'x' in ['y', waiting.opens]"])
def test_the_words_of_a_wait_are_not_compared(compared: str) -> None:
    assert "the words of a wait are not compared" in refusal(f"x{{% if {compared} %}}y{{% endif %}}")


@pytest.mark.parametrize(
    "source",
    [
        "x{% if waiting.known %}{{ waiting.about|title }}{% elif waiting.closed %}{{ waiting.opens }}{% endif %}",
        "x {{ waiting.about | default('as soon as we can') }}",
        "{% if waiting.known == waiting.closed %}x{% else %}y{% endif %}",
    ],
)
def test_a_text_that_asks_first_is_accepted(source: str) -> None:
    catalogue = parse_catalogue({"a.yaml": f'{SPAN}      - "{source}"\n'})
    assert catalogue.templates["x"].variants[0].text.waits
