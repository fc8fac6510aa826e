"""The desk's pages over a real store, real rules and a real engine, as staff reach them: by HTTP, signed in."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import CookieJar
from aiohttp.test_utils import TestServer

from bot.desk.counter import Answers, Counter
from bot.desk.web import WebDesk
from bot.domain.messages import ConversationId
from bot.domain.roles import Role
from bot.engine.commands import StaffCommands
from bot.engine.time import VirtualTime
from bot.ports import ENCLOSED, TimeSource
from bot.records import ConversationView
from bot.serving import fetch_enclosed
from bot.settings import Settings
from bot.staff import Directory, Staff
from bot.stores.sqlite import SqliteStore
from bot.web.app import WebParts, create_app
from bot.web.sign_in import one_time_link
from bot.wiring import join
from tests.scenarios.world import T0, ScriptedAssessor, ScriptedPlatform, World
from tests.web.fake_staff import FakeAnswers
from tests.web.fakes import FakeHealth, FakeReports

SECRET = b"a secret for tests"
CSRF = re.compile(r'name="csrf" content="(\w+)"')

#: Two teams: alex and sam are support.
BRAND: dict[str, Any] = {
    "brand": {
        "variables": {"website": "shop.example", "hours": "9 to 6", "email": "a@shop.example", "phone": "1"}
    },
    "agents": [{"name": "alex"}, {"name": "sam"}],
    "teams": {"support": {"members": ["alex", "sam"]}, "press": {}},
    "limits": {"messages_per_minute": 100_000},
}


@dataclass(kw_only=True)
class Member:
    """Somebody on staff with a browser of their own. ``csrf`` is what their page sends with everything unsafe."""

    name: str
    session: aiohttp.ClientSession
    root: str
    csrf: str = ""

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        async with self.session.get(self.root + path, params=query) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {"X-CSRF-Token": self.csrf} | headers
        async with self.session.post(self.root + path, json=body, headers=sent) as response:
            return response.status, await response.json()

    async def act(self, conversation: str, action: str, **fields: object) -> tuple[int, dict[str, Any]]:
        """Do what a button of the page does."""
        return await self.post(f"/desk/conversations/{conversation}/commands", {"command": action, **fields})

    async def send(
        self,
        conversation: str,
        *files: tuple[str, str, bytes],
        headers: Mapping[str, str] | None = None,
        **body: object,
    ) -> tuple[int, dict[str, Any]]:
        """Send a form with files (name, media type, content), as the page does for a reply."""
        form = aiohttp.FormData()
        if body:
            form.add_field("command", json.dumps(body), content_type="application/json")
        for name, media_type, content in files:
            form.add_field("file", io.BytesIO(content), filename=name, content_type=media_type or None)
        path = f"{self.root}/desk/conversations/{conversation}/commands"
        sent = {"X-CSRF-Token": self.csrf, **(headers or {})}
        async with self.session.post(path, data=form(), headers=sent) as response:
            return response.status, await response.json()

    async def shown(self, conversation: str) -> dict[str, Any]:
        """Return a conversation as their page gets it."""
        return await self.get(f"/desk/conversations/{conversation}")


@dataclass(kw_only=True)
class RealDesk:
    """A running application over a real store, and the world that writes to it."""

    world: World
    server: TestServer
    stack: AsyncExitStack
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    async def stranger(self) -> Member:
        """Open a browser that nobody has signed in with."""
        session = await self.stack.enter_async_context(aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True)))
        return Member(name="", session=session, root=self.root)

    async def member(self, name: str, role: Role = Role.AGENT) -> Member:
        """Sign somebody in, once."""
        if name not in self.members:
            somebody = await self.stranger()
            somebody.name = name
            async with somebody.session.get(self.link(name, role)) as page:
                found = CSRF.search(await page.text())
            assert found, f"{name} could not sign in"
            somebody.csrf = found[1]
            self.members[name] = somebody
        return self.members[name]

    def link(self, name: str, role: Role = Role.AGENT) -> str:
        """Return the address that signs somebody in once."""
        return one_time_link(SECRET, self.root, name, role, now=self.world.time.now())

    async def view(self, conversation: str) -> ConversationView:
        """Return a conversation straight from the store."""
        found = await self.world.store.view(ConversationId(conversation))
        assert found is not None
        return found

    def sent(self) -> list[tuple[str, str]]:
        """Return what has reached customers by a human's hand: whose place it went to, and the text."""
        return [
            (sending.address.place, sending.send.text)
            for sending in self.world.platform.taken
            if sending.send.wording == "reply" or sending.send.revises
        ]

    @classmethod
    async def build(cls, stack: AsyncExitStack, parts: _Parts) -> Self:
        server = TestServer(create_app(parts.web))
        await server.start_server()
        stack.push_async_callback(server.close)
        return cls(world=parts.world, server=server, stack=stack)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    web: WebParts
    world: World


@asynccontextmanager
async def real_desk(
    *,
    time: TimeSource | None = None,
    path: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    answers: Answers | None = None,
    channels: Sequence[str] = ("room",),
    largest_file: int = 6 << 20,
) -> AsyncIterator[RealDesk]:
    """Run the pages over a store in memory, or in a file at ``path``, on virtual time unless another is given."""
    clock: Any = time or VirtualTime(T0)
    async with AsyncExitStack() as stack:
        where = {"memory": True} if path is None else {"path": path}
        store = await SqliteStore.open(**where, present=clock.now)  # type: ignore[arg-type] - as one of the two
        stack.push_async_callback(store.close)
        said = Settings.model_validate({**BRAND, **(settings or {})})
        may = {"edits_sends": True, "deletes_sends": True, "largest_file": largest_file}
        platform = ScriptedPlatform(clock, may=may)
        model = ScriptedAssessor()
        heed = join(said, store=store, assessor=model, channels=[platform], time=clock)
        await heed.brands.adopt()
        commands = StaffCommands(
            store=store, road=heed.road, time=clock, revises=lambda _name: platform.capabilities
        )
        counter = Counter(
            store=store, commands=commands, time=clock, answers=answers or FakeAnswers(), teams=said.teams
        )
        desk = WebDesk(
            counter=counter,
            store=store,
            paused=commands.paused,
            time=clock,
            calendar_of=heed.calendar_of,
            revises=lambda _name: platform.capabilities,
            channels=channels,
        )
        parts = WebParts(
            store=store,
            desk=desk,
            files={ENCLOSED: fetch_enclosed(store)},
            roster=Staff(Directory(said), accounts=store, log=store, time=clock),
            commands=commands,
            health=FakeHealth(),
            reports=FakeReports(),
            time=clock,
            secret=SECRET,
            brand_name="Northwind",
            public_url="http://desk.test",
        )
        yield await RealDesk.build(stack, _Parts(web=parts, world=World(heed, clock, model, platform)))
