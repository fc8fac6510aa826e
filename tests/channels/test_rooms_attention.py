"""What a word in a room means for the brand, before any platform's own way of saying it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.rooms import Spoken, arrival_of
from bot.domain.messages import AgentId, Attachment, AttachmentKind
from bot.domain.rooms import Attention, Room, RoomRules
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATIENCE = timedelta(minutes=3)
ROOMS = {attention.value: Room(attention=attention, patience=PATIENCE) for attention in Attention}
RULES = RoomRules(rooms=ROOMS, agents={"a1": AgentId("anna")})
IMAGE = Attachment(kind=AttachmentKind.IMAGE)
ANYWHERE = pytest.mark.parametrize("room", [*ROOMS, "not configured"])


def heard(text: str = "Where is it?", *, room: str = "addressed", author: str = "v1", **parts: object) -> Arrival:
    values = {"external_id": "1", "author_name": author, "sent_at": NOW, "place": room, "rooms": (room,), **parts}
    spoken = Spoken(text=text, author=author, **values)  # type: ignore[arg-type]
    return arrival_of(spoken, channel="room", account="a", rules=RULES, arrived_at=NOW)


@ANYWHERE
@pytest.mark.parametrize("edited_at", [None, NOW])
def test_what_expressly_goes_to_another_member_is_not_the_brands_in_any_room(room, edited_at):
    said = heard(room=room, to_member=True, names="v2", in_reply_to="0", edited_at=edited_at)
    assert (said.to_others, said.addressed, said.patience) == (True, False, None)


@ANYWHERE
def test_what_names_the_bot_beside_a_member_is_addressed_to_it(room):
    said = heard(room=room, to_member=True, to_bot=True)
    assert (said.to_others, said.addressed, said.patience) == (False, True, timedelta(0))


def test_in_private_nothing_goes_to_others():
    said = heard(private=True, to_member=True)
    assert (said.to_others, said.addressed) == (False, True)


@pytest.mark.parametrize(
    ("room", "addressed", "patience"),
    [
        ("addressed", False, None),
        ("not configured", False, None),
        ("unanswered", False, PATIENCE),
        ("everything", True, timedelta(0)),
    ],
)
def test_what_goes_to_nobody_in_particular_is_taken_as_the_room_is_listened_to(room, addressed, patience):
    said = heard(room=room)
    assert (said.to_others, said.addressed, said.patience) == (False, addressed, patience)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\u202e\ufeff", "\u200d \n"])
@pytest.mark.parametrize("author", ["v1", "a1"])
def test_where_there_is_nothing_to_read_its_attachment_stands_for_the_text(text, author):
    said = heard(text, author=author, in_reply_to="0", attachments=(IMAGE,))
    assert (said.text, said.attachments) == ("[image]", (IMAGE,))


def test_an_attachment_changes_nothing_about_a_text_that_can_be_read():
    assert heard(" Look!\u202e ", attachments=(IMAGE,)).text == "Look!"


@pytest.mark.parametrize("text", ["\u200b", "x" * 16_001])
def test_a_text_without_attachments_is_still_refused_where_it_cannot_be_read(text):
    with pytest.raises(BadMessage, match=r"^text: "):
        heard(text)


def test_a_text_that_is_too_long_is_refused_with_an_attachment_too():
    with pytest.raises(BadMessage, match="too many"):
        heard("x" * 16_001, attachments=(IMAGE,))


def test_an_agents_word_to_a_member_is_a_reply_and_goes_to_nobody_else():
    said = heard(author="a1", to_member=True, names="v1")
    assert (said.kind, said.to_others) == (ArrivalKind.REPLY, False)
