"""The leak check of ``conftest.py`` can fail: each kind of leftover is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAKS = {
    "thread": ("threading.Thread(target=STOP.wait, name='left-over').start()", "threads outlive the test"),
    "socket": ("KEPT.append(socket.socket())", "a socket outlives the test"),
    "task": ("KEPT.append(asyncio.ensure_future(asyncio.Event().wait()))", "tasks outlive the test"),
    "timer": ("asyncio.get_running_loop().call_later(60, print)", "timers outlive the test"),
}


SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
markers = browser
"""


@pytest.mark.parametrize("kind", LEAKS)
def test_what_outlives_its_test_is_named(pytester: pytest.Pytester, kind: str) -> None:
    leak, complaint = LEAKS[kind]
    pytester.makeini(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nmarkers = browser"
    )
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        f"""
        import asyncio, socket, threading
        KEPT, STOP = [], threading.Event()

        async def test_that_leaks():
            {leak}

        def teardown_module():
            STOP.set()
            for kept in KEPT:
                if hasattr(kept, "close"):
                    kept.close()
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert complaint in "\n".join(result.outlines)
