"""A replay judges a transcript's clocks by the brand's calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.transcript import Line
from bot.domain.sla import Metric
from bot.figures import MetricFigure
from bot.replay import replay
from bot.settings import parse_settings
from tests.scenarios.world import T0, ScriptedAssessor

BRAND = """
policy: {targets: {first_reply_time: 60m}}
brand: {variables: {website: a.example, hours: 9 to 5, email: a@a.example, phone: '1'}}
"""
OFFICE = """
calendars: {office: {zone: UTC, week: {mon: ["08:00-09:10"], tue: ["09:00-17:00"]}}}
calendar: office
"""


async def replayed(settings: str) -> MetricFigure:
    """Replay a complaint of Monday at nine that an agent answers on Tuesday, a quarter of an hour after nine."""
    complaint = Line(
        number=1,
        conversation="c1",
        channel="chat",
        author="v1",
        role="customer",
        sent_at=T0,
        text="complaint broken",
    )
    answer = Line(
        number=2,
        conversation="c1",
        channel="chat",
        author="sam",
        role="agent",
        sent_at=T0 + timedelta(hours=24, minutes=15),
        text="It is on its way.",
    )
    found = await replay(
        parse_settings(settings),
        [complaint, answer],
        assessor=ScriptedAssessor(),
        record=lambda _decided: None,
        progress=lambda _number: None,
    )
    assert found.summary is not None
    [figure] = [figure for figure in found.summary.metrics if figure.metric is Metric.FIRST_REPLY]
    return figure


@pytest.mark.parametrize(
    ("settings", "minutes", "breaches"),
    [(BRAND, 24 * 60 + 15, 1), (BRAND + OFFICE, 25, 0)],
    ids=["around the clock", "office hours"],
)
async def test_a_replay_counts_by_the_brands_hours(settings: str, minutes: int, breaches: int) -> None:
    figure = await replayed(settings)
    assert (figure.ended, figure.business.p50, figure.breaches) == (1, minutes * 60, breaches)
