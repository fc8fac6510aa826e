"""The network that is trained: one encoder, read twice. Needs torch; everything else here does without.

``logits[b, 3]`` (question, complaint, praise) come from a head on the first token and an attention pool;
``embedding[b, 384]`` is the masked mean of the last layer, projected and L2-normalised, which stays close to
the original sentence encoder's (Reimers & Gurevych 2019) because training distils it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel
from transformers.utils import logging

WIDTH = 384
LABELS = 3


class Network(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """``forward(ids[b, n], mask[b, n]) -> (logits[b, 3], embedding[b, 384])``."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert
        self.attend = nn.Linear(WIDTH, 1)
        self.dropout = nn.Dropout(0.1)
        self.inner = nn.Linear(2 * WIDTH, WIDTH)
        self.outer = nn.Linear(WIDTH, LABELS)
        self.project = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.eye_(self.project.weight)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and unit embeddings for padded token ids; ``mask`` is 1 on tokens, 0 on padding."""
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.logits(hidden, mask), self.embedding(hidden, mask)

    def logits(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return ``[b, 3]`` from ``hidden[b, n, 384]``."""
        scores = self.attend(hidden).squeeze(-1).masked_fill(mask == 0, -1e4)
        pooled = (torch.softmax(scores, dim=1).unsqueeze(-1) * hidden).sum(1)
        features = torch.cat([hidden[:, 0], pooled], dim=1)
        return self.outer(self.dropout(functional.gelu(self.inner(self.dropout(features)))))

    def embedding(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return ``[b, 384]`` of length 1 from ``hidden[b, n, 384]``."""
        return functional.normalize(self.project(masked_mean(hidden, mask)), dim=1)


def masked_mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the mean ``[b, 384]`` of ``hidden[b, n, 384]`` over the tokens that are no padding."""
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weight).sum(1) / weight.sum(1)


def new_network(base: Path) -> Network:
    """Return the network on top of the encoder in the folder ``base``; its word embeddings stay as they are."""
    bert = original_encoder(base)
    bert.embeddings.word_embeddings.weight.requires_grad_(False)
    return Network(bert)


def network_of(base: Path, weights: Mapping[str, Tensor]) -> Network:
    """Return the network with ``weights``: like that of ``base``, or of fewer layers and a narrower inside."""
    network = new_network(base)
    inner = "bert.encoder.layer.{}.intermediate.dense.weight"
    count = next(index for index in itertools.count() if inner.format(index) not in weights)
    narrow(network, range(count), width=len(weights[inner.format(0)]))
    network.load_state_dict(weights)
    network.eval()
    return network


def narrow(
    network: Network, layers: Sequence[int], *, width: int, excited: Sequence[Tensor] | None = None
) -> None:
    """Keep of ``network`` the layers named, and of the inside of each the ``width`` places that say most.

    ``excited``: for each layer ``[inside]``, how large its places become; without, the first ones stay.
    """
    kept = [network.bert.encoder.layer[index] for index in layers]
    for index, layer in zip(layers, kept, strict=True):
        into, out = layer.intermediate.dense, layer.output.dense
        says = excited[index] * out.weight.data.norm(dim=0) if excited else -torch.arange(into.out_features)
        places = says.topk(width).indices.sort().values
        layer.intermediate.dense = _linear(into.weight.data[places], into.bias.data[places])
        layer.output.dense = _linear(out.weight.data[:, places], out.bias.data)
    network.bert.encoder.layer = nn.ModuleList(kept)
    network.bert.config.num_hidden_layers = len(kept)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.weight.data, linear.bias.data = weight.clone(), bias.clone()
    return linear


def original_encoder(base: Path) -> BertModel:
    """Return the untouched encoder: where training starts, and the teacher of the embedding."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # the pooler is left out on purpose
    return BertModel.from_pretrained(base, add_pooling_layer=False).eval()
