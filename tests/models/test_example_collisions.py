import numpy as np

from models.collisions import _AT_ONCE, collisions
from models.retrieval import EMPTY, build_index


def at(angle):
    vector = np.zeros(384, dtype=np.float32)
    vector[:2] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return vector


def index(**templates):
    vectors = {f"{name} {angle}": at(angle) for name, angles in templates.items() for angle in angles}
    examples = {name: [f"{name} {angle}" for angle in angles] for name, angles in templates.items()}
    return build_index(examples, vectors, version="v1")


def pairs(found):
    return [(one.example, one.other_example) for one in found]


def test_examples_of_two_templates_that_say_the_same_collide_once():
    found = collisions(index(one=[0, 10], two=[12, 90]))
    assert pairs(found) == [("one 10", "two 12"), ("one 0", "two 12")]
    assert found[0].near > found[1].near


def test_an_example_nearer_to_another_template_than_to_its_own_strays():
    assert pairs(collisions(index(one=[0, 80], two=[120, 170]))) == [("one 80", "two 120")]


def test_an_example_that_is_near_nothing_collides_with_nothing():
    assert collisions(index(one=[0, 85], two=[180, 270])) == ()


def test_templates_that_are_apart_do_not_collide():
    assert collisions(index(one=[0, 10], two=[90, 100])) == ()


def test_an_only_example_strays_from_nowhere():
    assert collisions(index(one=[0], two=[40, 50])) == ()


def test_without_templates_nothing_collides():
    assert collisions(EMPTY) == ()
    assert collisions(index(one=[0, 1, 2])) == ()


def test_examples_beyond_the_first_block_are_compared_too():
    many = [number * 90.0 / (_AT_ONCE + 50) for number in range(_AT_ONCE + 50)]
    found = collisions(index(one=many, two=[90.0, 180.0]))
    assert any(one.example == f"one {many[-1]}" for one in found)
