"""A shift at the desk by keyboard alone, in a real browser over a real store that tells what was done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.domain.roles import Role
from bot.domain.states import State
from bot.engine.time import SystemTime
from bot.errors import SendFailed
from tests.browser.windows import DESK, PHONE, Windows
from tests.web.real import RealDesk, real_desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: What the browser says of a refusal, which the test provokes.
CONFLICT = re.compile("status of 409")


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[RealDesk]:
    """The desk over a store of its own, on the machine's time."""
    async with real_desk(time=SystemTime()) as made:
        yield made


async def waiting(desk: RealDesk, *names: str) -> dict[str, str]:
    """Let customers complain, the first of them first."""
    return {name: await desk.world.writes("complaint about a can", who=name) for name in names}


async def seated(
    desk: RealDesk, windows: Windows, name: str = "alex", *, role: Role = Role.AGENT, **look: object
) -> Page:
    """Open the desk as somebody on staff."""
    page = (await windows.open(**look)).page
    await page.goto(desk.link(name, role))
    await page.wait_for_url("**/desk")
    await expect(page.locator("#filters b").first).not_to_have_text("–")
    return page


async def state_of(desk: RealDesk, conversation: str, state: State) -> None:
    """Wait until a conversation stands so in the store."""
    async with asyncio.timeout(20):
        while (await desk.view(conversation)).conversation.state is not state:
            await asyncio.sleep(0.01)


async def test_a_shift_is_worked_by_keyboard_alone(desk: RealDesk, windows: Windows) -> None:
    ids = await waiting(desk, "ann", "bob", "cleo", "dora", "eve")
    page = await seated(desk, windows)
    press, write = page.keyboard.press, page.keyboard.type
    name, dialog = page.get_by_role("heading", level=1), page.get_by_role("dialog")
    meta, reply = page.locator("#talk-meta"), page.get_by_label("Reply to the customer")

    await press("j")
    await expect(name).to_have_text("ann")
    await press("c")
    await expect(meta).to_contain_text("held by you")

    await press("i")
    await expect(dialog.get_by_role("searchbox")).to_be_focused()
    await write("refund")
    await expect(dialog.locator(".offer")).to_have_count(1)
    await press("Enter")
    await expect(reply).to_be_focused()
    await write(" Sorry for that!")
    await press("Control+Enter")
    await expect(page.locator('.msg[data-author="agent"] .bubble')).to_contain_text("five days. Sorry for that!")
    await desk.world.settle()
    text = "Hi ann! Your money is back on your account within five days. Sorry for that!"
    assert desk.sent() == [("ann", text)]

    await press("Escape")
    await press("n")
    await expect(page.get_by_label("Internal note")).to_be_focused()
    await write("Second leaking can.")
    await press("Control+Enter")
    await expect(page.locator(".note")).to_contain_text("Second leaking can.")
    assert [note.text for note in (await desk.view(ids["ann"])).notes] == ["Second leaking can."]

    await press("Escape")
    await expect(page.locator(".revise-edit")).to_be_visible()
    await press("e")
    await expect(dialog.get_by_label("What the customer reads")).to_have_value(text)
    await press("Tab")
    await press("Control+a")
    await write("Your money is on its way.")
    await press("Control+Enter")
    await expect(dialog).to_be_hidden()
    await desk.world.settle()
    assert desk.sent()[1] == ("ann", "Your money is on its way.")

    await press("s")
    await expect(dialog.get_by_label("Why it is done")).to_be_focused()
    await press("ArrowDown")
    await press("ArrowDown")
    await press("Control+Enter")
    await expect(meta).to_contain_text("resolved")
    await expect(dialog).to_be_hidden()
    await state_of(desk, ids["ann"], State.RESOLVED)
    [resolved] = await desk.world.log(ids["ann"], "resolved")
    assert resolved.fields["reason"] == "gone_quiet"
    await press("p")
    await state_of(desk, ids["ann"], State.CLAIMED)

    await press("/")
    await write("bob")
    await expect(page.locator(".row")).to_have_count(1)
    await press("Escape")
    await press("j")
    await expect(name).to_have_text("bob")
    await press("z")
    await expect(dialog.get_by_text("Until when")).to_be_visible()
    await press("ArrowDown")
    await press("Enter")
    await expect(meta).to_contain_text("snoozed")
    await expect(dialog).to_be_hidden()
    await state_of(desk, ids["bob"], State.SNOOZED)
    until = (await desk.view(ids["bob"])).conversation.snoozed_until
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=2)

    await press("/")
    await press("Control+a")
    await write("cleo")
    await expect(page.locator(".row")).to_contain_text("cleo")
    await press("Escape")
    await press("j")
    await expect(name).to_have_text("cleo")
    await press("t")
    await expect(dialog.get_by_label("Team")).to_be_focused()
    await press("p")
    await press("Tab")
    await write("For you.")
    await press("Control+Enter")
    await expect(meta).to_contain_text("team press")
    await expect(dialog).to_be_hidden()
    found = await desk.view(ids["cleo"])
    assert (found.conversation.team, [note.text for note in found.notes]) == ("press", ["For you."])

    await press("/")
    await press("Control+a")
    await press("Delete")
    await expect(page.locator(".row")).to_have_count(4)
    await press("Escape")
    await press("j")
    await expect(name).to_have_text("dora")
    await press("j")
    await expect(name).to_have_text("eve")
    await press("m")
    await press("K")
    await expect(page.locator("#bulk-count")).to_have_text("2 chosen")
    await press("s")
    await expect(dialog.get_by_role("heading")).to_have_text("Resolve these conversations?")
    await press("Control+Enter")
    await expect(page.locator("#bulk-told")).to_contain_text("Resolve: 2 done.")
    await state_of(desk, ids["eve"], State.RESOLVED)
    await state_of(desk, ids["dora"], State.RESOLVED)
    assert len(desk.sent()) == 2


