"""Takes conversations from those who are not on staff any more: nobody waits for somebody who has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from bot.domain.conversation import Conversation
from bot.domain.events import HolderLeft
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import AgentId
from bot.domain.roles import Agent, Right
from bot.domain.states import State
from bot.engine.loops import every, keep_going
from bot.ports import Commands, Store, TimeSource
from bot.records import QueueQuery

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=30)

#: Held conversations looked at in one go.
MOST = 500


class Holders:
    """Looks at who holds conversations. ``agent`` returns somebody on staff as they are now, None for others."""

    def __init__(
        self,
        *,
        store: Store,
        commands: Commands,
        agent: Callable[[str], Awaitable[Agent | None]],
        time: TimeSource,
    ) -> None:
        self._store = store
        self._commands = commands
        self._agent = agent
        self._time = time

    async def run(self) -> None:
        """Look every half minute until cancelled."""
        until = every(self._time, LOOK_EVERY)
        await keep_going("holders", self.step, wake=asyncio.Event(), time=self._time, until=until)

    async def step(self) -> int:
        """Look once; return 0, for there is nothing more to do at once."""
        offset, total = 0, 1
        while offset < total:
            page = await self._store.queue(QueueQuery(states=(State.CLAIMED,), limit=MOST, offset=offset))
            await self._look_at([row.conversation for row in page.rows if row.conversation.holder is not None])
            offset, total = offset + MOST, page.total
        return 0

    async def _look_at(self, held: Sequence[Conversation]) -> None:
        may = {holder: await self._may_hold(holder) for holder in {c.holder for c in held} if holder}
        for conversation in held:
            holder = conversation.holder
            if holder is None or may[holder]:
                continue
            if claimed_at_a_desk(await self._store.of(conversation.id)):
                log.info("holder_left", conversation=conversation.id)
                left = HolderLeft(at=self._time.now(), holder=holder)
                await self._commands.perform(conversation.id, left)

    async def _may_hold(self, holder: AgentId) -> bool:
        agent = await self._agent(holder)
        return agent is not None and agent.may(Right.HANDLE)


def claimed_at_a_desk(life: Sequence[LogRecord]) -> bool:
    """Tell whether the last claim was made at a desk of Heed's.

    Somebody who answers through another system holds the conversation too, and Heed knows nobody there.
    """
    claims = [record for record in life if record.kind == LogKind.CLAIMED]
    if not claims:
        return True
    claim = claims[-1]
    if claim.fields.get("outside") is True:
        return False
    with_it = (record for record in life if record.recorded_at == claim.recorded_at)
    return not any(
        record.kind == LogKind.REPLIED
        and record.fields.get("native") is True
        and record.fields.get("agent") == claim.fields.get("agent")
        for record in with_it
    )
