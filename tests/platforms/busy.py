"""A busy hour: customers who write and staff who act at both desks, by chance, until somebody ends it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

from tests.platforms.desks import IDS, PRESS, SUPPORT, Desks

COMPLAINT = "The pot arrived broken and nobody answers my mails, I am very disappointed"

#: What staff do besides writing, as the web desk and slash commands name it, with what is told.
ACTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("claim", {}),
    ("release", {}),
    ("take_over", {}),
    ("transfer", {"team": "press"}),
    ("transfer", {"team": "support"}),
    ("wait", {}),
    ("resolve", {"reason": "answered"}),
    ("reopen", {}),
)


@dataclass(slots=True)
class Busy:
    """One hour of a day. Every text is another one, so that it can be counted."""

    day: Desks
    chance: random.Random
    customers: tuple[int, ...]
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def go_on(self) -> None:
        """Let things happen side by side until cancelled; what is cut off stays without an answer."""
        async with asyncio.TaskGroup() as group:
            for work in (self._write, self._type, self._on_discord, self._on_discord, self._at_web, self._at_web):
                group.create_task(self._again(work))

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            await work()

    async def _write(self) -> None:
        self.write()

    async def _type(self) -> None:
        self.type()

    def write(self) -> None:
        """Let a customer write, change or delete something."""
        text = f"{COMPLAINT} ({next(self.numbers)})"
        visitors = list(self.day.visitors.values())
        match self.chance.randrange(5):
            case 0 if said := [each for each in self.day.telegram.said if COMPLAINT in each.text]:
                self.day.telegram.edits(self.chance.choice(said), f"{text}, changed")
            case 1 | 2:
                self.chance.choice(visitors).says(text)
            case _:
                self.day.telegram.says(self.chance.choice(self.customers), text)

    def type(self) -> None:
        """Let somebody type a note in a thread that stands open."""
        if found := self._threads():
            _, thread = self.chance.choice(found)
            self.day.types(self.chance.choice(list(IDS)), thread, f"note {next(self.numbers)} typed")

    async def _on_discord(self) -> None:
        if not (found := self._threads()):
            return
        conversation, thread = self.chance.choice(found)
        agent = self.chance.choice(list(IDS))
        if self.chance.random() < 0.5:
            name, fields = self.chance.choice(ACTS)
            await self._command(agent, thread, name, fields)
            return
        text = f"reply {next(self.numbers)} from Discord"
        self.day.read()
        if (await self._command(agent, thread, "reply", {"text": text})).startswith("Your reply is on its way"):
            self._sent(conversation, text)

    async def _command(self, agent: str, thread: str, name: str, fields: dict[str, str]) -> str:
        """Return what is answered; without an end where nobody answers, until it is given up."""
        asked = self.day.discord.command(IDS[agent], thread, name.replace("_", "-"), **fields)
        return (await asked.answered(seconds=600)).text

    async def _at_web(self) -> None:
        if not (found := self._threads()):
            return
        conversation, _ = self.chance.choice(found)
        agent = self.day.web[self.chance.choice(list(IDS))]
        if self.chance.random() < 0.5:
            name, fields = self.chance.choice(ACTS)
            await agent.tries(conversation, name, **fields)
            return
        text = f"reply {next(self.numbers)} from the web"
        if (await agent.tries(conversation, "reply", text=text))["accepted"]:
            self._sent(conversation, text)

    def _sent(self, conversation: str, text: str) -> None:
        query = "SELECT external_id FROM messages WHERE conversation = ? AND author = 'customer' LIMIT 1"
        [(said,)] = self.day.rows(query, conversation)
        chat, _, number = said.partition("/")
        self.day.sent.append((int(chat) if number else said.split(":")[-1].split("-")[0], text))

    def _threads(self) -> list[tuple[str, str]]:
        """Return the conversations that show somewhere, with their threads."""
        if not self.day.store.exists():
            return []
        known = [id_ for (id_,) in self.day.rows("SELECT id FROM conversations")]
        found = [(each, self.day.thread_of(each, forum)) for each in known for forum in (SUPPORT, PRESS)]
        return [(conversation, thread) for conversation, thread in found if thread]
