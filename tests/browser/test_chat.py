"""The chat page, as customers meet it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.running import RunningHeed
from tests.browser.windows import PHONE, UNREACHABLE, Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "What are your opening hours?"
ANSWER = re.compile("Tuesday to Saturday")


async def test_what_was_written_while_heed_was_away_arrives_exactly_once(heed: RunningHeed, windows: Windows):
    customer = await windows.customer(heed)
    customer.window.forgive(UNREACHABLE)
    await customer.say(QUESTION)
    await customer.sees_once(ANSWER)
    before = await customer.lines()

    await heed.crash()
    await expect(customer.status).to_have_text("Reconnecting…")
    await customer.say("Is there parking at your shop?")
    await customer.say("Do you ship to Germany?")
    await expect(customer.log.get_by_text("Waiting to send").first).to_be_visible()
    await heed.start()
    await expect(customer.status).to_have_text("We're here")
    await customer.sees_once(re.compile("Great Britain"))
    lines = await customer.lines()
    assert lines[: len(before)] == before
    assert lines.count("Is there parking at your shop?") == lines.count("Do you ship to Germany?") == 1
    assert lines.index("Is there parking at your shop?") < lines.index("Do you ship to Germany?")

    staff = await windows.staff(heed)
    await staff.show("All")
    await staff.rows.first.click()
    for text in ("Is there parking at your shop?", "Do you ship to Germany?"):
        await expect(staff.transcript.get_by_text(text, exact=True)).to_have_count(1)


async def test_a_visitor_never_sees_what_another_one_wrote(shared: RunningHeed, windows: Windows):
    first, second = await asyncio.gather(windows.customer(shared), windows.customer(shared))
    await asyncio.gather(first.say(QUESTION), second.say("Do you ship to Germany?"))
    await asyncio.gather(first.sees_once(ANSWER), second.sees_once(re.compile("Great Britain")))
    await asyncio.gather(first.page.reload(), second.page.reload())
    await asyncio.gather(first.sees_once(ANSWER), second.sees_once(re.compile("Great Britain")))
    assert len(await first.lines()) == len(await second.lines()) == 2
    third = await windows.customer(shared)
    await expect(third.page.get_by_role("heading", level=2)).to_be_visible()
    assert await third.lines() == []


async def test_the_chat_works_by_keyboard_alone_at_the_width_of_a_phone(shared: RunningHeed, windows: Windows):
    customer = await windows.customer(shared, viewport=PHONE)
    page, keys = customer.page, customer.page.keyboard
    await page.evaluate("document.activeElement.blur()")
    for _ in range(10):
        await keys.press("Tab")
        if await customer.box.evaluate("box => box === document.activeElement"):
            break
    await expect(customer.box).to_be_focused()
    await keys.type("What are your")
    await keys.press("Shift+Enter")
    await keys.type("opening hours?")
    assert await customer.box.input_value() == "What are your\nopening hours?"
    await keys.press("Enter")
    await expect(customer.box).to_have_value("")
    await customer.sees_once(ANSWER)
    assert (await customer.lines())[0] == "What are your\nopening hours?"
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await expect(customer.box).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport()

    # To the message's options and back: Enter opens and chooses, Escape leaves.
    options = customer.log.get_by_role("button", name="Message options")
    for _ in range(10):
        await keys.press("Shift+Tab")
        if await options.evaluate("button => button === document.activeElement"):
            break
    await expect(options).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("button", name="Edit", exact=True)).to_be_focused()
    await keys.press("Enter")
    await expect(customer.box).to_be_focused()
    await expect(customer.box).to_have_value("What are your\nopening hours?")
    await keys.press("Escape")
    await expect(customer.box).to_have_value("")
    await expect(page.get_by_text("Editing your message")).to_be_hidden()


async def test_a_customer_edits_and_deletes_their_own_message(shared: RunningHeed, windows: Windows):
    customer = await windows.customer(shared)
    await customer.say("I want to talk to a person about my ordr")
    await expect(customer.log.get_by_text("Assistant")).to_have_count(1)
    await customer.log.get_by_role("button", name="Message options").click()
    await customer.log.get_by_role("button", name="Edit", exact=True).click()
    await customer.box.fill("I want to talk to a person about my order")
    await customer.box.press("Enter")
    await customer.sees_once("I want to talk to a person about my order")
    await expect(customer.log.get_by_text("edited")).to_be_visible()
    staff = await windows.staff(shared)
    await staff.row("talk to a person").click()
    await expect(
        staff.transcript.get_by_text("I want to talk to a person about my order", exact=True)
    ).to_be_visible()
    await customer.log.get_by_role("button", name="Message options").click()
    await customer.log.get_by_role("button", name="Delete", exact=True).click()
    await customer.log.get_by_role("button", name="Delete for good?").click()
    await expect(customer.log.get_by_text("Message deleted")).to_be_visible()
    await expect(staff.transcript.get_by_text("deleted by the customer")).to_be_visible()
    await customer.page.reload()
    await expect(customer.log.get_by_text("Message deleted")).to_be_visible()
    await expect(customer.page.get_by_text("about my order")).to_have_count(0)
