import json
import shutil

import pytest

from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.kept_thresholds import thresholds_of
from models.manifest import MANIFEST, NETWORK, SHIPPED, TOKENIZER, fingerprint, read_manifest


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "weights")


def change(folder, **fields):
    file = folder / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def test_the_shipped_weights_are_what_their_manifest_says():
    manifest = read_manifest(SHIPPED)
    assert manifest.labels == ("question", "complaint", "praise")
    assert manifest.files[NETWORK] == fingerprint(SHIPPED / NETWORK)


def test_the_shipped_weights_stay_small():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 26_000_000


@pytest.mark.parametrize("name", [MANIFEST, NETWORK, TOKENIZER])
async def test_a_missing_file_is_refused_with_its_remedy(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match="reinstall Heed") as error:
        await LocalAssessor.load(folder=folder)
    assert name in str(error.value)
    assert "heed train" in str(error.value)


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER])
async def test_a_damaged_file_is_refused_with_its_remedy(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"is damaged .*reinstall Heed") as error:
        await LocalAssessor.load(folder=folder)
    assert name in str(error.value)


async def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(ModelError, match="is missing"):
        await LocalAssessor.load(folder=tmp_path / "nowhere")


async def test_a_damaged_manifest_is_refused(folder):
    (folder / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="is damaged"):
        await LocalAssessor.load(folder=folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": 99},
        {"labels": ["praise", "question", "complaint"]},
        {"scales": [1.0]},
        {"files": {}},
    ],
)
def test_a_manifest_of_another_kind_is_refused(folder, fields):
    change(folder, **fields)
    with pytest.raises(ModelError, match="heed train"):
        read_manifest(folder)


@pytest.mark.parametrize("name", [NETWORK, TOKENIZER])
async def test_a_file_that_is_no_model_is_refused_though_its_fingerprint_fits(folder, name):
    (folder / name).write_bytes(b"nothing of the kind")
    change(folder, files=read_files(folder))
    with pytest.raises(ModelError, match=name):
        await LocalAssessor.load(folder=folder)


def read_files(folder):
    return {name: fingerprint(folder / name) for name in (NETWORK, TOKENIZER)}


@pytest.mark.parametrize(
    "talk", [{"talk_scales": [1.0, 1.0]}, {"talk_scales": [1.0, 1.0, 1.0], "talk_biases": []}]
)
def test_half_a_calibration_for_talk_is_refused(folder, talk):
    change(folder, **talk)
    with pytest.raises(ModelError, match=r"or none, for talk.*reinstall Heed"):
        read_manifest(folder)


async def test_weights_without_a_calibration_for_talk_read_it_like_everything_else(folder):
    change(folder, talk_scales=[], talk_biases=[])
    manifest = read_manifest(folder)
    assert manifest.talk == manifest.calibration
    assert manifest.calibrations == manifest.calibration.version
    assessor = await LocalAssessor.load(folder=folder)
    text = "it keeps crashing since the update"
    assert assessor.assess_one(text, addressed=False) == assessor.assess_one(text)
    await assessor.close()


def test_thresholds_that_were_proved_with_another_calibration_for_talk_are_refused(folder):
    assert thresholds_of(folder)
    change(folder, talk_biases=[0.0, 0.0, 0.0])
    with pytest.raises(ModelError, match="another calibration"):
        thresholds_of(folder)
