"""YAML read as nodes with their lines, because plain values have forgotten where they stood.

Every scalar is taken as it is written: ``language: no`` is Norwegian and not ``False``,
and a quick reply ``Yes`` stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import yaml

from handlers.places import Place, nearest

#: Characters of one file. A topic of a hundred templates needs about 100,000.
MAX_FILE = 500_000
#: Indentation or brackets deeper than a template file ever needs; deeper ones would exhaust the parser.
_TOO_DEEP = re.compile(r"(?:[\[{][\s\[{]*){12}|^[ ]{60}|^(?:[ ]*[-?:] ){10}", re.MULTILINE)


def compose(file: str, text: str) -> yaml.Node:
    """Return the root node of ``text``; raise ``TemplateError`` with the line where YAML cannot go on."""
    start = Place(file=file, line=1)
    _refuse_odd_sizes(start, text)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _at(file, error).problem(_explain(error)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise start.problem(f"not readable as YAML: {error}") from error
    if root is None:
        raise start.problem("the file is empty; write `topic:` and `templates:`, or delete the file")
    return root


def place_of(file: str, node: yaml.Node) -> Place:
    """Return where ``node`` begins."""
    return Place(file=file, line=node.start_mark.line + 1)


def mapping(file: str, node: yaml.Node, *, what: str, keys: Collection[str]) -> Mapping[str, yaml.Node]:
    """Return the entries of a mapping; refuse another type, unknown keys and keys given twice."""
    if not isinstance(node, yaml.MappingNode):
        raise place_of(file, node).problem(f"{what} must be a block of `key: value` lines ({', '.join(keys)})")
    entries: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = str(key_node.value)
        if key not in keys:
            raise place_of(file, key_node).problem(f"unknown key {key!r} in {what}; {nearest(key, keys)}")
        if key in entries:
            raise place_of(file, key_node).problem(f"{key!r} stands twice in {what}; keep one")
        entries[key] = value
    return entries


def sequence(file: str, node: yaml.Node, *, what: str) -> list[yaml.Node]:
    """Return the entries of a list that has at least one."""
    if not isinstance(node, yaml.SequenceNode):
        raise place_of(file, node).problem(f"{what} must be a list, each entry on a line that begins with `- `")
    if not node.value:
        raise place_of(file, node).problem(f"{what} is an empty list; write an entry or remove the key")
    return list(node.value)


def words(file: str, node: yaml.Node, *, what: str) -> str:
    """Return the text of a scalar, trimmed, as it is written; refuse none."""
    if not isinstance(node, yaml.ScalarNode):
        raise place_of(file, node).problem(
            f"{what} must be text; put it in quotes if it contains `: ` or begins with `[` or `{{`"
        )
    text = str(node.value).strip()
    if not text or (node.tag.endswith(":null") and node.style is None):
        raise place_of(file, node).problem(f"{what} is empty; write a text")
    return text


def text_start(file: str, node: yaml.Node) -> Place:
    """Return the line of a scalar's first word: a block text (``|`` or ``>``) begins on the next line."""
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return place_of(file, node).down(1 if block else 0)


def _refuse_odd_sizes(start: Place, text: str) -> None:
    if len(text) > MAX_FILE:
        raise start.problem(f"the file has {len(text)} characters; split it, at most {MAX_FILE} are read")
    deep = _TOO_DEEP.search(text)
    if deep:
        line = text.count("\n", 0, deep.start())
        raise start.down(line).problem("nested too deeply; a template file needs only lists inside lists")


def _at(file: str, error: yaml.MarkedYAMLError) -> Place:
    mark = error.problem_mark or error.context_mark
    return Place(file=file, line=mark.line + 1 if mark else 1)


def _explain(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "not readable as YAML"
    if "\\t" in problem or "tab" in problem:
        return f"{problem}; indent with spaces, not with tabs"
    if "flow" in str(error.context):
        return f"{problem}; inside [ ] and {{ }} put each text in quotes, or write a list of `- ` lines"
    return f"{problem}; check the indentation, and quote texts that contain `: ` or `#`"
