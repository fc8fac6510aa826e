"""The test itself: kill, start again, and let the reader look."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.faults.driver import Driver
from tests.faults.program import TOKEN, Program, program
from tests.faults.reader import faults, waiting

#: After it is ready, Heed lives this long at most before the next kill, in seconds.
LIFE = 0.8

#: How long a kill waits for a request to be under way, in seconds: none cuts an idle Heed off.
BUSY_WITHIN = 10.0

#: How long the last start may take to finish all work, in seconds.
FINISHES_WITHIN = 120

#: Longer than the hasty policy's target: afterwards every clock that still runs is over it.
SETTLE_SECONDS = 3.0


@dataclass
class Outcome:
    """What was done, and what the reader found."""

    kills: int
    in_flight: int
    accepted: int
    answers: int
    repeated: int
    found: list[str]
    driver: Driver
    ended_at: int

    def __str__(self) -> str:
        done = (
            f"{self.kills} kills, {self.in_flight} of them with work in flight; {self.accepted} messages "
            f"acknowledged, {self.answers} texts handed out, {self.repeated} requests cut off and repeated."
        )
        count = f"Faults found by the independent reader: {len(self.found)}"
        return "\n".join([done, count, *(f"  {fault}" for fault in self.found[:20])])


async def kill_and_look(
    folder: Path, *, kills: int, seed: int, told: Callable[[int], None] = lambda _done: None
) -> Outcome:
    """Kill Heed ``kills`` times at random moments while customers write; then let it finish and look."""
    chance = random.Random(seed)
    store = folder / "heed.sqlite"
    in_flight = 0
    async with program(folder) as heed:
        driver = Driver(address=heed.address, seed=seed)
        async with asyncio.TaskGroup() as group:
            group.create_task(driver.run())
            for number in range(kills):
                await heed.start()
                await asyncio.sleep(chance.uniform(0.0, LIFE))
                busy = await driver.busy(BUSY_WITHIN)
                await heed.end(signal.SIGKILL)
                in_flight += busy or waiting(store) > 0
                told(number + 1)
            await heed.start()
            await asyncio.sleep(LIFE)
            driver.stopping = True
        await _finish(heed, driver, store)
        ended_at = int(time.time() * 1_000_000)
        await heed.end(signal.SIGINT)
    accepted = sum(len(messages) for messages in driver.accepted.values())
    ended_at -= 1_000_000  # a second's grace to notice the last ones
    found = list(faults(store, driver.accepted, driver.fetched, ended_at=ended_at))
    if not accepted or not driver.fetched:
        found.append("nothing was accepted or nothing was answered: the test showed nothing")
    return Outcome(
        kills=kills,
        in_flight=in_flight,
        accepted=accepted,
        answers=len(driver.fetched),
        repeated=driver.repeated,
        found=found,
        driver=driver,
        ended_at=ended_at,
    )


async def _finish(heed: Program, driver: Driver, store: Path) -> None:
    """Fetch until nothing is left to do, then let the last targets pass."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(heed.address, headers=headers) as session:
        async with asyncio.timeout(FINISHES_WITHIN):
            while await driver.fetch_once(session) or waiting(store):
                await asyncio.sleep(0.05)
        await asyncio.sleep(SETTLE_SECONDS)
        await driver.fetch_once(session)
