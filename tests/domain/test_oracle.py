"""The engine and the definitions written a second time agree on random histories, facts learned late included."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.domain import oracle
from tests.domain.histories import FACT, TARGETS, live
from tests.domain.log_reader import read, sums

#: 10,000 histories in all, the same ones in each run; HEED_ORACLE=random tries others.
EXAMPLES = 5_000
ALWAYS_THE_SAME = os.environ.get("HEED_ORACLE") != "random"


_OPEN = ((840, 877), (880, 910), (930, 1080), (1100, 1101), (1140, 1439))


def always(_: int) -> bool:
    return True


def in_kolkata(minute: int) -> bool:
    """Tell whether a minute since the history began is business time: written by hand, without the calendar."""
    day, of_day = divmod(14 * 60 + 30 + minute, 24 * 60)
    return day != 1 and any(start <= of_day < end for start, end in _OPEN)


def compared(clock: dict, *, late: bool) -> Iterator[object]:
    """Yield what both sides must say the same of a clock."""
    family = "reply" if late and clock["metric"] in {"first_reply_time", "next_reply_time"} else clock["metric"]
    yield from (family, clock["start"], -1 if clock["end"] is None else clock["end"], clock["by"])
    yield from (clock.get("how", "open"), 0 if late else clock["instance"], tuple(sorted(clock["ran"])))


def check(program: bytes, *, late: bool) -> None:
    history, until = live(program, late=late)
    is_open = in_kolkata if program[0] & 1 else always
    truth = sorted(oracle.clocks(history.moves, until), key=lambda clock: tuple(compared(clock, late=late)))
    ours = sorted(read(history.engine.log, until), key=lambda clock: tuple(compared(clock, late=late)))
    ours = [clock for clock in ours if not (clock.get("how") == "cancelled" and clock["by"] == "agent")]
    story = "\n".join(history.told)
    assert history.engine.c.state.value == history.moves.state, story
    one, two = ([[*compared(clock, late=late)] for clock in clocks] for clocks in (ours, truth))
    assert one == two, story
    assert sums(history.engine.log, ours, until) == oracle.sums(history.moves, truth, until), story
    for clock, true in zip(ours, truth, strict=True):
        check_numbers(clock, true, is_open, targets=bool(program[0] & 6), late=late, story=story)


def check_numbers(clock: dict, true: dict, is_open, *, targets: bool, late: bool, story: str) -> None:
    if clock["elapsed"] is not None:
        assert clock["elapsed"] == 60 * sum(map(is_open, true["ran"])), f"{clock}\n{story}"
    if late and not (true["aimed"] and "aimed" in clock and clock["metric"] == true["metric"]):
        return  # what a clock is called, and when its target attaches, is settled by the states as they came about
    target = TARGETS[clock["metric"]] if targets else None
    assert clock["breached"] == oracle.breached(true, target, is_open), f"{clock}\n{true}\n{story}"


PROGRAMS = st.binary(min_size=1 + 2 * FACT, max_size=1 + 30 * FACT)


ORACLE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=ALWAYS_THE_SAME,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@ORACLE
@given(PROGRAMS)
def test_clocks_of_any_history_are_those_of_the_definitions(program: bytes) -> None:
    check(program, late=False)


@ORACLE
@given(PROGRAMS)
def test_clocks_are_true_in_the_end_however_late_the_facts_were_learned(program: bytes) -> None:
    check(program, late=True)
