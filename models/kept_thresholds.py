"""Thresholds beside the weights that they were proved for: ``thresholds.json``, which the manifest vouches for.

It holds a promise for each of several accepted risks, so that a brand can choose without data of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from bot.domain.prediction import Label
from bot.errors import ModelError
from models.manifest import fingerprint, read_manifest, write_manifest
from models.thresholds import Accepted, Promise

FILE = "thresholds.json"
FORMAT = 1

#: The shares of wrong decisions for which thresholds are kept.
RISKS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2)

_REMEDY = "choose thresholds again with 'heed thresholds'"


class _File(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    model: str
    calibration: str
    promises: tuple[Promise, ...]


def write_thresholds(folder: Path, promises: Sequence[Promise]) -> Path:
    """Write ``promises`` beside the weights in ``folder``, and a fingerprint into their manifest."""
    manifest = read_manifest(folder)
    content = _File(
        format=FORMAT,
        model=manifest.version,
        calibration=manifest.calibrations,
        promises=tuple(sorted(promises, key=lambda promise: promise.accepted.risk)),
    )
    file = folder / FILE
    file.write_bytes(msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=2) + b"\n")
    write_manifest(folder, replace(manifest, files={**manifest.files, FILE: fingerprint(file)}))
    return file


def read_thresholds(folder: Path, *, risk: float = Accepted().risk) -> Promise | None:
    """Return the boldest promise for the weights in ``folder`` with at most ``risk``; None where nothing is kept.

    Raises ModelError where the file is damaged, was proved with other weights or another calibration, or has no
    promise that careful.
    """
    manifest = read_manifest(folder)
    file = folder / FILE
    if FILE not in manifest.files:
        return None
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        raise ModelError(f"{file} is damaged ({error}): {_REMEDY}") from error
    if (content.format, content.model, content.calibration) != (
        FORMAT,
        manifest.version,
        manifest.calibrations,
    ):
        raise ModelError(f"{file} was made for other weights or another calibration: {_REMEDY}")
    careful = [promise for promise in content.promises if promise.accepted.risk <= risk]
    if not careful:
        raise ModelError(f"{file} has no promise for a risk of {risk} or less: {_REMEDY}")
    if set(careful[-1].thresholds) != {label.value for label in Label}:
        raise ModelError(f"{file} names {sorted(careful[-1].thresholds)}, wanted the four labels: {_REMEDY}")
    return careful[-1]


def thresholds_of(folder: Path, *, risk: float = Accepted().risk) -> Mapping[str, float]:
    """Return the confidence that each primary label must reach, by its name; empty where nothing is kept."""
    promise = read_thresholds(folder, risk=risk)
    return {} if promise is None else promise.thresholds
