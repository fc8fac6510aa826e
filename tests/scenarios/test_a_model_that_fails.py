"""What a model cannot read, or says in numbers that are none, goes to a human; its neighbours do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.domain.decisions import Reason
from bot.domain.prediction import Assessment, Candidate, Label
from bot.domain.states import State
from bot.engine.board import NoticeBoard
from bot.engine.guard import TOPIC, GuardedAssessor
from tests.scenarios.world import ScriptedAssessor, reading, world

FINE = "question order-status where is my parcel"
BAD = "complaint of a kind that breaks the model"


@dataclass
class Fragile(ScriptedAssessor):
    """A model that raises for whatever batch holds the bad text."""

    calls: list[int] = field(default_factory=list)

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[Assessment]:
        self.calls.append(len(texts))
        if BAD in texts:
            raise ValueError("not a number")
        return await super().assess(texts, usual=usual, addressed=addressed)


def with_probability(value: float) -> Assessment:
    made = reading("chatter")
    return replace(made, prediction=replace(made.prediction, probabilities={**WORST, Label.COMPLAINT: value}))


def with_score(value: float) -> Assessment:
    return replace(reading(FINE), candidates=(Candidate(template="order-status", score=value),))


WORST = {Label.QUESTION: 0.01, Label.COMPLAINT: 0.01, Label.PRAISE: 0.01}
UNUSABLE = [
    *(with_probability(value) for value in (math.nan, math.inf, -math.inf, 1.5, -0.1)),
    *(with_score(value) for value in (math.nan, math.inf, -math.inf)),
]


async def test_a_batch_that_breaks_the_model_loses_only_the_message_that_broke_it() -> None:
    model = Fragile()
    board = NoticeBoard()
    guarded = GuardedAssessor(model, board=board)
    found = await guarded.assess([FINE, BAD, "praise indeed"])
    assert found == [reading(FINE), None, reading("praise indeed")]
    assert model.calls == [3, 1, 1, 1]
    assert guarded.faults == 1
    assert "since Heed started: 1." in board.sentences()[0]


@pytest.mark.parametrize("made", UNUSABLE)
async def test_an_assessment_in_numbers_that_are_none_is_no_assessment(made: Assessment) -> None:
    guarded = GuardedAssessor(
        ScriptedAssessor(read=lambda text: made if text == BAD else reading(text)), board=NoticeBoard()
    )
    assert await guarded.assess([BAD, FINE]) == [None, reading(FINE)]
    assert guarded.faults == 1


async def test_a_sound_model_is_asked_once_and_nothing_is_told() -> None:
    model, board = Fragile(), NoticeBoard()
    guarded = GuardedAssessor(model, board=board)
    assert await guarded.assess([FINE] * 9) == [reading(FINE)] * 9
    assert await guarded.assess([]) == []
    assert model.calls == [9, 0]
    assert (guarded.faults, board.sentences()) == (0, [])


async def test_faults_are_counted_over_all_batches_and_told_under_one_topic() -> None:
    board = NoticeBoard()
    guarded = GuardedAssessor(Fragile(), board=board)
    for _ in range(3):
        await guarded.assess([BAD, FINE])
    assert guarded.faults == 3
    assert len(board.sentences()) == 1
    assert "since Heed started: 3." in board.sentences()[0]
    board.clear(TOPIC)
    assert board.sentences() == []


@pytest.mark.parametrize("made", UNUSABLE)
async def test_such_a_message_goes_to_a_human_alone_and_operations_are_told(made: Assessment) -> None:
    async with world() as w:
        w.model.read = lambda text: made if text == BAD else reading(text)
        first = (await w.arrives(FINE, who="a")).conversation
        second = (await w.arrives(BAD, who="b")).conversation
        third = (await w.arrives(FINE, who="c")).conversation
        await w.settle()
        assert first is not None
        assert second is not None
        assert third is not None
        stuck = await w.conversation(second)
        assert (stuck.state, stuck.reason) == (State.ESCALATED, Reason.NOT_ASSESSED)
        for fine in (first, third):
            assert (await w.conversation(fine)).state is State.WAITING
        assert any(
            "The model failed at so many messages since Heed started: 1" in told
            for told in await w.heed.engine.problems()
        )
        view = await w.store.view(second)
        assert view is not None
        assert view.decisions[0].assessment is None


async def test_a_batch_that_fails_is_read_again_with_all_that_was_known_of_it() -> None:
    model = Fragile()
    await GuardedAssessor(model, board=NoticeBoard()).assess([FINE, BAD, FINE], addressed=[False, True, True])
    assert model.addressed == [False, True]
