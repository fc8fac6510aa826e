import json
import shutil

import numpy as np
import pytest

from bot.errors import ModelError
from models.kept_thresholds import FILE, read_thresholds, thresholds_of, write_thresholds
from models.manifest import MANIFEST, SHIPPED, read_manifest
from models.outcomes import Outcomes
from models.thresholds import Accepted, promise


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the shipped weights, as they are without thresholds."""
    target = tmp_path / "weights"
    shutil.copytree(SHIPPED, target)
    manifest = json.loads((target / MANIFEST).read_text())
    manifest["files"].pop(FILE, None)
    (target / MANIFEST).write_text(json.dumps(manifest))
    (target / FILE).unlink(missing_ok=True)
    return target


def a_promise(rows=400, risk=0.05):
    said = np.array(["question", "other"] * (rows // 2))
    outcomes = Outcomes(
        truth=said,
        said=said,
        confidence=np.linspace(0.6, 0.99, rows),
        wants=said == "question",
        groups=np.arange(rows).astype(str),
    )
    return promise(outcomes, outcomes, Accepted(risk=risk))


def test_weights_without_thresholds_have_none(folder):
    assert read_thresholds(folder) is None
    assert thresholds_of(folder) == {}


def test_what_was_kept_is_read_again(folder):
    kept = a_promise()
    write_thresholds(folder, [kept])
    assert read_thresholds(folder) == kept
    assert set(thresholds_of(folder)) == {"question", "complaint", "praise", "other"}
    assert kept.coverage > 0.5


def test_keeping_again_replaces_and_leaves_the_weights_version(folder):
    version = read_manifest(folder).version
    write_thresholds(folder, [a_promise()])
    again = a_promise(rows=600)
    write_thresholds(folder, [again])
    assert read_thresholds(folder) == again
    assert read_manifest(folder).version == version


def test_the_boldest_promise_within_the_accepted_risk_is_taken(folder):
    write_thresholds(folder, [a_promise(risk=risk) for risk in (0.1, 0.02, 0.05)])
    assert read_thresholds(folder).accepted.risk == 0.05
    assert read_thresholds(folder, risk=0.07).accepted.risk == 0.05
    assert read_thresholds(folder, risk=0.5).accepted.risk == 0.1


def test_a_risk_below_every_promise_is_refused(folder):
    write_thresholds(folder, [a_promise(risk=0.02)])
    with pytest.raises(ModelError, match="no promise for a risk"):
        thresholds_of(folder, risk=0.01)


def test_a_file_that_was_changed_by_hand_is_refused(folder):
    file = write_thresholds(folder, [a_promise()])
    file.write_text(file.read_text().replace("0.05", "0.50"))
    with pytest.raises(ModelError, match=FILE):
        read_thresholds(folder)


def test_thresholds_of_another_calibration_are_refused(folder):
    write_thresholds(folder, [a_promise()])
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["biases"][0] += 0.1
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="heed thresholds"):
        read_thresholds(folder)
