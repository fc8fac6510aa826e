import pytest

from models.readings_figures import kappa, second_reading


def test_kappa_takes_off_what_chance_would_agree_on():
    assert kappa(["a", "a", "b", "b"], ["a", "a", "b", "b"]) == 1.0
    assert kappa(["a", "a", "b", "b"], ["a", "b", "a", "b"]) == pytest.approx(0.0)
    assert kappa(["a", "a"], ["a", "a"]) == 1.0


def test_the_second_reading_agrees_as_the_readings_page_says():
    assert second_reading() == (
        "second reading of 200: the same primary label in 97.5%, kappa 0.96, macro-F1 0.96"
    )
