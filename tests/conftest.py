"""What every test keeps: nothing outlives it, and what is skipped says what to install."""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser, with a line that says what to install."""
    missing = pytest.mark.skip(reason="needs Chromium: apt-get install chromium")
    for item in items:
        if item.get_closest_marker("browser") and CHROMIUM is None:
            item.add_marker(missing)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn tests skipped for a missing program into a failure where all programs are meant to be there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    missing = [report for report in skipped if "apt-get install" in str(report.longrepr)]
    if missing and os.environ.get("HEED_FORBID_SKIPS"):
        reporter.write_line(f"{len(missing)} tests lack a program, and HEED_FORBID_SKIPS is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _sockets() -> set[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        return set()
    found = set()
    for entry in folder.iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


@pytest.fixture(autouse=True)
def nothing_outlives_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread or a socket behind, and name it."""
    if request.node.get_closest_marker("browser"):  # the browser's driver keeps its own
        yield
        return
    threads, sockets = set(threading.enumerate()), _sockets()
    yield
    left = [thread.name for thread in set(threading.enumerate()) - threads if not _ends(thread)]
    assert not left, f"threads outlive the test: {left}"
    assert not (_sockets() - sockets), "a socket outlives the test"


def _ends(thread: threading.Thread) -> bool:
    """Tell whether this thread ends by itself: a loop's own executor does with its loop, another within seconds.

    A thread that waited for a child process is still there for a moment after the child was reported gone.
    """
    if thread.name.startswith("asyncio_"):
        return True
    thread.join(timeout=5.0)
    return not thread.is_alive()


@pytest.fixture(autouse=True)
async def no_task_outlives_the_test(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task behind, and name it."""
    if not inspect.iscoroutinefunction(request.function):
        yield
        return
    loop = asyncio.get_running_loop()
    before, timers, sockets = asyncio.all_tasks(), _timers(loop), _sockets()
    yield
    await asyncio.sleep(0)
    await _closed(sockets)
    left = [
        task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()
    ]
    assert not left, f"tasks outlive the test: {left}"
    waiting = [timer for timer in _timers(loop) if timer not in timers]
    assert not waiting, f"timers outlive the test: {waiting}"


async def _closed(before: set[str]) -> None:
    """Let connections close that are about to: on a busy machine the other side takes a moment."""
    for _ in range(500):
        if not _sockets() - before:
            return
        await asyncio.sleep(0.01)


def _timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """Return what the loop still means to do later, but for the HTTP library's own closing of connections."""
    scheduled: list[asyncio.TimerHandle] = getattr(loop, "_scheduled", [])
    ours = [timer for timer in scheduled if not _module_of(timer).startswith("aiohttp.")]
    return [timer for timer in ours if not timer.cancelled()]


def _module_of(timer: asyncio.TimerHandle) -> str:
    return getattr(timer._callback, "__module__", None) or ""  # type: ignore[attr-defined]
