"""The whole application on fakes, and a browser-like client that remembers cookies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from bot.domain.roles import Role
from bot.errors import BadMessage, Conflict, NotFound, Overloaded, StoreUnavailable
from bot.records import StaffAccount
from bot.web.app import WebParts, create_app
from bot.web.passwords import hash_password
from bot.web.sign_in import one_time_link
from tests.web.fake_staff import FakeRoster, MemoryCommands, desk_of
from tests.web.fakes import FakeHealth, FakeReports, ManualTime, MemoryStore

SECRET = b"a secret for tests"
URL = "http://desk.test"
PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)
FAILURES = {"bad": BadMessage, "known": Conflict, "gone": NotFound, "full": Overloaded, "locked": StoreUnavailable}


@dataclass(kw_only=True)
class Place:
    """A running application with everything that a test may want to touch."""

    time: ManualTime
    store: MemoryStore
    commands: MemoryCommands
    health: FakeHealth
    parts: WebParts
    client: TestClient[web.Request, web.Application]
    csrf: str = ""

    async def sign_in(self, name: str = "Mara", role: Role = Role.AGENT) -> None:
        link = one_time_link(SECRET, "", name, role, now=self.time.now())
        page = await self.client.get(link)
        assert page.status == 200, await page.text()
        found = re.search(r'name="csrf" content="(\w+)"', await page.text())
        assert found
        self.csrf = found[1]

    async def post(self, path: str, body: object = None, **headers: str) -> ClientResponse:
        return await self.client.post(path, json=body or {}, headers={"X-CSRF-Token": self.csrf} | headers)

    async def command(self, conversation: str, command: str, **more: object) -> ClientResponse:
        return await self.post(f"/desk/conversations/{conversation}/commands", {"command": command, **more})


Opener = Callable[..., Awaitable[Place]]


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    """Return a function that starts the application, with parts replaced as asked."""
    clients: list[TestClient[web.Request, web.Application]] = []

    async def start(**changes: object) -> Place:
        time = ManualTime()
        store, health = MemoryStore(time), FakeHealth()
        commands = MemoryCommands(store)
        store.accounts["boss"] = StaffAccount(name="boss", role=Role.LEAD, password_hash=HASH)
        parts = WebParts(
            store=store,
            desk=desk_of(store, commands),
            commands=commands,
            health=health,
            reports=FakeReports(),
            time=time,
            secret=SECRET,
            brand_name="Northwind <Ltd>",
            public_url=URL,
            roster=FakeRoster(),
            channel_routes=[web.get("/fails/{how}", fails), web.get("/framed", framed)],
        )
        parts = replace(parts, **changes)  # type: ignore[arg-type] - only fields of parts come here
        client = TestClient(TestServer(create_app(parts)), cookie_jar=CookieJar(unsafe=True))
        await client.start_server()
        clients.append(client)
        return Place(time=time, store=store, commands=commands, health=health, parts=parts, client=client)

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def place(opened: Opener) -> Place:
    """Return the application as it usually is."""
    return await opened()


@pytest.fixture
async def mara(place: Place) -> Place:
    """Return the application with Mara, an agent, signed in."""
    await place.sign_in()
    return place


async def fails(request: web.Request) -> web.Response:
    how = request.match_info["how"]
    raise FAILURES.get(how, RuntimeError)(f"because {how}")


async def framed(_request: web.Request) -> web.Response:
    return web.Response(text="chat", headers={"Content-Security-Policy": "frame-ancestors https://shop.test"})
