"""Ten thousand payloads that went wrong somewhere: each is an arrival, passed over, or refused by name."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from bot.channels.discord.parse import parse
from bot.errors import BadMessage
from bot.records import Arrival
from tests.channels.discord.payloads import (
    AGENT,
    ANN,
    ME,
    NOW,
    RULES,
    THREAD,
    bot,
    direct,
    edited,
    file,
    forward,
    message,
    places,
    reply,
    user,
)

MANY = 10_000
EVENTS = (
    ("MESSAGE_CREATE",) * 5 + ("MESSAGE_UPDATE",) * 3 + ("MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "MESSAGE_NEW")
)
GOOD = (
    direct(),
    message(f"<@{ME}> hi <@{ANN}> <:a:1>", mentions=[bot(), user(ANN)]),
    message(channel=THREAD, by=AGENT),
    reply("yes", to=user("2002")),
    edited(direct(), "changed"),
    direct("", attachments=[file("a.png", "image/png")], sticker_items=[{"id": "1", "name": "Wave"}]),
    direct("", **forward("passed on", attachments=[file("b.pdf", "application/pdf")])),
    direct("", poll={"question": {"text": "Red?"}, "answers": []}),
    {"id": "11", "ids": ["11", "12"], "channel_id": "4001", "guild_id": "3001"},
)
ODD = (
    None, True, False, 0, -1, 19, 1e300, float("nan"), 2**70, "", " ", "\x00", "\ud800", "\u202e", "x" * 70_000,
    f"<@{ME}>", "<@!>", [], [None], [[]], {}, {"id": None}, {"\ud800": 1}, "2026-13-45T99:00:00Z",
    "0001-01-01T00:00:00+23:59",
)  # fmt: skip


def mutated(value: Any, dice: random.Random, *, depth: int = 0) -> Any:
    """Return a copy in which something is replaced, left out, doubled or swapped, at any depth."""
    if depth and dice.random() < 0.08:
        return dice.choice(ODD)
    match value:
        case dict():
            changed = {key: mutated(each, dice, depth=depth + 1) for key, each in value.items()}
            if changed and dice.random() < 0.15:
                del changed[dice.choice(list(changed))]
            if dice.random() < 0.05:
                changed[dice.choice(["webhook_id", "type", "extra", "\ud83d"])] = dice.choice(ODD)
            return changed
        case list():
            return [mutated(each, dice, depth=depth + 1) for each in value * dice.choice([0, 1, 1, 1, 3])]
        case _:
            return value


def outcomes(seed: int) -> tuple[Counter[str], list[Arrival], list[str]]:
    """Parse them all and count what became of each."""
    dice = random.Random(seed)
    counted: Counter[str] = Counter()
    known, found, reasons = places(), [], []
    for _ in range(MANY):
        event, payload = dice.choice(EVENTS), mutated(dice.choice(GOOD), dice)
        try:
            arrivals = parse(event, payload, me=ME, places=known, rules=RULES, arrived_at=NOW)
        except BadMessage as refused:
            counted["unreadable"] += 1
            reasons.append(str(refused))
        else:
            counted["arrivals" if arrivals else "ignored"] += 1
            found += arrivals
    return counted, found, reasons


def test_ten_thousand_broken_payloads_crash_nothing_and_each_is_counted() -> None:
    counted, found, reasons = outcomes(seed=3)
    assert counted.total() == MANY
    assert set(counted) == {"arrivals", "ignored", "unreadable"}
    assert min(counted.values()) > MANY // 20
    assert all(len(reason) < 500 and reason.isprintable() for reason in reasons)
    for arrival in found:
        assert arrival.external_id.isprintable()
        assert arrival.happened_at <= NOW
        assert len(arrival.text) <= 16_000
        arrival.text.encode()
    assert outcomes(seed=3)[0] == counted
