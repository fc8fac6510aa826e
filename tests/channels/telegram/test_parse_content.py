"""What is in a message, as Telegram documents it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.messages import AttachmentKind
from tests.channels.telegram.arrivals import BO, ROOM, one
from tests.channels.telegram.payloads import FILE, POLL, STICKER, mark, message


@pytest.mark.parametrize(
    ("content", "text", "kind"),
    [
        ({"video": {**FILE, "mime_type": "video/mp4", "file_name": "pot.mp4"}}, "[video]", AttachmentKind.VIDEO),
        ({"animation": FILE, "document": FILE}, "[video]", AttachmentKind.VIDEO),
        ({"audio": {**FILE, "title": "Song"}}, "[audio]", AttachmentKind.AUDIO),
        ({"voice": FILE}, "[voice]", AttachmentKind.VOICE),
        ({"video_note": FILE}, "[video]", AttachmentKind.VIDEO),
        ({"document": {**FILE, "file_name": "bill.pdf"}}, "[file]", AttachmentKind.FILE),
        ({"sticker": STICKER}, "👍", AttachmentKind.STICKER),
        ({"location": {"latitude": 1.5, "longitude": 2}}, "[location]", AttachmentKind.LOCATION),
        ({"contact": {"phone_number": "+1 555 0142", "first_name": "Cy"}}, "[contact]", AttachmentKind.CONTACT),
        ({"poll": POLL}, "Which pot is best?", AttachmentKind.POLL),
        ({"story": {"id": 1}}, "[other]", AttachmentKind.OTHER),
        ({"paid_media": {"star_count": 5}}, "[other]", AttachmentKind.OTHER),
        ({"game": {"title": "Pots!", "photo": []}}, "Pots!", AttachmentKind.OTHER),
        ({"hologram": {"shape": "cube"}}, "[other]", AttachmentKind.OTHER),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_kind_of_thing_is_an_attachment_and_stands_for_the_text(
    content: dict[str, Any], text: str, kind: AttachmentKind
) -> None:
    arrival = one(message(**content))
    assert [attachment.kind for attachment in arrival.attachments] == [kind]
    assert arrival.text == text
    if kind is AttachmentKind.OTHER:
        assert arrival.attachments[0].name == next(iter(content))


def test_the_largest_photo_comes_with_its_caption_and_no_address_that_shows_the_token() -> None:
    sizes = [
        {**FILE, "file_id": name, "width": side, "height": side}
        for name, side in (("s", 90), ("l", 800), ("m", 320))
    ]
    arrival = one(message(photo=sizes, caption="It came broken"))
    [photo] = arrival.attachments
    assert (arrival.text, photo.reference, photo.size, photo.media_type) == (
        "It came broken",
        "l",
        2048,
        "image/jpeg",
    )
    assert photo.url == ""


def test_a_caption_names_the_bot_as_a_text_does() -> None:
    caption = "@FernForgeBot is this yours?"
    said = message(
        ROOM, photo=[FILE], caption=caption, caption_entities=[mark("mention", "@FernForgeBot", caption)]
    )
    assert (one(said).text, one(said).addressed) == ("is this yours?", True)
    alone = message(
        ROOM,
        photo=[FILE],
        caption="@FernForgeBot",
        caption_entities=[mark("mention", "@FernForgeBot", "@FernForgeBot")],
    )
    assert one(alone).text == "[image]"


def test_a_venue_is_one_place_and_a_dice_is_its_face() -> None:
    place = {"latitude": 1.5, "longitude": 2.5}
    [venue] = one(
        message(venue={"location": place, "title": "Shop", "address": "Main St"}, location=place)
    ).attachments
    assert (venue.kind, venue.name) == (AttachmentKind.LOCATION, "Shop, Main St")
    assert (
        one(message(dice={"emoji": "🎲", "value": 6})).text,
        one(message(dice={"emoji": "🎲"})).attachments,
    ) == ("🎲", ())


def test_a_forwarded_message_is_marked_as_somebody_elses_words() -> None:
    origin = {"type": "user", "sender_user": BO, "date": 1}
    assert [each.kind for each in one(message(forward_origin=origin)).attachments] == [AttachmentKind.FORWARDED]
    assert [each.kind for each in one(message(forward_date=1, voice=FILE)).attachments] == [
        AttachmentKind.VOICE,
        AttachmentKind.FORWARDED,
    ]


def test_a_new_field_beside_a_text_is_no_attachment() -> None:
    assert one(message(text="Hello", sparkle=True)).attachments == ()
