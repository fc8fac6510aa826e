"""What the browser fetches, and what a customer does with it in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Frame, Page, async_playwright, expect

from bot.channels.webchat.origins import Origins
from bot.channels.webchat.page import Look, Pages
from bot.channels.webchat.visitors import sign_identity
from bot.channels.webchat.words import PAGE_WORDS
from bot.domain.messages import Author, Customer
from bot.errors import SettingsError
from tests.browser.windows import PATIENCE
from tests.channels.chatting import chat_of, serving
from tests.channels.fakes import FakeHeed
from tests.channels.preview import CHAT, TalkativeHeed, WallTime, application

expect.set_options(timeout=PATIENCE)
LOOK = Look(brand="Ben & Co", suggestions=("Where is my order?",), accent="#ffcc00", words={"send": "Senden"})


@pytest.fixture
async def client(heed: FakeHeed) -> AsyncIterator[TestClient]:
    chat = chat_of(heed, look=LOOK, origins=Origins(["https://shop.example"]))
    async with serving(heed, chat) as client:
        yield client


async def test_the_page_allows_nothing_inline_and_only_listed_sites_to_embed_it(client: TestClient) -> None:
    response = await client.get("/chat?embed=1")
    text = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'self' https://shop.example")
    assert not re.search(r"<script(?![^>]*(src=|application/json))|<style| style=| on[a-z]+=", text)
    assert "Set-Cookie" not in response.headers


async def test_the_brand_is_escaped_and_its_words_and_colour_are_used(client: TestClient) -> None:
    text = await (await client.get("/chat")).text()
    assert "<title>Ben &amp; Co</title>" in text
    assert 'aria-label="Senden"' in text
    [css] = re.findall(r'href="(/chat/static/[^"]+/brand.css)"', text)
    colours = await (await client.get(css)).text()
    assert colours == ":root { --accent: #ffcc00; --on-accent: #16181d; }\n"


async def test_files_are_kept_for_ever_under_their_version_and_never_under_another(client: TestClient) -> None:
    text = await (await client.get("/chat")).text()
    paths = set(re.findall(r'"(/chat/static/[^"]+)"', text))
    assert len(paths) >= 7
    for path in paths:
        response = await client.get(path)
        assert (response.status, "immutable" in response.headers["Cache-Control"]) == (200, True), path
    other = await client.get("/chat/static/0000/chat.js")
    assert other.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpage.py", "chat.html", "widget.js"])
async def test_nothing_but_the_pages_own_files_is_served(client: TestClient, name: str) -> None:
    assert (await client.get(f"/chat/static/0000/{name}")).status == 404


async def test_the_script_for_other_sites_is_small_checked_again_and_carries_the_brand(client: TestClient) -> None:
    response = await client.get("/chat/widget.js")
    text = await response.text()
    assert '"brand":"Ben & Co"' in text
    assert "{{" not in text
    assert len(text) < 8_000
    again = await client.get("/chat/widget.js", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"></script>', "é"])
def test_no_brand_can_break_out_of_page_or_script(name: str) -> None:
    pages = Pages(look=Look(brand=name, greeting=name, suggestions=(name,)), origins=Origins(), longest_text=100)
    assert "<script>alert" not in pages._html
    assert len(re.findall("<script", pages._html)) == 2


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"accent": "red"}, "accent"), ({"accent": "#12345"}, "accent"), ({"words": {"sendd": "x"}}, "sendd")],
)
def test_a_look_that_cannot_be_right_is_refused_by_name(wrong: dict, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Look(**wrong)


@pytest.mark.parametrize(
    "wrong", ["shop.example", "https://shop.example/", "https://*.example", "javascript:x", "*"]
)
def test_an_origin_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="origin"):
        Origins([wrong])


def test_every_word_of_the_page_can_be_said_in_another_language() -> None:
    assert all(PAGE_WORDS.values())
    Look(words=dict.fromkeys(PAGE_WORDS, "x"))


# --- in a browser -----------------------------------------------------------------------------------------

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Page, TalkativeHeed, TestServer]]:
    """Open the page over a Heed that answers. An error on the browser's console fails the test."""
    heed = TalkativeHeed(time=WallTime())
    async with TestServer(application(heed)) as server, browser() as chromium:
        page = await chromium.new_page()
        said = listened(page)
        await page.goto(str(server.make_url("/chat")))
        yield page, heed, server
        assert said == []


