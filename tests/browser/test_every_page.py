"""What holds for every page: it can be read aloud, worked without a mouse, and fits a phone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.running import RunningHeed
from tests.browser.windows import DESK, PHONE, Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: What can be acted on and has no name that a screen reader could say.
NAMELESS = """() => [...document.querySelectorAll("button, input:not([type=hidden]), textarea, select, a[href]")]
  .filter(one => one.checkVisibility())
  .filter(one => ![
      one.getAttribute("aria-label"), one.title,
      ...(one.getAttribute("aria-labelledby") ?? "").split(" ")
        .map(id => document.getElementById(id)?.textContent),
      ...[...(one.labels ?? [])].map(label => label.textContent),
      one.matches("button, a") ? one.textContent : "",
    ].some(name => name?.trim()))
  .map(one => one.outerHTML.slice(0, 200))"""

#: The focused element, and whether it looks different from when it is not.
FOCUS = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const look = () => [one, one.parentElement].map(part => getComputedStyle(part))
    .flatMap(style => [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor]).join();
  const on = look();
  one.blur();
  const off = look();
  one.focus();
  return { what: one.outerHTML.slice(0, 120), shows: on !== off };
}"""


async def check(page: Page) -> None:
    """Assert what must hold for a page as it is now."""
    assert await page.locator("h1:visible").count() == 1, f"{page.url}: one main heading"
    await expect(page.get_by_role("main")).to_have_count(1)
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.title()
    assert await page.evaluate(NAMELESS) == [], page.url
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, (
        f"{page.url} is wider than {width}"
    )
    await page.evaluate("document.activeElement.blur()")
    seen = set()
    for _ in range(6):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUS)
        if focus is None:  # between the last and the first lies the browser itself
            continue
        assert focus["shows"], f"{page.url}: the focus does not show on {focus['what']}"
        seen.add(focus["what"])
    assert seen, f"{page.url}: Tab leads nowhere"


async def test_every_page_can_be_read_aloud_and_worked_without_a_mouse(shared: RunningHeed, windows: Windows):
    customer = await windows.customer(shared)
    await check(customer.page)
    await customer.say("This is terrible, my order never came and nobody cares.")
    await expect(customer.log.get_by_text("Assistant")).to_have_count(1)
    await expect(customer.log).to_have_attribute("aria-live", "polite")
    await customer.page.set_viewport_size(PHONE)
    await check(customer.page)

    staff = await windows.staff(shared)
    for size in (DESK, PHONE):
        await staff.page.set_viewport_size(size)
        for path in ("/", "/desk", "/ops"):
            await staff.page.goto(f"{shared.url}{path}")
            if path == "/desk":
                await expect(staff.rows.first).to_be_visible()
            if path == "/ops":
                await expect(staff.page.get_by_text("As of")).to_be_visible()
            await check(staff.page)
        await staff.page.goto(f"{shared.url}/desk")
        await staff.rows.first.click()
        await expect(staff.transcript).to_be_visible()
        await check(staff.page)

    await staff.page.goto(f"{shared.url}/desk")
    await staff.page.set_viewport_size(DESK)
    await staff.page.get_by_role("button", name="Sign out").click()
    await expect(staff.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await check(staff.page)


#: Every hour of a day, as the module with this address writes it.
HOURS = "Array.from({ length: 24 }, (_, hour) => new Date(2026, 2, 4, hour, 1).toISOString())"
AT_THE_DESK = f"async url => {{ const {{ clockTime }} = await import(url); return {HOURS}.map(clockTime); }}"
IN_THE_CHAT = f"""async url => {{
  const {{ Bubbles }} = await import(url);
  const {{ time }} = new Bubbles({{ log: null, words: {{}}, language: document.documentElement.lang, on: {{}} }});
  return {HOURS}.map(at => time.format(new Date(at)));
}}"""


async def test_the_same_moment_reads_the_same_in_the_chat_and_at_the_desk(shared: RunningHeed, windows: Windows):
    customer, staff = await asyncio.gather(windows.customer(shared), windows.staff(shared))
    bubbles = await customer.page.evaluate(
        "performance.getEntriesByType('resource').map(one => one.name).find(name => name.includes('bubbles.js'))"
    )
    written = await customer.page.evaluate(IN_THE_CHAT, bubbles)
    assert written == await staff.page.evaluate(AT_THE_DESK, f"{shared.url}/static/time.js")
    assert not any(time.startswith("0") for time in written)
