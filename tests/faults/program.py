"""A real ``heed run`` in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

TOKEN = "faults-token-of-the-test"

#: How long a start may take before the test gives up on it.
STARTS_WITHIN_SECONDS = 60

CONFIG = """
brand:
  name: Fern & Forge
  variables: {{website: shop.example, hours: 9 to 6, email: a@shop.example, phone: "1"}}
store:
  path: {folder}/heed.sqlite
policy:
  name: hasty
  targets: {{first_reply_time: {target}, next_reply_time: {target}}}
  warn_at: 0.5
limits:
  messages_per_minute: 100000
operations:
  log_level: warning
"""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Program:
    """One start of Heed after the other, on the same store and port."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and return once it is ready."""
        environment = {
            **os.environ,
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "HEED_CONFIG": str(self.folder / "config.yaml"),
            "HEED_API_TOKEN": TOKEN,
        }
        with (self.folder / "heed.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            await self._ready()

    async def _ready(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                assert self.process is not None
                if self.process.returncode is not None:
                    raise AssertionError(f"heed ended: {(self.folder / 'heed.log').read_text()[-2000:]}")
                try:
                    async with session.get(f"{self.address}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)  # a process outside: there is nothing to wait on but the port

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def program(folder: Path, *, target: str = "2s") -> AsyncIterator[Program]:
    """Prepare a Heed in ``folder``; nothing of it outlives the block."""
    text = textwrap.dedent(CONFIG).format(folder=folder, target=target)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    heed = Program(folder=folder, port=free_port())
    try:
        yield heed
    finally:
        if heed.process is not None:
            await heed.end(signal.SIGKILL)
