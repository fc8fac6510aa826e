"""Whatever staff write into a file, it is taken or refused with a file and a line; nothing else happens."""

# ruff: noqa: E501, PT017 - lists of pieces read best in rows; a property may end in either way

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some

from bot.errors import TemplateError
from handlers import parse_catalogue
from handlers.names import MAX_NAME, inert
from handlers.places import Place
from handlers.texts import compile_text

PIECES = (
    "{{", "}}", "{%", "%}", "{#", "#}", " if ", " else ", " endif ", " elif ", " for ", " in ", " is ", " and ", " not ",
    "brand.name", "customer.name", "channel", "waiting.known", "waiting.about", "waiting.closed", "waiting.opens", "customer", "brand", "range(9)", "|upper", "|default('x')", "|", "(", ")",
    "[", "]", "'a'", "==", "!=", "<", "*", "**", "~", "-", "1", "9999999999", ".", ",", " ", "\n", "words", "\x00", "é", "raw", "set x=",
)  # fmt: skip
YAML_PIECES = (
    "topic: a\n", "templates:\n", "- id: x\n", "  examples: [a]\n", "  answers:\n", "  - b\n", "  - text: |\n", "      c {{ channel }}\n",
    "    language: de\n", "  kind: answer\n", "&a ", "*a", "[", "]", "{", "}", ": ", "- ", "\n", "\t", "'", '"', "|", ">", "#", "!!int ", "? ",
    "\x00", "\ufeff", "é", "---\n", "...\n", "%YAML 9.9\n", "~", "null", "1e9",
)  # fmt: skip


def joined(pieces: tuple[str, ...]) -> some.SearchStrategy[str]:
    return some.lists(some.sampled_from(pieces), max_size=24).map("".join)


@settings(max_examples=500, deadline=None)
@given(source=joined(PIECES) | some.text())
def test_a_text_is_taken_or_refused(source: str) -> None:
    try:
        text = compile_text(source, Place(file="a.yaml", line=1))
    except TemplateError as error:
        assert str(error).startswith("a.yaml:")
    else:
        facts = dict.fromkeys(text.uses, "something")
        assert text.render(brand=facts, customer_name="", channel="chat")


@settings(max_examples=400, deadline=None)
@given(text=joined(YAML_PIECES) | some.text())
def test_a_file_is_taken_or_refused(text: str) -> None:
    try:
        catalogue = parse_catalogue({"a.yaml": text})
    except TemplateError as error:
        assert str(error).startswith("a.yaml:")
    else:
        assert catalogue.templates


@settings(deadline=None)
@given(name=some.text(max_size=200))
def test_a_name_holds_no_markup_and_stays_itself_when_cleaned_again(name: str) -> None:
    shown = inert(name)
    assert len(shown) <= MAX_NAME
    assert not set(shown) & set('@<>[](){}*_`~|#:/\\&\n\r\t"=+!')
    assert inert(shown) == shown
