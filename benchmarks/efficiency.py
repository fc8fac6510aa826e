"""How much of Heed's CPU time is the model's: the bare assessor against the whole program, on the same messages.

The two take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.program import Running, running
from bot.settings import Settings
from bot.wiring import brand_of
from models.assessor import LocalAssessor

#: Messages in one request to the API.
LIST = 200


@dataclass(frozen=True)
class Turn:
    """One repeat: CPU seconds of both, and how long the program took."""

    bare: float
    whole: float
    wall: float
    messages: int

    @property
    def ratio(self) -> float:
        """Return the assessor's share of all CPU time."""
        return self.bare / self.whole


async def measure(folder: Path, texts: Sequence[str], *, repeats: int) -> list[Turn]:
    """Let the bare assessor and the whole program read the same messages, ``repeats`` times in turn."""
    assessor = await LocalAssessor.load(threads=1)
    catalogue = brand_of(Settings()).catalogue
    await assessor.index(catalogue.examples(), version=catalogue.version)
    turns = []
    try:
        async with running(folder) as heed:
            share = len(texts) // (repeats + 1)
            await _whole(heed, texts[:share], "warm")
            for number in range(repeats):
                part = texts[(number + 1) * share : (number + 2) * share]
                bare = _bare(assessor, part)
                whole, wall = await _whole(heed, part, f"r{number}")
                turns.append(Turn(bare, whole, wall, len(part)))
    finally:
        await assessor.close()
    return turns


def _bare(assessor: LocalAssessor, texts: Sequence[str]) -> float:
    before = time.thread_time()
    for text in texts:
        assessor.assess_one(text)
    return time.thread_time() - before


async def _whole(heed: Running, texts: Sequence[str], name: str) -> tuple[float, float]:
    """Send these in lists, fetch the answers, and wait until all is done: CPU and wall seconds."""
    before, started = heed.cpu_seconds(), time.perf_counter()
    cursor = ""
    for body in _lists(texts, name):
        async with heed.session.post("/api/v1/messages", json=body) as response:
            statuses = {item["status"] for item in await response.json()}
            assert statuses == {202}, statuses
        cursor = await _fetch(heed, cursor)
    await heed.until_idle()
    while (following := await _fetch(heed, cursor)) != cursor:
        cursor = following
    return heed.cpu_seconds() - before, time.perf_counter() - started


async def _fetch(heed: Running, cursor: str) -> str:
    parameters = {"limit": "1000", **({"after": cursor} if cursor else {})}
    async with heed.session.get("/api/v1/answers", params=parameters) as response:
        return str((await response.json())["cursor"])


def _lists(texts: Sequence[str], name: str) -> Iterator[list[dict[str, object]]]:
    """Each message is a conversation of its own, by a customer of its own: the dearest case."""
    bodies: list[dict[str, object]] = [
        {"id": f"{name}-{n}", "conversation": f"{name}-{n}", "customer": {"id": f"{name}-{n}"}, "text": text}
        for n, text in enumerate(texts)
    ]
    for start in range(0, len(bodies), LIST):
        yield bodies[start : start + LIST]


def report(turns: Sequence[Turn]) -> str:
    """Return the figures in words, with their spread."""
    ratios = sorted(turn.ratio for turn in turns)
    bare = statistics.median(1000 * turn.bare / turn.messages for turn in turns)
    whole = statistics.median(1000 * turn.whole / turn.messages for turn in turns)
    rate = statistics.median(turn.messages / turn.wall for turn in turns)
    return (
        f"CPU of the bare assessor / all CPU of Heed: {statistics.median(ratios):.2f} "
        f"(from {ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} turns of {turns[0].messages} messages)\n"
        f"  bare assessor {bare:.2f} CPU ms a message, all of Heed {whole:.2f}; {rate:.0f} messages/s"
    )
