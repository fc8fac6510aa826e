"""The architecture page names files, tests and layers that are there, and every promise has tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [ROOT / "docs" / name for name in ("architecture.md", "configuration.md", "operations.md")]


def test_every_file_and_folder_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:bot|handlers|models|tests)/[\w./]*)`", PAGE)
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_part_of_the_program_has_its_room_on_the_page() -> None:
    parts = {path for path in (ROOT / "bot").iterdir() if path.name[0] not in "_."}
    for path in parts:
        assert f"`bot/{path.name}" in PAGE, path.name


def test_every_test_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    written = {name for text in texts for name in re.findall(r"def (test_\w+)", text)}
    assert len(named) > 20
    assert named - written == set()


def test_the_layers_are_those_that_are_checked() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = checked["tool"]["importlinter"]["contracts"]
    assert "```\n" + "\n".join(contract["layers"]) + "\n```" in PAGE


def test_all_eight_promises_have_tests() -> None:
    rows = re.findall(r"^\| (\d)\. .*$", PAGE, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 9)]


def test_every_link_between_these_pages_leads_somewhere() -> None:
    for page in [*PAGES, *DECISIONS.glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\(([\w./-]+\.md)(?:#([\w-]+))?\)", text):
            there = page.parent / target
            assert there.exists(), f"{page.name}: {target}"
            headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
            assert not anchor or anchor in anchors, f"{page.name}: {target}#{anchor}"


def test_every_decision_is_listed() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    for page in DECISIONS.glob("0*.md"):
        assert f"]({page.name})" in index, page.name
