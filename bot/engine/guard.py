"""Keeps what a model does wrong to the message that it does wrong at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import structlog

from bot.domain.prediction import UNDETERMINED, Assessment
from bot.engine.board import NoticeBoard
from bot.ports import Assessor

log = structlog.get_logger(__name__)

#: Where the board shows a model that fails.
TOPIC = "model"


class GuardedAssessor:
    """An assessor that never fails: what the wrapped one cannot read, or says in numbers that are none, is None.

    A batch that fails is read again one text at a time, so its other messages are assessed. ``faults`` counts the
    messages since the start; each goes to a human, and operations see the count.
    """

    def __init__(self, assessor: Assessor, *, board: NoticeBoard) -> None:
        self._assessor = assessor
        self._board = board
        self.faults = 0

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[Assessment | None]:
        """Return an assessment for each text that can be assessed, in order."""
        try:
            found = await self._assessor.assess(texts, usual=usual, addressed=addressed)
        except Exception:  # which text it was shows when each is read alone
            log.exception("assessment_failed", messages=len(texts))
            languages, meant = usual or [UNDETERMINED] * len(texts), addressed or [True] * len(texts)
            each = zip(texts, languages, meant, strict=True)
            found = [await self._alone(*one) for one in each]
        usable = [made if made is not None and _usable(made) else None for made in found]
        self._count(usable.count(None))
        return usable

    async def _alone(self, text: str, usual: str, addressed: bool) -> Assessment | None:
        try:
            (found,) = await self._assessor.assess([text], usual=[usual], addressed=[addressed])
        except Exception:  # noqa: BLE001  # logged for the whole batch; a human gets this one
            return None
        return found

    def _count(self, faults: int) -> None:
        if not faults:
            return
        self.faults += faults
        log.error("model_fault", messages=faults, since_start=self.faults)
        self._board.tell(
            TOPIC,
            f"The model failed at so many messages since Heed started: {self.faults}. People got them unassessed. "
            "Run heed check, and see model_fault in docs/operations.md.",
        )

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Take these templates' examples."""
        await self._assessor.index(examples, version=version)

    async def close(self) -> None:
        """Give back what the wrapped assessor holds."""
        await self._assessor.close()


def _usable(made: Assessment) -> bool:
    """Tell whether every number is one, and what it stands for; neither store nor threshold knows another."""
    probabilities = made.prediction.probabilities.values()
    scores = [candidate.score for candidate in made.candidates]
    return all(0.0 <= number <= 1.0 for number in probabilities) and all(map(math.isfinite, scores))
