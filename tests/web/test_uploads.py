"""Files that staff send along with a reply, by the form that the page sends, over the real store."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.web.real import Member, RealDesk, real_desk

MB = 1 << 20
PLAN = ("plan.png", "image/png", b"\x89PNG plan")
BILL = ("bill.pdf", "application/pdf", b"%PDF bill")


@pytest.fixture
async def desk() -> AsyncIterator[RealDesk]:
    async with real_desk() as made:
        yield made


@pytest.fixture
async def alex(desk: RealDesk) -> Member:
    return await desk.member("alex")


async def complains(desk: RealDesk, who: str = "v1") -> str:
    return await desk.world.writes("complaint about a can", who=who)


def taken(desk: RealDesk) -> list[tuple[str, str, list[tuple[str, bytes]]]]:
    """Return what has reached customers by a human's hand: place, text, and each file's name and content."""
    return [
        (one.address.place, one.send.text, [(each.name, each.content) for each in one.enclosures])
        for one in desk.world.platform.taken
        if one.send.wording == "reply"
    ]


async def test_a_reply_takes_its_files_along_to_the_right_customer(desk: RealDesk, alex: Member) -> None:
    conversation, _other = await complains(desk), await complains(desk, "v2")
    status, said = await alex.send(conversation, PLAN, BILL, command="reply", text="Here they are.")
    assert (status, said["accepted"]) == (200, True)
    await desk.world.settle()
    files = [("plan.png", PLAN[2]), ("bill.pdf", BILL[2])]
    assert taken(desk) == [("v1", "Here they are.", files)]


async def test_staff_see_and_open_what_they_sent(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    await alex.send(conversation, PLAN, BILL, command="reply", text="Here they are.")
    await desk.world.settle()
    shown = await alex.shown(conversation)
    [reply] = [entry for entry in shown["timeline"] if entry.get("author") == "agent"]
    told = [(each["kind"], each["name"], each["size"]) for each in reply["attachments"]]
    assert told == [("image", "plan.png", len(PLAN[2])), ("file", "bill.pdf", len(BILL[2]))]
    async with alex.session.get(alex.root + reply["attachments"][1]["url"]) as response:
        assert (response.status, await response.read()) == (200, BILL[2])
        assert response.headers["Content-Disposition"].startswith("attachment")


async def test_files_may_go_without_a_word(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    assert (await alex.send(conversation, PLAN, command="reply", text=""))[0] == 200
    await desk.world.settle()
    assert taken(desk) == [("v1", "", [("plan.png", PLAN[2])])]


async def test_the_same_form_again_after_a_lost_answer_is_sent_once(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    for _ in range(2):
        assert (await alex.send(conversation, PLAN, command="reply", text="Once.", request="key"))[0] == 200
    await alex.send(conversation, BILL, command="reply", text="Once.", request="key")  # another file, another wish
    await desk.world.settle()
    assert [files for _place, _text, files in taken(desk)] == [[("plan.png", PLAN[2])], [("bill.pdf", BILL[2])]]


async def test_a_reply_with_files_is_held_back_as_any_other(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    await desk.world.writes("complaint number two", who="v1")
    status, said = await alex.send(conversation, PLAN, command="reply", text="Here.", seen=1)
    assert (status, said["kind"], said["accepted"]) == (409, "moved_on", False)
    await (await desk.member("sam")).act(conversation, "claim")
    status, said = await alex.send(conversation, PLAN, command="reply", text="Here.")
    assert (status, said["kind"], said["holder"]) == (409, "held", "sam")
    await desk.world.settle()
    assert taken(desk) == []


@pytest.mark.parametrize("command", ["note", "resolve", "edit", "Reply"])
async def test_only_a_reply_takes_files(desk: RealDesk, alex: Member, command: str) -> None:
    fields = {"note": {"text": "x"}, "resolve": {"reason": "spam"}, "edit": {"message": "m", "text": "x"}}
    conversation = await complains(desk)
    status, said = await alex.send(conversation, PLAN, command=command, **fields.get(command, {}))
    assert status == 400
    assert ("takes no files" in said["detail"]) is (command in fields)
    await desk.world.settle()
    assert taken(desk) == []
    assert (await desk.view(conversation)).notes == ()


async def test_a_page_learns_before_sending_what_a_channel_takes(desk: RealDesk, alex: Member) -> None:
    shown = await alex.shown(await complains(desk))
    assert (shown["largest_file"], shown["no_files"]) == (6 * MB, "")
    table = await alex.get("/desk/actions")
    assert (table["most_files"], table["largest_together"]) == (10, 20 * MB)


async def test_a_channel_that_takes_no_files_says_so_before_and_after() -> None:
    async with real_desk(largest_file=0) as desk:
        alex, conversation = await desk.member("alex"), await complains(desk)
        shown = await alex.shown(conversation)
        assert (shown["largest_file"], shown["no_files"]) == (
            0,
            "On room no files can be sent: send the text alone.",
        )
        status, said = await alex.send(conversation, PLAN, command="reply", text="Here.")
        assert (status, said["refusal"]) == (409, shown["no_files"])


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ([("a.bin", "", b"x" * (6 * MB + 1))], 409, "a.bin is too large for room: at most 6 MB."),
        ([("a.bin", "", b"x" * (9 * MB))], 400, "a.bin has 9 MB; 8 MB is the most."),
        ([("a.bin", "", b"x" * (7 * MB))] * 3, 413, "This is too large: 20 MB is the most"),
        ([("a.bin", "", b"x")] * 11, 400, "11 files are too many: send at most 10"),
        ([("a.bin", "", b"x")] * 60, 400, "The form has more than 50 parts."),
        ([("a.bin", "", b"")], 400, "a.bin is empty"),
        ([], 400, "The form has no part 'file'"),
    ],
    ids=["for the channel", "one", "together", "many", "very many", "empty", "none"],
)
async def test_what_is_too_much_is_refused_in_words(
    desk: RealDesk, alex: Member, files: list[tuple[str, str, bytes]], status: int, words: str
) -> None:
    conversation = await complains(desk)
    if files:
        found, said = await alex.send(conversation, *files, command="reply", text="Here.")
    else:
        found, said = await raw(alex, conversation, part("command", b'{"command": "reply", "text": "Here."}'))
    assert found == status
    assert words in (said.get("refusal") or said["detail"])
    await desk.world.settle()
    assert taken(desk) == []


def part(name: str, content: bytes, *, head: bytes = b"") -> bytes:
    line = f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n'.encode()
    return line + head + b"\r\n" + content + b"\r\n"


async def raw(member: Member, conversation: str, body: bytes, *, end: bytes = b"--edge--\r\n") -> tuple[int, dict]:
    headers = {"X-CSRF-Token": member.csrf, "Content-Type": "multipart/form-data; boundary=edge"}
    path = f"{member.root}/desk/conversations/{conversation}/commands"
    async with member.session.post(path, data=body + end, headers=headers) as response:
        return response.status, await response.json()


REPLY = part("command", b'{"command": "reply", "text": "Here."}')
ONE = part("file", b"x")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all\r\n",
        ONE,
        part("command", b"not JSON") + ONE,
        part("command", b"[1]") + ONE,
        part("command", b'{"a": "' + b"x" * 70_000 + b'"}') + ONE,
        REPLY + REPLY + ONE,
        REPLY + ONE + part("bcc", b"everybody"),
        REPLY + part("file", b"--in\r\n\r\nx\r\n--in--", head=b"Content-Type: multipart/mixed; boundary=in\r\n"),
        REPLY + part("file", b"!", head=b"Content-Transfer-Encoding: no-such\r\n"),
    ],
    ids=[
        "nothing",
        "no form",
        "no command",
        "no JSON",
        "no object",
        "a long command",
        "two commands",
        "another part",
        "parts in a part",
        "an unknown encoding",
    ],
)
async def test_a_form_that_makes_no_sense_sends_nothing(desk: RealDesk, alex: Member, body: bytes) -> None:
    conversation = await complains(desk)
    status, said = await raw(alex, conversation, body)
    assert status in {400, 413}, said
    assert said["detail"]
    await desk.world.settle()
    assert taken(desk) == []


async def test_a_form_that_was_cut_off_sends_nothing(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    status, _said = await raw(alex, conversation, REPLY + part("file", b"half of it"), end=b"")
    assert status == 400
    await desk.world.settle()
    assert taken(desk) == []


async def test_a_form_needs_the_pages_token_and_somebody_signed_in(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    status, _said = await alex.send(conversation, PLAN, headers={"X-CSRF-Token": "0"}, command="reply", text="x")
    assert status == 403
    assert (await (await desk.stranger()).send(conversation, PLAN, command="reply", text="x"))[0] == 401
    assert taken(desk) == []


async def test_a_body_that_says_it_is_enormous_is_not_waited_for(desk: RealDesk, alex: Member) -> None:
    conversation, never = await complains(desk), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield REPLY
        await never.wait()

    headers = {
        "X-CSRF-Token": alex.csrf,
        "Content-Type": "multipart/form-data; boundary=edge",
        "Content-Length": str(1 << 40),
    }
    path = f"{alex.root}/desk/conversations/{conversation}/commands"
    async with (
        asyncio.timeout(20),
        aiohttp.ClientSession(cookie_jar=alex.session.cookie_jar, connector_owner=True) as session,
        session.post(path, data=body(), headers=headers) as response,
    ):
        assert response.status == 413


async def test_the_plain_way_takes_no_files_and_stays_small(desk: RealDesk, alex: Member) -> None:
    conversation = await complains(desk)
    status, said = await alex.act(conversation, "reply", text="Here.", files=["plan.png"])
    assert (status, said["detail"]) == (400, "Reply takes no 'files'.")
    headers = {"X-CSRF-Token": alex.csrf, "Content-Type": "application/json"}
    path = f"{alex.root}/desk/conversations/{conversation}/commands"
    async with alex.session.post(path, data=io.BytesIO(b" " * (2 * MB)), headers=headers) as response:
        assert response.status == 413
