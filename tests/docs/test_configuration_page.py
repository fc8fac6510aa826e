"""The configuration page and the shipped ``config.yaml`` say what the code does: every setting, every default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.errors import SettingsError
from bot.settings import Environment, Settings, parse_settings, read_environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
CONFIG = (ROOT / "config.yaml").read_text(encoding="utf-8")
DEFAULTS = parse_settings("")


def rows(section: str) -> list[list[str]]:
    """Return the cells of all tables in a section."""
    body = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in body.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def value_of(settings: Settings, key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def nested(key: str, text: str) -> str:
    """Return a settings file with this one setting."""
    parts = key.split(".")
    lines = [f"{'  ' * depth}{part}:" for depth, part in enumerate(parts)]
    return "\n".join(lines) + f" {text}\n"


SETTINGS = {row[0].strip("`"): row for row in rows("Settings")}
KEYS = dict(keys())


def test_every_setting_stands_on_the_page_and_no_other() -> None:
    assert list(SETTINGS) == list(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_page_tells_the_default(key: str) -> None:
    told = SETTINGS[key][2].strip("`")
    assert value_of(parse_settings(nested(key, told)), key) == value_of(DEFAULTS, key)


@pytest.mark.parametrize("key", KEYS)
def test_the_page_tells_what_is_allowed(key: str) -> None:
    field, told = KEYS[key], SETTINGS[key][3]
    if get_origin(field.annotation) is Literal:
        assert re.findall(r"`([^`]+)`", told) == list(get_args(field.annotation))
    for bound in field.metadata:
        if isinstance(bound, Ge | Gt | Le | Lt):
            limit = next(iter(vars(bound).values())) if hasattr(bound, "__dict__") else _limit(bound)
            assert f"{limit:g}" in re.findall(r"\d+", told)


def _limit(bound: Ge | Gt | Le | Lt) -> float:
    return float(getattr(bound, type(bound).__name__.lower()))


def test_every_variable_stands_on_the_page_with_its_default_and_no_other() -> None:
    told = {row[0].strip("`"): row[2].strip("`") for row in rows("Environment")}
    known = {
        str(field.validation_alias): str(field.default) if field.default else "–"
        for field in Environment.model_fields.values()
    }
    assert told == known


def test_the_shipped_file_holds_every_setting_with_its_default() -> None:
    assert parse_settings(CONFIG) == DEFAULTS
    content = yaml.safe_load(CONFIG)
    for key in KEYS:
        if value_of(DEFAULTS, key) is None:  # there is no value to show
            assert re.search(rf"^ *# {key.rpartition('.')[2]}: ", CONFIG, re.MULTILINE), key
            continue
        found = content
        for part in key.split("."):
            assert part in found, key
            found = found[part]


@pytest.mark.parametrize(
    ("wrong", "told"), [(row[0].strip("`"), row[1].strip("`")) for row in rows("Mistakes and what they say")]
)
def test_each_mistake_on_the_page_is_told_as_it_says(
    wrong: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, is_variable, value = wrong.partition("=")
    if is_variable:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_environment() if is_variable else parse_settings(wrong)
    assert str(raised.value) == told


def test_the_page_shows_no_mistake_that_is_none() -> None:
    assert len(rows("Mistakes and what they say")) >= 10


def test_every_example_on_the_page_is_sound() -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert examples
    assert all(parse_settings(example) != DEFAULTS for example in examples)


def test_the_shipped_file_shows_agents_and_teams_that_fit_together() -> None:
    shown = [re.search(rf"^# {name}:\n(?:#   .*\n)+", CONFIG, re.MULTILINE) for name in ("agents", "teams")]
    settings = parse_settings("".join(found[0].replace("# ", "") for found in shown if found))
    assert len(settings.agents) == len(settings.teams) == len(shown)
