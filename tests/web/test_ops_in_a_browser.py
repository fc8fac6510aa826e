"""The operations page in Chromium: comparing groups, and looking at one of them, by keyboard too."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.figures import Dimension
from tests.web.fakes import FakeReports
from tests.web.test_in_a_browser import CHROMIUM, Window, window

__all__ = ["window"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]


@pytest.fixture
async def ops(window: Window) -> Page:
    await window.open("/ops")
    await expect(window.page.locator("#tiles .tile").first).to_be_visible()
    return window.page


async def test_each_time_stands_with_its_band_and_the_naive_figure(ops: Page) -> None:
    cell = ops.locator('tr[data-metric="first_reply_time"] [data-cell="p50"]')
    await expect(cell).to_contain_text(" to ")
    await expect(cell).to_contain_text("naive 3:32")
    await expect(cell).not_to_contain_text("business")  # it says the same
    await expect(ops.locator('tr[data-metric="resolution_time"] [data-cell="p50"]')).to_contain_text("business")
    within = ops.locator('tr[data-metric="first_reply_time"] [data-cell="within"]')
    await expect(within).to_contain_text("undecided")


async def test_groups_are_compared_and_one_is_looked_at_without_a_mouse(ops: Page, window: Window) -> None:
    await expect(ops.locator("#groups-scroll")).to_be_hidden()
    await ops.get_by_label("by", exact=True).select_option(label="Team")
    await expect(ops.locator("#groups tr")).to_have_count(3)
    await ops.get_by_role("button", name="press", exact=True).focus()
    await ops.keyboard.press("Enter")
    chip = ops.get_by_role("button", name="Team press: show all again")
    await expect(chip).to_be_focused()
    await expect(ops.locator("#groups-scroll")).to_be_hidden()
    reports = window.place.parts.reports
    assert isinstance(reports, FakeReports)
    assert reports.asked[-1].where == {Dimension.TEAM: "press"}
    await ops.keyboard.press("Enter")
    await expect(chip).to_have_count(0)
    await expect(ops.get_by_label("by", exact=True)).to_be_focused()


async def test_who_answered_first_and_whether_the_bot_was_right_are_shown(ops: Page) -> None:
    await expect(ops.locator("#outcomes")).to_contain_text("The bot")
    await expect(ops.locator("#outcomes")).to_contain_text("164")
    await expect(ops.locator("#precision")).to_contain_text("96 % (89 % to 99 %)")


async def test_what_waited_for_heed_to_start_is_shown_apart(ops: Page) -> None:
    await expect(ops.locator("#lateness")).to_contain_text("After downtime1Worst after downtime")
    await expect(ops.locator("#lateness")).to_contain_text("p99 of the others44 ms")
    await expect(ops.locator("#tiles")).to_contain_text("44 ms while Heed ran")
