"""All driving parts of one process, started together and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.engine.auditor import Auditor
from bot.engine.board import NoticeBoard
from bot.engine.commands import StaffCommands
from bot.engine.delivery import Delivery
from bot.engine.intake import Intake
from bot.engine.loops import every, keep_going
from bot.engine.presence import Presence
from bot.engine.time_watch import TimeWatch
from bot.engine.timekeeper import Timekeeper
from bot.engine.waiting import LOOK_EVERY, Waiting
from bot.engine.worker import Worker
from bot.ports import Changed, Channel, Store, TimeSource

log = structlog.get_logger(__name__)

#: How long a loop waits before it looks again by itself, should a wake-up have been missed.
LOOK_AGAIN = timedelta(seconds=1)
AUDIT_EVERY = timedelta(seconds=30)
RECOVER_EVERY = timedelta(seconds=30)

#: A deadline that is still due after a step could not be brought home: not to be tried in a tight circle.
STUCK_PAUSE = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an engine drives. ``refresh`` looks for changed templates; ``problem`` says what is wrong there."""

    store: Store
    time: TimeSource
    intake: Intake
    workers: Sequence[Worker]
    delivery: Delivery
    timekeeper: Timekeeper
    auditor: Auditor
    commands: StaffCommands
    channels: Sequence[Channel]
    presence: Presence
    board: NoticeBoard
    waiting: Waiting
    refresh: Callable[[], Awaitable[None]]
    problem: Callable[[], str | None]


class Engine:
    """Runs the loops, wakes them when the store changes, and knows how they are."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._inbox = [asyncio.Event() for _ in parts.workers]
        self._outbox = asyncio.Event()
        self._deadline = asyncio.Event()
        self._planned: datetime | None = None
        self._running = False
        self._watch = TimeWatch(time=parts.time, events=parts.store, board=parts.board, period=LOOK_AGAIN)

    async def run(self) -> None:
        """Drive until cancelled."""
        parts, time = self._parts, self._parts.time
        parts.store.on_change(self._notice)
        self._watch.started()
        async with asyncio.TaskGroup() as group:
            self._running = True
            self._start_workers(group)
            self._start_delivery(group)
            group.create_task(
                keep_going(
                    "timekeeper",
                    parts.timekeeper.step,
                    wake=self._deadline,
                    time=time,
                    until=self._next_deadline,
                )
            )
            group.create_task(self._keep("time", self._watch_time, LOOK_AGAIN))
            group.create_task(self._keep("auditor", self._audit, AUDIT_EVERY))
            group.create_task(self._keep("refresh", self._refresh, LOOK_AGAIN))
            group.create_task(self._keep("waiting", parts.waiting.step, LOOK_EVERY))
            group.create_task(self._keep("recovery", parts.delivery.recover, RECOVER_EVERY))
            group.create_task(self._keep("pause", self._withdraw_paused, LOOK_AGAIN))
            group.create_task(parts.presence.run())
            for channel in parts.channels:
                group.create_task(self._listen(channel))

    def _start_workers(self, group: asyncio.TaskGroup) -> None:
        time = self._parts.time
        for worker, wake in zip(self._parts.workers, self._inbox, strict=True):
            group.create_task(
                keep_going("worker", worker.step, wake=wake, time=time, until=every(time, LOOK_AGAIN))
            )

    def _start_delivery(self, group: asyncio.TaskGroup) -> None:
        delivery, time = self._parts.delivery, self._parts.time

        async def send() -> int:
            return await delivery.step(group)

        async def next_send() -> datetime:
            latest = time.now() + LOOK_AGAIN
            return min(delivery.next_look() or latest, latest)

        look_again = every(time, LOOK_AGAIN)
        group.create_task(keep_going("delivery", send, wake=self._outbox, time=time, until=next_send))
        group.create_task(
            keep_going("outcomes", delivery.report_step, wake=delivery.reported, time=time, until=look_again)
        )

    async def _keep(self, name: str, step: Callable[[], Awaitable[int]], period: timedelta) -> None:
        time = self._parts.time
        await keep_going(name, step, wake=asyncio.Event(), time=time, until=every(time, period))

    async def _listen(self, channel: Channel) -> None:
        """Keep a channel listening; one that fails is started again and harms no other."""

        async def listen() -> int:
            await channel.listen(self._parts.intake)
            return 0

        await self._keep(f"channel {channel.capabilities.name}", listen, LOOK_AGAIN)

    async def _audit(self) -> int:
        await self._parts.auditor.audit()
        return 0

    async def _watch_time(self) -> int:
        """Notice a clock that jumped, and fire at once what that brought."""
        if await self._watch.look():
            self._deadline.set()
        return 0

    async def _refresh(self) -> int:
        await self._parts.refresh()
        return 0

    async def _withdraw_paused(self) -> int:
        """Take back what still waits when somebody else (the command line) set the switch."""
        if await self._parts.commands.paused():
            await self._parts.commands.withdraw()
        return 0

    async def _next_deadline(self) -> datetime | None:
        """Return when to look again: at the next deadline, and at least once a second."""
        due = await self._parts.store.next_due()
        now = self._parts.time.now()
        latest = now + LOOK_AGAIN
        self._planned = min(max(due, now + STUCK_PAUSE), latest) if due is not None else latest
        return self._planned

    async def stop(self, grace: timedelta) -> None:
        """Let what is on its way arrive, before ``run`` is cancelled."""
        await self._parts.delivery.stop(grace)

    def _notice(self, changed: Changed) -> None:
        """Wake the loops that a change of the store concerns."""
        if changed.inbox:
            for wake in self._inbox:
                wake.set()
        if changed.outbox:
            self._outbox.set()
        earliest = changed.earliest_deadline
        if earliest is not None and (self._planned is None or earliest < self._planned):
            self._deadline.set()

    # --- health

    async def ready(self) -> tuple[bool, Mapping[str, str]]:
        """Tell whether messages can be taken and understood."""
        state = {"model": "loaded", "engine": "running" if self._running else "starting"}
        try:
            await self._parts.store.depth()
            state["store"] = "ok"
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the answer
            state["store"] = f"not usable: {error}"
        return self._running and state["store"] == "ok", state

    async def problems(self) -> Sequence[str]:
        """Return what operations should know now."""
        found = [f"Conversation {f.conversation}: {f.problem}." for f in self._parts.auditor.findings]
        found += self._parts.board.sentences()
        if problem := self._parts.problem():
            found.append(f"Templates: {problem}")
        if dead := (await self._parts.store.facts()).dead_letters:
            found.append(f"Messages put aside unhandled (dead letters): {dead}. See docs/operations.md.")
        return found
