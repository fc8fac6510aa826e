import gzip
import json

import numpy as np

from models.dataset import is_held_out
from models.figures import EXAMPLES, read_intents, retrieval


def axis(text):
    """Return a unit vector that the first word of a text decides."""
    vector = np.zeros(3, dtype=np.float32)
    vector[{"red": 0, "green": 1, "blue": 2}[text.split()[0]]] = 1.0
    return vector


def embed(texts):
    return np.stack([axis(text) for text in texts])


def test_an_embedding_that_tells_all_intents_apart_finds_every_one():
    texts = [f"{colour} message {i}" for i in range(100) for colour in ("red", "green", "blue")]
    found = retrieval(texts, [text.split()[0] for text in texts], embed)
    assert (found.intents, found.first, found.among_five) == (3, 1.0, 1.0)
    assert found.queries == sum(is_held_out(text) for text in texts)


def test_an_embedding_that_confuses_two_intents_is_found_out():
    texts = [f"red {kind} {i}" for i in range(200) for kind in ("a", "b")]
    found = retrieval(texts, [text.split()[1] for text in texts], embed)
    queries = [text for text in texts if is_held_out(text)]
    assert found.first == sum(" a " in text for text in queries) / len(queries)
    assert found.among_five == 1.0


def test_each_intent_gets_the_same_number_of_examples():
    asked = []

    def recorded(texts):
        asked.append(len(texts))
        return embed(texts)

    retrieval([f"red {i}" for i in range(100)], ["one"] * 100, recorded)
    assert asked[0] == EXAMPLES


def test_messages_out_of_scope_have_no_intent(tmp_path):
    file = tmp_path / "intents.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"text": text, "orig": text}) + "\n" for text in ("pay", "oos"))
    assert read_intents(file) == (["pay"], ["pay"])
