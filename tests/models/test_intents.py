import json
from random import Random

import pytest

from bot.errors import ModelError
from models.choosing import LATER, QUERIES, sample_queries
from models.dataset import text_key
from models.intents import (
    BRANDS_APART,
    PUBLIC_APART,
    WRITTEN,
    Asked,
    by_intent,
    examples_of,
    is_apart,
    learned_from,
    read_brands,
    read_intents,
)
from tests.models.public_sets import write


def brand(folder, name, rows):
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"intent": intent, "text": text}) for intent, text in rows]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def names(*, apart, one_in):
    """Return names that are set apart, or are not."""
    return [name for name in map(str, range(40)) if is_apart(name, one_in=one_in) is apart]


def test_the_test_split_asks_and_gives_no_examples(tmp_path):
    rows = [("a", "pay", "train"), ("b", "pay", "dev"), ("c", "pay", "test"), ("d", "oos", "test")]
    write(tmp_path, "set", rows)
    file = tmp_path / "set.jsonl.gz"
    assert read_intents(file, test=True) == [Asked("c", "pay"), Asked("d", None)]
    assert [one.text for one in read_intents(file, test=False)] == ["a", "b"]


def test_each_intent_gets_as_many_examples_and_what_is_out_of_scope_none():
    asked = [Asked(f"{name} {number}", name) for name in ("a", "b") for number in range(9)] + [Asked("x", None)]
    examples = examples_of(asked, each=4, chance=Random(1))
    assert {name: len(texts) for name, texts in examples.items()} == {"a": 4, "b": 4}
    assert examples == examples_of(asked, each=4, chance=Random(1))


def test_nothing_is_learned_from_brands_that_are_set_apart(tmp_path):
    kept, apart = names(apart=False, one_in=BRANDS_APART)[0], names(apart=True, one_in=BRANDS_APART)[0]
    for name in (kept, apart):
        brand(tmp_path / "brands", name, [("hours", f"open, {name}?"), ("hours", f"shut, {name}?")])
    assert learned_from([], brands=tmp_path / "brands") == [{"hours": [f"open, {kept}?", f"shut, {kept}?"]}]


def test_of_public_sets_neither_test_split_nor_its_words_nor_what_is_set_apart_is_learned_from(tmp_path):
    kept, apart = names(apart=False, one_in=PUBLIC_APART)[0], names(apart=True, one_in=PUBLIC_APART)[0]
    rows = [
        ("where is it", kept, "train"),
        ("Is it HERE", kept, "train"),
        ("is it here", kept, "test"),
        ("what is it", apart, "train"),
        ("who is it", "oos", "train"),
    ]
    write(tmp_path, "banking77", rows)
    found = learned_from([tmp_path], brands=tmp_path / "none")
    assert found == [{kept: ["where is it"]}]
    assert learned_from([tmp_path / "banking77.jsonl.gz"], brands=tmp_path / "none") == found


@pytest.mark.parametrize("line", ['{"intent": "hours"}', '{"intent": "hours", "text": "a", "label": 1}', "open?"])
def test_a_line_that_is_no_message_of_an_intent_is_named(tmp_path, line):
    file = tmp_path / "shop.jsonl"
    file.write_text('{"intent": "hours", "text": "open?"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"shop\.jsonl:2: wanted \{\"intent\""):
        read_brands(tmp_path)


def test_the_brands_written_for_heed_are_whole():
    brands = read_brands()
    assert len(brands) >= 80
    for name, asked in brands.items():
        intents = by_intent(asked)
        assert len(intents) >= 18, name
        assert min(map(len, intents.values())) >= 4, name
        texts = [one.text.lower() for one in asked]
        assert len(set(texts)) == len(texts), name
    apart = [name for name in brands if is_apart(name, one_in=BRANDS_APART)]
    assert 5 <= len(apart) <= len(brands) // 2


def test_no_message_of_theirs_is_a_query_by_which_is_measured():
    queries = {text_key(one.text) for file in (QUERIES, LATER) for one in sample_queries(file)}
    assert not [
        one.text for asked in read_brands(WRITTEN).values() for one in asked if text_key(one.text) in queries
    ]
