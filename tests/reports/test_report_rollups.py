"""What is counted as records come in is what counting everything anew would find, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.log import LogRecord
from bot.domain.messages import ConversationId
from bot.figures import Counting, Dimension, Summary
from bot.reports.asked import Asked
from bot.reports.figures import summarise
from bot.reports.instants import micros
from bot.reports.storage import Storage
from tests.domain.builders import T0
from tests.domain.test_walk import CHOICES
from tests.reports.contents import contents
from tests.reports.test_report_agrees_with_engine import history

#: Conversations that begin hours apart, so that a period has whole days, whole hours and broken ones.
LIVES = st.lists(st.tuples(st.integers(0, 60), st.lists(CHOICES, max_size=25)), min_size=1, max_size=4)
NOW = T0 + timedelta(days=4)
CHANNELS = ("web", "discord", "telegram", "api")


def log_of(lives: list[tuple]) -> list[LogRecord]:
    """Return the log of several conversations, in the order in which it was recorded."""
    records = []
    for number, (hours, choices) in enumerate(lives):
        later = timedelta(hours=hours)
        name = ConversationId(f"c{number}")
        records += [_moved(record, later, name, CHANNELS[number]) for record in history(choices)[1].records]
    records.sort(key=lambda record: record.recorded_at)
    return [replace(record, seq=number) for number, record in enumerate(records, 1)]


def _moved(record: LogRecord, later: timedelta, conversation: ConversationId, channel: str) -> LogRecord:
    """Return a record of another conversation, on another channel, some hours later."""
    if not record.conversation:  # the brand's calendars come before everything
        return replace(record, at=T0 - later, recorded_at=T0 - later)
    fields = dict(record.fields)
    for name in ("since", "due", "started", "ended"):
        if fields.get(name):
            fields[name] = (type(record.at).fromisoformat(fields[name]) + later).isoformat()
    if "channel" in fields:
        fields["channel"] = channel
    moved = {"at": record.at + later, "recorded_at": record.recorded_at + later, "fields": fields}
    return replace(record, conversation=conversation, **moved)


@contextmanager
def fed(batches: list[list[LogRecord]]) -> Iterator[Storage]:
    storage = Storage(":memory:")
    storage.open()
    try:
        for batch in batches:
            storage.apply(batch)
        yield storage
    finally:
        storage.close()


def told(storage: Storage, asked: Asked) -> Summary:
    """Return the figures; how they were found is not compared."""
    return replace(storage.read(lambda c, known: summarise(c, known, asked)), scanned=())


PERIODS = st.tuples(st.integers(-400, 4000), st.integers(1, 6000))
WHERE = st.fixed_dictionaries(
    {},
    optional={
        Dimension.CHANNEL: st.sampled_from(CHANNELS),
        Dimension.TEAM: st.sampled_from(["", "support", "press"]),
        Dimension.AGENT: st.sampled_from(["", "alex"]),
        Dimension.LABEL: st.sampled_from(["question", "unassessed"]),
        Dimension.POLICY: st.sampled_from(["", "standard", "press"]),
        Dimension.HOUR: st.sampled_from(["9", "10", "17"]),
        Dimension.TIER: st.sampled_from(["", "gold"]),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    LIVES,
    st.lists(st.integers(1, 40), max_size=30),
    PERIODS,
    st.one_of(st.just({}), WHERE),
    st.sampled_from([None, *Dimension]),
    st.sampled_from(Counting),
)
def test_roll_ups_fed_in_any_batches_give_what_the_whole_log_gives_case_by_case(
    lives, sizes, period, where, by, counting
) -> None:
    records = log_of(lives)
    cuts = [0, *accumulate(sizes), len(records)]
    batches = [records[start:end] for start, end in pairwise(cuts)]
    since = micros(T0) + period[0] * 61_000_000
    asked = Asked(
        since=since, until=since + period[1] * 61_000_000, now=micros(NOW), where=where, by=by, counting=counting
    )
    with fed([*batches, records]) as by_and_by, fed([records]) as at_once:
        assert contents(by_and_by) == contents(at_once)
        assert told(by_and_by, asked) == told(at_once, replace(asked, one_by_one=True))
