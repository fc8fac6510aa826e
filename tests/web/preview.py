"""Serves the pages with made-up data to look at.

``python -m tests.web.preview [empty|normal|crisis|closed] [port]``.
"""

from __future__ import annotations

import sys
from functools import partial

from aiohttp import web

from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.explanation import Explanation
from bot.domain.roles import Role
from bot.ports import Capabilities
from bot.web.app import WebParts, create_app
from bot.web.sign_in import one_time_link
from tests.web import day, scene_parts, scenes
from tests.web.fake_staff import FakeRoster, MemoryCommands, desk_of
from tests.web.fakes import FakeHealth, FakeReports, MemoryStore, RunningTime

SECRET = b"only for looking"


async def explained(text: str, *, usual: str, addressed: bool) -> Explanation:
    """Explain a text as the model would, without one."""
    return scene_parts.explained(text)


def parts(scene: str, port: int) -> WebParts:
    """Return an application's parts filled with a scene."""
    time = RunningTime()
    store = MemoryStore(time)
    health = FakeHealth()
    reports = FakeReports()
    if scene == "normal":
        scenes.normal_day(store)
        reports = FakeReports(day.figures)
    if scene == "closed":
        scenes.after_hours(store)
    if scene == "crisis":
        scenes.crisis(store)
        store.switches["paused"] = "Mara"
        reports = FakeReports(partial(day.figures, busy=True))
        health.told = [
            "2 messages were put aside after three failed attempts.",
            "Template refund.md, line 4: the variable order_id is unknown.",
        ]
    commands = MemoryCommands(store)
    office = scenes.closed_office(time.now())
    return WebParts(
        store=store,
        roster=FakeRoster(),
        desk=desk_of(
            store,
            commands,
            channels=("discord", "telegram", "webchat"),
            revises=lambda name: Capabilities(name=name, edits_sends=True, deletes_sends=True),
            calendar_of={office.id: office, "": ALWAYS_OPEN}.__getitem__,
            thresholds=scene_parts.THRESHOLDS,
            explain=explained,
        ),
        commands=commands,
        health=health,
        reports=reports,
        time=time,
        secret=SECRET,
        brand_name="Northwind",
        public_url=f"http://127.0.0.1:{port}",
    )


def main() -> None:
    """Serve until interrupted."""
    scene, port = (sys.argv[1:] + ["normal", "8099"][len(sys.argv) - 1 :])[:2]
    made = parts(scene, int(port))
    link = one_time_link(SECRET, made.public_url, "Mara", Role.LEAD, now=made.time.now())
    print(link, flush=True)
    web.run_app(create_app(made), host="127.0.0.1", port=int(port), print=lambda *_: None)


if __name__ == "__main__":
    main()
