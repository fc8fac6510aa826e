"""Files that staff send, as the visitor's page shows and saves them, in a real browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from bot.domain.messages import Attachment, AttachmentKind, Author
from bot.records import Enclosure
from tests.channels.preview import TalkativeHeed, WallTime, application
from tests.channels.test_chat_page import browser, listened, write

LABEL = Enclosure(name="Return label <b>.pdf", media_type="application/pdf", content=b"%PDF " + bytes(64_000))
NAMED = Attachment(kind=AttachmentKind.FILE, name=LABEL.name, size=len(LABEL.content), reference="e1")


@dataclass
class Files:
    """Files by id; ``opened`` says who asked."""

    opened: list[tuple[str, str]]
    there: bool = True

    async def enclosure_for(self, channel: str, customer: str, enclosure: str) -> Enclosure | None:
        self.opened.append((channel, customer))
        return LABEL if self.there and enclosure == "e1" else None


async def sent_files(page: Page, heed: TalkativeHeed) -> None:
    """Let the visitor write, and somebody on staff send two files along."""
    await write(page, "quiet question")
    await expect(page.locator(".entry.you .state")).to_have_text("Sent")
    more = {"author": Author.AGENT, "attachments": (NAMED, NAMED)}
    await heed.say(heed.entries[0].conversation, "Here is your label.", **more)
    await heed.say(heed.entries[0].conversation, "", **{**more, "attachments": (NAMED,)})


@pytest.mark.browser
async def test_a_visitor_sees_which_files_came_and_saves_one(tmp_path: Path) -> None:
    heed, files = TalkativeHeed(time=WallTime()), Files([])
    async with TestServer(application(heed, enclosures=files)) as server, browser() as chromium:  # type: ignore[arg-type]  # the page asks for this alone
        page = await chromium.new_page()
        said = listened(page)
        await page.goto(str(server.make_url("/chat")))
        await sent_files(page, heed)
        links = page.locator(".support .file")
        await expect(links).to_have_count(3)
        await expect(links.first).to_have_text("Return label <b>.pdf64 kB")
        await expect(links.first).to_have_attribute("aria-label", "Save Return label <b>.pdf, 64 kB")
        async with page.expect_download() as download:
            await links.first.click()
        saved = await download.value
        await saved.save_as(tmp_path / "saved")
        assert (tmp_path / "saved").read_bytes() == LABEL.content
        assert saved.suggested_filename.endswith(".pdf")
        assert said == []
        [(channel, customer)] = files.opened
        assert (channel, customer.startswith("visitor:")) == ("webchat", True)
        files.there = False
        await links.first.press("Enter")
        await expect(page.locator("#notice")).to_contain_text("can't be opened now")
