"""What customers sent along, as staff sees and opens it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.actions import SendState
from bot.domain.messages import Attachment, AttachmentKind, ConversationId
from bot.errors import NotFound
from bot.ports import ENCLOSED
from tests.web import scene_parts
from tests.web.conftest import Opener, Place

PHOTO = Attachment(
    kind=AttachmentKind.IMAGE, name="leaf.png", media_type="image/png", size=48_213, reference="file-1"
)
LINKED = Attachment(
    kind=AttachmentKind.FILE, name="bill.html", media_type="text/html", url="https://cdn.example/bill.html"
)
PAGE = replace(PHOTO, kind=AttachmentKind.FILE, name="run.html", media_type="text/html")


async def fetch(reference: str) -> bytes:
    if reference != "file-1":
        raise NotFound("Telegram gives this file no longer.")
    return b"\x89PNG"


def brings(place: Place, *attachments: Attachment) -> str:
    view = scene_parts.conversation("Pat", ["Look at this"], now=place.time.now(), waited=timedelta(minutes=1))
    address = replace(view.conversation.address, channel="telegram")
    lines = (replace(view.transcript[0], attachments=attachments), *view.transcript[1:])
    place.store.put(replace(view, conversation=replace(view.conversation, address=address), transcript=lines))
    return f"/desk/attachments/{view.conversation.id}/{lines[0].message}"


@pytest.fixture
async def mara(opened: Opener) -> Place:
    place = await opened(files={"telegram": fetch})
    await place.sign_in()
    return place


async def test_the_desk_is_told_what_came_along_and_where_it_opens(mara: Place) -> None:
    path = brings(mara, PHOTO, LINKED)
    conversation = path.split("/")[3]
    body = await (await mara.client.get(f"/desk/conversations/{conversation}")).json()
    [message] = [entry for entry in body["timeline"] if entry["kind"] == "message"]
    photo, linked = message["attachments"]
    assert photo == {
        "kind": "image",
        "name": "leaf.png",
        "media_type": "image/png",
        "size": 48_213,
        "url": f"{path}/0",
    }
    assert linked["url"] == "https://cdn.example/bill.html"


async def test_a_picture_is_shown_to_whoever_is_signed_in(mara: Place) -> None:
    response = await mara.client.get(brings(mara, PHOTO) + "/0")
    assert (response.status, response.content_type) == (200, "image/png")
    assert response.headers["Content-Disposition"] == 'inline; filename="leaf.png"'
    assert await response.read() == b"\x89PNG"


async def test_a_strangers_page_never_runs_here(mara: Place) -> None:
    response = await mara.client.get(brings(mara, PAGE) + "/0")
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_what_is_not_there_is_not_found(mara: Place) -> None:
    path = brings(mara, replace(PHOTO, reference="old"), LINKED)
    for number in (0, 1, 2):
        assert (await mara.client.get(f"{path}/{number}")).status == 404
    assert (await mara.client.get("/desk/attachments/none/none/0")).status == 404


async def test_nobody_sees_a_file_who_is_not_signed_in(opened: Opener) -> None:
    place = await opened(files={"telegram": fetch})
    response = await place.client.get(brings(place, PHOTO) + "/0", allow_redirects=False)
    assert response.status in {302, 303, 401}


async def test_what_staff_sent_along_opens_from_the_store_whatever_the_channel(opened: Opener) -> None:
    async def own(reference: str) -> bytes:
        return f"own {reference}".encode()

    place = await opened(files={"telegram": fetch, ENCLOSED: own})
    await place.sign_in()
    path = brings(place, PHOTO)
    conversation = ConversationId(path.split("/")[3])
    view = await place.store.view(conversation)
    said = replace(view.transcript[0], send_state=SendState.SENT)
    place.store.put(replace(view, transcript=(said, *view.transcript[1:])))
    assert await (await place.client.get(f"{path}/0")).read() == b"own file-1"
