"""The switch on the operations page."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.running import RunningHeed
from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "What are your opening hours?"
ANSWER = re.compile("Tuesday to Saturday")


async def test_while_answers_are_paused_a_covered_question_goes_to_a_human(heed: RunningHeed, windows: Windows):
    operations, customer, other = await asyncio.gather(
        windows.staff(heed), windows.customer(heed), windows.customer(heed)
    )
    page = operations.page
    await page.goto(f"{heed.url}/ops")
    await page.get_by_role("button", name="Pause automatic answers").click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
    resume = page.get_by_role("button", name="Resume automatic answers")
    await expect(resume).to_be_visible()
    await expect(page.get_by_text("Automatic answers are paused")).to_be_visible()

    await customer.say(QUESTION)
    await expect(page.get_by_text("Bot was paused")).to_be_visible()
    await expect(customer.log.get_by_text(ANSWER)).to_have_count(0)

    await resume.click()
    await page.get_by_role("dialog").get_by_role("button", name="Resume", exact=True).click()
    await expect(page.get_by_role("button", name="Pause automatic answers")).to_be_visible()
    await other.say(QUESTION)
    await other.sees_once(ANSWER)
    await page.goto(f"{heed.url}/desk")
    await expect(operations.rows).to_have_count(1)
    await expect(operations.row(QUESTION)).to_have_count(1)
