"""From the trained network to the files of a weights folder: ONNX, int8, manifest. Needs the extra ``train``.

What is exported reads **one** message without padding, so it needs no mask. Products are int8, per channel
(scale of the activations found at run time); word embeddings are int8 with a scale for each word, which is
much closer than one scale for all of them; the heads stay in float32. Before that, what is large in a few places
of the activations is moved into the weights (SmoothQuant, Xiao et al. 2023), because one scale serves all places.
Attention is one operator of onnxruntime, from which int8 makes one, too.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

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
#: The domain of onnxruntime's own operators.
ONNXRUNTIME = "com.microsoft"
_HEAD_NODES = ("/attend", "/inner", "/outer", "/project")


class OneMessage(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """``forward(ids[1, n]) -> (logits[3], embedding[384])``: the network without dropout, mask and padding."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)  # what is prepared for int8 is no longer what was trained
        words, scales = per_word(network.bert.embeddings.word_embeddings.weight)
        self.register_buffer("words", words)
        self.register_buffer("scales", scales)
        parts = network.bert.embeddings
        places = parts.position_embeddings.weight[:MAX_TOKENS] + parts.token_type_embeddings.weight[0]
        self.register_buffer("places", places.detach().clone())
        for index, layer in enumerate(network.bert.encoder.layer):
            self.add_module(f"attention{index}", SelfAttention(layer.attention.self))

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is said about the one message whose token ids are given."""
        hidden = self.embedded(ids)
        for index, layer in enumerate(self.network.bert.encoder.layer):
            hidden = self.layer(hidden, layer, getattr(self, f"attention{index}"))
        return self.heads(hidden)

    def embedded(self, ids: Tensor) -> Tensor:
        """Return ``[1, n, 384]``: word, place and type, normalised."""
        words = self.words[ids].to(torch.float32) * self.scales[ids]
        return self.network.bert.embeddings.LayerNorm(words + self.places[: ids.shape[1]])

    def layer(self, hidden: Tensor, layer: nn.Module, attend: nn.Module) -> Tensor:
        """Return the next layer's ``[1, n, 384]`` from this one's."""
        context = attend(hidden)
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


class SelfAttention(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """Attention of one message's tokens to each other: query, key and value are one product, as is their use."""

    in_features = WIDTH

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        parts = (attention.query, attention.key, attention.value)
        self.weight = nn.Parameter(torch.cat([part.weight.data.t() for part in parts], dim=1))
        self.bias = nn.Parameter(torch.cat([part.bias.data for part in parts]))
        self.register_buffer("shrink", torch.ones(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """Return the context, ``[1, n, 384]`` from ``x[1, n, 384]``."""
        context: Tensor = Attending.apply(x * self.shrink, self.weight, self.bias)
        return context

    def smooth(self, scales: Tensor) -> None:
        """Compute the same from ``x / scales``, with weights that are as many times larger."""
        self.weight.data *= scales.unsqueeze(1)
        self.shrink /= scales

    def shrink_context(self, scales: Tensor) -> None:
        """Give the context divided by ``scales[384]``: its parts are sums of values, so the values are."""
        self.weight.data[:, -WIDTH:] /= scales
        self.bias.data[-WIDTH:] /= scales


class Attending(torch.autograd.Function):  # type: ignore[misc]  # as above
    """What ``com.microsoft.Attention`` computes, and its name for the exporter."""

    @staticmethod
    def forward(_context: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # noqa: ANN401  # torch's own
        """Return ``[1, n, 384]`` from ``x[1, n, 384]``, ``weight[384, 3 * 384]`` and ``bias[3 * 384]``."""
        size = WIDTH // HEADS
        query, key, value = (
            part.view(1, -1, HEADS, size).transpose(1, 2) for part in (x @ weight + bias).split(WIDTH, dim=-1)
        )
        scores = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(size), dim=-1)
        return (scores @ value).transpose(1, 2).reshape(1, -1, WIDTH)

    @staticmethod
    def symbolic(graph: Any, x: Any, weight: Any, bias: Any) -> Any:  # noqa: ANN401  # the exporter's own
        """Return the operator in the exported graph."""
        made = graph.op(f"{ONNXRUNTIME}::Attention", x, weight, bias, num_heads_i=HEADS)
        made.setType(x.type())
        return made


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
    peaks = {product: torch.full((product.in_features,), 1e-4) for product in products(module)}
    hooks = [product.register_forward_hook(_keeping(peaks)) for product in peaks]
    with torch.inference_mode():
        for ids in sample:
            module(torch.tensor([list(ids)]))
    for hook in hooks:
        hook.remove()
    for index, layer in enumerate(module.network.bert.encoder.layer):
        attend, after = getattr(module, f"attention{index}"), layer.attention.output.dense
        attend.smooth(_scales(peaks[attend], attend.weight.data, inputs=0))
        scales = _scales(peaks[after], after.weight.data, inputs=1)
        attend.shrink_context(scales)
        after.weight.data *= scales
        for holder in (layer.intermediate, layer.output):
            scales = _scales(peaks[holder.dense], holder.dense.weight.data, inputs=1)
            holder.dense = Smoothed(holder.dense, scales)
    return module


def products(module: OneMessage) -> Iterator[nn.Module]:
    """Yield the encoder's products that become int8."""
    for index, layer in enumerate(module.network.bert.encoder.layer):
        yield getattr(module, f"attention{index}")
        yield layer.attention.output.dense
        yield layer.intermediate.dense
        yield layer.output.dense


def _scales(peak: Tensor, weight: Tensor, *, inputs: int) -> Tensor:
    """Return by what to divide each input of a product; ``inputs`` is the axis of ``weight`` that they meet."""
    widths = weight.abs().amax(dim=1 - inputs).clamp(min=1e-4)
    scales = peak.clone().pow(SMOOTH) / widths.pow(1.0 - SMOOTH)
    return scales / scales.mean()


def _keeping(peaks: dict[nn.Module, Tensor]) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
    """Return a hook that keeps the largest value at each place of what goes into a product."""

    def keep(product: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> None:
        peaks[product] = torch.maximum(peaks[product], inputs[0].abs().amax(dim=(0, 1)))

    return keep


def per_word(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``weight[v, 384]`` as int8 with one float32 scale for each word, ``[v, 1]``."""
    scales = weight.detach().abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127.0
    return torch.round(weight.detach() / scales).to(torch.int8), scales


def export(network: Network, folder: Path, *, sample: Sequence[Sequence[int]] = ()) -> tuple[Path, Path]:
    """Write the float32 network and the int8 one that is shipped; return both paths.

    ``sample``: token ids of a hundred messages or more, by which the products are smoothed; without, they are not.
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
        custom_opsets={ONNXRUNTIME: 1},
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
        op_types_to_quantize=["MatMul", "Attention"],
        nodes_to_exclude=names + [f"{name}_MatMul" for name in names],  # a Gemm becomes a MatMul of that name
        extra_options={"MatMulConstBOnly": True},
    )
