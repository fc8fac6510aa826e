"""Files that staff send along, in a real browser over a real store: chosen, dropped, pasted, held back, sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect

from bot.engine.time import SystemTime
from tests.browser.windows import Window, Windows
from tests.web.real import RealDesk, real_desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONFLICT = re.compile("status of 409")
MB = 1 << 20

#: Brings a file to an element as a mouse or the clipboard would.
BRING = """([selector, kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["from " + name], name, { type: "text/plain" }));
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...how, clipboardData: data })
    : new DragEvent(kind, { ...how, dataTransfer: data });
  return !document.querySelector(selector).dispatchEvent(event);
}"""

#: Notes that the browser's own window of files would open, which nothing outside of the page can close for sure.
ASKED = """document.getElementById("reply-chooser").addEventListener("click", (event) => {
  event.preventDefault();
  document.body.dataset.asked = "true";
})"""


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[RealDesk]:
    async with real_desk(time=SystemTime()) as made:
        yield made


async def opened(desk: RealDesk, windows: Windows, who: str) -> tuple[Window, Page]:
    """Open the desk at a conversation of somebody who complained."""
    conversation = await desk.world.writes("complaint about a can", who=who)
    window = await windows.open()
    await window.page.goto(desk.link("alex"))
    await window.page.goto(f"{desk.root}/desk?c={conversation}")
    await expect(window.page.get_by_role("heading", level=1)).to_have_text(who)
    return window, window.page


def payload(name: str, size: int = 5) -> FilePayload:
    return FilePayload(name=name, mimeType="application/octet-stream", buffer=b"x" * size)


async def test_files_are_gathered_taken_out_and_sent_with_the_reply(desk: RealDesk, windows: Windows) -> None:
    _window, page = await opened(desk, windows, "ann")
    chips, refusal = page.locator("#reply-files li"), page.get_by_role("alert")
    await expect(page.get_by_role("button", name="Attach")).to_have_attribute(
        "title", re.compile("at most 10, 6 MB each, 20 MB together")
    )

    # By keyboard: from the text to the button, which opens the browser's own window of files.
    await page.keyboard.press("r")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Attach")).to_be_focused()
    await page.evaluate(ASKED)
    await page.keyboard.press("Enter")
    await expect(page.locator("body")).to_have_attribute("data-asked", "true")
    await page.locator("#reply-chooser").set_input_files([payload("plan.bin"), payload("huge.bin", 6 * MB + 1)])
    await expect(chips).to_have_count(1)
    await expect(refusal).to_contain_text("huge.bin is too large for room: at most 6 MB.")

    assert await page.evaluate(BRING, ["#reply-form", "drop", "dropped.txt"])
    assert await page.evaluate(BRING, ["#reply-text", "paste", "pasted.txt"])
    await expect(chips).to_have_count(3)
    await expect(refusal).to_be_hidden()
    await expect(page.locator("#reply-limits")).to_contain_text("3 of 10 files")
    assert await page.evaluate(BRING, ["#transcript", "drop", "astray.txt"])  # taken by nobody, the page stays
    await expect(chips).to_have_count(3)

    out = page.get_by_role("button", name="Take out dropped.txt")
    await out.focus()
    await page.keyboard.press("Enter")
    await expect(chips).to_have_count(2)
    await expect(page.get_by_role("button", name="Take out pasted.txt")).to_be_focused()

    await page.get_by_label("Reply to the customer").fill("Here they are.")
    await page.keyboard.press("Control+Enter")
    sent = page.get_by_role("list", name="Attachments").get_by_role("listitem")
    await expect(sent).to_have_count(2)
    await expect(chips).to_have_count(0)
    await desk.world.settle()
    [reply] = [one for one in desk.world.platform.taken if one.send.wording == "reply"]
    assert [(each.name, each.content) for each in reply.enclosures] == [
        ("plan.bin", b"xxxxx"),
        ("pasted.txt", b"from pasted.txt"),
    ]


async def test_a_refusal_keeps_the_files_and_they_stay_with_their_conversation(
    desk: RealDesk, windows: Windows
) -> None:
    window, page = await opened(desk, windows, "ann")
    other = await desk.world.writes("complaint about a hose", who="bob")
    conversation = page.url.rpartition("=")[2]
    chips, reply = page.locator("#reply-files li"), page.get_by_label("Reply to the customer")
    await page.locator("#reply-chooser").set_input_files([payload("plan.bin")])
    await expect(chips).to_have_count(1)

    # Another conversation has none of it.
    await page.locator(f'.row[data-id="{other}"]').click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("bob")
    await expect(chips).to_have_count(0)
    await page.go_back()
    await expect(chips).to_have_count(1)

    # Somebody else is quicker: text and file wait.
    window.forgive(CONFLICT)
    await page.evaluate(  # this page hears of nothing new, as on a slow line
        """() => { const real = window.fetch; window.fetch = (path, options) => options?.method === "POST"
          ? real(path, options) : new Promise(() => {}); }"""
    )
    await reply.fill("Here is the plan.")
    sam = await desk.member("sam")
    await sam.act(conversation, "claim")
    await reply.press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("sam holds this conversation.")
    await expect(chips).to_have_count(1)
    await expect(reply).to_have_value("Here is the plan.")
    await sam.act(conversation, "release")

    # The customer adds something: held back once, then sent, file and all, exactly once.
    await desk.world.writes("complaint, the hose too", who="ann")
    await page.evaluate("document.querySelector('#reply-form [type=submit]').disabled = false")
    await reply.press("Control+Enter")
    held = page.get_by_role("alertdialog")
    await expect(held).to_contain_text("The customer wrote this meanwhile.")
    newest = page.locator("#transcript .msg").last
    await expect(newest).to_contain_text("the hose too")
    await expect(newest).to_be_in_viewport(ratio=0.9)  # the box below has grown, and hides nothing of it
    await expect(chips).to_have_count(1)
    await held.get_by_role("button", name="Send anyway").click()
    await expect(chips).to_have_count(0)
    await expect(reply).to_have_value("")
    await desk.world.settle()
    [reached] = [one for one in desk.world.platform.taken if one.send.wording == "reply"]
    assert (reached.address.place, reached.send.text) == ("ann", "Here is the plan.")
    assert [each.name for each in reached.enclosures] == ["plan.bin"]


async def test_a_channel_without_files_says_so_on_the_page(windows: Windows) -> None:
    async with real_desk(time=SystemTime(), largest_file=0) as desk:
        _window, page = await opened(desk, windows, "ann")
        attach = page.get_by_role("button", name="Attach")
        await expect(attach).to_have_attribute("aria-disabled", "true")
        await page.evaluate(BRING, ["#reply-text", "paste", "pasted.txt"])
        await expect(page.get_by_role("alert")).to_contain_text(
            "On room no files can be sent: send the text alone."
        )
        await expect(page.locator("#reply-files li")).to_have_count(0)
        await page.close()  # before its desk goes, which it would complain about
