"""Conversations stored before clocks had calendars: they keep their policies, targets and what was noted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Conversation, Rules
from bot.domain.events import FieldsSet
from bot.domain.messages import Address, ConversationId, CustomerId
from bot.domain.policies import Policy
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.domain.transitions import advance
from bot.stores.sqlite.codec import decode_conversation, encode

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIN = timedelta(minutes=1)


def older(**clock: Any) -> bytes:
    """Return a snapshot as version 3 of the store wrote it: with a policy, and one clock of these fields."""
    conversation = Conversation(
        id=ConversationId("c1"),
        address=Address(channel="api", account="", place="p"),
        customer=CustomerId("u1"),
        state=State.ESCALATED,
        clocks=(Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=T0, running_since=T0),),
        policy=Policy(name="standard", targets={Metric.FIRST_REPLY: 15 * MIN}),
    )
    snapshot = json.loads(encode(conversation))
    [made] = snapshot["clocks"]
    for name in ("spans", "summed", "calendar", "aim", "due_at", "warn_due", "warnings", "waited"):
        made.pop(name)
    made |= {"target": "PT900S", "warn_at": 0.5, "warned": False, **clock}
    snapshot["policy"] = {"name": "standard", "targets": {"first_reply_time": "PT900S"}, "warn_at": 0.5}
    return json.dumps(snapshot, separators=(",", ":")).encode()


def test_a_clock_keeps_its_target_its_warning_and_the_name_of_its_policy() -> None:
    c = decode_conversation(older())
    [clock] = c.clocks
    assert clock.aim == Aim(policy="standard", target=15 * MIN, shares=(0.5,))
    assert (clock.due_at, clock.warn_due) == (T0 + 15 * MIN, (T0 + 7.5 * MIN,))
    assert c.policy is not None
    assert c.policy.shares == (0.5,)


def test_time_counted_before_the_change_still_counts() -> None:
    [clock] = decode_conversation(older(elapsed="PT300S", running_since="2026-03-02T10:00:00Z")).clocks
    assert clock.value(T0 + 70 * MIN, ALWAYS_OPEN) == 15 * MIN
    assert clock.due_at == T0 + 70 * MIN


def test_what_was_breached_is_not_breached_again_when_fields_change() -> None:
    c = decode_conversation(older(warned=True, breached=True))
    rules = Rules(policies=(Policy(name="standard", targets={Metric.FIRST_REPLY: 15 * MIN}),))
    step = advance(c, FieldsSet(at=T0 + 60 * MIN, by="api", priority="high"), rules)
    assert [entry.kind for entry in step.log] == ["fields_set"]


def test_a_name_that_looks_like_an_old_field_changes_nothing() -> None:
    clock = Clock(metric=Metric.RESOLUTION, instance=1, started_at=T0, running_since=T0, elapsed=MIN)
    c = Conversation(
        id=ConversationId("c1"),
        address=Address(channel="api", account="", place="p"),
        customer=CustomerId("u1"),
        team="warn_at",
        clocks=(clock,),
    )
    assert decode_conversation(encode(c)) == c
