"""From the nodes of one file to templates. Each refusal names the line and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

import yaml

from handlers.places import Place, nearest
from handlers.template import DEFAULT_LANGUAGE, FIXED, Kind, Template, Variant
from handlers.texts import compile_text
from handlers.yaml_nodes import compose, mapping, place_of, sequence, text_start, words

#: Buttons under one answer, and characters on one button: what every platform can show.
MAX_QUICK_REPLIES = 8
MAX_QUICK_REPLY = 40
#: Characters of an example; customers rarely write more in one breath.
MAX_EXAMPLE = 500

_FILE_KEYS = ("topic", "templates")
_TEMPLATE_KEYS = ("id", "kind", "examples", "answers", "quick_replies", "expires")
_ANSWER_KEYS = ("text", "language", "channel", "quick_replies")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_file(file: str, text: str) -> Iterator[Template]:
    """Yield the templates of one file, in its order."""
    root = compose(file, text)
    entries = mapping(file, root, what="the file", keys=_FILE_KEYS)
    topic = words(file, _required(file, root, entries, "topic"), what="`topic`")
    for node in sequence(file, _required(file, root, entries, "templates"), what="`templates`"):
        yield _template(file, node, topic)


def _template(file: str, node: yaml.Node, topic: str) -> Template:
    entries = mapping(file, node, what="a template", keys=_TEMPLATE_KEYS)
    kind = _kind(file, entries)
    return Template(
        id=_id(file, _required(file, node, entries, "id"), kind),
        topic=topic,
        kind=kind,
        variants=_variants(file, node, entries),
        place=place_of(file, node),
        examples=_examples(file, node, entries, kind),
        expires=_expires(file, entries),
    )


def _required(file: str, node: yaml.Node, entries: Mapping[str, yaml.Node], key: str) -> yaml.Node:
    if key not in entries:
        raise place_of(file, node).problem(f"`{key}:` is missing; every entry of this kind needs it")
    return entries[key]


def _kind(file: str, entries: Mapping[str, yaml.Node]) -> Kind:
    node = entries.get("kind")
    if node is None:
        return Kind.ANSWER
    name = words(file, node, what="`kind`")
    if name not in set(Kind):
        raise place_of(file, node).problem(f"unknown kind {name!r}; {nearest(name, set(Kind))}")
    return Kind(name)


def _id(file: str, node: yaml.Node, kind: Kind) -> str:
    name = words(file, node, what="`id`")
    here = place_of(file, node)
    if not _ID.fullmatch(name) or len(name) > 64:
        raise here.problem(f"id {name!r} must be small letters and digits joined by `-`, such as order-status")
    if kind is Kind.ANSWER and name not in FIXED:
        return name
    if FIXED.get(name) is not kind:
        raise here.problem(_misfit(name, kind))
    return name


def _misfit(name: str, kind: Kind) -> str:
    if name in FIXED:
        return f"id {name!r} is reserved for kind {FIXED[name].value}, not {kind.value}"
    known = [fixed for fixed, its_kind in FIXED.items() if its_kind is kind]
    return f"a template of kind {kind.value} with id {name!r} would never be used; {nearest(name, known)}"


def _examples(file: str, node: yaml.Node, entries: Mapping[str, yaml.Node], kind: Kind) -> tuple[str, ...]:
    listed = entries.get("examples")
    if kind is not Kind.ANSWER:
        if listed is not None:
            raise place_of(file, listed).problem(
                f"`examples` are for kind answer only, not {kind.value}; remove them"
            )
        return ()
    if listed is None:
        raise place_of(file, node).problem(
            "`examples:` is missing; list what customers write who need this answer"
        )
    return tuple(_example(file, entry) for entry in sequence(file, listed, what="`examples`"))


def _example(file: str, node: yaml.Node) -> str:
    example = words(file, node, what="an example")
    if len(example) > MAX_EXAMPLE:
        raise place_of(file, node).problem(f"an example of {len(example)} characters; at most {MAX_EXAMPLE}")
    return example


def _variants(file: str, node: yaml.Node, entries: Mapping[str, yaml.Node]) -> tuple[Variant, ...]:
    common = _quick_replies(file, entries)
    listed = _required(file, node, entries, "answers")
    variants = tuple(_variant(file, entry, common) for entry in sequence(file, listed, what="`answers`"))
    if all(variant.channels for variant in variants):
        raise place_of(file, listed).problem("every text names a channel; add one without, for all the others")
    return variants


def _variant(file: str, node: yaml.Node, common: tuple[str, ...]) -> Variant:
    if isinstance(node, yaml.ScalarNode):
        node_text, entries = node, {}
    else:
        entries = dict(mapping(file, node, what="an answer", keys=_ANSWER_KEYS))
        found = _required(file, node, entries, "text")
        words(file, found, what="`text`")
        assert isinstance(found, yaml.ScalarNode)
        node_text = found
    language = _language(file, entries)
    own = _quick_replies(file, entries)
    return Variant(
        text=compile_text(words(file, node_text, what="an answer"), _first_line(file, node_text)),
        language=language,
        channels=_channels(file, entries),
        quick_replies=own or (common if language == DEFAULT_LANGUAGE else ()),
    )


def _first_line(file: str, node: yaml.ScalarNode) -> Place:
    blank = len(node.value) - len(node.value.lstrip("\n"))
    return text_start(file, node).down(blank)


def _language(file: str, entries: Mapping[str, yaml.Node]) -> str:
    node = entries.get("language")
    if node is None:
        return DEFAULT_LANGUAGE
    code = words(file, node, what="`language`")
    if not _LANGUAGE.fullmatch(code):
        raise place_of(file, node).problem(
            f"language {code!r} must be a code of two small letters, such as en or de"
        )
    return code


def _channels(file: str, entries: Mapping[str, yaml.Node]) -> tuple[str, ...]:
    node = entries.get("channel")
    if node is None:
        return ()
    listed = sequence(file, node, what="`channel`") if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(_channel(file, entry) for entry in listed)


def _channel(file: str, node: yaml.Node) -> str:
    name = words(file, node, what="`channel`")
    if not _CHANNEL.fullmatch(name):
        raise place_of(file, node).problem(
            f"channel {name!r} must be written as in the configuration, such as discord"
        )
    return name


def _quick_replies(file: str, entries: Mapping[str, yaml.Node]) -> tuple[str, ...]:
    node = entries.get("quick_replies")
    if node is None:
        return ()
    listed = sequence(file, node, what="`quick_replies`")
    if len(listed) > MAX_QUICK_REPLIES:
        raise place_of(file, node).problem(
            f"{len(listed)} quick replies; at most {MAX_QUICK_REPLIES} can be shown"
        )
    return tuple(_quick_reply(file, entry) for entry in listed)


def _quick_reply(file: str, node: yaml.Node) -> str:
    reply = words(file, node, what="a quick reply")
    if len(reply) > MAX_QUICK_REPLY or "\n" in reply:
        raise place_of(file, node).problem(
            f"quick reply {reply[:60]!r} must be one line of at most {MAX_QUICK_REPLY} characters"
        )
    if "{{" in reply or "{%" in reply:
        raise place_of(file, node).problem(
            f"quick reply {reply!r} must be plain words; variables work only in answers"
        )
    return reply


def _expires(file: str, entries: Mapping[str, yaml.Node]) -> date | None:
    node = entries.get("expires")
    if node is None:
        return None
    written = words(file, node, what="`expires`")
    expires = _date(written)
    if expires is None:
        raise place_of(file, node).problem(f"expires {written!r} is no date; write one such as 2026-12-31")
    return expires


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        return None
