"""The auditor finds what the engine would not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.sla import HUMAN_REPLY
from bot.engine.auditor import Auditor
from bot.records import Commit
from tests.scenarios.world import World, world


class Heart:
    def __init__(self) -> None:
        self.beats = 0

    async def __call__(self) -> None:
        self.beats += 1


def auditor_of(w: World, heart: Heart | None = None) -> Auditor:
    return Auditor(store=w.store, road=w.heed.road, time=w.time, heartbeat=heart)


async def test_a_clean_audit_beats_the_heart() -> None:
    async with world() as w:
        await w.writes("complaint it broke")
        await w.writes("question order-status where is it", who="v2")
        heart = Heart()
        assert await auditor_of(w, heart).audit() == ()
        assert heart.beats == 1


async def test_a_customer_who_waits_without_a_clock_is_found_on_the_second_look_and_a_human_is_told() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        state = await w.conversation(conversation)
        broken = replace(
            state,
            version=state.version + 1,
            clocks=tuple(clock for clock in state.clocks if clock.metric not in HUMAN_REPLY),
        )
        await w.store.commit(
            [Commit(conversation=broken, expected_version=state.version, recorded_at=w.time.now())]
        )
        heart = Heart()
        auditor = auditor_of(w, heart)
        await auditor.audit()
        found = await auditor.audit()
        assert [finding.problem for finding in found] == ["the customer waits and no reply clock runs"]
        assert heart.beats == 1


async def test_a_target_without_its_deadline_is_found() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        state = await w.conversation(conversation)
        await w.store.commit(
            [
                Commit(
                    conversation=replace(state, version=state.version + 1),
                    expected_version=state.version,
                    recorded_at=w.time.now(),
                    cancelled=("breach:first_reply_time:1",),
                )
            ]
        )
        auditor = auditor_of(w)
        await auditor.audit()
        found = await auditor.audit()
        assert "the clock first_reply_time:1 has a target and no deadline" in {f.problem for f in found}


async def test_a_deadline_that_nobody_notices_is_found() -> None:
    async with world() as w:
        await w.writes("complaint it broke")
        w.time.move(timedelta(minutes=16))
        auditor = auditor_of(w)
        await auditor.audit()
        found = await auditor.audit()
        assert any(finding.problem.endswith("was not noticed") for finding in found)
