"""Whether what is read depends on nothing but the text: ``python -m models.invariance [--float FOLDER]``.

A thousand texts are read alone and among a hundred others, and, with ``--float``, by the float32 network that the
shipped one was made of. Texts are the messages written for Heed that were held out, and these again with small
changes; with ``--transcripts`` customers' and members' messages. None was trained on.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from bot.domain.prediction import SCORED_LABELS
from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.bootstrap import Figure
from models.manifest import NETWORK, SHIPPED, fingerprint, read_manifest
from models.metamorphic import (
    TEXTS,
    TOGETHER,
    TOLERANCE,
    Agreement,
    Invariance,
    Probabilities,
    agreement,
    invariance,
    network,
    sampled,
)
from models.perturb import CHANGES
from models.tokens import Tokens
from models.train import base_folder, require_torch

#: What a training leaves in its folder beside the weights.
EXPORTED = "model.float32.onnx"
CHECKPOINT = "checkpoint.pt"

#: Of so many held-out texts the first serve as examples of templates, three each: candidates are compared, too.
_EXAMPLES, _EACH = 90, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found; ``agreements`` are with the float32 networks that were there, by name."""

    version: str
    seed: int
    invariance: Invariance
    agreements: dict[str, Agreement]

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return msgspec.json.encode(asdict(self)).decode()

    def to_text(self) -> str:
        """Return the report in words."""
        found = self.invariance
        lines = [
            f"weights {self.version}, {found.texts} texts, seed {self.seed}",
            f"alone and among {TOGETHER - 1} others: {found.differing} differ in label, templates or probability",
            f"(from {TOLERANCE} on); probabilities differ by at most {found.worst:.6f}",
        ]
        return "\n".join(lines + [_of_agreement(name, one) for name, one in self.agreements.items()])


def drawn(transcripts: Sequence[Path], *, count: int = TEXTS, seed: int = 1) -> list[str]:
    """Return at most ``count`` different texts in a mixed order: messages, then the same with small changes.

    Messages of transcripts are drawn as they are. Raises ModelError where there is nothing to read.
    """
    plain = sampled(transcripts, count=count, seed=seed)
    texts = dict.fromkeys(plain)
    if not transcripts:
        for text in _changed(plain, seed=seed):
            if len(texts) >= count:
                break
            texts[text] = None
    mixed = list(texts)
    random.Random(seed).shuffle(mixed)  # noqa: S311  # no secret is drawn
    return mixed


def float_networks(out: Path, folder: Path) -> dict[str, Probabilities]:
    """Return the float32 networks that a training left in ``out`` for the weights in ``folder``, by name.

    The exported one has its word embeddings rounded already; the trained one, which needs torch, has not.
    Raises ModelError where ``out`` is not the training of these weights.
    """
    made = out / NETWORK
    wanted = read_manifest(folder).files[NETWORK]
    if not (out / EXPORTED).is_file() or not made.is_file():
        raise ModelError(f"{out} has no {EXPORTED} with its {NETWORK}: name the --out folder of 'heed train'")
    if fingerprint(made) != wanted:
        raise ModelError(f"{made} is not the network in {folder}: name the folder of the training that made it")
    found = {"float32 as exported": network(out / EXPORTED, folder)}
    if (out / CHECKPOINT).is_file() and (trained := _trained(out / CHECKPOINT, folder)) is not None:
        found["float32 as trained"] = trained
    return found


async def report(
    texts: Sequence[str], *, folder: Path = SHIPPED, trained_in: Path | None = None, seed: int = 1
) -> Report:
    """Return everything about the weights in ``folder``; ``trained_in`` is the folder of their training."""
    exact = float_networks(trained_in, folder) if trained_in is not None else {}
    assessor = await LocalAssessor.load(folder=folder)
    try:
        await assessor.index(_templates(texts), version="drawn")
        same = await invariance(assessor, texts)
    finally:
        await assessor.close()
    small = network(folder / NETWORK, folder)
    return Report(
        version=read_manifest(folder).version,
        seed=seed,
        invariance=same,
        agreements={name: agreement(small, one, texts) for name, one in exact.items()},
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m models.invariance", description=(__doc__ or "").strip())
    parser.add_argument("--transcripts", type=Path, nargs="*", default=[], help="files or folders of transcripts")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="a folder of weights")
    parser.add_argument("--float", type=Path, dest="trained_in", help="the --out folder of their training")
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args(arguments)
    texts = drawn(wanted.transcripts, count=wanted.texts, seed=wanted.seed)
    found = asyncio.run(
        report(texts, folder=wanted.weights, trained_in=wanted.trained_in, seed=wanted.seed),
    )
    sys.stdout.write((found.to_json() if wanted.json else found.to_text()) + "\n")


def _changed(texts: Sequence[str], *, seed: int) -> Iterator[str]:
    """Yield every text with one change each, then with the next, and so on through all of them."""
    changes = list(CHANGES.values())
    for turn in range(len(changes)):
        for number, text in enumerate(texts):
            chance = random.Random(f"{seed} {turn} {number}")  # noqa: S311  # no secret is drawn
            yield changes[(number + turn) % len(changes)](text, chance)


def _templates(texts: Sequence[str]) -> dict[str, list[str]]:
    few = texts[:_EXAMPLES]
    return {f"template {start // _EACH}": list(few[start : start + _EACH]) for start in range(0, len(few), _EACH)}


def _trained(checkpoint: Path, folder: Path) -> Probabilities | None:
    """Return what the network in ``checkpoint`` says, or None where the extra ``train`` is not installed."""
    try:
        require_torch()
        base = base_folder()
    except ModelError:
        return None
    import torch  # noqa: PLC0415  # an optional library

    from models.network import new_network  # noqa: PLC0415  # needs torch

    torch.set_num_threads(1)  # more only wait for each other over one short text
    trained = new_network(base)
    trained.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    trained.eval()
    manifest = read_manifest(folder)
    tokens, calibration = Tokens(folder, max_tokens=manifest.max_tokens), manifest.calibration

    def probabilities(text: str) -> list[float]:
        ids = torch.tensor([tokens.ids_of_normalised(text)])
        with torch.inference_mode():
            logits, _ = trained(ids, torch.ones_like(ids))
        return list(calibration.probabilities(logits[0, : len(SCORED_LABELS)].tolist()))

    return probabilities


def _of_agreement(name: str, found: Agreement) -> str:
    return (
        f"int8 and {name} give the same primary label in {found.same} of {found.texts}: {_percent(found.share)}; "
        f"probabilities differ by {found.mean_difference:.4f} on average, {found.worst_difference:.4f} at most"
    )


def _percent(share: Figure) -> str:
    if share.value is None or share.interval is None:
        return "-"
    return f"{share.value:.2%} [{share.interval.low:.2%}, {share.interval.high:.2%}]"


if __name__ == "__main__":
    main()
