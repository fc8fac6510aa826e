"""Conversations that look like a working day, for tests and for the preview."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.calendar import BusinessCalendar, parse_spans
from bot.domain.decisions import Reason
from bot.domain.log import LogKind
from bot.domain.prediction import Label
from bot.domain.sla import Metric
from bot.domain.states import State
from tests.web.fakes import MemoryStore
from tests.web.scene_parts import (
    MINUTE,
    SECOND,
    conversation,
    rich,
)


def normal_day(store: MemoryStore) -> None:
    """Fill a store with a quiet morning."""
    now = store.time.now()
    lena = rich(now)
    store.put(lena)
    at = lena.transcript[3].at
    store.record("lena", LogKind.ESCALATED, at=at + SECOND, reason=Reason.REJECTED)
    store.record("lena", LogKind.WARN, at=at + MINUTE * 8, metric=Metric.FIRST_REPLY, instance=1)
    people = [
        (
            "tomate",
            "My card was charged twice for the same booking.",
            96,
            State.ESCALATED,
            None,
            Label.COMPLAINT,
            Reason.COMPLAINT,
            "telegram",
        ),
        (
            "plum.k",
            "does the annual plan renew by itself?",
            41,
            State.ESCALATED,
            None,
            Label.QUESTION,
            Reason.NO_TEMPLATE,
            "discord",
        ),
        (
            "north_window",
            "OK, and can you send it to my office address instead?",
            230,
            State.CLAIMED,
            "Mara",
            Label.QUESTION,
            Reason.UNSURE,
            "webchat",
        ),
        (
            "moss.and.stone",
            "I was promised a call back yesterday and nobody called.",
            310,
            State.CLAIMED,
            "Sam",
            Label.COMPLAINT,
            Reason.COMPLAINT,
            "webchat",
        ),
        (
            "the-longest-name-that-anybody-ever-gave",
            "Как вернуть товар?",
            12,
            State.ESCALATED,
            None,
            Label.OTHER,
            Reason.LANGUAGE,
            "telegram",
        ),
    ]
    for name, text, waited, state, holder, label, reason, channel in people:
        store.put(
            conversation(
                name,
                [text],
                now=now,
                waited=SECOND * waited,
                state=state,
                holder=holder,
                label=label,
                reason=reason,
                channel=channel,
            )
        )
    for name, text in (
        ("fern_42", "That worked, thank you so much!"),
        ("potting shed", "Great, I'll try that tonight."),
    ):
        store.put(
            conversation(
                name,
                [text],
                now=now,
                waited=MINUTE * 55,
                state=State.WAITING,
                label=Label.PRAISE,
                reason=Reason.TEMPLATE,
            )
        )
    store.put(
        conversation(
            "søndagsgartner",
            ["What are your opening hours?"],
            now=now,
            waited=MINUTE * 190,
            state=State.RESOLVED,
            label=Label.QUESTION,
            reason=Reason.TEMPLATE,
        )
    )


def office(zone: str = "UTC") -> BusinessCalendar:
    """Return a calendar that is open from nine to five, every day."""
    return BusinessCalendar(name="office", zone=zone, week=(parse_spans(["09:00-17:00"]),) * 7)


def closed_office(now: datetime) -> BusinessCalendar:
    """Return that calendar, where it is past seven in the evening now."""
    east = (19 - now.astimezone(UTC).hour + 11) % 24 - 11
    return office(f"Etc/GMT{-east:+}" if east else "UTC")


def after_hours(store: MemoryStore) -> None:
    """Fill a store with an evening: the office closed two hours ago, and people still write."""
    now = store.time.now()
    calendar = closed_office(now)
    closed = timedelta(hours=2, minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    people = (
        ("balcony_jungle", "Half of my order is missing. How come?", closed + MINUTE * 31),
        ("potting shed", "The can leaks at the seam.", closed + MINUTE * 25),
        ("plum.k", "does the annual plan renew by itself?", closed + MINUTE * 4),
        ("tomate", "My card was charged twice.", MINUTE * 48),
        ("fern_42", "My monstera arrived with a broken stem.", MINUTE * 3),
    )
    for name, text, waited in people:
        view = conversation(name, [text], now=now, waited=waited, target=1800, calendar=calendar)
        store.put(view)


def crisis(store: MemoryStore) -> None:
    """Fill a store with an outage: everybody writes, nobody has answered yet."""
    now = store.time.now()
    store.put(rich(now, waited=MINUTE * 34))
    texts = (
        "The app logs me out every minute!",
        "Nothing loads since this morning",
        "is there an outage??",
        "I can't pay, it says error 503",
        "hello? anybody there?",
    )
    names = [
        "amaranth",
        "felt hat",
        "竹",
        "ramo de sol",
        "noah_p",
        "clay pot",
        "night bloom",
        "verde",
        "linden",
        "river mint",
        "zoë_m",
        "kale & co",
        "larch",
        "šljiva",
        "snow pea",
        "oleander",
        "nettle",
        "vogelbeere",
    ]
    for number, name in enumerate(names):
        waited = MINUTE * (47 - number * 2.6)
        holder = "Mara" if number % 5 == 2 else None
        state = State.CLAIMED if holder else State.ESCALATED
        label = Label.QUESTION if number % 3 == 2 else Label.COMPLAINT
        view = conversation(
            name,
            [texts[number % 5]],
            now=now,
            waited=waited,
            state=state,
            holder=holder,
            label=label,
            channel=("webchat", "telegram", "discord")[number % 3],
        )
        store.put(view)
    store.dead_letters = 2
