import numpy as np

from models.figures import EXAMPLES, retrieval
from models.intents import Asked


def axis(text):
    """Return a unit vector that the first word of a text decides."""
    vector = np.zeros(3, dtype=np.float32)
    vector[{"red": 0, "green": 1, "blue": 2}[text.split()[0]]] = 1.0
    return vector


def embed(texts):
    return np.stack([axis(text) for text in texts])


def asked(texts, word):
    return [Asked(text, text.split()[word]) for text in texts]


def test_an_embedding_that_tells_all_intents_apart_finds_every_one():
    texts = [f"{colour} message {i}" for i in range(30) for colour in ("red", "green", "blue")]
    found = retrieval(asked(texts[:45], 0), asked(texts[45:], 0), embed)
    assert (found.intents, found.queries, found.first, found.among_five) == (3, 45, 1.0, 1.0)


def test_an_embedding_that_confuses_two_intents_is_found_out():
    texts = [f"red {kind} {i}" for i in range(30) for kind in ("a", "b", "b")]
    found = retrieval(asked(texts[:45], 1), asked(texts[45:], 1), embed)
    assert found.first == sum(" a " in text for text in texts[45:]) / 45
    assert found.among_five == 1.0


def test_each_intent_gets_the_same_number_of_examples():
    sizes = []

    def recorded(texts):
        sizes.append(len(texts))
        return embed(texts)

    texts = [f"red {i}" for i in range(100)]
    retrieval(asked(texts, 0), asked(texts[:7], 0), recorded)
    assert sizes == [EXAMPLES, 7]


def test_queries_of_no_intent_are_not_asked():
    found = retrieval(asked(["red one"], 1), [Asked("red two", None), Asked("red three", "one")], embed)
    assert (found.queries, found.first) == (1, 1.0)
