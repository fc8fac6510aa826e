"""The chat inside somebody else's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Frame, Page, expect

from tests.browser.running import RunningHeed, site
from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SHOP = """<!doctype html><html lang="en"><title>A shop</title><link rel="icon" href="data:,"><h1>A shop</h1>
<script src="{heed}/chat/widget.js"></script>"""
REFUSED = re.compile("frame-ancestors|ERR_BLOCKED_BY_RESPONSE|WebSocket connection to .* failed")
TRY = """url => new Promise(done => {
  const socket = new WebSocket(url);
  socket.onopen = () => done("open");
  socket.onclose = () => done("refused");
})"""


async def open_with_the_keyboard(page: Page) -> Frame:
    """Open the chat as the page's only button does; the button is out of the reach of the site's scripts."""
    async with page.expect_event("framenavigated", lambda frame: frame != page.main_frame) as navigated:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
    return await navigated.value


async def test_only_a_page_that_is_allowed_opens_the_chat(tmp_path: Path, windows: Windows):
    body: list[str] = []
    async with site(body) as allowed, site(body) as stranger:
        origins = {"channels": {"webchat": {"origins": [allowed]}}}
        async with RunningHeed(tmp_path, origins) as heed:
            body.append(SHOP.format(heed=heed.url))
            socket = f"ws://127.0.0.1:{heed.port}/chat/ws"

            window = await windows.open()
            await window.page.goto(allowed)
            chat = await open_with_the_keyboard(window.page)
            box = chat.get_by_label("Write a message")
            await expect(chat.get_by_text("We're here")).to_be_visible()
            await expect(box).to_be_focused()
            await window.page.keyboard.type("What are your opening hours?")
            await window.page.keyboard.press("Enter")
            answer = chat.get_by_role("log").get_by_text(re.compile("Tuesday to Saturday"))
            await expect(answer).to_be_visible()
            await window.page.keyboard.press("Escape")
            await expect(answer).not_to_be_in_viewport()
            await window.page.keyboard.press("Enter")
            await expect(answer).to_be_in_viewport()
            assert await window.page.evaluate(TRY, socket) == "open"
            await window.context.close()

            window = await windows.open()
            window.forgive(REFUSED)
            await window.page.goto(stranger)
            chat = await open_with_the_keyboard(window.page)
            assert not chat.url.startswith(heed.url)
            assert await chat.get_by_label("Write a message").count() == 0
            assert await window.page.evaluate(TRY, socket) == "refused"
