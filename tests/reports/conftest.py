from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.figures import MetricFigure, Summary
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from tests.reports.written_log import DAY, NOON, StandingTime, WrittenLog

Summarise = Callable[..., Awaitable[Summary]]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and "reports" in thread.name]
    assert not left


@pytest.fixture
def log() -> WrittenLog:
    return WrittenLog()


@pytest.fixture
def time() -> StandingTime:
    return StandingTime()


@pytest.fixture
async def service(log: WrittenLog, time: StandingTime) -> AsyncIterator[ReportService]:
    service = ReportService(log, await ReportDatabase.open(":memory:"), time=time)
    yield service
    await service.close()


@pytest.fixture
def summarise(service: ReportService) -> Summarise:
    """Ask for the figures of the two days around noon."""

    async def ask(**wanted: object) -> Summary:
        return await service.summary(**({"since": NOON - DAY, "until": NOON + DAY} | wanted))

    return ask


@pytest.fixture
def figure(summarise: Summarise) -> Callable[..., Awaitable[MetricFigure]]:
    """Ask for the figure of one metric."""

    async def ask(metric: str = "first_reply_time", **wanted: object) -> MetricFigure:
        summary = await summarise(**wanted)
        return next(figure for figure in summary.metrics if figure.metric == metric)

    return ask
