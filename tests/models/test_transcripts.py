"""Which messages of transcripts are learned from, and which never are, whatever file they stand in."""

import gzip
import json

import pytest

import models.transcripts
from models.dataset import example, read_rows, text_key
from models.mixture import Recipe, set_apart
from models.train import mixture_of
from models.transcripts import KEPT_APART, READINGS, SPLITS, kept_apart, reading_key, readings

READ = {
    "train": {"where is my parcel": ["question"], "it broke again": ["complaint"]},
    "choice": {"love the new app": ["praise"]},
    "threshold": {"see you there": []},
    "test": {"Does it ship to Malta?": ["question"]},
    "elsewhere": {"my flight left without me": ["complaint"]},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a transcript, some of which was read."""
    files = tmp_path / "readings"
    files.mkdir()
    for split, messages in READ.items():
        rows = ({"hash": reading_key(text), "labels": labels} for text, labels in messages.items())
        (files / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.setattr(models.transcripts, "READINGS", files)
    forget()
    said = [(text, "customer") for messages in READ.values() for text in messages]
    said += [("nobody read this", "customer"), ("it broke again", "agent"), ("where is my parcel", "member")]
    with gzip.open(tmp_path / "talk.jsonl.gz", "wt", encoding="utf-8") as out:
        for text, role in said:
            out.write(json.dumps({"conversation": "1", "role": role, "text": text}) + "\n")
    yield tmp_path
    forget()


def forget():
    """Forget what was read of the files of readings."""
    readings.cache_clear()
    kept_apart.cache_clear()


def write(folder, *rows):
    file = folder / "own.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_of_a_transcript_come_the_messages_that_were_read_for_training(folder):
    rows = list(read_rows([folder / "talk.jsonl.gz"]))
    assert [(row.text, set(row.labels), row.source) for row in rows] == [
        ("where is my parcel", {"question"}, "readings"),
        ("it broke again", {"complaint"}, "readings"),
        ("where is my parcel", {"question"}, "readings"),
    ]
    assert all(len(row.known) == 3 and not row.weak for row in rows)


def test_what_agents_write_is_no_customers_message(folder):
    texts = [row.text for row in read_rows([folder], splits=SPLITS)]
    assert texts.count("it broke again") == 1


def test_another_split_is_read_only_when_it_is_named(folder):
    (row,) = read_rows([folder], splits=("test",))
    assert row.labels == {"question"}


@pytest.mark.parametrize("split", KEPT_APART)
def test_what_is_kept_for_figures_is_trained_on_from_no_file(folder, split):
    ((text, labels),) = READ[split].items()
    own = write(folder, {"text": text, "labels": labels}, {"text": "my own words", "labels": []})
    mixture = mixture_of([own], corpus=None, seed=1, limit=None)
    assert text not in {made.text for made in mixture.train}
    assert mixture.left_out == 1


def test_other_spellings_of_a_kept_message_are_left_out_where_its_transcript_is_given(folder):
    own = write(folder, {"text": "@brand does it SHIP to malta?", "labels": ["question"]})
    mixture = mixture_of([folder / "talk.jsonl.gz", own], corpus=None, seed=1, limit=None)
    assert not {text_key(made.text) for made in mixture.train} & {text_key(text) for text in READ["test"]}
    assert mixture.left_out == 1


def test_each_message_that_was_read_is_shown_as_often_as_the_recipe_says(folder):
    recipe = Recipe(noise=False)
    mixture = mixture_of([folder / "talk.jsonl.gz"], corpus=None, seed=1, limit=None, recipe=recipe)
    texts = [made.text for made in mixture.train]
    assert {text: texts.count(text) for text in texts} == dict.fromkeys(READ["train"], recipe.read)


def test_only_messages_read_for_choosing_calibrate(folder):
    mixture = mixture_of([folder / "talk.jsonl.gz"], corpus=None, seed=1, limit=None)
    assert [made.text for made in mixture.calibrate] == list(READ["choice"])


def test_where_nothing_was_read_all_of_a_brands_messages_remain(folder):
    rows = list(read_rows([write(folder, {"text": "my own words", "labels": []})]))
    parted = set_apart(rows)
    assert (parted.rows, parted.choice, parted.left_out) == (tuple(rows), (), 0)


def test_without_the_files_of_readings_transcripts_teach_nothing(folder, monkeypatch):
    monkeypatch.setattr(models.transcripts, "READINGS", folder / "nowhere")
    forget()
    assert list(read_rows([folder / "talk.jsonl.gz"], splits=SPLITS)) == []


def test_no_message_stands_in_two_files_of_readings():
    hashes = {split: set(readings(split)) for split in SPLITS}
    assert all(hashes.values())
    assert READINGS.is_dir()
    assert sum(map(len, hashes.values())) == len(set.union(*hashes.values()))


def test_no_conversation_stands_in_two_files_of_readings():
    groups = []
    for split in SPLITS:
        lines = (READINGS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        groups.append({json.loads(line)["group"] for line in lines})
    assert sum(map(len, groups)) == len(set.union(*groups))


def test_what_members_say_is_talk_and_what_customers_write_is_not(folder):
    transcript = folder / "room.jsonl"
    lines = [("where is my parcel", "member"), ("it broke again", "customer")]
    transcript.write_text(
        "".join(json.dumps({"conversation": "2", "role": role, "text": text}) + "\n" for text, role in lines),
        encoding="utf-8",
    )
    rows = read_rows([transcript])
    assert {row.text: (row.talk, example(row).talk) for row in rows} == {
        "where is my parcel": (True, True),
        "it broke again": (False, False),
    }
