"""The desk, as staff work at it."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.running import RunningHeed
from tests.browser.windows import Windows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COMPLAINT = "The watering can I got leaks, this is the second one and it is terrible."
WORSE = "Nobody answers my emails. I am furious about this awful service."
CONFLICT = re.compile("status of 409")


def message(number: int, text: str, name: str = "") -> dict[str, object]:
    customer = {"id": f"customer-{number}", "name": name}
    return {"id": f"m{number}", "conversation": f"c{number}", "customer": customer, "text": text}


async def test_the_desk_is_worked_by_keyboard_alone(heed: RunningHeed, windows: Windows):
    await heed.send(message(1, COMPLAINT, "balcony_jungle"))
    await heed.send(message(2, WORSE, "north window"))
    staff = await windows.staff(heed)
    page, press = staff.page, staff.page.keyboard.press
    await expect(staff.rows).to_have_count(2)

    await press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    await expect(sheet).to_be_visible()
    await press("Escape")
    await expect(sheet).to_be_hidden()

    name = page.get_by_role("heading", level=1)
    await press("j")
    await expect(name).to_have_text("balcony_jungle")
    await press("j")
    await expect(name).to_have_text("north window")
    await press("k")
    await expect(name).to_have_text("balcony_jungle")

    await press("c")
    await expect(staff.release).to_be_visible()
    await press("r")
    await expect(staff.reply).to_be_focused()
    await page.keyboard.type("A new one is on its way.")
    await press("Control+Enter")
    await expect(staff.transcript.get_by_text("A new one is on its way.")).to_be_visible()
    await press("Escape")
    await press("n")
    await expect(staff.note).to_be_focused()
    await page.keyboard.type("Second leaking can of this batch.")
    await press("Control+Enter")
    await expect(staff.transcript.get_by_text("Second leaking can of this batch.")).to_be_visible()
    await press("Escape")
    await press("s")
    await expect(page.get_by_role("dialog", name="Resolve this conversation?")).to_be_visible()
    for _ in ("the reason", "the note", "cancel"):
        await press("Tab")
    await press("Enter")
    await expect(staff.resolve).to_be_hidden()
    await expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    await expect(staff.rows).to_have_count(1)

    await press("/")
    await page.keyboard.type("leaks")
    await expect(staff.row("balcony_jungle")).to_be_visible()
    await expect(staff.rows).to_have_count(1)


async def test_a_refused_claim_names_the_holder(shared: RunningHeed, windows: Windows):
    await shared.send(message(3, COMPLAINT, "fern_42"))
    link = await shared.link_for("agent-1")
    first, second = await asyncio.gather(windows.staff(shared), windows.staff(shared, link))
    await asyncio.gather(first.row("fern_42").click(), second.row("fern_42").click())
    await expect(second.claim).to_be_enabled()

    # Both press at nearly the same moment: the second has not heard of the first yet.
    second.window.forgive(CONFLICT)
    await second.page.evaluate(
        """() => { const real = window.fetch; window.heldBack = [];
          window.fetch = (path, options) => options?.method === "POST" ? real(path, options)
            : new Promise(go => window.heldBack.push(() => go(real(path, options)))); }"""
    )
    await first.claim.click()
    await expect(first.release).to_be_visible()
    await second.claim.click()
    await expect(second.page.get_by_role("alert")).to_contain_text("owner")
    await second.page.reload()

    # From now on the page says so before anybody tries, and offers to ask.
    await expect(second.page.get_by_role("button", name="Ask for it")).to_be_visible()
    await expect(second.claim).to_be_hidden()
    await expect(second.page.get_by_text("held by owner").first).to_be_visible()
    await expect(second.page.get_by_text("owner holds this conversation.")).to_be_visible()
    await second.reply.fill("Hello, this is me too.")
    await expect(second.page.get_by_role("button", name="Send to fern_42")).to_be_disabled()
    await first.release.click()
    await expect(second.claim).to_be_enabled()


async def test_what_a_customer_writes_is_never_more_than_text(shared: RunningHeed, windows: Windows):
    markup = '<img src=x onerror="alert(1)"><script>alert(2)</script> your service is terrible'
    turned = "\u202egnp.exe\u202c terrible service {{ brand.email }}"
    name = "<b onmouseover=alert(3)>\u202epotting shed</b>"
    await shared.send(message(4, markup, name))
    await shared.send(message(5, turned, "rooftop_7"))
    staff = await windows.staff(shared)
    dialogs: list[str] = []
    staff.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await staff.row("onerror").click()
    await expect(staff.transcript.get_by_text(markup, exact=True)).to_be_visible()
    await expect(staff.page.get_by_role("heading", level=1)).to_have_text(
        "<b onmouseover=alert(3)>potting shed</b>"
    )
    assert await staff.page.locator("main img, main script, main b[onmouseover]").count() == 0
    await staff.row("terrible service").last.hover()
    await staff.row("gnp.exe").click()
    await expect(
        staff.transcript.get_by_text("gnp.exe terrible service {{ brand.email }}", exact=True)
    ).to_be_visible()
    assert "\u202e" not in await staff.page.content()

    customer = await windows.customer(shared)
    customer.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await customer.say(markup)
    await customer.sees_once(markup)
    await customer.say("https://example.com/<img/src=x> javascript:alert(4)")
    await expect(customer.log.get_by_role("link")).to_have_attribute("href", "https://example.com/")
    await customer.page.reload()
    await customer.sees_once(markup)
    assert await customer.log.locator("img, script").count() == 0
    assert not dialogs
