"""Each mistake in a template file is refused with its file, its line and what would be right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.errors import SettingsError, TemplateError
from handlers import Brand, Confidence, Kind, parse_catalogue, read_catalogue

GOOD = """\
topic: orders
templates:
  - id: order-status
    examples:
      - where is my order
    answers:
      - Look at {{ brand.website }}.
      - text: |
          Hi{% if customer.name %} {{ customer.name }}{% endif %},
          look there.
        language: de
        channel: [discord, telegram]
        quick_replies: [Yes, no]
    quick_replies:
      - Talk to a person
    expires: 2026-12-31
"""


def refusal(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        parse_catalogue({"orders.yaml": text})
    return str(caught.value)


def with_answer(source: str) -> str:
    lines = "".join(f"          {line}\n" for line in source.splitlines())
    return f"topic: a\ntemplates:\n  - id: x\n    examples: [a]\n    answers:\n      - text: |\n{lines}"


def test_a_sound_file_is_read_whole() -> None:
    catalogue = parse_catalogue({"orders.yaml": GOOD})
    template = catalogue.templates["order-status"]
    assert (template.topic, template.kind, template.expires) == ("orders", Kind.ANSWER, date(2026, 12, 31))
    assert catalogue.examples() == {"order-status": ("where is my order",)}
    english, german = template.variants
    assert (english.language, english.channels, english.quick_replies) == ("en", (), ("Talk to a person",))
    assert (german.language, german.channels, german.quick_replies) == (
        "de",
        ("discord", "telegram"),
        ("Yes", "no"),
    )
    assert catalogue.sources == {"orders.yaml": GOOD}


MISTAKES = [
    ("topic: orders", "topics: orders", 1, "unknown key 'topics' in the file; did you mean topic?"),
    ("topic: orders\n", "", 1, "`topic:` is missing"),
    ("    answers:", "    anwsers:", 6, "unknown key 'anwsers' in a template; did you mean answers?"),
    ("        language: de", "        lang: de", 11, "unknown key 'lang' in an answer; did you mean language?"),
    ("        language: de", "        language: German", 11, "language 'German' must be a code"),
    ("[discord, telegram]", "[Discord!]", 12, "channel 'Discord!' must be written"),
    ("2026-12-31", "31.12.2026", 16, "expires '31.12.2026' is no date; write one such as 2026-12-31"),
    ("2026-12-31", "2026-02-30", 16, "expires '2026-02-30' is no date"),
    ("2026-12-31", "20261231", 16, "is no date"),
    ("    examples:\n      - where is my order\n", "", 3, "`examples:` is missing"),
    ("      - where is my order", "      -", 5, "an example is empty"),
    ("    examples:\n      - where is my order", "    examples: []", 4, "`examples` is an empty list"),
    ("    examples:\n      - where is my order", "    examples: where", 4, "`examples` must be a list"),
    ("order-status", "Order Status", 3, "id 'Order Status' must be small letters"),
    ("- id: order-status", "- topic: order-status", 3, "unknown key 'topic' in a template"),
    ("    expires", "    kind: anwser\n    expires", 16, "unknown kind 'anwser'; did you mean answer?"),
    ("    expires", "    kind: notice\n    expires", 3, "would never be used"),
    ("order-status", "ack-complaint", 3, "reserved for kind acknowledgement"),
    ("      - Talk to a person", "      - " + "a" * 41, 15, "must be one line of at most 40"),
    ("      - Talk to a person", "      - '{{ brand.name }}'", 15, "must be plain words"),
    ("      - Talk to a person", "\n".join(f"      - reply {n}" for n in range(9)), 15, "9 quick replies"),
    ("- where is my order", "- order: where is it", 5, "an example must be text; put it in quotes"),
    ("- where is my order", "- where is my order: now: what", 5, "mapping values are not allowed"),
    ("- where is my order", "- [a?, b", 5, "put each text in quotes"),
    ("    examples:", "\texamples:", 4, "indent with spaces"),
    ("    expires", "    id: second\n    expires", 16, "'id' stands twice in a template"),
    (
        "{{ brand.website }}",
        "{{ website }}",
        7,
        "unknown variable website; known are: brand.…, customer.name, channel",
    ),
    ("{{ brand.website }}", "{{ brand.website", 7, "variables are written {{ customer.name }}"),
    ("          look there.", "          look {{ there }}.", 10, "unknown variable there"),
    ("          look there.", "          look {% for x in 'ab' %}{% endfor %}.", 10, "`for` is not allowed"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "told"), MISTAKES)
def test_a_mistake_is_told_with_file_and_line(right: str, wrong: str, line: int, told: str) -> None:
    assert right in GOOD
    text = refusal(GOOD.replace(right, wrong, 1))
    assert text.startswith(f"orders.yaml:{line}: "), text
    assert told in text


REFUSED = [
    "{% for a in 'xy' %}{% endfor %}",
    "{% macro m() %}{% endmacro %}",
    "{% set x = 1 %}",
    "{% include 'a' %}",
    "{% extends 'a' %}",
    "{% block a %}{% endblock %}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{{ range(999999999) }}",
    "{{ lipsum() }}",
    "{{ brand.name.upper() }}",
    "{{ 'a' * 999999999 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ 1 + 1 }}",
    "{{ -1 }}",
    "{{ brand['name'] }}",
    "{{ brand.name[0] }}",
    "{{ brand.name[1:2] }}",
    "{{ brand }}",
    "{{ self }}",
    "{{ customer.id }}",
    "{{ customer.__class__ }}",
    "{{ brand.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ brand.name | replace('a', 'b') }}",
    "{{ brand.name | center(999999999) }}",
    "{{ brand.name | trim('a') }}",
    "{{ brand.name | default(brand.website) }}",
    "{{ brand.name is defined }}",
    "{{ {'a': 1} }}",
    "{% if channel > 'a' %}a{% endif %}b",
    "{% if 'a' in channel %}a{% endif %}b",
    "{{ " + "(" * 1500 + "1" + ")" * 1500 + " }}",
    "{{ " + "not " * 900 + "channel }}",
    "{% if channel %}" * 30 + "a" + "{% endif %}" * 30,
    "{% if channel == 'a' %}b{% endif %}" * 11,
    "a" * 4001,
]


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: source[:40])
def test_a_text_that_could_loop_call_or_compute_is_refused_at_load(source: str) -> None:
    assert refusal(with_answer(source)).startswith("orders.yaml:7: ")


SILENT_CASES = [
    ("{% if customer.name %}Hi{% endif %}", "says nothing on channel 'chat' with no name"),
    ("{% if channel == 'discord' %}Hi{% endif %}", "says nothing on channel 'chat'"),
    ("{% if channel != 'discord' %}Hi{% endif %}", "says nothing on channel 'discord'"),
]


@pytest.mark.parametrize(("source", "told"), SILENT_CASES)
def test_a_text_that_is_sometimes_empty_is_refused(source: str, told: str) -> None:
    assert told in refusal(with_answer(source))


ALLOWED = [
    "plain words, 100 % fine, {a} # no comment",
    "{{ customer.name | default('you') | title }} x",
    "{{ brand.name | upper }} {{ brand.name | lower | capitalize | trim }}",
    "{% if channel in ['discord', 'x'] and not customer.name %}a{% elif channel %}b{% else %}c{% endif %}",
    "{{ 'a' if customer.name else 'b' }}{# a note for colleagues #}",
]


@pytest.mark.parametrize("source", ALLOWED)
def test_harmless_texts_are_accepted(source: str) -> None:
    assert parse_catalogue({"a.yaml": with_answer(source)}).templates


def test_an_id_may_stand_once_in_all_files() -> None:
    with pytest.raises(TemplateError, match=r"^z.yaml:3: id 'order-status' is taken by orders.yaml:3;"):
        parse_catalogue({"z.yaml": GOOD, "orders.yaml": GOOD})


def test_an_example_may_belong_to_one_template_only() -> None:
    other = GOOD.replace("order-status", "other").replace("where is my order", "Where  is my ORDER")
    with pytest.raises(TemplateError, match=r"^z.yaml:3: example .* also in 'order-status' \(orders.yaml:3\)"):
        parse_catalogue({"z.yaml": other, "orders.yaml": GOOD})


def test_a_text_for_every_channel_is_needed() -> None:
    only = "topic: a\ntemplates:\n- id: x\n  examples: [a]\n  answers:\n  - {text: b, channel: discord}\n"
    assert "orders.yaml:6: every text names a channel" in refusal(only)


@pytest.mark.parametrize("text", ["", "# only a note\n", "- a list\n", "just words", "topic: a\ntemplates: []\n"])
def test_a_file_without_templates_is_refused(text: str) -> None:
    assert refusal(text).startswith("orders.yaml:")


BOMBS = [
    "[" * 100_000,
    "topic: a\ntemplates: " + "{a: " * 100_000,
    "- " * 50_000 + "a",
    "a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "topic: &t a\ntemplates: &x\n- *x\n",
    "topic: a\x00",
    "topic: !!python/object/apply:os.system [ls]\ntemplates: [a]\n",
    "a" * 600_000,
    "? " * 3000,
    "\n".join(" " * n + "- a:" for n in range(200)),
]


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:12])
def test_a_bomb_is_refused_and_does_no_harm(text: str) -> None:
    assert refusal(text).startswith("orders.yaml:")


def test_no_files_at_all_are_refused() -> None:
    with pytest.raises(TemplateError, match="no template files"):
        parse_catalogue({})


def test_the_version_follows_the_contents() -> None:
    first = parse_catalogue({"orders.yaml": GOOD}).version
    assert first == parse_catalogue({"orders.yaml": GOOD}).version
    assert first != parse_catalogue({"orders.yaml": GOOD + "# a note\n"}).version
    assert first != parse_catalogue({"order.yaml": GOOD}).version


def test_a_folder_is_read_without_an_editors_leavings(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("\ufeff" + GOOD, encoding="utf-8")
    (tmp_path / ".orders.yaml.swp.yaml").write_text("broken: [", encoding="utf-8")
    (tmp_path / "orders.yaml~").write_text("broken: [", encoding="utf-8")
    assert list(read_catalogue(tmp_path).sources) == ["orders.yaml"]


def test_a_folder_that_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no template files; put at least one there"):
        read_catalogue(tmp_path)
    with pytest.raises(TemplateError, match="no such folder"):
        read_catalogue(tmp_path / "nowhere")


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_bytes(GOOD.replace("look there", "schöne Grüße").encode("latin-1"))
    with pytest.raises(TemplateError, match=r"orders.yaml:10: not UTF-8"):
        read_catalogue(tmp_path)


def test_a_variable_that_the_brand_lacks_is_told_when_the_brand_is_put_together() -> None:
    catalogue = parse_catalogue({"orders.yaml": GOOD})
    with pytest.raises(
        TemplateError, match=r"orders.yaml:7: unknown variable brand.website; did you mean web_site\?"
    ):
        Brand(name="F", catalogue=catalogue, variables={"web_site": "x"})
    with pytest.raises(TemplateError, match=r"orders.yaml:7: unknown variable brand.website"):
        parse_catalogue({"orders.yaml": GOOD}, {"name": "F"})


def test_a_variable_with_a_default_may_be_missing() -> None:
    text = with_answer("Ring {{ brand.phone | default('us') }}.")
    assert Brand(name="F", catalogue=parse_catalogue({"a.yaml": text}))


def test_a_text_that_grows_too_long_with_the_brands_variables_is_refused() -> None:
    catalogue = parse_catalogue({"a.yaml": with_answer("{{ brand.about }}" * 20)})
    with pytest.raises(TemplateError, match="too long"):
        Brand(name="F", catalogue=catalogue, variables={"about": "a" * 300})


def test_settings_that_make_no_sense_are_refused() -> None:
    catalogue = parse_catalogue({"orders.yaml": GOOD})
    with pytest.raises(SettingsError, match=r"confidence.other is 1.5"):
        Confidence(other=1.5)
    with pytest.raises(SettingsError, match="brand variable 'Web Site'"):
        Brand(name="F", catalogue=catalogue, variables={"Web Site": "x"})
