"""A real Heed for the browser: ``heed run`` in a process of its own, with a store of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web

ROOT = Path(__file__).parents[2]
HEED = Path(sys.executable).with_name("heed")
TOKEN = "only-for-the-tests"
STARTS_WITHIN = 60
ENDS_WITHIN = 20

_LINK = re.compile(r"http://\S+/signin/\S+")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the settings of ``over`` in their places."""
    both = dict(base)
    for name, value in over.items():
        both[name] = merged(both[name], value) if isinstance(value, Mapping) and name in both else value
    return both


class RunningHeed:
    """Heed on a free port. It can be killed and started again; the port and the store stay the same."""

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "heed.log"
        config = folder / "config.yaml"
        shipped = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        here = {"store": {"path": str(folder / "heed.sqlite")}}
        config.write_text(yaml.safe_dump(merged(merged(shipped, here), settings or {})), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
        self._environment = {
            **kept, "HOST": "127.0.0.1", "PORT": str(self.port),
            "HEED_CONFIG": str(config), "HEED_API_TOKEN": TOKEN,
        }  # fmt: skip
        self._process: asyncio.subprocess.Process | None = None
        self.sign_in = ""
        self.owner: Any = None  # what the browser of whoever used that link remembers

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end(signal.SIGINT)

    async def start(self) -> None:
        """Start it and return once it answers."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                HEED, "run", env=self._environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                self.sign_in = await self._announced()
        except BaseException:
            await self.end(signal.SIGKILL)
            raise

    async def end(self, how: signal.Signals) -> None:
        """End it, by SIGINT as a person would or by SIGKILL as a crash would."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(how)
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await process.communicate()
        except TimeoutError:
            process.kill()
            await process.communicate()
            raise AssertionError(f"heed did not end within {ENDS_WITHIN} s of {how.name}") from None

    async def crash(self) -> None:
        """Kill it in the middle of whatever it does."""
        await self.end(signal.SIGKILL)

    async def link_for(self, name: str, *, role: str = "agent") -> str:
        """Add a member of staff beside the running Heed and return the link that signs them in once."""
        process = await asyncio.create_subprocess_exec(
            *(HEED, "user", "add", name, "--role", role),
            env=self._environment,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(STARTS_WITHIN):
            said, _ = await process.communicate()
        found = _LINK.search(said.decode())
        assert found, f"no link for {name}: {said.decode()!r}"
        return found[0]

    async def send(self, *messages: Mapping[str, Any]) -> None:
        """Hand messages in through the API."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.url}/api/v1/messages", json=list(messages)) as response,
        ):
            said = await response.json()
            assert all(item["status"] == 202 for item in said), said

    async def answers(self) -> list[dict[str, Any]]:
        """Fetch what waits for the customers of the API; it counts as sent from now on."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.url}/api/v1/answers", params={"channel": "api"}) as response,
        ):
            said: list[dict[str, Any]] = (await response.json())["answers"]
            return said

    async def _announced(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        link = ""
        async for line in self._process.stdout:
            link = (found[0] if (found := _LINK.search(line.decode())) else "") or link
            if b"Ctrl-C" in line:
                return link
        raise AssertionError(f"heed did not start:\n{self._log.read_text(encoding='utf-8')}")


@asynccontextmanager
async def site(body: Sequence[str]) -> AsyncIterator[str]:
    """Serve somebody else's page on an origin of its own, and yield that origin."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="".join(body), content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
