"""Customers and another system's staff who write on while Heed is killed, and remember what was acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

import aiohttp

from tests.faults.program import TOKEN

TEXTS = (
    "where is my order",
    "how do i return a plant",
    "this is the third time my parcel is late and nobody answers",
    "the pot arrived broken, very disappointed",
    "thank you so much, the monstera is lovely",
    "hello",
    "ok",
    "can i talk to a human please",
    "do you have a shop in the city",
    "my voucher does not work",
)

#: How long a customer waits before writing again, in seconds at most.
PAUSE = 0.15

#: Messages of a customer before the next matter, a conversation of its own, begins.
MESSAGES_EACH = 5


@dataclass
class Driver:
    """``accepted``: by conversation, the ids that Heed acknowledged, in order. ``fetched``: answers' ids."""

    address: str
    seed: int
    customers: int = 24
    accepted: dict[str, list[str]] = field(default_factory=dict)
    replies: set[str] = field(default_factory=set)
    fetched: dict[str, str] = field(default_factory=dict)
    heed_ids: dict[str, str] = field(default_factory=dict)
    outstanding: int = 0
    repeated: int = 0
    cursor: str = "0"
    stopping: bool = False

    async def run(self) -> None:
        """Write and fetch until ``stopping``; every message is repeated until Heed has answered for it."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(self.address, headers=headers, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(self.customers):
                group.create_task(self._customer(session, f"k{number}", random.Random(self.seed + number)))
            group.create_task(self._staff(session, random.Random(self.seed - 1)))
            group.create_task(self._fetch(session))

    async def busy(self, within: float) -> bool:
        """Return as soon as a request waits for its answer; False: none did ``within`` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self.outstanding:
                    await asyncio.sleep(0.001)
        return self.outstanding > 0

    async def _customer(self, session: aiohttp.ClientSession, name: str, chance: random.Random) -> None:
        number = 0
        while not self.stopping:
            number += 1
            conversation = f"{name}.{number // MESSAGES_EACH}"
            message = f"{conversation}-{number}"
            body = {
                "id": message,
                "conversation": conversation,
                "customer": {"id": name, "name": name},
                "text": f"{chance.choice(TEXTS)} {number}",
            }
            answer = await self._until_taken(session, "/api/v1/messages", body)
            if answer is not None:
                self.accepted.setdefault(conversation, []).append(message)
                self.heed_ids[conversation] = answer["conversation"]
            await asyncio.sleep(chance.uniform(0, PAUSE))

    async def _staff(self, session: aiohttp.ClientSession, chance: random.Random) -> None:
        number = 0
        while not self.stopping:
            await asyncio.sleep(chance.uniform(0, PAUSE))
            if not self.heed_ids:
                continue
            number += 1
            conversation = self.heed_ids[chance.choice(sorted(self.heed_ids))]
            body = {"id": f"r{number}", "agent": "alex", "text": "Here you are.", "delivered": number % 2 == 0}
            if await self._until_taken(session, f"/api/v1/conversations/{conversation}/replies", body) is not None:
                self.replies.add(f"r{number}")

    async def _fetch(self, session: aiohttp.ClientSession) -> None:
        while not self.stopping:
            await self.fetch_once(session)
            await asyncio.sleep(0.05)

    async def fetch_once(self, session: aiohttp.ClientSession) -> int:
        """Fetch what is new, remember it, and return how much that was."""
        try:
            async with session.get("/api/v1/answers", params={"after": self.cursor}) as response:
                if response.status != 200:
                    return 0
                page = await response.json()
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return 0
        for answer in page["answers"]:
            known = self.fetched.setdefault(answer["id"], answer["text"])
            assert known == answer["text"], "one id was given to two texts"
        self.cursor = page["cursor"]
        return len(page["answers"])

    async def _until_taken(
        self, session: aiohttp.ClientSession, path: str, body: dict[str, object]
    ) -> dict[str, str] | None:
        """Send until Heed answers; a lost answer is followed by the same message again."""
        while True:
            self.outstanding += 1
            try:
                async with session.post(path, json=body) as response:
                    if response.status == 202:
                        return dict(await response.json())
                    assert response.status in {503, 409}, await response.text()
                    if response.status == 409:
                        return None
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                self.repeated += 1
            finally:
                self.outstanding -= 1
            if self.stopping:
                return None
            await asyncio.sleep(0.05)
