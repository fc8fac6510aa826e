"""How long a customer waits for an automatic answer at half load: from sending to the answer's arrival."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from benchmarks.program import Running, running

#: Questions that the sample brand's templates cover.
COVERED = ("where is my order", "how do i return a plant", "do you ship to other countries", "how can i pay")


@dataclass
class Receiver:
    """The system that answers are pushed to. Remembers when each conversation's first answer came."""

    came: dict[str, float] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        """Take one pushed answer."""
        pushed = await request.json()
        body = pushed.get("data", pushed)
        self.came.setdefault(body["conversation"], time.perf_counter())
        return web.Response(status=204)


async def measure(folder: Path, *, rate: float, seconds: float) -> tuple[list[float], int]:
    """Send ``rate`` messages a second and return the seconds each answer took, and how many got none."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/answers", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with running(folder, webhook=f"http://127.0.0.1:{port}/answers") as heed:
            sent = await _send(heed, rate=rate, seconds=seconds)
            await heed.until_idle()
    finally:
        await runner.cleanup()
    waits = [receiver.came[name] - at for name, at in sent.items() if name in receiver.came]
    return waits, len(sent) - len(waits)


async def _send(heed: Running, *, rate: float, seconds: float) -> dict[str, float]:
    sent: dict[str, float] = {}
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(started + number / rate - time.perf_counter(), 0))
            name = f"l{number}"
            sent[name] = time.perf_counter()
            group.create_task(_post(heed, name, COVERED[number % len(COVERED)]))
    return sent


async def _post(heed: Running, name: str, text: str) -> None:
    body = {"id": name, "conversation": name, "customer": {"id": name}, "text": text}
    async with heed.session.post("/api/v1/messages", json=body) as response:
        assert response.status == 202, await response.text()


def report(waits: Sequence[float], unanswered: int, *, rate: float) -> str:
    """Return the figures in words."""
    ordered = sorted(waits)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return (
        f"From sending to the pushed answer's arrival at {rate:.0f} messages/s (half load): "
        f"p50 {1000 * statistics.median(ordered):.0f} ms, p99 {1000 * p99:.0f} ms "
        f"({len(ordered)} answers, {unanswered} messages that went to a human)"
    )
