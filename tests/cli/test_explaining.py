"""``heed classify --explain``: what the brand would do about a text, and why."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from models.manifest import NETWORK, SHIPPED
from tests.cli.conftest import Command

QUESTION = "hello, what are your opening hours on Sunday?"
ANGRY = "My parcel arrived broken and nobody answers my emails. Terrible service."


def test_without_explain_the_output_is_one_json_line_as_ever(heed: Command) -> None:
    plain = heed("classify", QUESTION)
    assert heed("classify", "--json", QUESTION).out == plain.out
    assert list(json.loads(plain.out)) == ["text", "label", "probabilities", "language"]


def test_people_read_label_language_decision_threshold_templates_and_words(heed: Command) -> None:
    done = heed(
        "classify",
        "--explain",
        QUESTION,
        ANGRY,
    )
    assert (done.code, done.err) == (0, "")
    answered, escalated = done.out.split("\n\n")
    assert answered.startswith(QUESTION + "\n")
    for line in (
        "label          question 0.",
        "language       en",
        "decision       answer, with the text of store-",
    ):
        assert f"  {line}" in answered
    assert "(model.confidence." in answered
    assert " the runner-up: a lead of " in answered
    assert ", needs 0." in answered
    assert "  for question " in answered
    assert "  for template " in answered
    assert "without)" in answered
    assert "decision       escalate, with the text of ack-complaint: Every complaint goes to a human." in escalated
    assert re.search(
        r"decided by     complaint [01]\.\d{3} reaches 0\.\d+ \(model\.confidence\.complaint\)", escalated
    )


def test_the_brands_own_thresholds_decide(heed: Command, configured) -> None:
    configured("model: {confidence: {complaint: 1.0}}")
    line = json.loads(
        heed(
            "classify",
            "--explain",
            "--json",
            ANGRY,
        ).out
    )
    assert line["decision"]["reason"] == "unsure"
    (compared,) = line["thresholds"]
    assert (compared["setting"], compared["needed"]) == ("model.confidence.complaint", 1.0)
    assert (compared["passed"], compared["decided"]) == (False, True)


def test_as_json_there_is_one_line_with_everything(heed: Command) -> None:
    done = heed("classify", "--explain", "--json", QUESTION, "-", stdin="gut gemacht, vielen Dank euch\n")
    first, second = (json.loads(line) for line in done.out.splitlines())
    plain = json.loads(heed("classify", QUESTION).out)
    assert {name: first[name] for name in plain} == plain
    assert set(first) - set(plain) == {
        "note",
        "decision",
        "thresholds",
        "templates",
        "lead",
        "words",
        "whole",
    }
    assert first["decision"] == {
        "kind": "answer",
        "reason": "template",
        "reason_text": "A template covers the question.",
        "template": first["templates"][0]["template"],
    }
    assert first["lead"] == round(first["templates"][0]["score"] - first["templates"][1]["score"], 4)
    assert [QUESTION[word["start"] : word["end"]] for word in first["words"]] == QUESTION.split()
    assert second["decision"]["reason"] == "language"
    assert second["thresholds"] == []
    assert "guesses" in second["note"]


def test_a_language_that_nobody_can_tell_is_said(heed: Command) -> None:
    done = heed("classify", "--explain", "ok", "")
    assert done.code == 0
    assert done.out.count("  language       und - The text is too short or too odd") == 2
    assert done.out.count("too few to leave one out") == 2
    assert "decided by     no threshold" in done.out


def test_weights_that_do_not_match_their_checksums_are_refused_with_the_remedy(heed: Command, configured) -> None:
    folder = Path(shutil.copytree(SHIPPED, "weights"))
    with (folder / NETWORK).open("ab") as network:
        network.write(b"\0")
    configured(f"model: {{weights: {folder.resolve()}}}")
    for words in (("classify", "hello"), ("classify", "--explain", "hello"), ("run",)):
        done = heed(*words)
        assert (done.code, done.out) == (1, "")
        assert f"{NETWORK} is damaged (its SHA-256 is not the manifest's): reinstall Heed" in done.err
