"""``heed classify`` and ``heed replay``, as a stranger uses them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Command

EXAMPLE = ROOT / "examples" / "transcript.jsonl"

LINE = {
    "conversation": "c1",
    "channel": "chat",
    "author": "ines",
    "role": "customer",
    "sent_at": "2026-11-16T08:02:11Z",
    "text": "where is my order?",
}


def transcript(path: Path, *changes: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps({**LINE, **change}) + "\n" for change in changes), encoding="utf-8")
    return path


def test_each_text_becomes_one_line_of_json_with_exactly_these_fields(heed: Command) -> None:
    done = heed("classify", "Where is my order?", "Ihr seid großartig!")
    assert done.code == 0
    assert done.err == ""
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert list(first) == ["text", "label", "probabilities", "language"]
    assert list(first["probabilities"]) == ["question", "complaint", "praise"]
    assert all(0 <= value <= 1 for value in first["probabilities"].values())
    assert (first["text"], first["label"], first["language"]) == ("Where is my order?", "question", "en")
    assert second["text"] == "Ihr seid großartig!"
    assert "großartig" in done.out


def test_a_dash_reads_a_text_a_line_from_standard_input(heed: Command) -> None:
    done = heed("classify", "first", "-", "last", stdin="where is my order?\n\nyou are the worst\n")
    assert [json.loads(line)["text"] for line in done.out.splitlines()] == [
        "first",
        "where is my order?",
        "",
        "you are the worst",
        "last",
    ]


def test_a_text_means_the_same_alone_and_among_others(heed: Command) -> None:
    alone = heed("classify", "where is my order?").out
    assert heed("classify", "hello", "where is my order?", "no!").out.splitlines()[1] + "\n" == alone


def test_nothing_to_classify_is_a_wrong_use(heed: Command) -> None:
    done = heed("classify")
    assert done.code == 2
    assert "Missing argument" in done.err


def test_a_model_that_needs_torch_is_refused_with_what_to_install(heed: Command, configured) -> None:
    configured("model: {classifier: some/model}")
    done = heed("classify", "hello")
    assert done.code == 1
    assert done.err.startswith("heed: ")
    assert "pip install 'heed[torch]'" in done.err or "cannot be loaded" in done.err


def test_the_example_shows_decisions_reasons_and_clocks(heed: Command) -> None:
    done = heed("replay", str(EXAMPLE))
    assert done.code == 0
    assert done.out.startswith("73 messages in 25 conversations, 48 of the messages from customers.")
    for word in ("complaint", "answer: template", "escalate: complaint", "first_response_time", "Kaplan-Meier"):
        assert word in done.out
    assert list(Path.cwd().iterdir()) == [], "a replay leaves nothing behind"


HOURS = """
calendars:
  office: {zone: UTC, week: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}, ical: [holidays.ics]}
calendar: office
brand: {variables: {website: a.example, hours: 9 to 5, email: a@a.example, phone: '1'}}
"""

HOLIDAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//heed//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20261116
SUMMARY:Feast
END:VEVENT
END:VCALENDAR
"""


def test_a_replay_reads_the_brands_calendars_and_leaves_nothing_behind(heed: Command, configured) -> None:
    Path("holidays.ics").write_text(HOLIDAYS, encoding="utf-8")
    transcript(Path("open.jsonl"), {})
    settings = configured(HOURS)
    done = heed("replay", "open.jsonl")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1 messages in 1 conversations")
    assert {path.name for path in Path.cwd().iterdir()} == {"holidays.ics", "open.jsonl", settings.name}


def test_a_replay_names_a_calendars_file_that_is_not_there(heed: Command, configured) -> None:
    transcript(Path("open.jsonl"), {})
    configured(HOURS)
    done = heed("replay", "open.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "holidays.ics" in done.err


def test_each_decision_is_written_to_the_file_that_is_named(heed: Command) -> None:
    done = heed("replay", str(EXAMPLE), "--out", "decisions.jsonl")
    assert done.code == 0
    assert "Each decision stands in decisions.jsonl." in done.out
    decisions = [json.loads(line) for line in Path("decisions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(decisions) == 48
    assert list(decisions[0]) == [
        "line",
        "conversation",
        "channel",
        "author",
        "sent_at",
        "text",
        "label",
        "probabilities",
        "language",
        "decision",
        "reason",
        "template",
        "answer",
    ]
    assert all((each["answer"] is not None) >= (each["decision"] == "answer") for each in decisions)


def test_a_packed_transcript_reads_like_an_open_one(heed: Command) -> None:
    transcript(Path("open.jsonl"), {})
    Path("packed.jsonl.gz").write_bytes(gzip.compress(Path("open.jsonl").read_bytes()))
    for name in ("open.jsonl", "packed.jsonl.gz"):
        assert heed("replay", name).out.startswith("1 messages in 1 conversations"), name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"role": "boss"}, "role 'boss' is none of agent, bot, customer, member"),
        ({"sent_at": "yesterday"}, "sent_at 'yesterday' is no time; write one like 2026-03-02T09:00:00Z"),
        ({"text": None}, "the text field 'text' is missing"),
    ],
)
def test_a_broken_line_is_named_with_file_and_number(heed: Command, change: dict[str, object], told: str) -> None:
    transcript(Path("broken.jsonl"), {}, change)
    done = heed("replay", "broken.jsonl")
    assert (done.code, done.err) == (1, f"heed: broken.jsonl:2: {told}\n")


