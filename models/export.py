"""From the trained network to the files of a weights folder: ONNX, int8, manifest. Needs the extra ``train``.

What is exported reads **one** message without padding, so it needs no mask. Products are int8, per channel
(scale of the activations found at run time); word embeddings are int8 with a scale for each word, which is
much closer than one scale for all of them; the heads stay in float32. Before that, what is large in a few places
of the activations is moved into the weights (SmoothQuant, Xiao et al. 2023), because one scale serves all places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from onnx import load
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn import functional

from models.network import WIDTH, Network
from models.tokens import MAX_TOKENS

HEADS = 12
#: How much of the activations' spread goes into the weights, in [0, 1]. Of 0.5, 0.7, 0.75, 0.85 and 1 it was the
#: one whose embeddings are closest to float32's, with logits nearly so.
SMOOTH = 0.75
OPSET = 18
#: A product: the module that holds it, and its name there.
Place = tuple[nn.Module, str]
_HEAD_NODES = ("/attend", "/inner", "/outer", "/project")


class OneMessage(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """``forward(ids[1, n]) -> (logits[3], embedding[384])``: the network without dropout, mask and padding."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        words, scales = per_word(network.bert.embeddings.word_embeddings.weight)
        self.register_buffer("words", words)
        self.register_buffer("scales", scales)
        parts = network.bert.embeddings
        places = parts.position_embeddings.weight[:MAX_TOKENS] + parts.token_type_embeddings.weight[0]
        self.register_buffer("places", places.detach().clone())
        for index, layer in enumerate(network.bert.encoder.layer):
            self.add_module(f"qkv{index}", joined(layer.attention.self))

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is said about the one message whose token ids are given."""
        hidden = self.embedded(ids)
        for index, layer in enumerate(self.network.bert.encoder.layer):
            hidden = self.layer(hidden, layer, getattr(self, f"qkv{index}"))
        return self.heads(hidden)

    def embedded(self, ids: Tensor) -> Tensor:
        """Return ``[1, n, 384]``: word, place and type, normalised."""
        words = self.words[ids].to(torch.float32) * self.scales[ids]
        return self.network.bert.embeddings.LayerNorm(words + self.places[: ids.shape[1]])

    def layer(self, hidden: Tensor, layer: nn.Module, qkv: nn.Module) -> Tensor:
        """Return the next layer's ``[1, n, 384]`` from this one's."""
        size = WIDTH // HEADS
        query, key, value = (
            part.view(1, -1, HEADS, size).transpose(1, 2) for part in qkv(hidden).split(WIDTH, dim=-1)
        )
        scores = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(size), dim=-1)
        context = (scores @ value).transpose(1, 2).reshape(1, -1, WIDTH)
        out = layer.attention.output
        hidden = out.LayerNorm(out.dense(context) + hidden)
        inner = functional.gelu(layer.intermediate.dense(hidden))
        return layer.output.LayerNorm(layer.output.dense(inner) + hidden)

    def heads(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``logits[3]`` and ``embedding[384]`` from the last layer's ``[1, n, 384]``."""
        network = self.network
        pooled = (torch.softmax(network.attend(hidden), dim=1) * hidden).sum(1)
        features = torch.cat([hidden[:, 0], pooled], dim=1)
        logits = network.outer(functional.gelu(network.inner(features)))
        embedding = functional.normalize(network.project(hidden.mean(1)), dim=1)
        return logits[0], embedding[0]


class Smoothed(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """``linear(x)``, computed as a product of ``x / scales`` with weights that are as many times larger."""

    def __init__(self, linear: nn.Linear, scales: Tensor) -> None:
        super().__init__()
        self.linear = nn.Linear(linear.in_features, linear.out_features)
        self.linear.weight.data = linear.weight.data * scales
        self.linear.bias.data = linear.bias.data.clone()
        self.register_buffer("shrink", 1.0 / scales)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``[1, n, out]`` from ``x[1, n, in]``."""
        return self.linear(x * self.shrink)


def smoothed(module: OneMessage, sample: Sequence[Sequence[int]]) -> OneMessage:
    """Return ``module`` with the encoder's products smoothed by what the token ids in ``sample`` excite."""
    peaks = {place: torch.full((getattr(*place).in_features,), 1e-4) for place in products(module)}
    hooks = [getattr(*place).register_forward_hook(_keeping(peaks, place)) for place in peaks]
    with torch.inference_mode():
        for ids in sample:
            module(torch.tensor([list(ids)]))
    for hook in hooks:
        hook.remove()
    for place, peak in peaks.items():
        linear = getattr(*place)
        widths = linear.weight.data.abs().amax(dim=0).clamp(min=1e-4)
        scales = peak.clone().pow(SMOOTH) / widths.pow(1.0 - SMOOTH)
        setattr(*place, Smoothed(linear, scales / scales.mean()))
    return module


def products(module: OneMessage) -> Iterator[Place]:
    """Yield the encoder's products that become int8: who holds each, and by what name."""
    for index, layer in enumerate(module.network.bert.encoder.layer):
        yield module, f"qkv{index}"
        yield layer.attention.output, "dense"
        yield layer.intermediate, "dense"
        yield layer.output, "dense"


def _keeping(peaks: dict[Place, Tensor], place: Place) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
    """Return a hook that keeps the largest value at each place of what goes into a product."""

    def keep(_module: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> None:
        peaks[place] = torch.maximum(peaks[place], inputs[0].abs().amax(dim=(0, 1)))

    return keep


def per_word(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``weight[v, 384]`` as int8 with one float32 scale for each word, ``[v, 1]``."""
    scales = weight.detach().abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127.0
    return torch.round(weight.detach() / scales).to(torch.int8), scales


def joined(attention: nn.Module) -> nn.Linear:
    """Return query, key and value as one product: its input is brought to int8 once instead of three times."""
    linear = nn.Linear(WIDTH, 3 * WIDTH)
    parts = (attention.query, attention.key, attention.value)
    linear.weight.data = torch.cat([part.weight.data for part in parts])
    linear.bias.data = torch.cat([part.bias.data for part in parts])
    return linear


def export(network: Network, folder: Path, *, sample: Sequence[Sequence[int]] = ()) -> tuple[Path, Path]:
    """Write the float32 network and the int8 one that is shipped; return both paths.

    ``sample``: token ids of a hundred messages or more, by which the products are smoothed; without, they are not.
    The network's products are replaced by equal ones then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    exact, small = folder / "model.float32.onnx", folder / "model.int8.onnx"
    module = OneMessage(network.eval()).eval()
    if sample:
        module = smoothed(module, sample)
    torch.onnx.export(
        module,
        (torch.tensor([[101, 2023, 2003, 1037, 3231, 102]]),),
        str(exact),
        input_names=["ids"],
        output_names=["logits", "embedding"],
        dynamic_axes={"ids": {1: "tokens"}},
        opset_version=OPSET,
        dynamo=False,
    )
    quantise(exact, small)
    return exact, small


def quantise(exact: Path, small: Path) -> None:
    """Write ``exact`` with the encoder's products in int8, per channel, to ``small``; the heads stay."""
    names = [node.name for node in load(str(exact)).graph.node if node.name.startswith(_HEAD_NODES)]
    quantize_dynamic(
        str(exact),
        str(small),
        per_channel=True,
        reduce_range=True,  # 7 bits: without VNNI instructions, sums of 8-bit products would saturate in silence
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=names + [f"{name}_MatMul" for name in names],  # a Gemm becomes a MatMul of that name
        extra_options={"MatMulConstBOnly": True},
    )
