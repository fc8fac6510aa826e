"""What the corpus covers is told, and messages that are nearly the same are found."""

import json

from models.coverage import main, near_by_letters, near_by_meaning, report
from models.dataset import decided


def row(text, *labels):
    return decided(text, frozenset(labels), source="here")


def test_nearly_the_same_messages_are_found_nearest_first():
    rows = [
        row("the app closes when i open it"),
        row("do you ship to Malta"),
        row("The app closes when I open it!!"),
        row("the app closes when i open mine"),
    ]
    pairs = near_by_letters(rows)
    assert {pairs[0].one.text, pairs[0].other.text} == {rows[0].text, rows[2].text}
    assert pairs[0].near == 1.0
    assert all("Malta" not in pair.one.text + pair.other.text for pair in pairs)
    assert [pair.near for pair in pairs] == sorted((pair.near for pair in pairs), reverse=True)


def test_the_same_meaning_in_other_letters_is_found_by_the_encoder():
    rows = [row("how can I reset my password"), row("lovely weather"), row("how do I reset my password?")]
    (pair,) = near_by_meaning(rows, least=0.9)
    assert "weather" not in pair.one.text + pair.other.text


def test_the_report_counts_what_single_words_get_wrong():
    told = "\n".join(report([row("where is my bag", "question"), row("sorted, ta", "praise"), row("really?")]))
    assert "3 messages" in told
    for kind in ("question without a question mark", "question mark without a question", "praise in at most five"):
        assert kind in told


def test_the_command_names_pairs_whose_labels_differ(tmp_path, capsys):
    rows = [{"text": "so slow today", "labels": ["complaint"]}, {"text": "so slow today!", "labels": []}]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    main([str(tmp_path)])
    told = capsys.readouterr().out
    assert "1 pairs" in told
    assert "(other labels!)" in told