def listened(page: Page) -> list[str]:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


async def write(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.keyboard.press("Enter")


@pytest.mark.browser
async def test_a_customer_asks_is_answered_and_finds_it_again_after_a_reload() -> None:
    async with opened() as (page, _, _):
        await expect(page.locator("#hello")).to_be_visible()
        await page.click("text=Where is my order?")
        await expect(page.locator(".entry.assistant .bubble")).to_contain_text("roastery")
        await page.click("#quick >> text=Talk to a person")
        await expect(page.locator(".entry.support")).to_contain_text("Anna")
        await expect(page.locator("#quick")).to_be_hidden()
        await page.reload()
        await expect(page.locator(".entry")).to_have_count(5)
        await expect(page.locator("#hello")).to_be_hidden()


@pytest.mark.browser
async def test_enter_sends_shift_enter_begins_a_line_and_a_text_too_long_stays() -> None:
    async with opened() as (page, heed, _):
        await page.fill("#text", "quiet")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("second line")
        await page.keyboard.press("Enter")
        await expect(page.locator(".entry.you .state")).to_have_text("Sent")
        assert heed.entries[0].text == "quiet\nsecond line"
        await page.fill("#text", "x" * 3_990)
        await expect(page.locator("#counter")).to_have_text("10 characters left")
        await page.fill("#text", "x" * 4_001)
        await expect(page.locator("#send")).to_be_disabled()
        await expect(page.locator("#counter")).to_have_text("1 characters too many")


@pytest.mark.browser
async def test_what_is_written_without_a_line_is_kept_over_a_reload_and_sent_once() -> None:
    async with opened() as (page, heed, _):
        await write(page, "quiet first")
        await expect(page.locator(".entry.you .state")).to_have_text("Sent")
        heed.full = True
        await write(page, "quiet second")
        await write(page, "quiet third")
        await expect(page.locator("#notice")).to_be_visible()
        await page.reload()
        await expect(page.locator(".entry.you")).to_have_count(3)
        heed.full = False
        await expect(page.locator(".entry.pending")).to_have_count(0)
        assert [entry.text for entry in heed.entries] == ["quiet first", "quiet second", "quiet third"]


@pytest.mark.browser
async def test_a_customer_edits_and_deletes_their_own_message() -> None:
    async with opened() as (page, heed, _):
        await write(page, "quiet oder")
        await expect(page.locator(".entry.you .state")).to_have_text("Sent")
        await page.hover(".entry.you")
        await page.click(".options")
        await page.click(".actions >> text=Edit")
        await expect(page.locator("#editing")).to_be_visible()
        await write(page, "quiet order")
        await expect(page.locator(".entry.you .under")).to_contain_text("edited")
        await page.hover(".entry.you")
        await page.click(".options")
        await page.click(".actions >> text=Delete")
        await page.click(".actions >> text=Delete for good?")
        await expect(page.locator(".entry.gone .bubble")).to_have_text("Message deleted")
        await page.reload()
        await expect(page.locator(".entry.gone .bubble")).to_have_text("Message deleted")
        assert heed.entries[0].deleted_at is not None


@pytest.mark.browser
async def test_an_answer_cannot_smuggle_markup_into_the_page() -> None:
    async with opened() as (page, heed, _):
        await write(page, "quiet hello")
        await expect(page.locator(".entry.you .state")).to_have_text("Sent")
        await heed.say(heed.entries[0].conversation, '<img src=x onerror="document.title=1"> javascript:alert(1)')
        await expect(page.locator(".entry.assistant .bubble")).to_contain_text("<img src=x")
        assert await page.locator(".bubble img, .bubble a").count() == 0


STATES = """() => {
  const status = document.getElementById("status");
  window.states = [];
  const seen = () => window.states.push(status.dataset.state);
  new MutationObserver(seen).observe(status, { attributeFilter: ["data-state"] });
}"""


@pytest.mark.browser
async def test_a_page_whose_line_was_cut_comes_back_by_itself_and_catches_up() -> None:
    async with opened() as (page, heed, server):
        await write(page, "quiet hello")
        await expect(page.locator(".entry.you .state")).to_have_text("Sent")
        await page.evaluate(STATES)  # one of them passes quickly
        await server.app[CHAT].close()
        heed.write(heed.entries[0].conversation, Author.BOT, "Said while you were away.")
        await expect(page.locator(".entry.assistant .bubble")).to_have_text("Said while you were away.")
        await expect(page.locator("#status")).to_have_attribute("data-state", "online")
        assert (await page.evaluate("states"))[0] == "reconnecting"


@asynccontextmanager
async def shop() -> AsyncIterator[tuple[TestServer, dict[str, str]]]:
    """A site of another origin with a strict policy of its own; ``chat`` is where its chat lives."""
    known = {"chat": "", "data": ""}

    async def home(_: web.Request) -> web.Response:
        script = f'<script src="{known["chat"]}/chat/widget.js" {known["data"]}></script>'
        text = f"<!doctype html><title>Shop</title>{script}"
        policy = f"default-src 'none'; script-src {known['chat']}; frame-src {known['chat']}"
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/", home)
    async with TestServer(app) as server:
        yield server, known


def origin_of(server: TestServer) -> str:
    return str(server.make_url("")).rstrip("/")


@pytest.mark.browser
async def test_another_site_embeds_the_chat_signs_who_its_user_is_and_escape_returns_the_focus() -> None:
    heed = TalkativeHeed(time=WallTime())
    async with shop() as (site, known), browser() as chromium:
        chat_app = application(heed, origins=[origin_of(site)])
        async with TestServer(chat_app) as server:
            issued = int(heed.time.now().timestamp())
            signed = sign_identity(b"shared with the site", user="77", name="Ann Lee", issued_at=issued)
            known["chat"] = origin_of(server)
            known["data"] = (
                f'data-identity-id="77" data-identity-name="Ann Lee" '
                f'data-identity-issued-at="{issued}" data-identity-signature="{signed}"'
            )
            page = await chromium.new_page()
            await page.goto(origin_of(site))
            await page.evaluate("heedChat.open()")
            chat = await embedded(page)
            await chat.fill("#text", "quiet from the site")
            await chat.press("#text", "Enter")
            await expect(chat.locator(".entry.you .state")).to_have_text("Sent")
            assert heed.intake_calls[0][0].customer == Customer(
                channel="webchat", external_id="user:77", name="Ann Lee"
            )
            await chat.press("#text", "Escape")
            await page.wait_for_function("document.activeElement.localName === 'heed-chat'")


async def embedded(page: Page) -> Frame:
    """Return the chat inside a site, once it is online."""
    while len(page.frames) < 2:
        await page.wait_for_event("frameattached")
    frame = page.frames[1]
    await frame.wait_for_selector('[data-state="online"]')
    return frame


@pytest.mark.browser
async def test_a_site_that_is_not_on_the_list_cannot_show_the_chat() -> None:
    heed = TalkativeHeed(time=WallTime())
    async with shop() as (site, known), browser() as chromium, TestServer(application(heed)) as server:
        known["chat"] = origin_of(server)
        page = await chromium.new_page()
        said = listened(page)
        async with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
            await page.goto(origin_of(site))
            await page.evaluate("heedChat.open()")
        assert len(said) >= 1
