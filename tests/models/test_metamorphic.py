import json
import random

import pytest

from bot.errors import ModelError
from models import metamorphic
from models.metamorphic import agreement, flip_rates, invariance, sampled
from models.perturb import CHANGES, LOOK_ALIKES
from models.transcripts import READINGS
from tests.models.test_label_evaluation import said

TEXT = "Where is my parcel, it should be here"


class Loud:
    """Hears a complaint in capitals and a question in everything else."""

    async def assess(self, texts):
        return [said(complaint=0.9) if text.isupper() else said(question=0.9) for text in texts]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("text", [TEXT, "ok", "?", "no way...", "1234"])
def test_the_same_chance_makes_the_same_change(name, text):
    once, again = (CHANGES[name](text, random.Random(3)) for _ in range(2))
    assert once == again
    assert once.strip()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_a_plain_message(name):
    assert CHANGES[name](TEXT, random.Random(3)) != TEXT


@pytest.mark.parametrize("name", ["doubled letter", "typo"])
def test_slips_spare_short_words_handles_and_first_letters(name):
    for seed in range(50):
        changed = CHANGES[name]("@somebody it is a mess", random.Random(seed))
        assert changed.startswith("@somebody it is a m")


def test_a_question_mark_is_never_lost():
    assert CHANGES["trailing punctuation"]("why?", random.Random(1)) == "why??"
    assert CHANGES["trailing punctuation"]("why.", random.Random(1)) == "why"
    assert CHANGES["trailing punctuation"]("why", random.Random(1)) == "why."


def test_look_alikes_are_one_letter_for_one():
    changed = CHANGES["look-alikes"](TEXT, random.Random(1))
    assert len(changed) == len(TEXT)
    assert changed != TEXT
    assert all(
        one == other or one.translate(LOOK_ALIKES) == other for one, other in zip(TEXT, changed, strict=True)
    )


async def test_flips_are_counted_by_change_and_on_average():
    overall, found = await flip_rates(Loud(), [TEXT] * 10)
    flips = {one.change: one.flips for one in found}
    assert flips["upper case"] == 10
    assert sum(flips.values()) == 10
    assert found[0].sure == 10
    assert overall.value == pytest.approx(1 / len(CHANGES))


async def test_a_message_is_read_alone_as_among_others(assessor):
    found = await invariance(assessor, [f"where is order {number}, please" for number in range(110)])
    assert (found.texts, found.differing, found.worst) == (110, 0, 0.0)


def test_networks_agree_where_they_name_the_same_label():
    def small(text):
        return [0.9, 0.1, 0.0]

    def exact(text):
        return [0.7, 0.1, 0.0] if "?" in text else [0.2, 0.1, 0.0]

    found = agreement(small, exact, ["why?", "no", "@nobody"])
    assert (found.texts, found.same) == (2, 1)
    assert found.worst_difference == pytest.approx(0.7)


def test_texts_come_from_customers_and_each_but_once(tmp_path):
    file = tmp_path / "talk.jsonl"
    rows = [("customer", "one"), ("agent", "two"), ("member", "three"), ("customer", "one"), ("customer", " ")]
    file.write_text(
        "".join(json.dumps({"conversation": "c", "role": role, "text": text}) + "\n" for role, text in rows)
    )
    assert sorted(sampled([tmp_path])) == ["one", "three"]


@pytest.mark.skipif(not (READINGS.parent / "corpus").is_dir(), reason="the corpus is not installed")
def test_without_transcripts_held_out_messages_are_taken():
    texts = sampled([], count=20)
    assert len(set(texts)) == 20
    assert texts == sampled([], count=20)


def test_nothing_to_read_is_refused(tmp_path):
    with pytest.raises(ModelError, match="name transcripts"):
        sampled([tmp_path])


def test_the_report_is_printed_as_text_or_json(tmp_path, capsys):
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps({"conversation": "c", "role": "customer", "text": TEXT}) + "\n")
    network = str(metamorphic.SHIPPED / "model.int8.onnx")
    metamorphic.main(["--transcripts", str(file), "--float32", network])
    assert "same primary label: 100.00%" in capsys.readouterr().out
    metamorphic.main(["--transcripts", str(file), "--json"])
    assert json.loads(capsys.readouterr().out)["invariance"]["differing"] == 0
