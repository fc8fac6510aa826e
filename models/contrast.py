"""What wants the same answer is to lie together: a goal for an embedding. Needs torch.

The loss is the supervised contrastive one (Khosla et al., NeurIPS 2020): among messages of one brand, each is
drawn to those of its own intent and away from all others, those that look alike most of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import torch
from torch import Tensor
from torch.nn import functional

from models.finetune import Goal, padded
from models.intents import Intents
from models.network import Network
from models.tokens import Tokens

#: In one step of so many the goal is sought.
EVERY = 3
#: Intents that meet in one step, and messages of each.
TOGETHER, EACH = 12, 4
#: What it counts for in its step, against labels and teachers.
CONTRAST = 0.5
#: By what cosines are divided: the smaller, the more it is the nearest wrong ones that count.
TEMPERATURE = 0.1
#: A collection is drawn as often as it has intents, up to so many.
MOST_INTENTS = 40


class Contrast:
    """The goal of an embedding: near are messages of one intent, of whichever words; far are its neighbours.

    It is sought beside another ``goal``, in one step of EVERY. What is drawn follows from torch's seed, which a
    run sets at each step.
    """

    def __init__(self, goal: Goal, collections: Sequence[Intents], tokens: Tokens) -> None:
        self._goal = goal
        encoded = [
            {
                name: [tuple(tokens.ids(text)) for text in texts]
                for name, texts in one.items()
                if len(texts) >= EACH
            }
            for one in collections
        ]
        self._collections = [one for one in encoded if len(one) > 1]
        self._often = [min(len(one), MOST_INTENTS) for one in self._collections]

    def __call__(self, network: Network, batch: Sequence[int], ids: Tensor, mask: Tensor) -> Tensor:
        """Return the loss of a batch, with that of some intents in one step of EVERY."""
        chance = Random(int(torch.randint(2**31, (1,))))  # noqa: S311  # no secret is drawn
        loss = self._goal(network, batch, ids, mask)
        if not self._collections or chance.randrange(EVERY):
            return loss
        intents = chance.choices(self._collections, self._often)[0]
        return loss + CONTRAST * self._apart(network, _drawn(intents, chance))

    def _apart(self, network: Network, drawn: Sequence[tuple[int, tuple[int, ...]]]) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            _, embedding = network(*padded([ids for _, ids in drawn]))
        return contrast(functional.normalize(embedding.float(), dim=1), [intent for intent, _ in drawn])


def contrast(embedding: Tensor, intents: Sequence[int]) -> Tensor:
    """Return how far ``embedding[b, 384]``, unit vectors, are from lying by ``intents``; each stands there twice.

    Formula: L_out of Khosla et al. (2020), equation 2, on average over the messages.
    """
    itself = torch.eye(len(intents), dtype=torch.bool)
    owner = torch.tensor(intents)
    same = (owner[:, None] == owner[None, :]) & ~itself
    alike = (embedding @ embedding.T / TEMPERATURE).masked_fill(itself, -1e4)
    chances = functional.log_softmax(alike, dim=1)
    return -((chances * same).sum(1) / same.sum(1)).mean()


def _drawn(intents: Mapping[str, Sequence[tuple[int, ...]]], chance: Random) -> list[tuple[int, tuple[int, ...]]]:
    names = chance.sample(sorted(intents), min(TOGETHER, len(intents)))
    return [(number, ids) for number, name in enumerate(names) for ids in chance.sample(intents[name], EACH)]
