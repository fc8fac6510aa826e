"""Headers, tokens, roles, and errors that give nothing away."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.roles import Agent, Role
from bot.records import StaffAccount
from bot.web.security import CSP
from tests.web import scene_parts
from tests.web.conftest import Opener, Place
from tests.web.fake_staff import FakeRoster

PAGES = ["/", "/signin", "/desk", "/ops", "/desk/conversations", "/ops/figures", "/healthz", "/readyz", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_carries_the_headers_of_safety(mara: Place, path: str) -> None:
    headers = (await mara.client.get(path, headers={"Accept": "text/html"})).headers
    assert headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "Heed"


@pytest.mark.parametrize("path", ["/", "/signin", "/desk", "/ops", "/nowhere"])
async def test_no_page_holds_a_script_or_style_of_its_own(mara: Place, path: str) -> None:
    text = await (await mara.client.get(path, headers={"Accept": "text/html"})).text()
    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert all("src=" in tag for tag in text.split("<script")[1:])
    assert "Northwind &lt;Ltd&gt;" in text


async def test_a_channel_may_set_its_own_policy_for_framing(place: Place) -> None:
    headers = (await place.client.get("/framed")).headers
    assert headers["Content-Security-Policy"] == "frame-ancestors https://shop.test"
    assert "X-Frame-Options" not in headers


@pytest.mark.parametrize("path", ["/desk/conversations/pat/commands", "/ops/pause", "/ops/resume"])
async def test_an_unsafe_request_without_the_token_is_refused(place: Place, path: str) -> None:
    await place.sign_in("boss")
    place.store.put(scene_parts.conversation("Pat", ["Hi"], now=place.time.now(), waited=scene_parts.MINUTE))
    for token in ("", "wrong", place.csrf[:-1] + "é"):
        response = await place.client.post(path, json={"command": "claim"}, headers={"X-CSRF-Token": token})
        assert response.status == 403
        assert "X-CSRF-Token" in (await response.json())["detail"]
    assert place.commands.performed == []
    assert not await place.commands.paused()


async def test_the_token_of_another_session_is_worth_nothing(place: Place) -> None:
    await place.sign_in("boss")
    stolen = place.csrf
    await place.sign_in("boss")
    response = await place.client.post("/ops/pause", headers={"X-CSRF-Token": stolen})
    assert response.status == 403


@pytest.mark.parametrize(
    "path", ["/desk/conversations", "/desk/conversations/x", "/desk/events", "/ops/figures", "/ops/events"]
)
async def test_data_is_for_staff_alone(place: Place, path: str) -> None:
    response = await place.client.get(path)
    assert response.status == 401
    assert response.content_type == "application/problem+json"


async def test_an_agent_may_watch_but_not_pause(mara: Place) -> None:
    page = await (await mara.client.get("/ops")).text()
    assert 'id="switch"' not in page
    response = await mara.post("/ops/pause")
    assert response.status == 403
    assert (await response.json())["detail"] == "Your role (agent) does not include this (pause)."
    assert not await mara.commands.paused()


async def test_a_lead_may_pause_and_resume(place: Place) -> None:
    await place.sign_in("Lea", Role.LEAD)
    assert 'id="switch"' in await (await place.client.get("/ops")).text()
    assert await (await place.post("/ops/pause")).json() == {"paused": True}
    assert await place.commands.paused()
    assert (await (await place.client.get("/desk/conversations")).json())["paused"] is True
    assert await (await place.post("/ops/resume")).json() == {"paused": False}


async def test_a_changed_role_counts_from_the_next_request(place: Place) -> None:
    await place.sign_in("Lea", Role.LEAD)
    place.store.accounts["Lea"] = type(place.store.accounts["Lea"])(name="Lea", role=Role.AGENT)
    assert (await place.post("/ops/pause")).status == 403


@pytest.mark.parametrize(
    ("how", "status", "title"),
    [
        ("bad", 400, "This request cannot be understood"),
        ("gone", 404, "Not found"),
        ("known", 409, "Conflict"),
        ("full", 503, "Too much at once"),
        ("locked", 503, "Not possible right now"),
    ],
)
async def test_errors_of_channels_become_problems_in_json(place: Place, how: str, status: int, title: str) -> None:
    response = await place.client.get(f"/fails/{how}")
    body = await response.json()
    assert response.content_type == "application/problem+json"
    assert body == {"type": "about:blank", "title": title, "status": status, "detail": f"because {how}"}
    assert response.status == status
    assert ("Retry-After" in response.headers) == (status == 503)


async def test_nobody_sees_the_text_of_an_unforeseen_error(place: Place) -> None:
    for accept in ("text/html", "application/json"):
        response = await place.client.get("/fails/unforeseen", headers={"Accept": accept})
        assert response.status == 500
        assert "because" not in await response.text()


async def test_a_page_that_is_not_there_says_so_to_people_and_to_programs(place: Place) -> None:
    page = await place.client.get("/nowhere", headers={"Accept": "text/html"})
    assert (page.status, page.content_type) == (404, "text/html")
    problem = await place.client.get("/nowhere")
    assert (problem.status, problem.content_type) == (404, "application/problem+json")
    wrong = await place.client.post("/healthz")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_body_beyond_the_limit_is_refused(opened: Opener) -> None:
    place = await opened(max_body=1000)
    await place.sign_in()
    place.store.put(scene_parts.conversation("Pat", ["Hi"], now=place.time.now(), waited=scene_parts.MINUTE))
    response = await place.command("pat", "note", text="x" * 1000)
    assert response.status == 413
    assert response.content_type == "application/problem+json"


async def test_the_host_header_is_never_believed(place: Place) -> None:
    response = await place.client.get("/", headers={"Host": "evil.test"})
    assert "evil.test" not in await response.text()
    redirect = await place.client.get("/desk", headers={"Host": "evil.test"}, allow_redirects=False)
    assert redirect.headers["Location"].startswith("/signin")


#: What no header of ours holds: bytes that are no UTF-8.
ODD = b"\xff\xfe\xc3"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9\r\nAuthorization: Bearer " + ODD, 401),
        (b"POST /ops/pause HTTP/1.1\r\nX-CSRF-Token: " + ODD, 403),
        (b"GET /desk HTTP/1.1\r\nCookie: heed=" + ODD, 303),
        (b"GET /desk/events HTTP/1.1\r\nLast-Event-ID: " + ODD, 200),
        (b"POST /signin HTTP/1.1\r\nContent-Length: 8\r\nContent-Type: application/x-www-form-urlencoded"
         b"\r\n\r\ncsrf=" + ODD, 400),
    ],
)  # fmt: skip
async def test_bytes_that_are_no_text_are_refused_like_any_wrong_token(
    opened: Opener, head: bytes, status: int
) -> None:
    place = await opened(metrics_token="a token")
    await place.sign_in("boss")
    own = b"" if b"Cookie" in head else b"Cookie: " + cookie_of(place).encode() + b"\r\n"
    line, _, rest = head.partition(b"\r\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", place.client.server.port)
    writer.write(line + b"\r\nHost: x\r\n" + own + rest + b"\r\n\r\n")
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def cookie_of(place: Place) -> str:
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in place.client.session.cookie_jar)


async def test_the_role_and_team_held_now_count_whatever_the_account_says(opened: Opener) -> None:
    class Demoting(FakeRoster):
        def of_account(self, account: StaffAccount) -> Agent:
            return replace(super().of_account(account), role=Role.AGENT)

    place = await opened(roster=Demoting())
    await place.sign_in("Mara", Role.ADMIN)
    assert (await place.client.get("/desk/audit")).status == 403
    assert (await (await place.client.get("/desk/actions")).json())["me"] == {
        "name": "Mara",
        "role": "agent",
        "team": "support",
    }
