"""The desk's clocks in Chromium when their calendar closes and opens: time jumps, and the server says nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.domain.roles import Role
from bot.web.sign_in import one_time_link
from tests.web import scene_parts, scenes
from tests.web.conftest import SECRET, Opener
from tests.web.fake_staff import MemoryCommands, desk_of
from tests.web.fakes import START, ManualTime, MemoryStore
from tests.web.test_in_a_browser import CHROMIUM, QUIET

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]

OFFICE = scenes.office()
HOUR = timedelta(hours=1)

#: Somebody reads the desk in Berlin, an hour ahead of the office, at so long after START.
Reading = Callable[[timedelta], Awaitable[Page]]


@pytest.fixture
async def reading(opened: Opener) -> AsyncIterator[Reading]:
    """Return a function that opens the desk with one conversation that has waited for five minutes."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)

        async def start(after: timedelta) -> Page:
            time = ManualTime(START + after)
            store = MemoryStore(time)
            asked = scene_parts.conversation(
                "Pat", ["Where is it?"], now=time.now(), waited=scene_parts.MINUTE * 5, calendar=OFFICE
            )
            store.put(asked)
            calendars = {OFFICE.id: OFFICE}
            commands = MemoryCommands(store)
            desk = desk_of(store, commands, calendar_of=calendars.__getitem__)
            place = await opened(time=time, store=store, commands=commands, desk=desk)
            page = await browser.new_page(locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce")
            await page.clock.install()
            root = str(place.client.make_url("/")).rstrip("/")
            await page.goto(one_time_link(SECRET, root, "Mara", Role.LEAD, now=time.now()))
            await page.route("**/desk/events", lambda route: route.abort())
            await page.goto(f"{root}/desk?c=pat")
            await expect(note(page)).to_be_visible()
            await page.route("**/desk/conversations**", lambda route: route.abort())  # it needs no more to be told
            return page

        yield start
        await browser.close()


def face(page: Page) -> Locator:
    return page.locator(".row .clock")


def note(page: Page) -> Locator:
    return page.locator(".clock-note").first


async def test_a_clock_stops_at_closing_time_and_says_until_when(reading: Reading) -> None:
    page = await reading(HOUR * 8 - scene_parts.MINUTE)
    await expect(face(page)).to_have_attribute("data-still", "false")
    await expect(note(page)).to_contain_text("due 10:04 tomorrow · target 10:00")
    await page.clock.run_for(90_000)
    await expect(face(page)).to_have_text("4:00 left")
    await expect(face(page)).to_have_attribute("data-still", "true")
    await expect(page.locator(".row-wait")).to_have_text("closed until 10:00 tomorrow")
    await expect(note(page)).to_contain_text("Stands still: closed until 10:00 tomorrow")
    await page.clock.run_for(3_000)
    await expect(face(page)).to_have_text("4:00 left")


async def test_a_clock_runs_on_at_opening_time_without_a_word_from_the_server(reading: Reading) -> None:
    page = await reading(HOUR * 24 - scene_parts.MINUTE)
    await expect(note(page)).to_contain_text("Stands still: closed until 10:00")
    await expect(note(page)).to_contain_text("due 10:10")
    await expect(face(page)).to_have_text("10:00 left")
    await page.clock.run_for(90_000)
    await expect(note(page)).not_to_contain_text("Stands still")
    await expect(face(page)).to_have_text(re.compile(r"^9:[123]\d left$"))
    await expect(face(page)).to_have_attribute("data-still", "false")
    await expect(page.locator(".row-wait")).to_have_text("waits 6 min")
    await expect(note(page)).to_contain_text(re.compile(r"6:[345]\d of calendar time"))


async def test_the_page_asks_again_once_it_does_not_know_when_the_calendar_changes_next(reading: Reading) -> None:
    page = await reading(HOUR)
    async with page.expect_request("**/desk/conversations/pat"):
        await page.clock.fast_forward("49:00:00")


async def test_what_lies_days_ahead_is_named_by_its_day(reading: Reading) -> None:
    page = await reading(HOUR)
    moment = """async ([url, days]) => {
      const { moment } = await import(url);
      const from = new Date(2026, 2, 27, 12);
      return days.map(day => moment(new Date(2026, 2, 27 + day, 9, 30).getTime(), from.getTime()));
    }"""
    said = await page.evaluate(moment, ["/static/time.js", [0, 1, -1, 2, 6, -3, 7]])
    # the clocks change on the 29th
    assert said == ["9:30", "9:30 tomorrow", "9:30 yesterday", "Sun 9:30", "Thu 9:30", "Tue 9:30", "3 Apr, 9:30"]
