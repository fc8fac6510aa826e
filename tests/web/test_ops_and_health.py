"""What operations and probes read."""

from __future__ import annotations

import pytest

from bot.domain.sla import Metric
from bot.figures import Dimension, Sum
from bot.web import metrics
from bot.web.ops import METRICS, PERIODS
from tests.web import day
from tests.web.conftest import Opener, Place
from tests.web.fakes import FakeReports

TOKEN = "watch me"


async def busy(opened: Opener) -> Place:
    return await opened(reports=FakeReports(day.figures), metrics_token=TOKEN)


@pytest.mark.parametrize(("period", "seconds"), [("1h", 3600), ("24h", 86400), ("7d", 604800), ("30d", 2592000)])
async def test_figures_cover_the_period_that_was_picked(opened: Opener, period: str, seconds: int) -> None:
    place = await busy(opened)
    await place.sign_in()
    body = await (await place.client.get(f"/ops/figures?period={period}")).json()
    assert body["summary"]["until"] == "2026-03-04T09:00:00Z"
    assert body["period"] == period
    first = body["summary"]["metrics"][0]
    assert first["metric"] == "first_response_time"
    assert set(first["corrected"]) == {"p50", "p90", "p95", "p99"}
    assert body["facts"]["dead_letters"] == 0
    assert body["parts"]["store"] == "up, writing"


async def test_a_period_that_is_not_offered_is_refused(mara: Place) -> None:
    response = await mara.client.get("/ops/figures?period=1y")
    assert response.status == 400
    assert "1h, 24h, 7d, 30d" in (await response.json())["detail"]


async def test_an_installation_without_history_shows_zeros(mara: Place) -> None:
    body = await (await mara.client.get("/ops/figures")).json()
    assert body["summary"]["waiting_now"] == 0
    assert body["summary"]["metrics"] == []
    assert body["problems"] == []


async def test_the_page_can_be_asked_for_one_value_and_told_apart_by_another(opened: Opener) -> None:
    reports = FakeReports(day.figures)
    place = await opened(reports=reports)
    await place.sign_in()
    assert (await place.client.get("/ops/figures?period=7d&by=team&channel=web&hour=09")).status == 200
    (question,) = reports.asked
    assert (question.by, question.until - question.since) == (Dimension.TEAM, PERIODS["7d"])
    assert question.where == {Dimension.CHANNEL: "web", Dimension.HOUR: "09"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("by=colour", "channel, team, agent"),
        ("hour=25", "0 to 23"),
        ("hour=", "0 to 23"),
        (f"hour={'9' * 5000}", "0 to 23"),
    ],
)
async def test_what_figures_cannot_be_told_apart_by_is_refused(mara: Place, asked: str, told: str) -> None:
    response = await mara.client.get(f"/ops/figures?{asked}")
    assert response.status == 400
    assert told in (await response.json())["detail"]


async def test_problems_are_shown_in_sentences(mara: Place) -> None:
    mara.health.told = ["Template refund.md is broken in line 4."]
    body = await (await mara.client.get("/ops/figures")).json()
    assert body["problems"] == ["Template refund.md is broken in line 4."]


async def test_every_metric_has_a_row_and_an_explanation(mara: Place) -> None:
    page = await (await mara.client.get("/ops")).text()
    assert set(METRICS) == {*Metric, *Sum}
    for metric, (title, text) in METRICS.items():
        assert f'data-metric="{metric}"' in page
        assert title in page
        assert text.replace("'", "&#39;") in page


async def test_alive_and_ready_are_two_questions(place: Place) -> None:
    assert (await place.client.get("/healthz")).status == 200
    assert (await place.client.get("/readyz")).status == 200
    place.health.is_ready = False
    place.health.states = {"model": "loading"}
    response = await place.client.get("/readyz")
    assert response.status == 503
    assert await response.json() == {"ready": False, "parts": {"model": "loading"}}
    assert (await place.client.get("/healthz")).status == 200
    assert "Not ready yet" in await (await place.client.get("/", headers={"Accept": "text/html"})).text()


async def test_metrics_carry_the_same_figures_as_the_page(opened: Opener) -> None:
    place = await busy(opened)
    text = await (await place.client.get("/metrics")).text()
    assert 'heed_messages{channel="webchat",label="question",outcome="received",period="1h"} 72.0' in text
    assert 'heed_breaches{metric="first_reply_time",period="24h"} 5.0' in text
    assert 'estimate="naive",metric="first_reply_time",period="1h",quantile="0.5"} 212.0' in text
    assert "heed_ready 1.0" in text
    assert 'heed_first_answers{by="bot",period="24h"} 164.0' in text
    assert 'heed_automation_precision{estimate="low",period="24h"} 0.89' in text
    assert 'heed_share_within_target_low{metric="first_reply_time",period="24h"} 0.87' in text
    assert 'estimate="business",metric="resolution_time",period="1h",quantile="0.5"}' in text
    assert "heed_waiting 3.0" in text
    assert 'heed_escalations{period="1h",reason="complaint"} 34.0' in text


async def test_metrics_without_history_are_still_well_formed(place: Place) -> None:
    response = await place.client.get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = [name for name in vars(metrics).values() if isinstance(name, str) and name.startswith("heed_")]
    text = await response.text()
    assert all(f"# HELP {name} " in text for name in names)


async def test_metrics_from_elsewhere_need_the_token(opened: Opener) -> None:
    place = await busy(opened)
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    refused = await place.client.get("/metrics", headers=elsewhere)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    wrong = await place.client.get("/metrics", headers=elsewhere | {"Authorization": "Bearer wrong"})
    assert wrong.status == 401
    right = await place.client.get("/metrics", headers=elsewhere | {"Authorization": f"Bearer {TOKEN}"})
    assert right.status == 200


async def test_without_a_token_set_metrics_stay_on_this_machine(place: Place) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer "}
    assert (await place.client.get("/metrics", headers=headers)).status == 401


async def test_the_front_door_links_only_to_what_is_there(place: Place) -> None:
    text = await (await place.client.get("/")).text()
    assert 'href="/desk"' in text
    assert 'href="/chat"' not in text


async def test_files_are_kept_for_ever_under_the_name_of_their_content(mara: Place) -> None:
    page = await (await mara.client.get("/desk")).text()
    script = page.split('type="module" src="')[1].split('"')[0]
    response = await mara.client.get(script)
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content_type == "text/javascript"
    assert "import" in await response.text()
    assert "immutable" not in (await mara.client.get("/static/desk.js")).headers["Cache-Control"]
    assert (await mara.client.get("/static/../app.py")).status == 404
    assert (await mara.client.get("/static/nothing.js")).status == 404


async def test_charts_are_served_from_the_installed_package(mara: Place) -> None:
    response = await mara.client.get("/static/plotly.js")
    assert response.status == 200
    assert "plotly.js" in (await response.text())[:60]
