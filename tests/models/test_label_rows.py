import gzip
import json

import pytest

from bot.errors import ModelError
from models.dataset import (
    FAINT,
    LIKELY_ABSENT,
    TOLD,
    WEAK,
    example,
    is_for_calibration,
    is_held_out,
    read_rows,
    text_key,
)
from models.mixture import RECIPE, mix


def write(folder, *rows, name="rows.jsonl"):
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def only(folder, **fields):
    (row,) = read_rows([write(folder, {"text": "some words", **fields})])
    return example(row)


def test_a_brands_own_row_decides_every_label(tmp_path):
    made = only(tmp_path, labels=["question", "complaint"])
    assert made.targets == (1.0, 1.0, 0.0)
    assert made.weights == (1.0, 1.0, 1.0)


def test_no_label_means_other(tmp_path):
    made = only(tmp_path, labels=[])
    assert (made.targets, made.weights) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def test_what_a_source_does_not_know_is_masked_not_negative(tmp_path):
    made = only(tmp_path, labels=["praise"], known=["praise"], source="goemotions")
    assert made.targets[2] == 1.0
    assert made.weights[1] == 0.0


def test_a_source_that_says_nothing_teaches_nothing(tmp_path):
    assert only(tmp_path, labels=None, known=[], weak=[], source="elsewhere").weights == (0.0, 0.0, 0.0)


def test_a_proxy_counts_less(tmp_path):
    made = only(tmp_path, labels=None, known=[], weak=["question"], source="elsewhere")
    assert (made.targets[0], made.weights[0]) == (1.0, WEAK)


def test_a_bad_mood_hardly_counts_as_a_complaint(tmp_path):
    made = only(tmp_path, labels=None, known=[], weak=["complaint"], source="semeval_2016")
    assert (made.targets[1], made.weights[1]) == (1.0, FAINT)


def test_a_proxy_for_other_speaks_against_all_labels_it_does_not_name(tmp_path):
    made = only(tmp_path, labels=None, known=[], weak=["other", "question"], source="elsewhere")
    assert made.targets == (1.0, 0.0, 0.0)
    assert made.weights == (WEAK, WEAK, WEAK)


def test_where_a_proxy_contradicts_the_annotators_nothing_is_learned(tmp_path):
    made = only(tmp_path, labels=[], known=["praise"], weak=["praise"], source="goemotions")
    assert made.weights[2] == 0.0


def test_requests_to_a_bank_are_likely_no_praise(tmp_path):
    made = only(tmp_path, labels=None, known=[], weak=["question"], source="banking77")
    assert (made.targets[2], made.weights[2]) == (0.0, LIKELY_ABSENT)


def test_compressed_files_and_folders_are_read_in_order(tmp_path):
    write(tmp_path, {"text": "one", "labels": []}, name="a.jsonl")
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"text": "two", "labels": ["praise"]}\n\n')
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    assert [(row.text, row.source) for row in read_rows([tmp_path])] == [("one", "a"), ("two", "b")]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{broken", "not a JSON object"),
        ('["a list"]', "wanted"),
        ('{"labels": []}', "wanted"),
        ('{"text": 7, "labels": []}', "wanted"),
        ('{"text": " ", "labels": []}', "text is empty"),
        ('{"text": "a", "labels": "question"}', "wanted a list"),
        ('{"text": "a", "labels": ["anger"]}', "unknown label 'anger'"),
        ('{"text": "a", "labels": [], "weak": [1]}', "wanted a list"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_line(tmp_path, line, complaint):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "good", "labels": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=complaint) as error:
        list(read_rows([file]))
    assert f"{file}:2" in str(error.value)


def test_every_bad_row_is_named_and_not_only_the_first(tmp_path):
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    one.write_text('{"text": "fine", "labels": []}\n{broken\n{"text": "", "labels": []}\n', encoding="utf-8")
    two.write_text('{"text": "a", "labels": ["anger"]}\n', encoding="utf-8")
    with pytest.raises(ModelError) as error:
        list(read_rows([one, two]))
    first, *lines = str(error.value).splitlines()
    assert first == "3 rows cannot be read:"
    assert [line.split(": ")[0] for line in lines] == [f"{one}:2", f"{one}:3", f"{two}:1"]


def test_of_very_many_bad_rows_a_screenful_is_named_and_the_rest_counted(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("{broken\n" * (TOLD + 7), encoding="utf-8")
    with pytest.raises(ModelError) as error:
        list(read_rows([file]))
    lines = str(error.value).splitlines()
    assert len(lines) == TOLD + 2
    assert lines[-1] == "... and 7 more"


def test_missing_data_is_refused_by_name(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.jsonl"):
        list(read_rows([tmp_path / "nowhere.jsonl"]))


def test_held_out_messages_are_never_trained_on(tmp_path):
    rows = list(read_rows([write(tmp_path, *({"text": f"message {i}", "labels": []} for i in range(400)))]))
    mixture = mix([], rows, seed=1)
    held_out = {row.text for row in mixture.held_out}
    calibrate = {made.text for made in mixture.calibrate}
    train = [made.text for made in mixture.train]
    assert held_out
    assert calibrate
    assert not held_out & set(train)
    assert not calibrate & (set(train) | held_out)
    assert len(train) == RECIPE.own * (400 - len(held_out) - len(calibrate))
    assert all(is_held_out(text) for text in held_out)
    assert all(is_for_calibration(text) for text in calibrate)


def test_copies_of_a_message_are_held_out_together():
    assert is_held_out("Hello  THERE") == is_held_out("@brand hello there")


def test_the_mixture_depends_on_the_seed_and_on_no_order(tmp_path):
    rows = list(
        read_rows(
            [
                write(
                    tmp_path,
                    *(
                        {"text": f"ask {i}", "labels": None, "weak": ["question"], "source": "hwu64"}
                        for i in range(3000)
                    ),
                )
            ]
        )
    )
    one, again, other = mix(rows, [], seed=1), mix(rows[::-1], [], seed=1), mix(rows, [], seed=2)
    assert one.train == again.train
    assert one.train != other.train
    assert len(mix(rows, [], seed=1, limit=5000).train) < len(one.train)


def test_a_key_stands_for_a_text_without_holding_it():
    assert text_key("Some Words") == text_key("@brand some   words")
    assert len(text_key("x")) == 16


@pytest.mark.parametrize("source", ["banking77", "clinc150"])
def test_what_measures_how_templates_are_chosen_is_never_learned_from(tmp_path, source):
    asked = {"text": "is my card here", "source": source, "split": "test"}
    learned = {"text": "where is my card", "source": source, "split": "train"}

    assert [row.text for row in read_rows([write(tmp_path, asked, learned)])] == ["where is my card"]
