import json

import pytest

from bot.errors import ModelError
from models.dataset import Row
from models.judged import as_judged, read_judged
from models.transcripts import reading_key, readings


@pytest.fixture
def readings_folder(tmp_path, monkeypatch):
    """Return a folder in which messages count as read: their texts lie in a transcript beside."""
    lines = [
        {"hash": reading_key("where is it"), "group": "g1", "source": "s", "labels": ["question"]},
        {"hash": reading_key("thanks a lot"), "group": "g1", "source": "s", "labels": ["praise"]},
        {"hash": reading_key("never seen again"), "group": "g2", "source": "s", "labels": []},
    ]
    folder = tmp_path / "readings"
    folder.mkdir()
    for split in ("train", "choice", "threshold", "test"):
        chosen = lines if split == "test" else []
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in chosen))
    monkeypatch.setattr("models.transcripts.READINGS", folder)
    monkeypatch.setattr("models.judged.READINGS", folder)
    readings.cache_clear()
    yield folder
    readings.cache_clear()


def transcript(folder, *texts, role="customer"):
    file = folder / "talk.jsonl"
    rows = [{"conversation": "c", "role": role, "text": text, "sent_at": "2026-01-01T00:00:00Z"} for text in texts]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_readings_find_their_texts_and_keep_their_conversation(readings_folder, tmp_path):
    file = transcript(tmp_path, "where is it", "thanks a lot", "something else", "where is it")
    judged = read_judged([file], split="test")
    assert {row.text: sorted(row.labels) for row in judged.rows} == {
        "where is it": ["question"],
        "thanks a lot": ["praise"],
    }
    assert judged.groups == ("g1", "g1")
    assert judged.found() == "2 of 3 messages found, in 1 conversations"


def test_without_their_texts_readings_are_refused(readings_folder, tmp_path):
    with pytest.raises(ModelError, match="no message of"):
        read_judged([transcript(tmp_path, "nothing of it")], split="test")


def test_copies_of_a_text_belong_together():
    rows = [
        Row(text=text, labels=frozenset(), known=frozenset(), weak=frozenset(), source="s")
        for text in ("same", "same", "another")
    ]
    judged = as_judged(rows)
    assert len(set(judged.groups)) == 2
    assert len(judged.where(lambda group: group == judged.groups[0]).rows) == 2
