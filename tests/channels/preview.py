"""The chat page over a Heed in memory, to look at: ``python -m tests.channels.preview`` serves it on port 8091.

Ask anything; "person" is answered by a human, everything else by the assistant. ``/site`` embeds the page.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from aiohttp import web

from bot.channels.webchat.chat import Chat, ChatParts
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.page import Look
from bot.channels.webchat.visitors import Visitors
from bot.domain.messages import Author
from bot.ports import Enclosures
from bot.records import Arrival, ArrivalKind, Receipt
from tests.channels.fakes import FakeHeed, FakeTime

LOOK = Look(
    brand="Nordlicht Coffee",
    greeting="Hi! How can we help?",
    suggestions=("Where is my order?", "How do I return something?", "Talk to a person"),
)
CHAT = web.AppKey("chat", Chat)
SITE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body><h1>A shop</h1><p>Some goods.</p><script src="/chat/widget.js" async></script></body></html>"""


class WallTime(FakeTime):
    """Real time, for a page that people look at."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def reached(self, until: datetime) -> None:
        await asyncio.sleep(max((until - self.now()).total_seconds(), 0))


class TalkativeHeed(FakeHeed):
    """Answers whatever comes in."""

    async def intake(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        receipts = await super().intake(arrivals)
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            if arrival.kind is ArrivalKind.MESSAGE and receipt.conversation:
                await self.answer(receipt.conversation, arrival.text)
        return receipts

    async def answer(self, conversation: str, text: str) -> None:
        if "quiet" in text:
            return
        if "person" in text:
            await self.say(conversation, "Of course. A colleague takes over in a moment.")
            await self.say(
                conversation,
                "Hello, this is Anna. I've read what you wrote — could you tell me your order number?",
                author=Author.AGENT,
            )
            return
        await self.say(
            conversation,
            "Your order leaves our roastery within one working day. You can follow it here: "
            "https://nordlicht.example/orders.",
            quick_replies=("That helps, thanks!", "It should be here by now", "Talk to a person"),
        )


def application(
    heed: FakeHeed, look: Look = LOOK, origins: Sequence[str] = (), enclosures: Enclosures | None = None
) -> web.Application:
    visitors = Visitors(secret="only for looking at it", identity_secret="shared with the site")
    chat = Chat(
        ChatParts(
            intake=heed.intake,
            views=heed,
            log=heed,
            time=heed.time,
            visitors=visitors,
            look=look,
            origins=Origins(origins),
            enclosures=enclosures,
        )
    )

    async def live(_: web.Application) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(chat.run())
            yield
            running.cancel()

    async def site(_: web.Request) -> web.Response:
        return web.Response(text=SITE, content_type="text/html")

    async def stop(_: web.Application) -> None:
        await chat.close()

    app = web.Application()
    app.add_routes([*chat.routes(), web.get("/site", site)])
    app.cleanup_ctx.append(live)
    app.on_shutdown.append(stop)
    app[CHAT] = chat
    return app


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):

        async def main() -> web.Application:
            return application(TalkativeHeed(time=WallTime()))

        web.run_app(main(), host="127.0.0.1", port=8091)
