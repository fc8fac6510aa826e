import json

import pytest

from bot.errors import ModelError
from models import invariance
from models.invariance import EXPORTED, drawn, float_networks, report
from models.manifest import NETWORK, SHIPPED
from models.train import CORPUS

with_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not installed")


def transcript(file, texts):
    rows = [{"conversation": "c", "role": "customer", "text": text} for text in texts]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture
def training(tmp_path):
    """A training's folder, of which the network serves as its own float32 original."""
    for name in (NETWORK, EXPORTED):
        (tmp_path / name).symlink_to(SHIPPED / NETWORK)
    return tmp_path


@with_corpus
def test_a_thousand_different_texts_are_drawn_and_the_same_again():
    texts = drawn([])
    assert len(set(texts)) == 1_000
    assert texts == drawn([])
    assert texts != drawn([], seed=2)


@with_corpus
def test_more_than_were_held_out_are_filled_up_with_changed_ones():
    held_out = set(drawn([], count=10_000)) & set(invariance.sampled([], count=10_000))
    assert len(drawn([], count=len(held_out) + 300)) == len(held_out) + 300


def test_messages_of_transcripts_are_drawn_as_they_are(tmp_path):
    file = transcript(tmp_path / "talk.jsonl", ["where is it", "it is late", "it is late"])
    assert sorted(drawn([file])) == ["it is late", "where is it"]


async def test_texts_are_read_alone_as_among_others():
    found = await report([f"where is order {number}, please" for number in range(150)])
    assert (found.invariance.texts, found.invariance.differing, found.invariance.worst) == (150, 0, 0.0)
    assert found.agreements == {}


async def test_a_network_agrees_with_itself(training):
    found = await report(["where is my order?", "my order came broken", "thanks"], trained_in=training)
    agreed = found.agreements["float32 as exported"]
    assert (agreed.texts, agreed.same, agreed.worst_difference) == (3, 3, 0.0)


def test_another_trainings_folder_is_refused(training):
    (training / NETWORK).unlink()
    (training / NETWORK).write_bytes(b"another")
    with pytest.raises(ModelError, match="name the folder of the training that made it"):
        float_networks(training, SHIPPED)


def test_a_folder_without_a_training_is_refused(tmp_path):
    with pytest.raises(ModelError, match=f"has no {EXPORTED}"):
        float_networks(tmp_path, SHIPPED)


def test_the_report_is_printed_as_text_or_json(training, tmp_path, capsys):
    file = transcript(tmp_path / "talk.jsonl", ["where is it", "it is late"])
    invariance.main(["--transcripts", str(file), "--float", str(training)])
    printed = capsys.readouterr().out
    assert "alone and among 100 others: 0 differ" in printed
    assert "same primary label in 2 of 2: 100.00%" in printed
    invariance.main(["--transcripts", str(file), "--json"])
    assert json.loads(capsys.readouterr().out)["invariance"]["differing"] == 0
