"""Heed, one browser for all tests, and windows for each. Pages that complain fail the test that opened them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.running import RunningHeed
from tests.browser.windows import ARGUMENTS, PATIENCE, Windows
from tests.conftest import CHROMIUM

expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(loop_scope="session")
async def heed(tmp_path: Path) -> AsyncIterator[RunningHeed]:
    """Heed with the settings that ship, for a test that counts all conversations, kills it or pauses it."""
    async with RunningHeed(tmp_path) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHeed]:
    """Heed with the settings that ship. Other tests have written to it and will: names and texts are one's own."""
    async with RunningHeed(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """Windows of this test, which must not complain."""
    opened = Windows(browser)
    yield opened
    complaints = await opened.close()
    assert not complaints, "\n".join(complaints)
