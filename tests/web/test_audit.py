"""Who did what: for leads and admins, in pages and as files, and never a text."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bot.domain.log import LogKind
from bot.domain.roles import Role
from bot.web import audit
from tests.web.conftest import Place


@pytest.fixture
async def lead(place: Place) -> Place:
    await place.sign_in("Mara", Role.LEAD)
    return place


def acts(place: Place, count: int = 3) -> None:
    for number in range(count):
        place.store.record("pat", LogKind.CLAIMED, agent="Sam", role="agent", number=number)
    place.store.record("ann", LogKind.TRANSFERRED, agent="Mara", to="press", **{"from": None})
    place.store.record("ann", LogKind.ESCALATED, reason="complaint")


async def page(place: Place, **query: str) -> str:
    response = await place.client.get("/desk/audit", params=query)
    assert response.status == 200
    return await response.text()


@pytest.mark.parametrize("path", ["/desk/audit", "/desk/audit.csv", "/desk/audit.json"])
async def test_an_agent_does_not_see_who_did_what(mara: Place, path: str) -> None:
    response = await mara.client.get(path)
    assert response.status == 403
    assert "audit" not in await (await mara.client.get("/desk")).text()


async def test_a_lead_finds_the_page_and_reads_the_newest_act_first(lead: Place) -> None:
    acts(lead)
    assert 'href="/desk/audit"' in await (await lead.client.get("/desk")).text()
    text = await page(lead)
    assert text.index("transferred") < text.index("claimed")
    assert "to: press" in text
    assert "escalated" not in text


async def test_acts_are_found_by_agent_and_by_conversation(lead: Place) -> None:
    acts(lead)
    assert "transferred" not in await page(lead, agent="Sam")
    assert "claimed" not in await page(lead, conversation="ann")
    assert "Nothing found" in await page(lead, agent="nobody")


async def test_a_long_trail_comes_in_pages_that_keep_what_was_asked(
    lead: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    acts(lead, 5)
    text = await page(lead, agent="Sam")
    assert "/desk/audit?agent=Sam&amp;before=4" in text
    assert "Newest" not in text
    older = await page(lead, agent="Sam", before="2")
    assert "Newest" in older
    assert "Older" not in older


async def test_the_whole_trail_comes_as_a_table_in_pieces(lead: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    acts(lead)
    lead.store.record("=SUM(1)", LogKind.NOTED, agent="+Sam")
    response = await lead.client.get("/desk/audit.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="acts.csv"'
    rows = list(csv.reader(io.StringIO(await response.text())))
    assert rows[0] == ["at", "agent", "role", "act", "conversation", "details"]
    assert rows[1] == ["2026-03-04T09:00:00+00:00", "'+Sam", "", "noted", "'=SUM(1)", ""]
    assert rows[2][3:] == ["transferred", "ann", "to=press"]
    assert len(rows) == 6


async def test_the_whole_trail_comes_as_one_json_list(lead: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(await (await lead.client.get("/desk/audit.json")).text()) == []
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    acts(lead)
    found = json.loads(await (await lead.client.get("/desk/audit.json?agent=Sam")).text())
    assert [(one["act"], one["agent"], one["role"]) for one in found] == [("claimed", "Sam", "agent")] * 3
    assert [one["details"]["number"] for one in found] == [2, 1, 0]


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=²", f"agent={'a' * 201}"])
async def test_a_trail_that_cannot_be_meant_is_refused_in_words(lead: Place, query: str) -> None:
    response = await lead.client.get(f"/desk/audit?{query}")
    assert response.status == 400
