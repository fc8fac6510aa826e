"""Full fine-tuning with masked losses. Needs torch: ``models.train`` imports it only when training starts.

``loss = weighted binary cross-entropy of the three labels + DISTIL * (1 - cosine to the original embedding)``.
The second part keeps retrieval by meaning intact while the first teaches the labels (see
``docs/decisions/0002-one-forward-pass.md``). Word embeddings stay as they are. Seed and data determine the
mixture, the order and the result (bit for bit on the same kind of machine).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from models.dataset import Example
from models.encoder import Vector
from models.network import Network, masked_mean, new_network, original_encoder
from models.tokens import Tokens

BATCH = 32
TOKENS = 64
DISTIL = 2.0
ENCODER_RATE = 8e-5
HEAD_RATE = 8e-4
WARM_UP = 0.06
#: How far targets are moved from 0 and 1 towards each other, so that no message is learned by heart.
SMOOTHING = 0.02
CHECKPOINT_EVERY = 300
TELL_EVERY = 20

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One training message: token ids, targets and weights of the labels."""

    ids: tuple[int, ...]
    targets: tuple[float, ...]
    weights: tuple[float, ...]


def fine_tune(
    examples: Sequence[Example], *, base: Path, out: Path, seed: int, epochs: int, progress: Progress
) -> Network:
    """Return the encoder in ``base`` fine-tuned; a checkpoint of the same run in ``out`` is continued."""
    tokens = Tokens(base, max_tokens=TOKENS)
    encoded = [encode(example, tokens) for example in examples]
    return Run(encoded, seed=seed, epochs=epochs).train(base, out=out, progress=progress)


def encode(example: Example, tokens: Tokens) -> Encoded:
    """Return ``example`` as token ids."""
    ids = tokens.ids_of_normalised(example.text)
    return Encoded(ids=tuple(ids), targets=example.targets, weights=example.weights)


def batches(lengths: Sequence[int], *, seed: int, epoch: int, size: int = BATCH) -> list[list[int]]:
    """Return the indices of one epoch in batches of similar length, in an order that seed and epoch decide."""
    chance = random.Random(f"{seed} {epoch}")  # noqa: S311  # no secret is drawn
    order = list(range(len(lengths)))
    chance.shuffle(order)
    chunks = [order[start : start + 60 * size] for start in range(0, len(order), 60 * size)]
    ordered = [index for chunk in chunks for index in sorted(chunk, key=lambda i: lengths[i])]
    grouped = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    chance.shuffle(grouped)
    return grouped


