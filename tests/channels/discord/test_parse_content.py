"""What Discord tells, as texts and what they bring along."""

from __future__ import annotations

import pytest

from bot.domain.messages import Attachment, AttachmentKind
from bot.errors import BadMessage
from tests.channels.discord.payloads import (
    BEN,
    DIRECT,
    ME,
    MESSAGE,
    OWN_ROLE,
    arrival,
    bot,
    direct,
    file,
    forward,
    message,
    user,
)

# --- texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<@{ME}> where is it?", "where is it?"),
        (f"<@{ME}>, where is it?", "where is it?"),
        (f"Hello <@!{ME}>, where is it?", "Hello, where is it?"),
        (f"Thanks <@{ME}>!", "Thanks!"),
        (f"one\n<@{ME}>: two", "one\ntwo"),
        (f"<@{ME}> <@{ME}> hi", "hi"),
        (f"ask <@{BEN}> or <@2999>", "ask @Ben or @someone"),
        ("ask <@&9999> in <#4001> or <#4999>", "ask @role in #lobby or #channel"),
        ("nice <:parcel:123> <a:spin:456>", "nice :parcel: :spin:"),
        ("try </help me:123>", "try /help me"),
        ("1 < 2 <@x> <#> **bold**", "1 < 2 <@x> <#> **bold**"),
    ],
)
def test_marks_become_words_and_the_bots_own_name_goes(content: str, text: str) -> None:
    assert arrival(message(content, mentions=[bot(), user(BEN, "Ben")])).text == text


def test_a_message_that_only_calls_the_bot_says_so() -> None:
    assert arrival(message(f"<@{ME}>", mentions=[bot()])).text == "@heed"
    assert arrival(message(f"<@&{OWN_ROLE}>")).text == "hello"


def test_a_message_without_anything_to_read_is_refused_by_name() -> None:
    with pytest.raises(BadMessage, match="text"):
        arrival(direct(""))


# --- what it brings along ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", AttachmentKind.IMAGE),
        ("video/mp4", AttachmentKind.VIDEO),
        ("audio/mpeg", AttachmentKind.AUDIO),
        ("application/pdf", AttachmentKind.FILE),
        (None, AttachmentKind.FILE),
    ],
)
def test_a_file_is_told_by_what_heed_fetches_it_with(media_type: str | None, kind: AttachmentKind) -> None:
    sent = file("receipt.bin", media_type or "", content_type=media_type)
    found = arrival(direct("see this", attachments=[sent]))
    assert found.attachments == (
        Attachment(
            kind=kind,
            name="receipt.bin",
            media_type=media_type or "",
            size=2048,
            reference=f"{DIRECT}/{MESSAGE}/8001",
        ),
    )


def test_a_file_without_an_id_is_a_link_while_that_lasts() -> None:
    sent = file("a.png", "image/png", id=None)
    [attachment] = arrival(direct("look", attachments=[sent])).attachments
    assert (attachment.url, attachment.reference) == (sent["url"], "")


def test_files_alone_stand_for_the_text() -> None:
    both = [file("a.png", "image/png"), file("b.pdf", "application/pdf")]
    assert arrival(direct("", attachments=both)).text == "[image] [file]"


def test_a_link_that_leads_nowhere_safe_is_left_out() -> None:
    sent = file("a.png", "image/png", id=None, url="javascript:alert(1)", size=-5)
    [attachment] = arrival(direct("look", attachments=[sent])).attachments
    assert (attachment.url, attachment.size) == ("", None)


def test_a_voice_message_is_one() -> None:
    voice = file("voice-message.ogg", "audio/ogg", duration_secs=3.2, waveform="AA==")
    found = arrival(direct("", flags=1 << 13, attachments=[voice]))
    assert found.text == "[voice]"
    assert found.attachments[0].kind is AttachmentKind.VOICE


def test_a_sticker_is_named() -> None:
    found = arrival(direct("", sticker_items=[{"id": "8200", "name": "Wave", "format_type": 1}]))
    assert found.text == "[sticker]"
    assert found.attachments == (Attachment(kind=AttachmentKind.STICKER, name="Wave"),)


def test_a_poll_asks_its_question() -> None:
    poll = {"question": {"text": "Red or blue?"}, "answers": [], "allow_multiselect": False, "layout_type": 1}
    found = arrival(direct("", poll=poll))
    assert found.text == "Red or blue?"
    assert found.attachments == (Attachment(kind=AttachmentKind.POLL, name="Red or blue?"),)


def test_a_forwarded_message_is_read_and_marked_as_somebody_elses() -> None:
    found = arrival(direct("", **forward("Your parcel was lost", attachments=[file("a.png", "image/png")])))
    assert found.text == "Your parcel was lost"
    assert [each.kind for each in found.attachments] == [AttachmentKind.FORWARDED, AttachmentKind.IMAGE]
    assert found.in_reply_to == ""


def test_a_mention_in_a_forwarded_message_calls_nobody() -> None:
    found = arrival(message("", **forward(f"<@{ME}> help", mentions=[bot()])))
    assert not found.addressed


def test_a_forward_that_shows_nothing_is_still_seen() -> None:
    assert arrival(direct("", **forward(""))).text == "[forwarded]"


def test_what_heed_does_not_know_yet_is_still_seen() -> None:
    assert arrival(direct("", components=[{"type": 99}])).text == "[other]"
