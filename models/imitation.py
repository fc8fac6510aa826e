"""How a small network learns from larger ones. Needs torch: ``models.distil`` imports it where that is there."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.contrast import Contrast
from models.dataset import Example
from models.finetune import (
    BATCH,
    ENCODER_RATE,
    HEAD_RATE,
    TOKENS,
    Encoded,
    Labels,
    Progress,
    Run,
    encode,
    padded,
)
from models.intents import Intents
from models.network import WIDTH, Network, narrow, network_of
from models.tokens import Tokens

#: Rates of the encoder and of what is on top of it while a student imitates, which begins far from its teacher.
RATES = (2e-4, 2e-4)
#: What hidden states and embedding count for, against the labels.
HIDDEN, EMBEDDING = 2.0, 2.0
Hook = Callable[[nn.Module, tuple[Tensor], Tensor], None]
#: Messages by which the places in the inside of a layer are chosen.
EXCITED_BY = 600


@dataclass(frozen=True, slots=True)
class Said:
    """What a teacher made of a message: ``hidden[tokens, 384]`` in bfloat16, ``labels[3]``, ``embedding[384]``."""

    hidden: Tensor
    labels: Tensor
    embedding: Tensor


class Imitation:
    """The goal of a student: to say of a message what its teacher says, and to see each of its tokens alike.

    What the teacher said is kept, some 20 kB a message, so that it is asked once however many epochs there are.
    """

    def __init__(self, teacher: Network) -> None:
        self._teacher = teacher
        self._said: dict[int, Said] = {}

    def __call__(self, network: Network, batch: Sequence[int], ids: Tensor, mask: Tensor) -> Tensor:
        """Return the loss of a batch."""
        if any(index not in self._said for index in batch):
            self._ask(batch, ids, mask)
        said = [self._said[index] for index in batch]
        seen = nn.utils.rnn.pad_sequence([one.hidden for one in said], batch_first=True).float()
        labels = torch.stack([one.labels for one in said])
        meant = torch.stack([one.embedding for one in said])
        with torch.autocast("cpu", torch.bfloat16):
            hidden = network.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            logits, embedding = network.logits(hidden, mask), network.embedding(hidden, mask)
        apart = 1.0 - functional.cosine_similarity(hidden.float(), seen, dim=-1)
        wrong = functional.binary_cross_entropy_with_logits(logits.float(), labels, reduction="sum") / BATCH
        far = 1.0 - (embedding.float() * meant).sum(1).mean()
        return wrong + HIDDEN * (apart * mask).sum() / mask.sum() + EMBEDDING * far

    def _ask(self, batch: Sequence[int], ids: Tensor, mask: Tensor) -> None:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            hidden = self._teacher.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            labels = torch.sigmoid(self._teacher.logits(hidden, mask).float())
            embedding = self._teacher.embedding(hidden, mask).float()
        kept = hidden.to(torch.bfloat16)
        for row, index in enumerate(batch):
            length = int(mask[row].sum())
            self._said[index] = Said(kept[row, :length].clone(), labels[row].clone(), embedding[row].clone())


def imitate(
    teacher: Mapping[str, Tensor],
    texts: Sequence[str],
    *,
    base: Path,
    out: Path,
    layers: Sequence[int],
    width: int,
    seed: int,
    epochs: int,
    progress: Progress,
) -> Network:
    """Return a network of some ``layers`` of the teacher's that imitates it on ``texts``, normalised messages."""
    whole = network_of(base, teacher)
    tokens = Tokens(base, max_tokens=TOKENS)
    encoded = [Encoded(ids=tuple(tokens.ids_of_normalised(text)), targets=(), weights=()) for text in texts]
    student = copy.deepcopy(whole)
    narrow(student, layers, width=width, excited=excited(whole, encoded[:: max(1, len(encoded) // EXCITED_BY)]))
    run = Run(encoded, seed=seed, epochs=epochs, mark=_mark(teacher), rates=RATES, dropout=False)
    return run.train(student, Imitation(whole), out=out, progress=progress)


def excited(network: Network, messages: Sequence[Encoded]) -> list[Tensor]:
    """Return, for each layer, how large the places of its inside become on ``messages``: a sum, ``[inside]``."""
    layers = network.bert.encoder.layer
    sums = [torch.zeros(layer.output.dense.in_features) for layer in layers]

    def keeping(index: int) -> Hook:
        def keep(_module: nn.Module, _inputs: tuple[Tensor], output: Tensor) -> None:
            sums[index].add_(output.abs().sum(dim=(0, 1)))

        return keep

    hooks = [layer.intermediate.register_forward_hook(keeping(index)) for index, layer in enumerate(layers)]
    with torch.inference_mode():
        for message in messages:
            network(*padded([message.ids]))
    for hook in hooks:
        hook.remove()
    return sums


def teach(
    student: Mapping[str, Tensor],
    teachers: Sequence[Mapping[str, Tensor]],
    examples: Sequence[Example],
    *,
    intents: Sequence[Intents] = (),
    base: Path,
    out: Path,
    trust: float,
    pace: float,
    seed: int,
    epochs: int,
    progress: Progress,
) -> Network:
    """Return ``student`` trained on ``examples``; for each label, what teachers say of it counts for ``trust``.

    Its embeddings are to be what theirs are on average, and to tell ``intents`` apart. ``pace`` is a share of
    the usual rates.
    """
    tokens = Tokens(base, max_tokens=TOKENS)
    encoded = [encode(example, tokens) for example in examples]
    heard = [say(network_of(base, one), encoded, progress=progress) for one in teachers]
    said = torch.sigmoid(torch.stack([logits for logits, _ in heard]).mean(dim=0))
    meant = functional.normalize(torch.stack([embeddings for _, embeddings in heard]).mean(dim=0), dim=1)
    taught = [blended(message, row, trust) for message, row in zip(encoded, said.tolist(), strict=True)]
    rates = (pace * ENCODER_RATE, pace * HEAD_RATE)
    run = Run(taught, seed=seed, epochs=epochs, mark=_mark(student) + repr(intents), rates=rates)
    goal = Contrast(Labels(taught, meant.numpy()), intents, tokens)
    return run.train(network_of(base, student), goal, out=out, progress=progress)


def blended(message: Encoded, said: Sequence[float], trust: float) -> Encoded:
    """Return ``message`` with targets between its labels and what teachers said, by what either counts for.

    The cross-entropy towards it is the sum of both, but for a constant.
    """
    weights = tuple(weight + trust for weight in message.weights)
    parts = zip(message.targets, message.weights, said, weights, strict=True)
    targets = tuple((target * weight + trust * one) / total for target, weight, one, total in parts)
    return replace(message, targets=targets, weights=weights)


def say(network: Network, messages: Sequence[Encoded], *, progress: Progress) -> tuple[Tensor, Tensor]:
    """Return the labels' logits ``[messages, 3]`` and the embeddings ``[messages, 384]`` of ``messages``."""
    order = sorted(range(len(messages)), key=lambda index: len(messages[index].ids))
    logits, embeddings = torch.zeros(len(messages), 3), torch.zeros(len(messages), WIDTH)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            said, meant = network(*padded([messages[index].ids for index in batch]))
            logits[batch], embeddings[batch] = said.float(), meant.float()
            if start % (20 * BATCH) == 0:
                progress("listening to a teacher", start / len(order))
    return logits, embeddings


def _mark(weights: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
