"""Ten thousand spoiled updates: each is an arrival, ignored or unreadable, and nothing else happens."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.telegram.content import FILES
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.parse import membership_of, move_of, parse, written_at
from bot.channels.telegram.reception import Reception, Tally
from bot.domain.messages import AgentId
from bot.domain.rooms import Attention, Room, RoomRules
from bot.errors import BadMessage
from tests.channels.telegram.payloads import (
    FILE,
    ME,
    POLL,
    STICKER,
    group,
    mark,
    message,
    naming,
    supergroup,
    update,
    user,
)
from tests.contracts.test_channels import check
from tests.wire.telegram.world import Intake, Marks, Words

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROOM = supergroup()
RULES = RoomRules(rooms={str(ROOM["id"]): Room(attention=Attention.UNANSWERED)}, agents={"7007": AgentId("anna")})
IN_TOPIC = {"message_thread_id": 44, "is_topic_message": True}
COMMAND = "/go@FernForgeBot x"
PLACE = {"latitude": 1.0, "longitude": 2.0}
GOOD = [
    update(message()),
    update(message(edit_date=1795338000), kind="edited_message"),
    update(naming("🌿 @FernForgeBot hello")),
    update(message(ROOM, reply_to_message=message(ROOM, user(7007)), **IN_TOPIC)),
    update(message(ROOM, user(7007), reply_to_message=message(ROOM), sender_chat=None)),
    update(message(ROOM, text=COMMAND, entities=[mark("bot_command", "/go@FernForgeBot", COMMAND)])),
    update(message(photo=[{**FILE, "width": 9, "height": 9}], caption="Broken", forward_origin={"type": "user"})),
    *[update(message(**{name: FILE})) for name in FILES],
    update(message(sticker=STICKER)),
    update(message(poll=POLL)),
    update(message(venue={"title": "Shop", "address": "Main St", "location": PLACE}, location=PLACE)),
    update(message(contact={"first_name": "Cy", "phone_number": "1"}, dice={"emoji": "🎲"}, story={})),
    update(message(group(), migrate_to_chat_id=-1009)),
    update(message(ROOM, new_chat_members=[user()])),
    {"update_id": 5, "my_chat_member": {"chat": ROOM, "new_chat_member": {"status": "kicked", "user": user()}}},
]  # fmt: skip
BAD: list[Any] = [
    None, True, False, 0, -1, 7, 2**31, 2**53, 2**63, 2**400, -(2**90), 1.5, float("nan"), float("inf"), "",
    " ", "x", "\x00", "\ud800", "\u202e", "👩\u200d👧" * 50, "9" * 500, "a" * 20_000, "@FernForgeBot", "private",
    "channel", [], [[]], [None], [{}], {}, {"id": 1}, {"id": "1"}, {"id": 1, "type": "private"}, {"message_id": 3},
    [{"type": "mention"}],
    {"update_id": 1, "message": {}},
]  # fmt: skip


def spoiled(chance: random.Random) -> Any:
    """Return a good update in which a few things, somewhere, are wrong."""
    made = copy.deepcopy(chance.choice(GOOD))
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 5])):
        at = chance.choice(list(places(made)))
        chance.choice(CHANGES)(*at, chance)
    return made if chance.random() > 0.01 else chance.choice(BAD)


def places(inside: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys."""
    keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
    for key in keys or (["extra"] if isinstance(inside, dict) else []):
        yield inside, key
        if key in keys and isinstance(inside[key], dict | list):
            yield from places(inside[key])


def replace(of: Any, key: Any, chance: random.Random) -> None:
    of[key] = copy.deepcopy(chance.choice(BAD))


def remove(of: Any, key: Any, chance: random.Random) -> None:
    if isinstance(of, dict):
        of.pop(key, None)


def add(of: Any, key: Any, chance: random.Random) -> None:
    if isinstance(of, dict):
        donor = chance.choice(GOOD).get("message", {"hologram": 1})
        name = chance.choice([*donor, "hologram", "\ud800", ""])
        of[name] = copy.deepcopy(chance.choice([*BAD, donor.get(name)]))


def nest(of: Any, key: Any, chance: random.Random) -> None:
    of[key] = chance.choice([[of.get(key)], {"id": of.get(key)}]) if isinstance(of, dict) else {}


CHANGES: list[Callable[[Any, Any, random.Random], None]] = [replace, replace, remove, add, nest]


def test_ten_thousand_spoiled_updates_are_read_or_refused_and_each_is_counted() -> None:
    chance, counted = random.Random(20261122), Counter[str]()
    for _ in range(10_000):
        said = spoiled(chance)
        before = copy.deepcopy(said)
        try:
            arrivals = parse(said, me=ME, rules=RULES, moved={"-1009": "-500"}, arrived_at=NOW)
        except BadMessage as problem:
            check_refusal(str(problem))
            counted["unreadable"] += 1
        else:
            for arrival in arrivals:
                check_any(arrival)
            counted["arrival" if arrivals else "ignored"] += 1
        assert repr(said) == repr(before)
        for read in (move_of, membership_of, written_at):
            try:
                read(said)
            except BadMessage:
                counted["partly unreadable"] += 1
    assert counted["arrival"] + counted["ignored"] + counted["unreadable"] == 10_000
    assert min(counted.values()) > 300, counted


def check_refusal(told: str) -> None:
    assert len(told) < 500
    assert told.isprintable()


def check_any(arrival: Any) -> None:
    """Hold an arrival against what stores rely on; of talk, nothing is kept but that it was."""
    if arrival.text or arrival.kind != "talk":
        check(arrival)
    for attachment in arrival.attachments:
        words = attachment.name + attachment.media_type + attachment.reference + attachment.url
        words.encode()
        assert not {"\x00", "\n", "\u202e"} & {*words}
        assert len(words) < 700
        assert attachment.size is None or attachment.size >= 0
    assert arrival.happened_at <= arrival.arrived_at
    (arrival.room + arrival.in_reply_to + arrival.revision).encode()
    assert arrival.patience is None or arrival.patience >= timedelta(0)


async def test_ten_thousand_spoiled_updates_stop_nothing_and_add_up() -> None:
    chance, tally, intake = random.Random(7), Tally(), Intake()
    reception = Reception(
        me=ME,
        rules=RULES,
        moves=Moves(marks=Marks(), account=ME.account),
        board=Words(),
        intake=intake,
        tally=tally,
    )
    for _ in range(100):
        await reception.take([spoiled(chance) for _ in range(100)], arrived_at=NOW)
    assert tally.arrivals + tally.ignored + tally.unreadable == 10_000
    assert tally.arrivals == len(intake.seen)
