"""Templates change while the bot runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from handlers import Catalogue, CatalogueWatcher, read_catalogue

GOOD = "topic: a\ntemplates:\n- id: {}\n  examples: [a]\n  answers: [b]\n"


def save(folder: Path, text: str, *, name: str = "a.yaml", at: int) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(at, at))


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, CatalogueWatcher, Catalogue]:
    save(tmp_path, GOOD.format("one"), at=1)
    first = read_catalogue(tmp_path)
    return tmp_path, CatalogueWatcher(tmp_path, current=first), first


def test_nothing_is_new_while_nothing_changes(watched) -> None:
    folder, watcher, first = watched
    assert watcher.check() is None
    save(folder, GOOD.format("one"), at=2)
    assert watcher.check() is None
    assert watcher.current is first
    assert watcher.problem is None


def test_a_sound_change_is_taken_over_once(watched) -> None:
    folder, watcher, _ = watched
    save(folder, GOOD.format("two"), at=2)
    new = watcher.check()
    assert new is not None
    assert list(new.templates) == ["two"]
    assert watcher.current is new
    assert watcher.check() is None


def test_a_new_and_a_deleted_file_count_as_changes(watched) -> None:
    folder, watcher, first = watched
    save(folder, GOOD.format("two").replace("[a]", "[c]"), name="b.yaml", at=2)
    new = watcher.check()
    assert new is not None
    assert sorted(new.templates) == ["one", "two"]
    (folder / "b.yaml").unlink()
    back = watcher.check()
    assert back is not None
    assert back.version == first.version


def test_a_broken_file_keeps_the_last_good_templates_and_tells_why(watched) -> None:
    folder, watcher, first = watched
    save(folder, "topic: a\ntemplate: []\n", at=2)
    assert watcher.check() is None
    assert watcher.current is first
    assert watcher.problem == "a.yaml:2: unknown key 'template' in the file; did you mean templates?"
    assert watcher.check() is None
    assert watcher.problem is not None


def test_a_repaired_file_ends_the_problem(watched) -> None:
    folder, watcher, _ = watched
    save(folder, "broken: [", at=2)
    watcher.check()
    save(folder, GOOD.format("three"), at=3)
    assert watcher.check() is not None
    assert watcher.problem is None


def test_going_back_to_the_last_good_text_ends_the_problem(watched) -> None:
    folder, watcher, _ = watched
    save(folder, "broken: [", at=2)
    watcher.check()
    save(folder, GOOD.format("one"), at=3)
    assert watcher.check() is None
    assert watcher.problem is None


def test_a_folder_that_vanishes_keeps_the_templates(watched) -> None:
    folder, watcher, first = watched
    (folder / "a.yaml").unlink()
    assert watcher.check() is None
    assert watcher.current is first
    assert "no template files" in (watcher.problem or "")


def test_a_change_that_does_not_fit_the_brand_is_a_problem(tmp_path: Path) -> None:
    save(tmp_path, GOOD.format("one"), at=1)
    watcher = CatalogueWatcher(tmp_path, current=read_catalogue(tmp_path), variables={"name": "F"})
    save(tmp_path, GOOD.format("one").replace("[b]", "['{{ brand.nmae }}']"), at=2)
    assert watcher.check() is None
    assert (watcher.problem or "").startswith("a.yaml:5: unknown variable brand.nmae; did you mean name?")


def test_a_folder_that_comes_back_unchanged_ends_the_problem(watched) -> None:
    folder, watcher, first = watched
    watcher.check()
    folder.rename(folder.with_name("gone"))
    assert watcher.check() is None
    assert watcher.problem is not None
    folder.with_name("gone").rename(folder)
    assert watcher.check() is None
    assert watcher.problem is None
    assert watcher.current is first


def test_a_change_that_could_not_be_adopted_is_told_again_until_it_was(watched) -> None:
    folder, watcher, _ = watched
    save(folder, GOOD.format("two"), at=2)
    new = watcher.check()
    watcher.forget()
    assert watcher.check() is new
    watcher.forget()
    save(folder, "broken: [", at=3)
    assert watcher.check() is new
    assert watcher.check() is None
    assert watcher.problem is not None
    save(folder, GOOD.format("two"), at=4)
    assert watcher.check() is None
    assert watcher.problem is None
