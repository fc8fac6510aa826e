"""The page that tells how a conversation's clocks came to their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from bot.domain.messages import ConversationId
from bot.domain.sla import Metric
from bot.figures import ClockLife, Sum
from bot.reports.explain import lives
from bot.reports.wording import METRICS
from bot.web.clock_lives import TITLES, span
from tests.reports.told_case import Case, at, learned_late, over_lunch
from tests.web import scenes
from tests.web.conftest import Opener, Place

BERLIN = ZoneInfo("Europe/Berlin")


def telling(case: Case, zone: tzinfo = BERLIN):
    """Return what explains the clocks of one case, and of no other conversation."""

    async def of(conversation: ConversationId) -> Sequence[ClockLife]:
        return await lives(case.log, conversation, now=at(300), zone=zone)

    return of


async def page(place: Place, path: str) -> str:
    answer = await place.client.get(path)
    assert answer.status == 200, await answer.text()
    return unescape(await answer.text())


@pytest.mark.parametrize("where", ["desk", "ops"])
async def test_desk_and_operations_read_the_same_page(opened: Opener, where: str) -> None:
    place = await opened(lives=telling(over_lunch()), zone=BERLIN)
    await place.sign_in()
    text = await page(place, f"/{where}/conversations/c1/clocks")
    assert "breached: the target of 1 h had passed at 11:00, noticed 1.5 s late" in text
    assert "(closed 12:30 to 13:30)" in text
    assert "times are those of Europe/Berlin" in text
    assert "Mon 02 Mar 2026, 10:00:00" in text


async def test_each_clock_stands_under_its_title_with_value_state_and_target(opened: Opener) -> None:
    place = await opened(lives=telling(over_lunch()), zone=BERLIN)
    await place.sign_in()
    text = await page(place, "/desk/conversations/c1/clocks")
    section = re.search(r'<section class="life" id="first_reply_time-1".*?</section>', text, re.DOTALL)
    assert section
    for shown in ("First reply", "3 h 21 min", "ended, target missed", "target 1 h 00 min by policy vip"):
        assert shown in section[0]
    assert section[0].count("<li ") == 7


async def test_the_original_stays_beside_its_correction(opened: Opener) -> None:
    place = await opened(lives=telling(learned_late(), UTC), zone=UTC)
    await place.sign_in()
    text = await page(place, "/desk/conversations/c1/clocks")
    life = text[text.index('<section class="life" id="first_reply_time-1"') :]
    assert life.index("breached: the target of 1 h") < life.index("corrected: the reply of 09:20 (sam)")


async def test_a_conversation_without_clocks_says_so(place: Place) -> None:
    scenes.normal_day(place.store)
    await place.sign_in()
    known = next(iter(place.store.views))
    assert "No clock has run here" in await page(place, f"/desk/conversations/{known}/clocks")


async def test_an_unknown_conversation_is_not_found(mara: Place) -> None:
    answer = await mara.client.get("/ops/conversations/nobody/clocks")
    assert answer.status == 404
    assert "nobody" in await answer.text()


@pytest.mark.parametrize("where", ["desk", "ops"])
async def test_visitors_are_asked_to_sign_in_first(place: Place, where: str) -> None:
    answer = await place.client.get(f"/{where}/conversations/c1/clocks", allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/signin?next=")


async def test_what_names_a_conversation_is_never_read_as_html(mara: Place) -> None:
    path = "/desk/conversations/%3Cscript%3Ealert(1)%3C%2Fscript%3E/clocks"
    answer = await mara.client.get(path, headers={"Accept": "text/html"})
    assert answer.content_type == "text/html"
    assert "<script>alert" not in await answer.text()


def test_every_metric_has_the_title_that_reports_give_it() -> None:
    assert {name: METRICS[name].title for name in (*Metric, *Sum)} == TITLES


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (42.9, "0:42"), (545, "9:05"), (3_780, "1 h 03 min"), (187_200, "2 d 4 h")]
)
def test_a_duration_is_shown_as_the_desks_clocks_show_it(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
