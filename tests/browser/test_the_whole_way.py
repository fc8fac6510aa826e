"""The way of two messages through all of Heed, as a customer, staff and operations see it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.running import RunningHeed
from tests.browser.windows import UNREACHABLE, Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "What are your opening hours?"
ANSWER = re.compile("Tuesday to Saturday")
COMPLAINT = (
    "My parcel arrived smashed, half the pots are broken and nobody has answered me for a week. A disgrace."
)
REPLY = "I am so sorry. New pots leave today, and there is nothing to pay."
NOTE = "Third smashed parcel from this carrier this week."


async def test_a_complaint_goes_from_the_customer_to_staff_and_back_through_a_crash(
    heed: RunningHeed, windows: Windows
):
    staff, customer = await asyncio.gather(windows.staff(heed), windows.customer(heed))
    for window in (staff.window, customer.window):
        window.forgive(UNREACHABLE)
    await expect(staff.page.get_by_role("heading", name="Nobody is waiting")).to_be_visible()

    # A question that a template covers is answered in the page, and staff are left in peace.
    await customer.say(QUESTION)
    await customer.sees_once(ANSWER)
    await expect(staff.rows).to_have_count(0)

    # A complaint is acknowledged and appears at the desk by itself, with its clock running.
    await customer.say(COMPLAINT)
    await expect(customer.log.get_by_text("Assistant")).to_have_count(2)
    row = staff.row("smashed")
    await expect(row).to_be_visible()
    clock = row.get_by_text(re.compile(r"^\d+:\d\d left$"))
    before = await clock.inner_text()
    await expect(clock).not_to_have_text(before)

    # Claimed, and then everything falls over.
    await row.click()
    await staff.claim.click()
    await expect(staff.release).to_be_visible()
    await heed.crash()
    await expect(customer.status).to_have_text("Reconnecting…")
    await heed.start()
    await asyncio.gather(customer.page.reload(), staff.page.reload())
    await expect(customer.status).to_have_text("We're here")
    await expect(staff.release).to_be_visible()

    # Answered: the reply arrives in the customer's open page. The note never does.
    await staff.reply.fill(REPLY)
    await staff.page.get_by_role("button", name=re.compile("^Send to")).click()
    await customer.sees_once(REPLY)
    await expect(customer.log.get_by_text("Support", exact=False).first).to_be_attached()
    await staff.page.get_by_role("button", name="Note", exact=True).click()
    await staff.note.fill(NOTE)
    await staff.page.get_by_role("button", name="Save note").click()
    await expect(staff.transcript.get_by_text(NOTE)).to_be_visible()
    await staff.resolve.click()
    await staff.page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    await expect(staff.resolve).to_be_hidden()

    # Nothing is lost and nothing doubled, in either page, after another look from the start.
    said = await customer.lines()
    assert [said[0], said[2], said[4]] == [QUESTION, COMPLAINT, REPLY]
    assert len(said) == 5
    await asyncio.gather(customer.page.reload(), staff.page.reload())
    await customer.sees_once(REPLY)
    assert await customer.lines() == said
    await expect(customer.page.get_by_text(NOTE)).to_have_count(0)
    for text in [*said, NOTE]:
        await expect(staff.transcript.get_by_text(text)).to_have_count(1)
    await staff.show("Resolved")
    await expect(staff.row(re.compile("resolved"))).to_have_count(1)

    # Operations see all of it.
    await staff.page.goto(f"{heed.url}/ops")
    await expect(staff.page.get_by_text(re.compile("^As of"))).to_be_visible()
    assert await staff.tile("Messages") == "2"
    assert await staff.tile("Answered by the bot") == "1"
    assert await staff.tile("To a human") == "1"
    assert await staff.tile("Waiting now") == "0"
    assert await staff.figure("First reply", "Ended") == "1"
    assert re.match(r"\d+(\.\d+)? s|\d+:\d\d", await staff.figure("First reply", "p50"))
