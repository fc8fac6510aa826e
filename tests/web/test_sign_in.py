"""Who gets in, and how."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta
from time import sleep

import pytest
from yarl import URL

from bot.domain.roles import Role
from bot.errors import Overloaded
from bot.records import StaffAccount
from bot.web.passwords import PasswordCheck
from bot.web.sign_in import local_path, one_time_link
from tests.web.conftest import HASH, PASSWORD, SECRET, Opener, Place


async def token(place: Place) -> str:
    page = await (await place.client.get("/signin")).text()
    return re.search(r'name="csrf" value="(\w+)"', page)[1]


async def try_password(place: Place, password: str, name: str = "boss", **more: str):
    fields = {"name": name, "password": password, "csrf": await token(place), **more}
    return await place.client.post("/signin", data=fields, allow_redirects=False)


async def test_a_visitor_of_the_desk_is_sent_to_sign_in_and_back(place: Place) -> None:
    response = await place.client.get("/desk?c=lena&x=1", allow_redirects=False)
    assert response.status == 303
    target = URL(response.headers["Location"])
    assert (target.path, dict(target.query)) == ("/signin", {"next": "/desk?c=lena&x=1"})


async def test_the_right_password_opens_the_page_that_was_asked_for(place: Place) -> None:
    response = await try_password(place, PASSWORD, next="/ops")
    assert (response.status, response.headers["Location"]) == (303, "/ops")
    assert (await place.client.get("/ops", allow_redirects=False)).status == 200


@pytest.mark.parametrize("name", ["boss", "nobody"])
async def test_a_wrong_password_and_an_unknown_name_read_the_same(place: Place, name: str) -> None:
    response = await try_password(place, "wrong", name)
    assert response.status == 401
    assert "This name and password do not fit together." in await response.text()
    assert (await place.client.get("/desk", allow_redirects=False)).status == 303


async def test_an_account_without_a_password_cannot_be_entered_with_an_empty_one(place: Place) -> None:
    place.store.accounts["link"] = StaffAccount(name="link", role=Role.ADMIN)
    assert (await try_password(place, "", "link")).status == 401


async def test_after_five_wrong_tries_even_the_right_password_has_to_wait(place: Place) -> None:
    for _ in range(5):
        assert (await try_password(place, "wrong")).status == 401
    throttled = await try_password(place, PASSWORD)
    assert throttled.status == 429
    assert throttled.headers["Retry-After"] == "301"
    place.time.advance(timedelta(minutes=5, seconds=1))
    assert (await try_password(place, PASSWORD)).status == 303


async def test_the_form_without_its_token_signs_nobody_in(place: Place) -> None:
    await token(place)
    response = await place.client.post("/signin", data={"name": "boss", "password": PASSWORD})
    assert response.status == 403
    assert "Please try again" in await response.text()


async def test_a_link_signs_in_once_and_explains_itself_the_second_time(place: Place) -> None:
    link = one_time_link(SECRET, "", "Mara", Role.AGENT, now=place.time.now())
    first = await place.client.get(link, allow_redirects=False)
    assert (first.status, first.headers["Location"]) == (303, "/desk")
    assert place.store.accounts["Mara"].role is Role.AGENT
    again = await place.client.get(link)
    assert again.status == 403
    assert "This link has been used" in await again.text()


async def test_a_link_does_not_change_the_role_of_an_account(place: Place) -> None:
    await place.client.get(one_time_link(SECRET, "", "boss", Role.AGENT, now=place.time.now()))
    assert place.store.accounts["boss"].role is Role.LEAD


async def test_a_link_is_good_for_a_day(place: Place) -> None:
    link = one_time_link(SECRET, "", "Mara", Role.AGENT, now=place.time.now())
    place.time.advance(timedelta(hours=24, seconds=1))
    response = await place.client.get(link)
    assert response.status == 403
    assert "expired" in await response.text()


async def test_a_link_signed_by_somebody_else_is_worth_nothing(place: Place) -> None:
    response = await place.client.get(one_time_link(b"other", "", "Mara", Role.ADMIN, now=place.time.now()))
    assert response.status == 403
    assert "Mara" not in place.store.accounts


async def test_looking_ahead_does_not_use_a_link_up(place: Place) -> None:
    link = one_time_link(SECRET, "", "Mara", Role.AGENT, now=place.time.now())
    assert (await place.client.head(link)).status == 405
    assert (await place.client.get(link, headers={"Sec-Purpose": "prefetch"})).status == 403
    assert (await place.client.get(link)).status == 200


async def test_a_forged_session_leads_to_sign_in(place: Place) -> None:
    await place.sign_in()
    cookie = next(iter(place.client.session.cookie_jar))
    payload, signature = cookie.value.rsplit(".", 1)
    for forged in (f"x{payload}.{signature}", f"{payload}.{signature[::-1]}", "nonsense", ""):
        place.client.session.cookie_jar.clear()
        response = await place.client.get("/desk", allow_redirects=False, headers={"Cookie": f"heed={forged}"})
        assert response.status == 303


async def test_a_session_ends_after_twelve_idle_hours_but_not_while_in_use(mara: Place) -> None:
    for _ in range(4):
        mara.time.advance(timedelta(hours=8))
        assert (await mara.client.get("/desk/session")).status == 200
    mara.time.advance(timedelta(hours=12))
    assert (await mara.client.get("/desk/session")).status == 401


async def test_a_changed_password_ends_all_sessions(place: Place) -> None:
    await place.sign_in("boss")
    place.store.accounts["boss"] = StaffAccount(name="boss", role=Role.LEAD, password_hash=HASH + "x")
    assert (await place.client.get("/desk/session")).status == 401


async def test_somebody_removed_from_staff_is_out_at_once(mara: Place) -> None:
    del mara.store.accounts["Mara"]
    assert (await mara.client.get("/desk/session")).status == 401


async def test_signing_out_takes_the_session_away(mara: Place) -> None:
    assert (await mara.client.post("/signout")).status == 403
    assert (await mara.client.post("/signout", data={"csrf": mara.csrf})).status == 200
    assert (await mara.client.get("/desk/session")).status == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_plain_http(opened: Opener) -> None:
    place = await opened(public_url="https://heed.test")
    cookie = (await place.client.get("/signin")).headers["Set-Cookie"]
    assert cookie.startswith("__Host-heed=")
    for part in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"):
        assert part in cookie


async def test_guessing_many_passwords_at_once_gets_no_more_tries_than_one_after_the_other(place: Place) -> None:
    csrf = await token(place)

    async def guess(number: int) -> int:
        fields = {"name": "boss", "password": f"wrong {number}", "csrf": csrf}
        return (await place.client.post("/signin", data=fields, allow_redirects=False)).status

    statuses = await asyncio.gather(*(guess(number) for number in range(20)))
    assert (statuses.count(401), statuses.count(429)) == (5, 15)


async def test_signing_in_counts_as_no_wrong_try_of_anybody_else_at_the_same_place(place: Place) -> None:
    for _ in range(20):
        assert (await try_password(place, PASSWORD)).status == 303
    assert (await try_password(place, PASSWORD)).status == 303


async def test_few_passwords_are_checked_at_once_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    checking, most = 0, 0
    turn, together = threading.Lock(), threading.Event()

    def verify(_self: PasswordCheck, _password: str, _stored: str) -> bool:
        nonlocal checking, most
        with turn:
            checking += 1
            most = max(most, checking)
            if most == 2:
                together.set()
        together.wait(20)  # the first for a second one, however late that is
        sleep(0.005)
        with turn:
            checking -= 1
        return False

    monkeypatch.setattr(PasswordCheck, "_verify", verify)
    check = PasswordCheck()
    await asyncio.gather(*(check.right("wrong", HASH) for _ in range(20)))
    assert most == 2


async def test_who_finds_too_many_waiting_for_a_check_is_asked_to_come_back(place: Place) -> None:
    check = PasswordCheck(at_once=1, most_waiting=3)
    found = await asyncio.gather(*(check.right("wrong", HASH) for _ in range(10)), return_exceptions=True)
    assert [type(one) for one in found].count(Overloaded) == 7
    assert found.count(False) == 3
    assert await check.right(PASSWORD, HASH)


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test", "/\\evil.test", "", "/a\r\nb", "javascript:x"]
)
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    assert local_path(target) == "/desk"


async def test_what_was_typed_comes_back_escaped(place: Place) -> None:
    response = await try_password(place, "wrong", '"><script>alert(1)</script>')
    text = await response.text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
