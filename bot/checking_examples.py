"""What ``heed check`` says about templates' examples: those that are too few, and those that collide."""

from __future__ import annotations

from collections.abc import Iterator

from bot.records import Found, Severity
from handlers import Catalogue
from handlers.places import Place
from handlers.template import Kind, Template
from models.assessor import LocalAssessor
from models.collisions import MOST_EXAMPLES, Collision, collisions

#: A template with fewer examples than this is hardly ever surely the nearest.
FEW_EXAMPLES = 5
#: Collisions that are told one by one.
TOLD = 10

_MORE = "Write at least five, better ten to twenty: short and long, with different words, as customers type."
_APART = "Move it, change its words, or make one template of both: until then such questions go to a human."


def few_examples(catalogue: Catalogue) -> Iterator[Found]:
    """Tell which templates have too few examples."""
    for template in catalogue.of_kind(Kind.ANSWER):
        if (count := len(template.examples)) < FEW_EXAMPLES:
            many = "1 example" if count == 1 else f"{count} examples"
            yield _note(f"{template.place}: the template '{template.id}' has only {many}.", _MORE)


async def at_odds(assessor: LocalAssessor, catalogue: Catalogue) -> list[Found]:
    """Return which examples of two templates collide, the worst first and at most TOLD of them.

    Looks at no more than MOST_EXAMPLES examples, so that it ends soon. Raises ModelError if the model fails.
    """
    examples, total = _bounded(catalogue)
    await assessor.index(examples, version=catalogue.version)
    found = collisions(assessor.templates)
    told = [_note(_text(one, catalogue), _APART) for one in found[:TOLD]]
    if len(found) > TOLD:
        told.append(_note(f"{len(found) - TOLD} more examples collide.", "Mend the ones above first."))
    if total > MOST_EXAMPLES:
        text = f"Of {total} examples the first {MOST_EXAMPLES} were compared with each other."
        told.append(_note(text, "Ten to twenty examples for each template are enough."))
    return told


def _bounded(catalogue: Catalogue) -> tuple[dict[str, tuple[str, ...]], int]:
    """Return the first MOST_EXAMPLES examples by template, and how many there are."""
    kept: dict[str, tuple[str, ...]] = {}
    total = 0
    for name, examples in catalogue.examples().items():
        kept[name] = examples[: max(0, MOST_EXAMPLES - total)]
        total += len(examples)
    return kept, total


def _text(one: Collision, catalogue: Catalogue) -> str:
    template, other = catalogue.templates[one.template], catalogue.templates[one.other]
    here, there = line_of(one.example, template, catalogue), line_of(one.other_example, other, catalogue)
    return (
        f"{here}: the example '{one.example}' of '{one.template}' is very near '{one.other_example}' "
        f"of '{one.other}' ({there}): cosine {one.near:.2f}."
    )


def line_of(example: str, template: Template, catalogue: Catalogue) -> Place:
    """Return the line on which an example stands; the template's own where it cannot be told."""
    lines = catalogue.sources[template.place.file].splitlines()
    for number, line in enumerate(lines[template.place.line - 1 :], start=template.place.line):
        if line.strip().removeprefix("-").strip().strip("\"'") == example:
            return Place(file=template.place.file, line=number)
    return template.place


def _note(text: str, remedy: str) -> Found:
    return Found(severity=Severity.NOTE, text=text, remedy=remedy)
