"""What drives time, understanding and notices: the small interfaces that every part may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.prediction import Assessment


class TimeSource(Protocol):
    """The one place where time comes from, so that tests and replays can move it."""

    def now(self) -> datetime:
        """Return the present as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some instant, never fewer than before, whatever is done to the clock."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set or ``until`` has come, whichever is first. Clears nothing.

        A clock that is set back meanwhile prolongs no wait.
        """
        ...


class Assessor(Protocol):
    """Understands messages. A text's assessment never depends on the texts beside it."""

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[Assessment | None]:
        """Return one assessment for each text, in order; None where the model failed. Never blocks the loop.

        ``usual`` names for each text the language in which its writer usually writes. It counts for nothing but
        which language's model reads a text whose own language cannot be told. ``addressed`` says of each whether
        it was meant for the brand, as all are unless told otherwise, or is talk in a room: the same words are a
        complaint far more rarely there.
        """
        ...

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Take these templates' examples as the ones to choose from; earlier ones are forgotten."""
        ...

    async def close(self) -> None:
        """Give back threads and memory."""
        ...


class Board(Protocol):
    """Where a part says what operations should know now, in a sentence; shown at ``/ops`` until it is cleared."""

    def tell(self, topic: str, sentence: str) -> None:
        """Show this sentence under its topic, in the place of an earlier one; logged when it is a new one."""
        ...

    def clear(self, topic: str) -> None:
        """Take down what was told under this topic, if anything was."""
        ...
