"""A real ``heed run`` in a process of its own, whose CPU time is read from outside."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

TOKEN = "token-of-the-benchmark"
SECRET = "whsec_" + base64.b64encode(b"secret-of-the-benchmark!").decode()

CONFIG = """
brand:
  name: Fern & Forge
  variables: {{website: shop.example, hours: 9 to 6, email: a@shop.example, phone: "1"}}
store: {{path: {folder}/heed.sqlite}}
policy: {{name: benchmark, targets: {{first_reply_time: {target}, next_reply_time: {target}}}}}
limits: {{messages_per_minute: 100000, most_queued: 100000}}
channels: {{api: {{webhook: "{webhook}"}}}}
operations: {{log_level: warning}}
"""


@dataclass(frozen=True)
class Running:
    """A Heed that answers. ``session`` speaks to it with the token."""

    process: psutil.Process
    session: aiohttp.ClientSession
    store: Path
    base: str

    def cpu_seconds(self) -> float:
        """Return all CPU time that the process has used so far, of all its threads."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    async def until_idle(self) -> None:
        """Return once nothing waits: every message handled and every pushed answer gone."""
        while self.queued():  # noqa: ASYNC110  # another process: there is nothing to wait on
            await asyncio.sleep(0.02)

    def queued(self) -> int:
        """Return how many messages and answers are on their way, read beside the program and not through it."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            inbox = db.execute("SELECT count(*) FROM inbox").fetchone()[0]
            out = db.execute("SELECT count(*) FROM outbox WHERE state IN ('new', 'sending') AND pulled = 0")
            return int(inbox + out.fetchone()[0])


@asynccontextmanager
async def running(folder: Path, *, webhook: str = "", target: str = "15m") -> AsyncIterator[Running]:
    """Start Heed in ``folder`` on a free port; it ends with the block."""
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder, webhook=webhook, target=target), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PORT": str(port),
        "HEED_CONFIG": str(config),
        "HEED_API_TOKEN": TOKEN,
        "HEED_WEBHOOK_SECRET": SECRET,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    timeout = aiohttp.ClientTimeout(total=120)
    base = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession(base, headers=headers, timeout=timeout) as session:
            await _until_ready(session)
            yield Running(psutil.Process(process.pid), session, folder / "heed.sqlite", base)
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def _until_ready(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get("/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
