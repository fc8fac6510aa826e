"""How many conversations a minute the desk on Discord keeps up, computed from the limits and then tried out.

Run with ``python -m tests.wire.discord.load_desk [--conversations N] [--scale S]``. The local Discord enforces the
limits that bots meet; ``scale`` makes their times shorter, and Heed's own pace with them, so that a run is short.
A conversation here is an escalation with one message: a thread, its card, the message, the escalation's line; then
a claim, a reply with its state, and resolving it, with a card edited for each step, and the thread closed at the
end.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence

import structlog

from bot.channels.discord import pace
from bot.desk.discord import board, display
from bot.domain.events import Claim, Reply, Resolve
from bot.domain.messages import ConversationId
from tests.scenarios.world import ALEX
from tests.wire.discord.fakes import until
from tests.wire.discord.limits import REAL_RULES
from tests.wire.discord.server import discord_server
from tests.wire.discord.showing_world import FORUM, Shown, shown_on_discord

#: The routes that a conversation takes; how often is counted in the run.
ROUTES = ("thread", "send", "edit", "change")
#: Of what Discord takes over all, so much is left to the desk where customers are answered as fast as it can.
FOR_THE_DESK = 0.5


def computed(requests: dict[str, int]) -> dict[str, float]:
    """Return how many conversations a minute each limit lets through, all in one channel of staff's."""
    overall = 60 / pace.APART / sum(requests.values())
    threads = REAL_RULES["thread"]
    longest = max(
        (
            requests.get(name, 0) * REAL_RULES[name].per / REAL_RULES[name].count
            for name in ("send", "edit", "change")
        ),
    )
    return {
        "all requests of one bot": overall,
        "all requests, half of them customers'": overall * FOR_THE_DESK,
        "threads opened in one channel": 60 * threads.count / threads.per,
        "within single threads, eight side by side": display.AT_ONCE * 60 / longest,
    }


async def tried(conversations: int, scale: float) -> tuple[float, dict[str, int], int]:
    """Return conversations a minute in the platform's own time, requests by route, and how many were refused."""
    async with discord_server() as server, shown_on_discord(server, start=False) as shown:
        ids = [await shown.heed.writes("complaint about it", who=f"v{number}") for number in range(conversations)]
        server.limits.enforce(scale=scale)
        server.limits.asked = Counter()
        begun = time.monotonic()
        shown.start()
        await _shown(shown)
        for what, fields in ((Claim, {}), (Reply, {"text": "On its way."}), (Resolve, {})):
            await _all(shown, ids, what, fields)
        took = time.monotonic() - begun
        asked = {name: server.limits.asked[name] for name in ("thread", "send", "edit", "change", "history")}
        return 60 * conversations * scale / took, asked, server.limits.refused


async def _all(shown: Shown, ids: Sequence[ConversationId], what: type, fields: dict[str, str]) -> None:
    for each in ids:
        refusal = await shown.heed.commands(each, what(at=shown.heed.time.now(), agent=ALEX, **fields))
        assert not refusal, refusal
        await shown.heed.heed.delivery.drain()
    await _shown(shown)


async def _shown(shown: Shown) -> None:
    newest = await shown.heed.store.last()
    following = shown.display.following
    shown.heed.time.move(board.PACE)
    await until(
        lambda: (following.idle and following.bookmark >= newest) or shown.heed.time.move(_STEP),
        seconds=600,
    )


_STEP = board.PACE / 1000


def main() -> None:
    """Print what the limits allow, and what a run reached."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--conversations", type=int, default=40)
    arguments.add_argument("--scale", type=float, default=0.2)
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("discord").setLevel(logging.CRITICAL)
    whole = pace.APART
    try:
        pace.APART = whole * given.scale
        reached, asked, refused = asyncio.run(tried(given.conversations, given.scale))
    finally:
        pace.APART = whole
    each = {name: round(count / given.conversations) for name, count in asked.items() if name in ROUTES}
    print("computed from the limits, conversations a minute:")
    for name, rate in computed(each).items():
        print(f"  {rate:7.1f}  {name}")
    print(f"  {min(computed(each).values()):7.1f}  sustainable: the least of these")
    print(f"tried on the local Discord in {FORUM}, conversations a minute:")
    print(f"  {reached:7.1f}  {given.conversations} conversations, all at once, limits enforced")
    print(f"requests a conversation: {each}; refused for a limit: {refused}")


if __name__ == "__main__":
    main()
