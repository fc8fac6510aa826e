"""Discord as the contract suite meets it: payloads by kind, a builder, and payloads that are nearly right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from bot.channels.discord.parse import parse
from bot.records import Arrival, ArrivalKind
from tests.channels.discord import payloads
from tests.channels.discord.payloads import AGENT, ME, MESSAGE, ROOM, RULES, SERVER, user

#: What the gateway tells: the name of an event and its payload.
Told = tuple[str, dict[str, Any]]

WRITTEN = payloads.direct()
DELETED = {"id": MESSAGE, "channel_id": payloads.DIRECT}

PAYLOADS: Mapping[ArrivalKind, Told] = {
    ArrivalKind.MESSAGE: ("MESSAGE_CREATE", WRITTEN),
    ArrivalKind.EDIT: ("MESSAGE_UPDATE", payloads.edited(WRITTEN, "Where is it?")),
    ArrivalKind.DELETION: ("MESSAGE_DELETE", DELETED),
    ArrivalKind.REPLY: (
        "MESSAGE_CREATE",
        payloads.reply("On its way.", to=user(payloads.ANN), by=AGENT, id="7000000000000000002"),
    ),
}


def parsed(told: Told, arrived_at: datetime) -> list[Arrival]:
    event, payload = told
    return parse(event, payload, me=ME, places=payloads.places(), rules=RULES, arrived_at=arrived_at)


def message(text: str, at: datetime | None) -> Told:
    return "MESSAGE_CREATE", payloads.direct(text, timestamp=at.isoformat() if at else None)


_TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "\x00",
        "\ud800",
        "\u202e",
        "9" * 400,
        f"<@{ME}>",
        "<@!1>",
        "<@&1>",
        "<#1>",
        "<:a:1>",
        "</a b:1>",
        "@everyone",
        "",
    ]
)
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=3,
)
_EVENTS = st.sampled_from(
    ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "MESSAGE_TELEPORT", "READY"]
)
_GOOD = st.sampled_from(
    [
        WRITTEN,
        payloads.message(f"<@{ME}> hi", mentions=[payloads.bot()]),
        payloads.edited(WRITTEN, "x"),
        payloads.reply("yes", to=user("2002")),
        payloads.message(
            "", attachments=[payloads.file("a.png", "image/png")], sticker_items=[{"id": "1", "name": "a"}]
        ),
        payloads.message("", **payloads.forward("passed on")),
        {"ids": [MESSAGE, "2"], "channel_id": ROOM, "guild_id": SERVER},
    ]
)


def spoiled(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a payload with some fields replaced, left out or added."""
    changes = st.dictionaries(st.sampled_from([*good, "extra", "poll", "webhook_id"]), _ANY, max_size=3)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=2)
    return st.builds(
        lambda new, without: {key: value for key, value in {**good, **new}.items() if key not in without},
        changes,
        gone,
    )


like_ours: st.SearchStrategy[Told] = st.tuples(
    _EVENTS, _GOOD.flatmap(spoiled) | st.dictionaries(_TEXTS, _ANY, max_size=4)
)