def test_a_line_that_is_no_json_is_named(heed: Command) -> None:
    Path("broken.jsonl").write_text("{}]\n", encoding="utf-8")
    done = heed("replay", "broken.jsonl")
    assert done.code == 1
    assert done.err.startswith("heed: broken.jsonl:1: no JSON: ")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.jsonl", None, "gone.jsonl: there is no such file"),
        ("empty.jsonl", b"\n", "empty.jsonl: there is no message in it; see examples/transcript.jsonl"),
        ("no.gz", b"not packed", "no.gz: cannot be read"),
        ("bytes.jsonl", b"\xff\xfe", "bytes.jsonl: cannot be read"),
    ],
)
def test_a_file_that_is_no_transcript_is_refused(
    heed: Command, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    done = heed("replay", name)
    assert done.code == 1
    assert done.err.startswith(f"heed: {told}")


def test_a_file_without_labelled_messages_cannot_be_measured_on(heed: Command) -> None:
    done = heed("evaluate", "gone.jsonl")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("heed: ")
    assert "gone.jsonl" in done.err


def test_decisions_that_cannot_be_written_are_refused_before_anything_is_done(heed: Command) -> None:
    Path("folder").mkdir()
    transcript(Path("open.jsonl"), {})
    done = heed("replay", "open.jsonl", "--out", "folder")
    assert (done.code, done.out) == (1, "")
    assert done.err == "heed: --out folder: cannot be written: Is a directory\n"


ROOM = [
    # minute, author, text, what it expressly answers
    (0, "ines", "haha, that one again", []),
    (1, "omar", "write them a mail", [1]),
    (10, "ines", "what are your opening hours?", []),
    (30, "omar", "does anybody know how often a fern wants to be watered in a dark hallway", []),
    (31, "ines", "haha", [1]),
    (32, "omar", "where do i find the newest catalogue of your workshops for beginners?", []),
]


def room(path: Path, **fields: object) -> Path:
    """Write a transcript of members who talk in a room."""
    lines = [
        {
            "conversation": "lobby",
            "role": "member",
            "author": author,
            "text": text,
            "index": index,
            "reply_to": answers,
        }
        | {"sent_at": f"2026-11-16T08:{minute:02}:00Z", **fields}
        for index, (minute, author, text, answers) in enumerate(ROOM, 1)
    ]
    return transcript(path, *lines)


def decided(path: str) -> dict[int, tuple[str, str]]:
    lines = (json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines())
    return {line["line"]: (line["decision"], line["reason"]) for line in lines}


def test_a_rooms_talk_waits_for_its_patience_and_each_decision_stands_at_its_own_line(heed: Command) -> None:
    room(Path("room.jsonl"))
    done = heed("replay", "room.jsonl", "--out", "decisions.jsonl")
    assert done.code == 0
    decisions = decided("decisions.jsonl")
    assert sorted(decisions) == [1, 2, 3, 4, 5, 6]
    assert decisions[1] == ("silence", "between_members"), "another member has answered it"
    assert decisions[3] == ("answer", "template")
    assert decisions[5] == ("silence", "between_members")
    assert "Answers that nobody asked for: 1 of 6 members' messages (16.67%)." in done.out
    assert "Escalations without a word to the room: " in done.out


def test_the_patience_of_a_replays_rooms_can_be_set(heed: Command) -> None:
    room(Path("room.jsonl"))
    assert heed("replay", "room.jsonl", "--patience", "30s", "--out", "quick.jsonl").code == 0
    assert heed("replay", "room.jsonl", "--patience", "1h", "--out", "slow.jsonl").code == 0
    assert decided("quick.jsonl")[3] == ("answer", "template")
    assert decided("slow.jsonl")[3] == ("silence", "between_members"), "somebody spoke within the hour"
    done = heed("replay", "room.jsonl", "--patience", "soon")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("heed: --patience: 'soon' is no duration")


def test_fields_of_a_transcript_that_mean_nothing_here_are_ignored(heed: Command) -> None:
    room(Path("room.jsonl"), index="one", reply_to={"odd": True}, more=[1])
    assert heed("replay", "room.jsonl").code == 0


def test_an_agents_word_in_a_room_counts_as_an_answer_there(heed: Command) -> None:
    member = {"conversation": "lobby", "role": "member", "text": "what are your opening hours?", "index": 1}
    agent = {"conversation": "lobby", "role": "agent", "author": "sam", "text": "two days", "reply_to": [1]}
    transcript(Path("room.jsonl"), member, {**agent, "sent_at": "2026-11-16T08:03:11Z"})
    assert heed("replay", "room.jsonl", "--out", "decisions.jsonl").code == 0
    assert decided("decisions.jsonl") == {1: ("record", "answered")}
