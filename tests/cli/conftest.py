"""A stranger at the command line: in an empty folder, with an environment that says nothing of Heed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels import arrivals
from bot.cli import main
from bot.domain.messages import Address
from bot.settings import Environment
from bot.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
TOKEN = "a token of this test alone"

#: Ends a process that hangs, in seconds: all that a test does beside a running Heed has to fit into it.
LONGEST_LIFE = 300.0
VARIABLES = [str(field.validation_alias) for field in Environment.model_fields.values()]

#: Warnings are errors, but for what discord.py imports for voice that nobody uses here.
WARNINGS = ("-W", "error", "-W", "ignore:'audioop' is deprecated")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Running:
    """A Heed that runs in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    desk: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API; a refusal comes back as its status."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.status

    def write(self, number: int, text: str) -> str:
        """Write as a customer; return Heed's id of the conversation."""
        message = {
            "id": f"m{number}",
            "conversation": f"talk-{number}",
            "customer": {"id": f"customer-{number}", "name": "Ines"},
            "text": text,
        }
        return str(self.ask("POST", "/api/v1/messages", message)["conversation"])


Command = Callable[..., Ended]


@pytest.fixture(autouse=True)
def a_strangers_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder. Commands run in this process leave the log's settings as they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for part in ("bot.cli", "bot.cli.messages", "bot.cli.running"):
        monkeypatch.setattr(f"{part}.set_up_logs", lambda *_: None, raising=False)


@pytest.fixture
def heed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give a command, as ``heed("report", "--period", "24h")``."""

    def give(*words: str, stdin: str | bytes = "") -> Ended:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["heed", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return give


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write settings and name them in HEED_CONFIG."""

    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("HEED_CONFIG", str(path))
        return path

    return write


@asynccontextmanager
async def opened(path: str = "var/heed.sqlite") -> AsyncIterator[SqliteStore]:
    """Open the store of this folder, as a command beside Heed would."""
    store = await SqliteStore.open(Path(path), exclusive=False)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def store_with_a_message() -> Path:
    """Make a store in which one customer has written one message."""

    async def fill() -> None:
        now = datetime.now(UTC)
        message = arrivals.message(
            external_id="m1",
            text="my parcel is late",
            address=Address(channel="api", account="", place="talk-1", thread=""),
            customer=arrivals.customer("api", "customer-1", "Ines"),
            arrived_at=now,
        )
        async with opened() as store:
            await store.accept([message], assess_within=timedelta(minutes=2))

    asyncio.run(fill())
    return Path("var/heed.sqlite")


def program(*words: str, **variables: str) -> subprocess.Popen[str]:
    """Start ``python -m bot`` in this folder as a process of its own."""
    return subprocess.Popen(
        [sys.executable, *WARNINGS, "-m", "bot", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HEED_API_TOKEN": TOKEN, "PORT": "0", **variables},
    )


@contextmanager
def ended_in_time(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Kill a process that takes too long; wait for it and close its pipes in any case."""
    watch = threading.Timer(LONGEST_LIFE, process.kill)
    watch.start()
    try:
        yield process
    finally:
        watch.cancel()
        watch.join()
        if process.poll() is None:
            process.kill()
        process.communicate()


def end_of(process: subprocess.Popen[str]) -> Ended:
    """Wait for a process that ends by itself."""
    with ended_in_time(process):
        out, err = process.communicate()
    return Ended(code=process.returncode, out=out, err=err)


@pytest.fixture
def running() -> Iterator[Running]:
    """A Heed that runs on this folder's store, on a free port."""
    with ended_in_time(program("run")) as process:
        assert process.stdout is not None
        said: dict[str, str] = {}
        for line in process.stdout:
            who, _, address = line.strip().rpartition(" at ")
            said[who] = address.strip()
            if "Operations watch" in said:
                break
        assert "Customers write" in said, "Heed did not start"
        address = said["Customers write"].removesuffix("/chat")
        yield Running(process=process, address=address, desk=said["Staff answer"])
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate()
        assert process.returncode == 0, log
        assert TOKEN not in log
        assert "order" not in log, "what customers write stays out of the log"
