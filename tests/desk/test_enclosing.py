"""Which files staff may send along, and under which names."""

from __future__ import annotations

import pytest

from bot.desk.enclosing import LARGEST_FILE, attachment_of, cleaned
from bot.domain.messages import AttachmentKind
from bot.errors import BadMessage
from bot.records import Enclosure

MB = 1024 * 1024


def file(name: str = "label.pdf", media_type: str = "application/pdf", content: bytes = b"%PDF") -> Enclosure:
    return Enclosure(name=name, media_type=media_type, content=content)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("label.pdf", "label.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\label.pdf", "label.pdf"),
        ("la\x00bel\n.pdf", "label.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  two   words .pdf ", "two words .pdf"),
        ("..", "file"),
        ("", "file"),
        ("\u00fcber\u2028\ud800.pdf", "\u00fcber.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_is_one_that_harms_nobody(given: str, kept: str) -> None:
    [found] = cleaned([file(given)])
    assert found.name == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("image/PNG", "image/png"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/html\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_media_type_is_one_or_unknown(given: str, kept: str) -> None:
    [found] = cleaned([file(media_type=given)])
    assert found.media_type == kept


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([file()] * 11, "11 files are too many: send at most 10 with one reply."),
        ([file(content=bytes(LARGEST_FILE + 300_000))], "label.pdf has 8.3 MB; 8 MB is the most."),
        ([file(content=bytes(7 * MB))] * 3, "The files have 21 MB together; 20 MB is the most for one reply."),
        ([file(content=b"")], "label.pdf is empty: choose another file."),
    ],
)
def test_what_is_too_much_is_refused_by_name_with_what_is_allowed(files: list[Enclosure], said: str) -> None:
    with pytest.raises(BadMessage) as refused:
        cleaned(files)
    assert str(refused.value) == said


def test_as_much_as_is_allowed_passes() -> None:
    assert len(cleaned([file(content=bytes(2 * MB))] * 10)) == 10
    assert cleaned([file(content=bytes(LARGEST_FILE))])
    assert cleaned([]) == ()


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", AttachmentKind.IMAGE),
        ("video/mp4", AttachmentKind.VIDEO),
        ("audio/ogg", AttachmentKind.AUDIO),
        ("application/pdf", AttachmentKind.FILE),
    ],
)
def test_a_reply_names_what_kind_of_file_it_brings(media_type: str, kind: AttachmentKind) -> None:
    found = attachment_of(file("a.bin", media_type, b"12345"), "e1")
    assert (found.kind, found.name, found.size, found.reference, found.url) == (kind, "a.bin", 5, "e1", "")
