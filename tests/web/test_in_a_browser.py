"""The desk and the operations page in Chromium: what only a browser can show."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from functools import partial

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.domain.explanation import Explanation
from bot.domain.log import LogKind
from bot.domain.roles import Role
from bot.domain.states import State
from bot.web.sign_in import one_time_link
from tests.browser.windows import PATIENCE
from tests.web import day, scene_parts
from tests.web.conftest import SECRET, Opener, Place
from tests.web.fake_staff import MemoryCommands, desk_of
from tests.web.fakes import FakeReports, MemoryStore, RunningTime

CHROMIUM = shutil.which("chromium") or ""
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]

expect.set_options(timeout=PATIENCE)


class Window:
    """A page of the desk, with everything that the browser complained about."""

    def __init__(self, page: Page, place: Place, root: str) -> None:
        self.page, self.place, self.root = page, place, root
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, path: str) -> None:
        await self.page.goto(self.root + path)

    def put(self, name: str, *texts: str, **more) -> None:
        more = {"now": self.place.store.time.now(), "waited": scene_parts.MINUTE} | more
        self.place.store.put(scene_parts.conversation(name, texts, **more))


async def explained(text: str, *, usual: str, addressed: bool) -> Explanation:
    return scene_parts.explained(text)


@pytest.fixture
async def window(opened: Opener) -> AsyncIterator[Window]:
    time = RunningTime()
    store = MemoryStore(time)
    commands = MemoryCommands(store)
    desk = desk_of(store, commands, thresholds=scene_parts.THRESHOLDS, explain=explained)
    reports = FakeReports(partial(day.figures, busy=True))
    place = await opened(time=time, store=store, commands=commands, desk=desk, reports=reports)
    place.store, place.commands = store, commands
    root = str(place.client.make_url("/")).rstrip("/")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        made = Window(page, place, root)
        await page.goto(one_time_link(SECRET, root, "Mara", Role.LEAD, now=time.now()))
        yield made
        await browser.close()
    assert made.complaints == []


async def test_an_empty_desk_says_what_to_do(window: Window) -> None:
    await window.open("/desk")
    await expect(window.page.locator("#rows-empty")).to_contain_text("Nobody is waiting")
    await expect(window.page.locator("#rows-empty a")).to_have_attribute("href", "/chat")


async def test_the_desk_has_one_main_heading_with_and_without_a_conversation(window: Window) -> None:
    heading = window.page.get_by_role("heading", level=1)
    window.put("Pat", "Where is it?")
    await window.open("/desk")
    await expect(heading).to_have_text("Conversations")
    await window.page.locator(".row").click()
    await expect(heading).to_have_text("Pat")
    await window.page.keyboard.press("Escape")
    await window.page.go_back()
    await expect(heading).to_have_text("Conversations")


async def test_the_lists_of_the_desk_stand_in_one_line_also_when_they_are_long(window: Window) -> None:
    await window.open("/desk")
    filters = window.page.locator("#filters button")
    await expect(filters).to_have_count(5)
    tops = "all => all.map(one => (one.lastElementChild.textContent = '128', one)).map(one => one.offsetTop)"
    assert len(set(await filters.evaluate_all(tops))) == 1
    assert await window.page.locator("#filters").evaluate("one => one.scrollWidth <= one.clientWidth")


async def test_a_customers_markup_is_shown_and_never_run(window: Window) -> None:
    window.put("<img src=x onerror=alert(1)>", "<script>document.title='run'</script>", key="pat")
    await window.open("/desk?c=pat")
    await expect(window.page.locator("#talk-name")).to_have_text("<img src=x onerror=alert(1)>")
    await expect(window.page.locator(".bubble")).to_have_text("<script>document.title='run'</script>")
    assert await window.page.locator("#transcript script, .row img, #talk-name img").count() == 0
    assert await window.page.title() != "run"


async def test_the_keyboard_alone_corrects_a_label(window: Window) -> None:
    window.place.store.put(scene_parts.rich(window.place.store.time.now()))
    await window.open("/desk?c=lena")
    first, press = window.page.locator(".msg").first, window.page.keyboard.press
    await first.locator("summary").first.focus()
    await press("Enter")
    await first.locator(".correct-ask").focus()
    await press("Enter")
    boxes = first.get_by_role("checkbox")
    assert [await box.is_checked() for box in await boxes.all()] == [True, False, False]
    await press("Tab")
    await press("Space")
    await expect(first.get_by_text("None of them: other")).to_be_visible()
    await press("Tab")
    await press("Space")
    await press("Tab")
    await press("Tab")
    await press("Enter")
    await expect(first.locator(".corrected")).to_have_text("Complaint says Mara")
    await expect(first.locator(".tag")).to_have_text(re.compile("Question"))
    await expect(first.locator(".correct-save")).to_be_focused()
    [command] = window.place.commands.performed
    assert (command.message, command.labels) == ("lena-1", ("complaint",))


async def test_a_refused_correction_says_why(window: Window) -> None:
    window.place.store.put(scene_parts.rich(window.place.store.time.now()))
    await window.open("/desk?c=lena")
    first = window.page.locator(".msg").first
    await first.locator("summary").first.click()
    await first.locator(".correct-ask").click()
    window.place.commands.refuses = "The role watcher may not correct labels."
    await first.get_by_role("button", name="Save").click()
    await expect(window.page.get_by_role("alert")).to_have_text("The role watcher may not correct labels.")
    assert await first.locator(".corrected").count() == 0
    window.complaints.clear()  # the browser tells of the refusal's status


async def test_the_keyboard_alone_shows_why_and_which_words_mattered(window: Window) -> None:
    window.place.store.put(scene_parts.rich(window.place.store.time.now()))
    await window.open("/desk?c=lena")
    first = window.page.locator(".msg").first
    text = await first.locator(".bubble").inner_text()
    await first.locator("summary").last.focus()
    await window.page.keyboard.press("Enter")
    await expect(first.locator(".weighed.decided")).to_contain_text("Decided by: nearest template")
    await expect(first.locator(".weighed.decided")).to_contain_text("0.71 ≥ 0.62")
    await expect(first.locator(".weighed.decided code")).to_have_text("model.confidence.template")
    await expect(first.locator(".template-row code")).to_have_text(["where_is_my_order", "delivery_time"])
    await window.page.keyboard.press("Tab")
    await expect(first.locator(".words-ask")).to_be_focused()
    await window.page.keyboard.press("Enter")
    await expect(first.locator('mark[data-way="for"]')).to_have_text("where")
    await expect(first.locator('mark[data-way="against"]')).to_have_text("Hi,")
    await expect(first.locator(".words")).to_contain_text("where 42 % without")
    assert await first.locator(".bubble").inner_text() == text
    await window.page.keyboard.press("Enter")
    await expect(first.locator("mark")).to_have_count(0)
    await expect(first.locator(".words")).to_be_empty()
    assert await first.locator(".bubble").inner_text() == text


async def test_words_of_markup_and_emoji_are_marked_as_text(window: Window) -> None:
    said = "😡😡 <b>where</b> is it\n  still 👩‍👩‍👧?"
    window.put("Pat", said)
    await window.open("/desk?c=pat")
    await window.page.locator("details.why summary").click()
    await window.page.locator(".words-ask").click()
    await expect(window.page.locator('.bubble mark[data-way="for"]')).to_have_text("<b>where</b>")
    assert await window.page.locator(".bubble").evaluate("one => one.textContent") == said
    assert await window.page.locator(".bubble b").count() == 0


async def test_clocks_run_in_the_browser(window: Window) -> None:
    begun = window.place.store.time.now()
    window.put("Pat", "Where is it?")
    await window.open("/desk")
    face = window.page.locator(".row .clock")
    before = await face.inner_text()
    shown = re.fullmatch(r"(\d+):(\d\d) left", before)
    assert shown
    passed = (window.place.store.time.now() - begun).total_seconds()
    assert 540 - passed - 1 <= int(shown[1]) * 60 + int(shown[2]) <= 540
    await expect(face).not_to_have_text(before)
    await expect(face).to_have_attribute("data-level", "ok")


async def test_what_is_new_arrives_by_itself_and_leaves_the_draft_alone(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.open("/desk?c=pat")
    field = window.page.locator("#reply-text")
    await field.fill("I am looking in")
    await field.press("End")
    window.put("Pat", "Where is it?", "Hello??")
    window.put("Ann", "Me, too")
    window.place.store.record("pat", LogKind.MESSAGE_RECEIVED)
    window.place.store.record("ann", LogKind.ESCALATED)
    await expect(window.page.locator(".msg")).to_have_count(2)
    await expect(window.page.locator(".row")).to_have_count(2)
    await window.page.keyboard.type("to it")
    await expect(field).to_have_value("I am looking into it")
    await expect(window.page.locator("#announce")).to_have_text("Ann needs a human")


async def test_a_reply_goes_out_by_its_keys_and_a_draft_survives_a_reload(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.open("/desk?c=pat")
    await window.page.locator("#reply-form [type=submit]").wait_for()
    await window.page.keyboard.press("r")
    await window.page.keyboard.type("On its way.")
    await window.page.reload()
    await expect(window.page.locator("#reply-text")).to_have_value("On its way.")
    await window.page.locator("#reply-text").press("Control+Enter")
    await expect(window.page.locator('.msg[data-author="agent"] .bubble')).to_have_text("On its way.")
    await expect(window.page.locator("#reply-text")).to_have_value("")
    await expect(window.page.locator("#talk-meta")).to_contain_text("held by you")


async def test_a_note_and_a_reply_never_share_a_field(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.open("/desk?c=pat")
    await window.page.locator("#mode-note").click()
    await expect(window.page.locator("#reply-form")).to_be_hidden()
    await window.page.keyboard.type("An old friend of the boss.")
    await window.page.locator("#mode-reply").click()
    await expect(window.page.locator("#reply-text")).to_have_value("")
    await window.page.locator("#mode-note").click()
    await window.page.locator("#note-form button").click()
    await expect(window.page.locator(".note")).to_contain_text("An old friend of the boss.")
    assert [type(command).__name__ for command in window.place.commands.performed] == ["Note"]


async def test_a_refusal_is_shown_with_its_reason_and_keeps_the_text(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.open("/desk?c=pat")
    await window.page.locator("#reply-text").fill("Hello")
    window.put("Pat", "Where is it?", state=State.CLAIMED, holder="Sam")
    await window.page.locator("#reply-form [type=submit]").click()
    refusal = window.page.get_by_role("alert")
    await expect(refusal.locator("span")).to_have_text("Sam holds this conversation.")
    await expect(refusal.get_by_role("button")).to_have_text(["Ask for it", "Take over"])
    await expect(window.page.locator("#reply-text")).to_have_value("Hello")
    await expect(window.page.locator("#claim")).to_be_hidden()
    window.complaints.clear()  # the browser reports the 409 itself


async def test_keys_move_claim_and_resolve(window: Window) -> None:
    window.put("Ann", "Hello?", waited=scene_parts.MINUTE * 3)
    window.put("Bob", "Hello?", waited=scene_parts.MINUTE * 2)
    await window.open("/desk")
    await expect(window.page.locator(".row")).to_have_count(2)
    await window.page.keyboard.press("j")
    await window.page.keyboard.press("j")
    await expect(window.page.locator("#talk-name")).to_have_text("Bob")
    await window.page.keyboard.press("c")
    await expect(window.page.locator("#release")).to_be_visible()
    await window.page.keyboard.press("s")
    await window.page.get_by_label("Note (optional, internal)").fill("All good")
    await window.page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    await expect(window.page.locator("#talk-meta")).to_contain_text("resolved")
    await window.page.keyboard.press("?")
    await expect(window.page.get_by_role("dialog", name="Keys")).to_be_visible()


async def test_on_a_phone_the_list_and_the_conversation_take_turns(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.page.set_viewport_size({"width": 390, "height": 844})
    await window.open("/desk")
    await window.page.locator(".row").click()
    await expect(window.page.locator("#talk-name")).to_be_visible()
    await expect(window.page.locator("#rows")).to_be_hidden()
    await window.page.locator("#back").click()
    await expect(window.page.locator(".row")).to_be_visible()
    assert await window.page.evaluate("document.documentElement.scrollWidth") == 390


async def test_operations_draws_its_charts_under_the_strict_policy_and_pauses_the_bot(window: Window) -> None:
    await window.open("/ops")
    await expect(window.page.locator("#hours .main-svg").first).to_be_visible()
    await expect(window.page.locator('tr[data-metric="first_reply_time"] [data-cell="ended"]')).to_contain_text(
        "366"
    )
    await window.page.locator("#switch").click()
    await expect(window.page.locator("#switch-dialog")).to_contain_text("every message goes to a human")
    await window.page.locator("#switch-yes").click()
    await expect(window.page.locator("#paused")).to_be_visible()
    assert await window.place.commands.paused()
    await window.open("/desk")
    await expect(window.page.locator("#paused")).to_be_visible()


FEW_MESSAGES = """async (received) => {
  const { showHours } = await import("/static/charts.js");
  const hour = "2026-11-22T08:00:00Z";
  showHours([{ hour, received, answered: 1, escalated: 1 }],
            { byDay: false, since: "2026-11-22T00:00:00Z", until: "2026-11-23T00:00:00Z" });
  return [...document.querySelectorAll("#hours .ytick text")].map((tick) => tick.textContent);
}"""


@pytest.mark.parametrize("received", [1, 2, 3, 5, 6, 40])
async def test_the_chart_names_no_number_of_messages_twice(window: Window, received: int) -> None:
    await window.open("/ops")
    await expect(window.page.locator("#hours .ytick").first).to_be_visible()
    named = await window.page.evaluate(FEW_MESSAGES, received)
    assert len(named) >= 2
    assert len(set(named)) == len(named), named


JUST_BEGUN = """async (byDay) => {
  const { showHours } = await import("/static/charts.js");
  const first = byDay ? "2026-11-15T08" : "2026-11-21T05", last = "2026-11-22T05";
  const bars = [first, last].map((at) => ({ hour: `${at}:00:00Z`, received: 1, answered: 1, escalated: 0 }));
  showHours(bars, { byDay, since: `${first}:02:00Z`, until: `${last}:02:00Z` });
  const { data: [drawn], layout } = document.querySelector("#hours");
  const [from, to] = layout.xaxis.range.map(Date.parse);
  const begins = drawn.x.map((at) => Date.parse(at) + drawn.offset);
  return begins.map((at) => from <= at && at + drawn.width <= to);
}"""


@pytest.mark.parametrize("by_day", [False, True], ids=["hours", "days"])
async def test_the_bar_of_an_hour_or_day_that_has_just_begun_is_shown_whole(window: Window, by_day: bool) -> None:
    await window.open("/ops")
    await expect(window.page.locator("#hours .ytick").first).to_be_visible()
    assert await window.page.evaluate(JUST_BEGUN, by_day) == [True, True]


async def test_a_lost_line_is_shown_and_the_text_is_kept(window: Window) -> None:
    window.put("Pat", "Where is it?")
    await window.open("/desk?c=pat")
    await window.page.locator("#reply-text").fill("Just a moment")
    await window.place.client.server.close()
    await expect(window.page.locator("#offline")).to_be_visible()
    await window.page.locator("#reply-form [type=submit]").click()
    await expect(window.page.locator("#refusal")).to_contain_text("The server cannot be reached.")
    await expect(window.page.locator("#reply-text")).to_have_value("Just a moment")
    window.complaints.clear()  # the browser reports each failed request itself


async def test_somebody_signed_out_elsewhere_is_told_so(window: Window) -> None:
    await window.open("/desk")
    await expect(window.page.locator("#rows-empty")).to_be_visible()
    del window.place.store.accounts["Mara"]
    await window.page.evaluate("window.dispatchEvent(new Event('offline'))")
    await expect(window.page.locator("#offline")).to_contain_text("You are not signed in any more.")
    await expect(window.page.locator("#offline a")).to_be_visible()
    window.complaints.clear()  # the browser reports the 401 itself
