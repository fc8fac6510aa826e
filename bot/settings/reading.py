"""Reads ``config.yaml``, and finds each mistake's line in it."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import SettingsError
from bot.settings.config import Settings
from bot.settings.mistakes import complaint


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: a day that no calendar has is then told like any other mistake."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the base class declares it so
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_settings(path: Path) -> Settings:
    """Read ``config.yaml``. Raises SettingsError with every mistake on a line of its own."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file; name another one in HEED_CONFIG") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    return parse_settings(text, name=str(path))


def parse_settings(text: str, *, name: str = "config.yaml") -> Settings:
    """Return the settings in a YAML text. Raises SettingsError, see ``read_settings``."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.load(text, Loader=_Loader) or {}  # noqa: S506  # it is a SafeLoader
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}{_yaml_mistake(error)}") from None
    if not isinstance(content, dict):
        raise SettingsError(f"{name}:1: expected settings by name, as in 'brand:', not {content!r}")
    mistakes = [(line, f"{name}:{line}: '{key}' stands here a second time") for line, key in _repeated(root)]
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        mistakes += [_mistake(mistake, root, name) for mistake in error.errors()]
    if mistakes:
        raise SettingsError("\n".join(text for _, text in sorted(mistakes, key=itemgetter(0))))
    return settings


def _yaml_mistake(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f":{mark.line + 1}: {problem}" if mark else f": {problem}"


def _mistake(mistake: ErrorDetails, root: yaml.Node | None, name: str) -> tuple[int, str]:
    """Return the line of a mistake in the file, 0 where it has none, and what is wrong in words."""
    line, words = _line(root, mistake["loc"]) or 0, complaint(mistake, Settings)
    return line, f"{name}:{line}: {words}" if line else f"{name}: {words}"


def _line(root: yaml.Node | None, location: tuple[Any, ...]) -> int | None:
    """Return the line of a setting in the file, or of the nearest thing around it."""
    found: yaml.Node | None = root
    line = None
    for part in location:
        step = next((both for both in _children(found) if both[0].value == str(part)), None)
        if step is None:
            break
        line, found = step[0].start_mark.line + 1, step[1]
    return line


def _repeated(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each setting that stands twice in one place: YAML would keep the last."""
    seen: set[str] = set()
    for key, below in _children(node):
        if key.value in seen:
            yield key.start_mark.line + 1, key.value
        seen.add(key.value)
        yield from _repeated(below)


def _children(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from (pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode))
