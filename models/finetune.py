"""Full fine-tuning with masked losses. Needs torch: ``models.train`` imports it only when training starts.

``loss = weighted binary cross-entropy of the three labels + DISTIL * (1 - cosine to the original embedding)``.
The second part keeps retrieval by meaning intact while the first teaches the labels (see
``docs/decisions/0002-one-forward-pass.md``). Word embeddings stay as they are. Seed and data determine the
mixture, the order and the result (bit for bit on the same kind of machine). ``models.distil`` runs the same way
towards other goals.
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
#: ``goal(network, numbers of messages, ids[b, n], mask[b, n])`` returns what is to become small.
Goal = Callable[[Network, Sequence[int], Tensor, Tensor], Tensor]


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
    torch.manual_seed(seed)
    network = new_network(base)
    run = Run(encoded, seed=seed, epochs=epochs)
    goal = Labels(encoded, run.originals(base, out=out, progress=progress))
    return run.train(network, goal, out=out, progress=progress)


def encode(example: Example, tokens: Tokens) -> Encoded:
    """Return ``example`` as token ids, with targets that are not quite 0 and 1."""
    ids = tokens.ids_of_normalised(example.text)
    targets = tuple(target * (1.0 - 2.0 * SMOOTHING) + SMOOTHING for target in example.targets)
    return Encoded(ids=tuple(ids), targets=targets, weights=example.weights)


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


class Labels:
    """The goal of training: a message's labels, and an embedding near ``originals[messages, 384]``."""

    def __init__(self, encoded: Sequence[Encoded], originals: Vector) -> None:
        self._encoded = encoded
        self._originals = originals

    def __call__(self, network: Network, batch: Sequence[int], ids: Tensor, mask: Tensor) -> Tensor:
        """Return the loss of a batch."""
        targets = torch.tensor([self._encoded[index].targets for index in batch])
        weights = torch.tensor([self._encoded[index].weights for index in batch])
        with torch.autocast("cpu", torch.bfloat16):
            logits, embedding = network(ids, mask)
        losses = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
        far = 1.0 - (embedding.float() * torch.from_numpy(self._originals[list(batch)])).sum(1).mean()
        return (losses * weights).sum() / BATCH + DISTIL * far


class Run:
    """One training run over encoded messages, which can be interrupted and continued.

    ``mark`` stands for what else decides the result, such as the network that is imitated; ``rates`` are those of
    the encoder and of what is on top of it. ``dropout`` is for learning from few labels, not for imitating.
    """

    def __init__(
        self,
        encoded: Sequence[Encoded],
        *,
        seed: int,
        epochs: int,
        mark: str = "",
        rates: tuple[float, float] = (ENCODER_RATE, HEAD_RATE),
        dropout: bool = True,
    ) -> None:
        self._encoded = encoded
        self._seed = seed
        self._mark = mark
        self._rates = rates
        self._dropout = dropout
        lengths = [len(message.ids) for message in encoded]
        self._plan = [batch for epoch in range(epochs) for batch in batches(lengths, seed=seed, epoch=epoch)]

    def fingerprint(self) -> str:
        """Return what a checkpoint must match to be continued: the data, the seed, the plan and the mark."""
        digest = hashlib.sha256(
            f"{self._seed} {len(self._plan)} {self._mark}{self._rates}{self._dropout}".encode()
        )
        for message in self._encoded:
            digest.update(repr((message.ids, message.targets, message.weights)).encode())
        return digest.hexdigest()

    def train(self, network: Network, goal: Goal, *, out: Path, progress: Progress) -> Network:
        """Return ``network`` trained towards ``goal``. A checkpoint of the same run in ``out`` is continued."""
        optimiser, schedule = _optimiser(network, steps=len(self._plan), rates=self._rates)
        start = self._resume(out, network, optimiser, schedule)
        network.train(self._dropout)
        for step in range(start, len(self._plan)):
            torch.manual_seed(self._seed * 1_000_003 + step)  # so that a continued run draws the same
            batch = self._plan[step]
            loss = goal(network, batch, *padded([self._encoded[index].ids for index in batch]))
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

    def originals(self, base: Path, *, out: Path, progress: Progress) -> Vector:
        """Return the original embeddings ``[messages, 384]`` of all messages, kept in ``out`` for a next time."""
        ids = [message.ids for message in self._encoded]
        kept, mark = out / "originals.npy", out / "originals.txt"
        texts = hashlib.sha256(repr(ids).encode()).hexdigest()
        if kept.exists() and mark.exists() and mark.read_text() == texts:
            vectors: Vector = np.load(kept)
            return vectors
        fresh = original_vectors(ids, base=base, progress=progress)
        np.save(kept, fresh)
        mark.write_text(texts)
        return fresh

    def _resume(self, out: Path, network: Network, optimiser: AdamW, schedule: LambdaLR) -> int:
        file = out / "checkpoint.pt"
        if not file.exists():
            return 0
        state = torch.load(file, weights_only=True)
        if state.get("run") != self.fingerprint():  # what was averaged is of no run
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


def _optimiser(network: Network, *, steps: int, rates: tuple[float, float]) -> tuple[AdamW, LambdaLR]:
    """Return AdamW, with a faster rate for the new layers, and a rate that warms up and falls to nothing."""
    encoder = [p for name, p in network.named_parameters() if name.startswith("bert.") and p.requires_grad]
    head = [p for name, p in network.named_parameters() if not name.startswith("bert.")]
    groups = [{"params": part, "lr": rate} for part, rate in zip((encoder, head), rates, strict=True)]
    optimiser = AdamW(groups, weight_decay=0.01)
    warm = max(1, round(WARM_UP * steps))

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / warm) * max(0.0, (steps - step) / max(1, steps - warm))

    return optimiser, LambdaLR(optimiser, rate)
