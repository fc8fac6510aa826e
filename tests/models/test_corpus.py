"""The messages written for this project: well formed, each once, and counted in their README."""

import json
import re
from collections import Counter

import pytest

from bot.domain.prediction import SCORED_LABELS
from models.normalise import normalise
from models.train import CORPUS

FILES = sorted(CORPUS.glob("*.jsonl"))
ORDER = [label.value for label in SCORED_LABELS]


def rows_of(file):
    """Return the rows of one file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_row_has_a_text_and_labels_in_order(file):
    for row in rows_of(file):
        assert row.keys() == {"text", "labels"}
        assert row["text"].strip()
        assert row["labels"] == [label for label in ORDER if label in row["labels"]], row


def test_no_message_stands_in_the_corpus_twice():
    texts = Counter(normalise(row["text"]).lower() for file in FILES for row in rows_of(file))

    assert [text for text, times in texts.items() if times > 1] == []


def test_the_readme_counts_what_is_there():
    readme = (CORPUS / "README.md").read_text(encoding="utf-8")
    counted = {name: int(count) for name, count in re.findall(r"\| `(\S+\.jsonl)` \| (\d+) \|", readme)}

    assert counted == {file.name: len(rows_of(file)) for file in FILES}
    assert f"{sum(counted.values()):,} short messages" in readme