async def test_a_reply_is_held_back_once_and_its_draft_survives_a_reload(desk: RealDesk, windows: Windows) -> None:
    ids = await waiting(desk, "ann")
    window = await windows.open()
    page = window.page
    await page.goto(desk.link("alex"))
    await page.goto(f"{desk.root}/desk?c={ids['ann']}")
    await expect(page.locator(".msg")).to_have_count(2)  # the customer's, and the bot's acknowledgement
    reply = page.get_by_label("Reply to the customer")
    await page.evaluate(  # this page hears of nothing new, as on a slow line
        """() => { const real = window.fetch; window.fetch = (path, options) => options?.method === "POST"
          ? real(path, options) : new Promise(() => {}); }"""
    )
    await page.keyboard.press("r")
    await page.keyboard.type("About the can.")
    await desk.world.writes("complaint, and the hose is broken, too", who="ann")
    window.forgive(CONFLICT)
    await page.keyboard.press("Control+Enter")
    held = page.get_by_role("alertdialog")
    await expect(held).to_contain_text("The customer wrote this meanwhile.")
    await expect(held.locator("blockquote")).to_have_text("complaint, and the hose is broken, too")
    await expect(reply).to_have_value("About the can.")
    await desk.world.settle()
    assert desk.sent() == []
    await reply.press("Control+Enter")  # the same keys once more are no answer to the question
    await expect(held.get_by_role("button", name="Send anyway")).to_be_focused()
    await page.reload()
    await expect(reply).to_have_value("About the can.")
    await reply.press("Control+Enter")
    await expect(reply).to_have_value("")
    await desk.world.settle()
    assert desk.sent() == [("ann", "About the can.")]


