"""Browser windows of customers and staff, and what the browser complained about in them."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.running import RunningHeed

#: What the browser itself says while nobody answers at the address: true, and no fault of a page.
UNREACHABLE = re.compile(r"net::ERR_|WebSocket connection to .* failed|establishing a connection|ERR_CONNECTION")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
#: Milliseconds: shared cores may be slow, a chat page that has tried in vain for long waits up to 28 s before it
#: tries again, and a condition that holds is never waited for.
PATIENCE = 60_000
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}

_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.effectiveDirective} forbids ${event.blockedURI}`));
"""


class Window:
    """One person's browser, apart from all others. ``forgive`` names complaints that a test provokes."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context, self.page = context, page
        self.forgiven: list[re.Pattern[str]] = []
        self._complaints: list[str] = []
        context.on("console", self._heard)
        context.on("weberror", lambda error: self._complaints.append(f"uncaught: {error.error}"))

    def forgive(self, what: re.Pattern[str]) -> None:
        """Let complaints pass that the test itself provokes."""
        self.forgiven.append(what)

    def complaints(self) -> list[str]:
        """Return what the browser complained about and nobody forgave."""
        return [text for text in self._complaints if not any(what.search(text) for what in self.forgiven)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complaints.append(f"{message.text} ({message.location.get('url', '')})")


class Windows:
    """Opens windows; at the end none of them may have complained."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._all: list[Window] = []

    async def open(self, **options: Any) -> Window:
        """Open an empty window."""
        context = await self._browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **options})
        await context.add_init_script(_REPORT_VIOLATIONS)
        window = Window(context, await context.new_page())
        self._all.append(window)
        return window

    async def customer(self, heed: RunningHeed, **options: Any) -> Customer:
        """Open the chat as somebody who was never here before."""
        customer = Customer(await self.open(**options), heed)
        await customer.page.goto(f"{heed.url}/chat")
        await expect(customer.status).to_have_text("We're here")
        return customer

    async def staff(self, heed: RunningHeed, link: str = "", **options: Any) -> Staff:
        """Open the desk as whoever a link signs in. Without a link as the owner, whose own works once a Heed."""
        known = {} if link or heed.owner is None else {"storage_state": heed.owner}
        staff = Staff(await self.open(**known, **options), heed)
        await staff.page.goto(f"{heed.url}/desk" if known else link or heed.sign_in)
        await staff.page.wait_for_url("**/desk")
        if not link and heed.owner is None:
            heed.owner = await staff.window.context.storage_state()
        return staff

    async def close(self) -> list[str]:
        """Close all windows and return what they complained about."""
        complaints = [text for window in self._all for text in window.complaints()]
        for window in self._all:
            await window.context.close()
        return complaints


class Customer:
    """What a customer sees and does on the chat page."""

    def __init__(self, window: Window, heed: RunningHeed) -> None:
        self.window, self.page, self.heed = window, window.page, heed
        self.log = self.page.get_by_role("log")
        self.box = self.page.get_by_label("Write a message")
        self.status = self.page.get_by_role("banner").get_by_role("status")

    async def say(self, text: str) -> None:
        """Write a message and send it with Enter."""
        await self.box.fill(text)
        await self.box.press("Enter")

    async def sees_once(self, text: str | re.Pattern[str]) -> None:
        """Wait until this stands in the conversation, once."""
        await expect(self.log.get_by_text(text, exact=isinstance(text, str))).to_have_count(1)

    async def lines(self) -> list[str]:
        """Return the conversation as one reads it, without times and states."""
        return await self.log.locator(".bubble").all_inner_texts()


class Staff:
    """What staff see and do at the desk."""

    def __init__(self, window: Window, heed: RunningHeed) -> None:
        self.window, self.page, self.heed = window, window.page, heed
        self.rows = self.page.get_by_role("list", name="Most urgent first").get_by_role("link")
        self.transcript = self.page.get_by_role("log", name="Transcript")
        self.claim = self.page.get_by_role("button", name="Claim", exact=True)
        self.release = self.page.get_by_role("button", name="Release", exact=True)
        self.resolve = self.page.get_by_role("group", name="What to do").get_by_role("button", name="Resolve")
        self.reply = self.page.get_by_label("Reply to the customer")
        self.note = self.page.get_by_label("Internal note")

    def row(self, text: str | re.Pattern[str]) -> Locator:
        """Return the row of the list that shows this text."""
        return self.rows.filter(has_text=text)

    async def show(self, which: str) -> None:
        """Choose which conversations the list shows."""
        group = self.page.get_by_role("group", name="Which conversations")
        await group.get_by_role("button", name=re.compile(f"^{which}")).click()

    async def figure(self, metric: str, column: str) -> str:
        """Read one figure of the table on /ops."""
        titles = await self.page.get_by_role("columnheader").all_inner_texts()
        row = self.page.get_by_role("row", name=re.compile(f"^{metric}"))
        cells = await row.get_by_role("cell").all_inner_texts()
        return cells[[title.strip().lower() for title in titles].index(column.lower()) - 1]

    async def tile(self, name: str) -> str:
        """Read one of the large figures on /ops."""
        tile = self.page.get_by_role("region", name="Now and in this period").get_by_text(name, exact=True)
        return await tile.locator("xpath=..").locator("strong").inner_text()
