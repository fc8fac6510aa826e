"""``heed evaluate`` and ``heed thresholds``: what they take, refuse and write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models.kept_thresholds import RISKS
from models.manifest import SHIPPED
from tests.cli.conftest import Command

ROWS = [
    {"text": "where is my order number {}", "labels": ["question"]},
    {"text": "order {} arrived broken, this is a disgrace", "labels": ["complaint"]},
    {"text": "thank you so much, order {} is perfect", "labels": ["praise"]},
]


@pytest.fixture
def labelled(heed: Command) -> str:
    """Write a brand's own labelled messages."""
    lines = [
        json.dumps({**ROWS[number % 3], "text": str(ROWS[number % 3]["text"]).format(number)})
        for number in range(30)
    ]
    Path("own.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "own.jsonl"


def test_labelled_messages_are_measured_as_text_json_and_a_page(heed: Command, labelled: str) -> None:
    done = heed("evaluate", labelled)
    assert done.code == 0
    assert "macro-F1" in done.out
    assert "left in silence" in done.out
    done = heed("evaluate", labelled, "--json", "--html", "page.html")
    assert json.loads(done.out)["rows"] == 30
    assert "page.html" in done.err
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evaluate"], "no file"),
        (["evaluate", "--readings", "nonsense", "--transcripts", "."], "wanted one of test, threshold, choice"),
        (["evaluate", "--readings", "test"], "--readings needs --transcripts"),
        (["evaluate", "--readings", "test", "--transcripts", "own.jsonl"], "no message of"),
        (["thresholds", "own.jsonl", "--risk", "1.5"], "risk is 1.5; it must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_measured_on_is_refused(heed: Command, labelled: str, words: list[str], told: str) -> None:
    done = heed(*words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("heed: ")
    assert told in done.err


def test_too_few_labelled_messages_leave_everything_to_humans(heed: Command, labelled: str) -> None:
    done = heed("thresholds", labelled)
    assert done.code == 0
    assert "everything goes to a human" in done.out
    assert "question 1, complaint 1, praise 1, other 1" in done.out


def test_thresholds_are_kept_beside_the_weights_for_several_risks(heed: Command, labelled: str) -> None:
    shutil.copytree(SHIPPED, "weights")
    done = heed("thresholds", labelled, "--weights", "weights", "--keep")
    assert done.code == 0
    assert "thresholds.json" in done.err
    promises = json.loads(Path("weights/thresholds.json").read_text(encoding="utf-8"))["promises"]
    assert [one["accepted"]["risk"] for one in promises] == sorted(RISKS)
    assert heed("evaluate", labelled, "--weights", "weights").code == 0
