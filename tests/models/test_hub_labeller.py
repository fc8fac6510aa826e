import importlib.util

import pytest

from bot.domain.prediction import Label
from bot.errors import ModelError
from models.assessor import LocalAssessor
from models.hub import HubLabeller, columns_of
from models.manifest import SHIPPED, TOKENIZER

TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not TORCH, reason="needs torch: pip install 'heed[torch]'")
PLACES = {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2}


def test_a_map_says_which_outputs_count_for_a_label():
    columns = columns_of("m", {"LABEL_0": "complaint", "LABEL_2": "complaint", "LABEL_1": "other"}, PLACES)
    assert columns == {Label.COMPLAINT: [0, 2], Label.OTHER: [1]}


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"LABEL_9": "complaint"}, "has no label 'LABEL_9'"),
        ({"LABEL_0": "anger"}, "wanted one of"),
        ({"LABEL_0": "other"}, "is mapped to question, complaint or praise"),
        ({}, "is mapped to question, complaint or praise"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(labels, reason):
    with pytest.raises(ModelError, match=reason):
        columns_of("m", labels, PLACES)


@pytest.mark.skipif(TORCH, reason="torch is installed here")
def test_without_torch_the_remedy_is_named():
    with pytest.raises(ModelError, match=r"pip install 'heed\[torch\]'"):
        HubLabeller.load("some/model", labels={"LABEL_0": "complaint"})


def tiny_model(folder, **config):
    """Save a random BERT of a few kilobytes with the shipped vocabulary."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    transformers.utils.logging.disable_progress_bar()  # its monitor thread would outlive the test
    torch.manual_seed(1)
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.BertConfig(num_labels=3, **small, **config)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(SHIPPED / TOKENIZER), pad_token="[PAD]")
    tokenizer.save_pretrained(folder)
    return str(folder)


@needs_torch
def test_outputs_that_exclude_each_other_are_added_up(tmp_path):
    labels = {"LABEL_0": "complaint", "LABEL_1": "complaint", "LABEL_2": "question"}
    question, complaint, praise = HubLabeller.load(tiny_model(tmp_path), labels=labels).probabilities("it broke")
    assert question + complaint == pytest.approx(1.0)
    assert praise == 0.0


@needs_torch
def test_outputs_that_hold_together_count_by_themselves(tmp_path):
    name = tiny_model(tmp_path, problem_type="multi_label_classification")
    labels = {"LABEL_0": "complaint", "LABEL_1": "question", "LABEL_2": "praise"}
    shares = HubLabeller.load(name, labels=labels).probabilities("it broke")
    assert all(0.4 < share < 0.6 for share in shares)


@needs_torch
async def test_such_a_model_labels_while_the_shipped_one_finds_templates(tmp_path):
    labeller = HubLabeller.load(tiny_model(tmp_path), labels={"LABEL_0": "praise"})
    assessor = await LocalAssessor.load(labeller=labeller)
    await assessor.index({"password": ["I forgot my password"]}, version="v1")
    alone = await assessor.assess(["forgot my password"])
    among = await assessor.assess(["x", "forgot my password", "y" * 5000])
    await assessor.close()
    assert among[1] == alone[0]
    assert alone[0].candidates[0].score > 0.8


@needs_torch
def test_a_model_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be loaded"):
        HubLabeller.load(str(tmp_path / "nothing"), labels={"LABEL_0": "praise"})
