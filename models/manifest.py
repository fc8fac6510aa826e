"""What lies in a folder of weights: versions, label order, calibration, and a fingerprint of each file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.domain.prediction import SCORED_LABELS
from bot.errors import ModelError
from models.calibration import Calibration

#: The weights that come with Heed.
SHIPPED = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"
NETWORK = "model.int8.onnx"
TOKENIZER = "tokenizer.json"

#: The one format that this code reads.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of ``manifest.json``. ``files`` maps a file's name to the SHA-256 of its content, in hex.

    ``scales`` and ``biases`` calibrate each label's logit z: ``p = sigmoid(scale * z + bias)``; a scale is one
    over the temperature. ``talk_scales`` and ``talk_biases`` do so for talk in a room, where the same words are a
    complaint far more rarely; without them it is read like everything else. ``trained_on`` counts the training
    messages of each source.
    """

    format: int
    version: str
    base: str
    labels: tuple[str, ...]
    max_tokens: int
    scales: tuple[float, ...]
    biases: tuple[float, ...]
    files: Mapping[str, str]
    trained_on: Mapping[str, int]
    talk_scales: tuple[float, ...] = ()
    talk_biases: tuple[float, ...] = ()

    @property
    def calibration(self) -> Calibration:
        """Return what turns logits into probabilities."""
        return Calibration(scales=self.scales, biases=self.biases)

    @property
    def talk(self) -> Calibration:
        """Return what does so for talk in a room."""
        if not self.talk_scales:
            return self.calibration
        return Calibration(scales=self.talk_scales, biases=self.talk_biases)

    @property
    def calibrations(self) -> str:
        """Return a name that changes when any number of either does."""
        both = self.calibration.version, self.talk.version
        return both[0] if both[0] == both[1] else "-".join(both)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of ``folder`` after checking every file against it.

    Raises ModelError naming the file and the remedy when one is missing, damaged or of another kind.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise ModelError(f"{file} is missing: {_REMEDY}")
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise ModelError(f"{file} is damaged ({error}): {_REMEDY}") from error
    _check_kind(manifest, file)
    for name, digest in manifest.files.items():
        _check_file(folder / name, digest)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest`` into ``folder``."""
    raw = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2)
    (folder / MANIFEST).write_bytes(raw + b"\n")


def fingerprint(file: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


_REMEDY = "reinstall Heed (pip install --force-reinstall heed), or make new weights with 'heed train'"


def _check_kind(manifest: Manifest, file: Path) -> None:
    wanted = tuple(label.value for label in SCORED_LABELS)
    if manifest.format != FORMAT or manifest.labels != wanted:
        raise ModelError(
            f"{file} is of format {manifest.format} with labels {list(manifest.labels)}, "
            f"wanted format {FORMAT} with {list(wanted)}: {_REMEDY}"
        )
    if not len(manifest.scales) == len(manifest.biases) == len(wanted):
        raise ModelError(f"{file} needs one scale and one bias for each label: {_REMEDY}")
    if {len(manifest.talk_scales), len(manifest.talk_biases)} not in ({0}, {len(wanted)}):
        raise ModelError(f"{file} needs one scale and one bias for each label, or none, for talk: {_REMEDY}")
    if missing := {NETWORK, TOKENIZER} - set(manifest.files):
        raise ModelError(f"{file} has no fingerprint of {min(missing)}: {_REMEDY}")


def _check_file(file: Path, digest: str) -> None:
    if not file.is_file():
        raise ModelError(f"{file} is missing: {_REMEDY}")
    if fingerprint(file) != digest:
        raise ModelError(f"{file} is damaged (its SHA-256 is not the manifest's): {_REMEDY}")