class Run:
    """One training run over encoded messages, which can be interrupted and continued."""

    def __init__(self, encoded: Sequence[Encoded], *, seed: int, epochs: int) -> None:
        self._encoded = encoded
        self._seed = seed
        lengths = [len(message.ids) for message in encoded]
        self._plan = [batch for epoch in range(epochs) for batch in batches(lengths, seed=seed, epoch=epoch)]

    def fingerprint(self) -> str:
        """Return what a checkpoint must match to be continued: the data, the seed and the plan."""
        digest = hashlib.sha256(f"{self._seed} {len(self._plan)}".encode())
        for message in self._encoded:
            digest.update(repr((message.ids, message.targets, message.weights)).encode())
        return digest.hexdigest()

    def train(self, base: Path, *, out: Path, progress: Progress) -> Network:
        """Return the trained network. A checkpoint of the same run in ``out`` is continued."""
        torch.manual_seed(self._seed)
        network = new_network(base)
        teacher = self._teacher(base, out=out, progress=progress)
        optimiser, schedule = _optimiser(network, steps=len(self._plan))
        start = self._resume(out, network, optimiser, schedule)
        network.train()
        for step in range(start, len(self._plan)):
            torch.manual_seed(self._seed * 1_000_003 + step)  # so that a continued run draws the same
            loss = self._loss(network, self._plan[step], teacher)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            if step % TELL_EVERY == 0:
                progress(f"training, loss {loss.item():.3f}", (step + 1) / len(self._plan))
            if step % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1:
                self._save(out, step + 1, network, optimiser, schedule)
        self._save(out, len(self._plan), network, optimiser, schedule)
        network.eval()
        return network

    def _loss(self, network: Network, batch: Sequence[int], teacher: Vector) -> Tensor:
        messages = [self._encoded[index] for index in batch]
        ids, mask = padded([message.ids for message in messages])
        targets = torch.tensor([message.targets for message in messages]) * (1.0 - 2.0 * SMOOTHING) + SMOOTHING
        weights = torch.tensor([message.weights for message in messages])
        with torch.autocast("cpu", torch.bfloat16):
            logits, embedding = network(ids, mask)
        losses = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
        far = 1.0 - (embedding.float() * torch.from_numpy(teacher[list(batch)])).sum(1).mean()
        return (losses * weights).sum() / BATCH + DISTIL * far

    def _teacher(self, base: Path, *, out: Path, progress: Progress) -> Vector:
        """Return the original embeddings ``[messages, 384]`` of all messages, kept in ``out`` for a next time."""
        kept = out / "teacher.npy"
        mark = out / "teacher.txt"
        if kept.exists() and mark.exists() and mark.read_text() == self.fingerprint():
            vectors: Vector = np.load(kept)
            return vectors
        fresh = original_vectors([message.ids for message in self._encoded], base=base, progress=progress)
        np.save(kept, fresh)
        mark.write_text(self.fingerprint())
        return fresh

    def _resume(self, out: Path, network: Network, optimiser: AdamW, schedule: LambdaLR) -> int:
        file = out / "checkpoint.pt"
        if not file.exists():
            return 0
        state = torch.load(file, weights_only=True)
        if state["run"] != self.fingerprint():
            return 0
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        return int(state["step"])

    def _save(self, out: Path, step: int, network: Network, optimiser: AdamW, schedule: LambdaLR) -> None:
        state = {
            "run": self.fingerprint(),
            "step": step,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
        }
        torch.save(state, out / "checkpoint.new")
        (out / "checkpoint.new").replace(out / "checkpoint.pt")


def padded(messages: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return ids and mask, ``[b, longest]`` integer tensors; padding is 0 in both."""
    longest = max(len(ids) for ids in messages)
    ids = torch.zeros(len(messages), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, message in enumerate(messages):
        ids[row, : len(message)] = torch.tensor(message)
        mask[row, : len(message)] = 1
    return ids, mask


def original_vectors(messages: Sequence[Sequence[int]], *, base: Path, progress: Progress) -> Vector:
    """Return what the untouched encoder makes of ``messages``: unit vectors, float32 ``[messages, 384]``.

    Copies of a message are computed once.
    """
    teacher = original_encoder(base)
    unique = sorted({tuple(ids) for ids in messages}, key=lambda ids: (len(ids), ids))
    vectors = np.zeros((len(unique), 384), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(unique), BATCH):
            ids, mask = padded(unique[start : start + BATCH])
            with torch.autocast("cpu", torch.bfloat16):
                hidden = teacher(input_ids=ids, attention_mask=mask).last_hidden_state
            vectors[start : start + BATCH] = functional.normalize(masked_mean(hidden.float(), mask), dim=1).numpy()
            if start % (20 * BATCH) == 0:
                progress("embedding with the original encoder", start / len(unique))
    place = {ids: index for index, ids in enumerate(unique)}
    return vectors[[place[tuple(ids)] for ids in messages]]


def _optimiser(network: Network, *, steps: int) -> tuple[AdamW, LambdaLR]:
    """Return AdamW, with a faster rate for the new layers, and a rate that warms up and falls to nothing."""
    encoder = [p for name, p in network.named_parameters() if name.startswith("bert.") and p.requires_grad]
    head = [p for name, p in network.named_parameters() if not name.startswith("bert.")]
    groups = [{"params": encoder, "lr": ENCODER_RATE}, {"params": head, "lr": HEAD_RATE}]
    optimiser = AdamW(groups, weight_decay=0.01)
    warm = max(1, round(WARM_UP * steps))

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / warm) * max(0.0, (steps - step) / max(1, steps - warm))

    return optimiser, LambdaLR(optimiser, rate)
