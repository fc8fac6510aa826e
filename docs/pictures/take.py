"""Takes the pictures of the README and of docs/staff.md again: ``make pictures``. Needs Chromium.

A real Heed runs on a store of its own in a temporary folder. Made-up customers of the sample brand write to it,
some of them minutes ago and one in the chat, so that the desk has conversations at every stage.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.browser.running import RunningHeed
from tests.browser.windows import ARGUMENTS, DESK, PATIENCE, PHONE
from tests.conftest import CHROMIUM

FOLDER = Path(__file__).parent
SIZES = {"": DESK, "-phone": PHONE}
SCHEMES = ("light", "dark")

#: Who is on staff in the pictures, and in which teams.
STAFF = {
    "agents": [{"name": "alex", "role": "lead"}, {"name": "sam"}],
    "teams": {"support": {"members": ["alex", "sam"]}, "press": {}},
}

#: A page that hears of nothing new, as on a slow line: so a reply is written past the customer.
DEAF = """() => { const real = window.fetch; window.fetch = (path, options) => options?.method === "POST"
  ? real(path, options) : new Promise(() => {}); }"""

#: Customer, how many minutes ago, and what was written.
WRITTEN = (
    ("potting shed", 33, "The copper watering can leaks at the seam, and it is my second one. Not good enough."),
    ("second_shelf", 26, "I was charged twice for one order and nobody has answered my email since Monday."),
    ("fern_42", 17, "My monstera arrived with a broken stem and half the soil in the box. Really disappointed."),
    ("balcony_jungle", 12.6, "Half of my order is missing and the tracking page says delivered. How come?"),
    ("moss & clay", 7, "Could you make a planter in the size of my old sink, 54 by 38 cm?"),
    ("long table", 4, "I'd like to talk to a person about a wedding order, please."),
    ("attic_cactus", 1.5, "The seed box came with three empty bags. That is a bit sad for a present."),
    ("rooftop 7", 0, "Do you ship plants in winter?"),
    ("green_stairs", 0, "Which plants are pet friendly?"),
    ("north window", 0, "Is there parking at your shop?"),
    ("tiny_garden", 0, "Your packing is wonderful, the fern arrived without a scratch. Thank you!"),
    ("windowsill", 0, "What are your opening hours?"),
)


async def take() -> None:
    """Start Heed, let people write, and take every page at both sizes in both schemes."""
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as folder:
        async with RunningHeed(Path(folder), STAFF) as heed, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*ARGUMENTS, "--disable-lcd-text"]
            )
            await _customers_write(heed)
            context = await browser.new_context(viewport=SIZES[""])
            desk = await context.new_page()
            await desk.goto(await heed.link_for("alex", role="lead"))
            await _staff_work(desk, heed)
            visitor = await _chat(browser, heed, desk)
            await _take_over(desk)
            await heed.answers()
            staff = await context.storage_state()
            for size, scheme in product(SIZES, SCHEMES):
                look = {"viewport": SIZES[size], "color_scheme": scheme, "reduced_motion": "reduce"}
                await _picture(browser, f"chat{size}-{scheme}", f"{heed.url}/chat", visitor, look)
                await _picture(browser, f"desk{size}-{scheme}", desk.url, staff, look)
                await _picture(browser, f"ops{size}-{scheme}", f"{heed.url}/ops", staff, look)
            for name, prepare in SCENES.items():
                scene = await browser.new_context(storage_state=staff, viewport=DESK, reduced_motion="reduce")
                page = await scene.new_page()
                await page.goto(desk.url)
                await prepare(page, heed)
                await _shoot(page, name)
                await scene.close()
            await browser.close()


async def _customers_write(heed: RunningHeed) -> None:
    now = datetime.now(UTC)
    for number, (name, minutes, text) in enumerate(WRITTEN):
        await heed.send(
            {
                "id": f"m{number}",
                "conversation": f"c{number}",
                "customer": {"id": f"customer-{number}", "name": name},
                "text": text,
                "sent_at": (now - timedelta(minutes=minutes)).isoformat(),
            }
        )


async def _staff_work(page: Page, heed: RunningHeed) -> None:
    await expect(_row(page, "attic_cactus")).to_be_visible()
    await _reply(
        page, "potting shed", "I'm sorry. A new can is on its way, and you needn't send the old one back."
    )
    await heed.answers()
    await page.get_by_role("group", name="What to do").get_by_role("button", name="Resolve").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    await _reply(page, "moss & clay", "Yes, we can. Which colour should the glaze have?")
    await _reply(page, "long table", "With pleasure. When is the wedding, and how many tables are there?")
    await heed.answers()


async def _take_over(page: Page) -> None:
    await _row(page, "balcony_jungle").click()
    await page.get_by_role("button", name="Claim", exact=True).click()
    await expect(page.get_by_role("button", name="Release", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Note", exact=True).click()
    await page.get_by_label("Internal note").fill(
        "Two parcels, and the second left a day later. I'll ask the carrier."
    )
    await page.get_by_role("button", name="Save note").click()
    await expect(page.get_by_text("only staff sees this")).to_be_visible()


def _row(page: Page, text: str) -> Locator:
    return page.get_by_role("list", name="Most urgent first").get_by_role("link").filter(has_text=text)


async def _reply(page: Page, name: str, text: str) -> None:
    await _row(page, name).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await page.get_by_label("Reply to the customer").fill(text)
    await page.get_by_role("button", name=f"Send to {name}").click()
    await expect(page.get_by_role("log", name="Transcript").get_by_text(text)).to_be_visible()


async def _chat(browser: Browser, heed: RunningHeed, desk: Page) -> dict[str, object]:
    """Talk as a customer until a human has answered; return what the browser remembers."""
    context = await browser.new_context(viewport=SIZES["-phone"])
    page = await context.new_page()
    await page.goto(f"{heed.url}/chat")
    box, log = page.get_by_label("Write a message"), page.get_by_role("log")
    await box.fill("What are your opening hours?")
    await box.press("Enter")
    await expect(log.get_by_text(re.compile("Tuesday to Saturday"))).to_be_visible()
    await box.fill("My parcel arrived smashed. What a pity.")
    await box.press("Enter")
    await expect(log.get_by_text("Assistant")).to_have_count(2)
    await _row(desk, "smashed").click()
    await expect(desk.get_by_role("log", name="Transcript").get_by_text("smashed")).to_be_visible()
    await desk.get_by_label("Reply to the customer").fill("I'm sorry. I'll send new ones today.")
    await desk.get_by_role("button", name=re.compile("^Send to")).click()
    await expect(log.get_by_text("send new ones today")).to_be_visible()
    remembered: dict[str, object] = await context.storage_state()
    return remembered


async def _picture(browser: Browser, name: str, address: str, state: object, look: dict[str, object]) -> None:
    context = await browser.new_context(storage_state=state, **look)
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_load_state("load")
    settled = {
        "chat": page.get_by_text("send new ones today"),
        "desk": page.get_by_text("only staff sees this"),
        "ops": page.get_by_text(re.compile("^As of")),
    }[name.split("-", maxsplit=1)[0]]
    await expect(settled).to_be_visible()
    await _save(page, name)
    await context.close()


async def _save(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    target = FOLDER / f"{name}.png"
    await page.screenshot(path=target)
    sys.stdout.write(f"{target.name:<24}{target.stat().st_size // 1024:>5} KiB\n")


async def _templates(page: Page, _heed: RunningHeed) -> None:
    await page.get_by_role("button", name="Templates").click()
    dialog = page.get_by_role("dialog", name="Templates")
    await dialog.get_by_role("searchbox").fill("delivery")
    await expect(dialog.locator(".offer").first).to_be_visible()


async def _several(page: Page, _heed: RunningHeed) -> None:
    rows = page.get_by_role("list", name="Most urgent first")
    for name in ("second_shelf", "fern_42", "attic_cactus"):
        await rows.get_by_role("listitem").filter(has_text=name).hover()
        await rows.get_by_role("listitem").filter(has_text=name).get_by_role("checkbox").check()
    await expect(page.get_by_text("3 chosen")).to_be_visible()


async def _keys(page: Page, _heed: RunningHeed) -> None:
    await expect(page.get_by_text("only staff sees this")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys and actions")).to_be_visible()


async def _held_back(page: Page, heed: RunningHeed) -> None:
    await expect(page.get_by_text("only staff sees this")).to_be_visible()
    await page.evaluate(DEAF)
    await page.locator("#reply-chooser").set_input_files(
        [{"name": "what-we-packed.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 21_000}]
    )
    await page.get_by_label("Reply to the customer").fill(
        "The second parcel is with the carrier. Here is the list of what is in it."
    )
    await heed.send(
        {
            "id": "m-meanwhile",
            "conversation": "c3",
            "customer": {"id": "customer-3", "name": "balcony_jungle"},
            "text": "Wait, the second one has just come! But the pot is missing.",
        }
    )
    held = page.get_by_role("alertdialog")
    await page.get_by_role("button", name="Send to balcony_jungle").click()
    await expect(held).to_contain_text("The customer wrote this meanwhile.")
    await expect(page.get_by_role("log", name="Transcript").get_by_text("just come")).to_be_in_viewport()


async def _audit(page: Page, heed: RunningHeed) -> None:
    await page.goto(f"{heed.url}/desk/audit")
    await expect(page.get_by_role("row").nth(5)).to_be_visible()


#: What is done on the desk before it is taken, in this order.
SCENES: dict[str, Callable[[Page, RunningHeed], Awaitable[None]]] = {
    "templates": _templates,
    "several": _several,
    "keys": _keys,
    "audit": _audit,
    "held-back": _held_back,
}


async def _shoot(page: Page, name: str) -> None:
    """Take a page as it stands, in both schemes, with the mouse out of the way."""
    await page.mouse.move(640, 1)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await _save(page, f"{name}-{scheme}")


if __name__ == "__main__":
    asyncio.run(take())