async def test_a_holder_sees_who_asks_and_a_lead_takes_over(desk: RealDesk, windows: Windows) -> None:
    ids = await waiting(desk, "ann")
    mine, theirs = await seated(desk, windows), await seated(desk, windows, "sam", role=Role.LEAD)
    await mine.keyboard.press("j")
    await mine.keyboard.press("c")
    await expect(mine.locator("#talk-meta")).to_contain_text("held by you")
    await theirs.keyboard.press("j")
    await expect(theirs.get_by_text("held by alex").first).to_be_visible()
    await theirs.keyboard.press("a")
    await expect(mine.locator("#strips")).to_contain_text("sam asks for this conversation.")
    await expect(mine.get_by_role("region", name="Notices")).to_contain_text("sam asks for ann")
    await theirs.keyboard.press("o")
    await expect(theirs.get_by_role("dialog", name="Take this conversation over?")).to_be_visible()
    await theirs.keyboard.press("Enter")
    await expect(theirs.locator("#talk-meta")).to_contain_text("held by you")
    await expect(mine.locator("#talk-meta")).to_contain_text("held by sam")
    await expect(mine.get_by_role("region", name="Notices")).to_contain_text("sam has taken over ann")
    await expect(mine.get_by_role("button", name="Ask for it")).to_be_visible()
    assert (await desk.view(ids["ann"])).conversation.holder == "sam"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_nothing_is_wider_than_the_screen(desk: RealDesk, windows: Windows, size: dict[str, int]) -> None:
    await waiting(desk, "ann" * 40, "bob")
    page = await seated(desk, windows, role=Role.LEAD, viewport=size)
    for key in ("j", "*", "?", "Escape", "t"):
        await page.keyboard.press(key)
        assert await page.evaluate("document.documentElement.scrollWidth") == size["width"]


async def test_the_sheet_finds_an_action_and_says_why_another_does_not(desk: RealDesk, windows: Windows) -> None:
    ids = await waiting(desk, "ann")
    page = await seated(desk, windows)
    await page.keyboard.press("j")
    await expect(page.get_by_role("heading", level=1)).to_have_text("ann")
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys and actions")
    await page.keyboard.type("take over")
    await expect(sheet.locator(".sheet-why")).to_have_text("Take over takes the role lead or admin.")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("claim hold")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await state_of(desk, ids["ann"], State.CLAIMED)


async def test_a_message_that_came_while_the_reply_was_written_holds_it_back_though_the_page_shows_it(
    desk: RealDesk, windows: Windows
) -> None:
    [conversation] = (await waiting(desk, "ann")).values()
    window = await windows.open()
    window.forgive(CONFLICT)
    page = window.page
    await page.goto(desk.link("alex"))
    await expect(page.locator("#filters b").first).not_to_have_text("–")
    reply, held = page.get_by_label("Reply to the customer"), page.get_by_role("alertdialog")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await expect(reply).to_be_focused()
    await page.keyboard.type("A new can ")
    await desk.world.writes("complaint, and the hose is broken, too", who="ann")
    await expect(page.locator("#transcript")).to_contain_text("and the hose is broken, too")
    await reply.focus()
    await page.keyboard.type("leaves today.")
    await page.keyboard.press("Control+Enter")
    await expect(held.locator("blockquote")).to_have_text("complaint, and the hose is broken, too")
    await desk.world.heed.delivery.drain()
    assert desk.sent() == []
    await held.get_by_role("button", name="Keep editing").click()
    await page.keyboard.type(" The hose, too.")  # now it is read, and held back no more
    await page.keyboard.press("Control+Enter")
    await expect(reply).to_have_value("")
    await desk.world.heed.delivery.drain()
    assert [text for _, text in desk.sent()] == ["A new can leaves today. The hose, too."]
    await page.keyboard.type("Anything else?")  # begun with all on the screen
    await page.keyboard.press("Control+Enter")
    await expect(reply).to_have_value("")
    assert (await desk.view(conversation)).conversation.holder == "alex"


async def test_a_reply_that_did_not_arrive_says_why_and_is_written_again_with_one_press(
    desk: RealDesk, windows: Windows
) -> None:
    [conversation] = (await waiting(desk, "ann")).values()
    page = await seated(desk, windows)
    reply, again = page.get_by_label("Reply to the customer"), page.get_by_role("button", name="Write again")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await expect(reply).to_be_focused()
    await page.keyboard.type("A new can leaves today.")
    desk.world.platform.failures.append(SendFailed("the customer has blocked the bot"))
    await page.keyboard.press("Control+Enter")
    await expect(reply).to_have_value("")
    await desk.world.heed.delivery.drain()
    await expect(page.locator("#transcript")).to_contain_text("the customer has blocked the bot")
    await again.focus()
    await page.keyboard.press("Enter")
    await expect(reply).to_have_value("A new can leaves today.")
    await page.keyboard.press("Control+Enter")
    await expect(reply).to_have_value("")
    await desk.world.heed.delivery.drain()
    assert [text for _, text in desk.sent()] == ["A new can leaves today."]
    assert (await desk.view(conversation)).conversation.holder == "alex"
