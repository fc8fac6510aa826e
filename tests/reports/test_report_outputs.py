"""A summary as text, JSON, CSV, Parquet and a page: the same numbers in five shapes."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.main import get_command

from bot.cli import app
from bot.domain.sla import Metric
from bot.errors import SettingsError
from bot.figures import Counting, Dimension, Sum
from bot.reports import parquet as parquet_output
from bot.reports.outputs import as_csv, as_json, as_text
from bot.reports.page import as_page
from bot.reports.parquet import as_parquet
from bot.reports.plots import Axis, bars
from bot.reports.tidy import COLUMNS, numbers
from bot.reports.wording import FIGURES, METRICS, duration, exactly
from tests.reports.made_figures import HOUR, MONDAY, busy_week
from tests.reports.written_log import at

BERLIN = ZoneInfo("Europe/Berlin")
DOCS = Path(__file__).parents[2] / "docs" / "reports.md"

#: A page of this size goes through every mail server.
MOST_BYTES = 200_000


@pytest.fixture
async def summary(log, summarise):
    log.message(0, conversation="a")
    log.write("opened", 0, "a", channel="web")
    log.write("escalated", 1, "a", reason="complaint", channel="web")
    log.case("a", 0, 130)
    log.case("b", 0, 130)
    log.case("c", 0, None)
    log.clock("apply_sla", 0, conversation="c", policy="p", target=60, due=at(60).isoformat())
    log.clock("breach", 60.2, conversation="c", due=at(60).isoformat(), lateness=0.2)
    log.write("resolved", 200, "a", by="agent", agent="ann")
    return await summarise()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (60, "1 m"),
        (130, "2 m 10 s"),
        (3605, "1 h"),
        (3660, "1 h 1 m"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_duration_is_said_in_its_two_greatest_units(seconds, words) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.2, "0.2 s"),
        (59.96, "1 m"),
        (3605, "1 h 5 s"),
        (100_000, "1 d 3 h 46 m 40 s"),
        (-90, "-1 m 30 s"),
    ],
)
def test_a_duration_in_a_sum_is_said_with_all_its_units(seconds, words) -> None:
    assert exactly(timedelta(seconds=seconds)) == words


# --- text


async def test_the_text_shows_corrected_and_naive_where_people_still_wait(summary) -> None:
    text = as_text(summary)
    assert "Waiting now: 1, the longest for 16 m 40 s." in text
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("first_reply_time"))
    assert re.match(r"first_reply_time +p50 +2 m 10 s +.* 2 m 10 s", lines[first])
    assert re.match(r" +p90 +– +.*–? +2 m 10 s", lines[first + 1])
    assert "2 ended, 1 waiting" in lines[first + 4]
    assert "Resolved by: agent 1" in text
    assert "Escalated because: complaint 1" in text
    assert "worst 0.2 s" in text
    assert "could not read" not in text


def test_the_text_says_period_zone_conditions_and_bands() -> None:
    text = as_text(busy_week(tier="gold"), BERLIN)
    assert text.startswith("2026-03-02 01:00 to 2026-03-09 01:00 Europe/Berlin\nOnly cases with tier gold.\n")
    assert "A case belongs to the period in which its clock started.\n" in text
    assert "Clocks were read one by one: tier are in no roll-up.\n" in text
    assert re.search(r"p99 +– +3 h 3 m to – +3 h 53 m", text)
    assert "within target 87.1 % (82.9 % to 90.4 %, 7 undecided)" in text
    assert "No case ended or open in this period: next_reply_time, handoff_wait_time, resolution_time" in text


def test_the_text_tells_groups_apart_and_names_the_one_that_has_none() -> None:
    lines = as_text(busy_week()).splitlines()
    table = lines[lines.index("By channel") :]
    assert [line.split("  ")[0] for line in table[2:6]] == ["webchat", "", "<b>=cmd</b>", "no channel"]


def test_the_text_fits_a_terminal_of_130_columns() -> None:
    assert max(map(len, as_text(busy_week()).splitlines())) <= 130


async def test_an_empty_summary_reads_well_in_every_shape(summarise) -> None:
    empty = await summarise()
    assert "Waiting now: 0.  Opened: 0." in as_text(empty)
    assert "Messages: none in this period" in as_text(empty)
    assert json.loads(as_json(empty))["volumes"] == []
    assert as_csv(empty).startswith(",".join(COLUMNS) + "\n")
    page = as_page(empty, brand="Fern & Forge")
    assert "No case ended or open in this period: First response," in page
    assert "No message in this period." in page


async def test_records_that_could_not_be_read_are_told(log, summarise) -> None:
    log.write("teleported", 0)
    summary = await summarise()
    assert "could not read: 1" in as_text(summary)
    assert "could not read: 1." in as_page(summary, brand="Fern & Forge")


# --- JSON


async def test_json_carries_seconds_and_iso_times(summary) -> None:
    read = json.loads(as_json(summary))
    assert read["durations_in"] == "seconds"
    reply = next(figure for figure in read["metrics"] if figure["metric"] == "first_reply_time")
    assert (reply["naive"]["p50"], reply["corrected"]["p90"], reply["breaches"]) == (130, None, 1)
    assert read["running"][0]["due_at"] == "2026-03-02T12:01:00+00:00"
    assert read["resolved_by"] == {"agent": 1}


def test_json_says_what_was_asked() -> None:
    read = json.loads(as_json(busy_week(tier="gold")))
    assert read["question"]["where"] == {"tier": "gold"}
    assert (read["question"]["by"], read["question"]["counting"]) == ("channel", "started")
    assert [group["value"] for group in read["groups"]] == ["webchat", "<b>=cmd</b>", ""]


# --- CSV and Parquet


async def test_csv_has_one_row_for_each_number(summary) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(summary))))
    found = {(row["section"], row["of"], row["figure"]): row["value"] for row in rows}
    assert found["response times", "first_reply_time", "naive_p50"] == "130.0"
    assert found["response times", "first_reply_time", "corrected_p99"] == ""
    assert found["volumes", "web/question", "answered"] == "1"
    assert found["overview", "", "waiting_now"] == "1"
    assert found["escalations", "complaint", "count"] == "1"
    assert len(found) == len(rows)


def test_every_row_says_its_period_what_it_is_of_and_its_unit() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(busy_week(label="complaint")))))
    assert {(row["since"], row["until"], row["counting"], row["where"]) for row in rows} == {
        ("2026-03-02T00:00:00+00:00", "2026-03-09T00:00:00+00:00", "started", "label=complaint")
    }
    keys = [tuple(row[name] for name in COLUMNS[4:9]) for row in rows]
    assert len(set(keys)) == len(keys)
    of_reply = {row["figure"]: row for row in rows if row["of"] == "first_reply_time" and not row["by"]}
    assert (of_reply["high_p95"]["unit"], of_reply["high_p95"]["value"]) == ("s", "21000")
    assert (of_reply["share_low"]["unit"], of_reply["share_low"]["value"]) == ("share", "0.829")
    assert (of_reply["share_undecided"]["unit"], of_reply["share_undecided"]["value"]) == ("count", "7")


def test_the_group_that_has_none_is_not_taken_for_the_whole() -> None:
    rows = [number for number in numbers(busy_week()) if number.figure == "by_human"]
    assert [(row.by, row.group) for row in rows] == [
        ("", ""),
        ("channel", "webchat"),
        ("channel", "<b>=cmd</b>"),
        ("channel", ""),
    ]


def test_no_spreadsheet_takes_a_name_for_a_formula() -> None:
    summary = busy_week()
    summary = replace(summary, groups=(replace(summary.groups[0], value="=HYPERLINK(1)"),))
    rows = list(csv.DictReader(io.StringIO(as_csv(summary))))
    assert {row["group"] for row in rows} == {"", "'=HYPERLINK(1)"}


def test_parquet_holds_the_same_table_with_types() -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow: pip install 'heed[reports]'")
    parquet = pytest.importorskip("pyarrow.parquet")
    summary = busy_week(label="complaint")
    table = parquet.read_table(io.BytesIO(as_parquet(summary)))
    assert tuple(table.column_names) == COLUMNS
    assert table.schema.field("since").type == pyarrow.timestamp("us", tz="UTC")
    assert table.schema.field("value").type == pyarrow.float64()
    read = [(row["section"], row["of"], row["figure"], row["group"], row["value"]) for row in table.to_pylist()]
    assert read == [(row.section, row.of, row.figure, row.group, row.value) for row in numbers(summary)]
    assert {row["since"] for row in table.to_pylist()} == {MONDAY}


def test_without_pyarrow_parquet_names_the_remedy(monkeypatch) -> None:
    monkeypatch.setattr(parquet_output.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'heed\[reports\]'"):
        as_parquet(busy_week())


# --- the page


class Read(HTMLParser):
    """What a browser would do with a page: whether it closes what it opens, what it fetches and runs."""

    VOID = frozenset({"meta", "rect", "circle", "line", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)


def read(page: str) -> Read:
    reader = Read()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_needs_nothing_beside_itself_and_runs_no_script() -> None:
    page = as_page(busy_week(), brand="Fern & Forge", zone=BERLIN)
    seen = read(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in seen.tags}
    assert not any({"src", "href", "onclick", "onload"} & attributes.keys() for _, attributes in seen.tags)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert len(page.encode()) < MOST_BYTES


def test_the_page_shows_what_the_text_shows() -> None:
    words = " ".join(" ".join(read(as_page(busy_week(), brand="Fern & Forge", zone=BERLIN)).text).split())
    for shown in (
        "Response times of Fern & Forge",
        "2026-03-02 01:00 to 2026-03-09 01:00 Europe/Berlin",
        "58 m 20 s to 1 h 55 m",
        "3 h 3 m to –",
        "87.1 % (82.9 % to 90.4 %; 7 undecided)",
        "No case ended or open in this period: Next reply, Hand-off wait, Resolution.",
        "By channel",
        "no channel",
        "Decided by the bot alone: 702 messages, of which checked 64, corrected 3. Right: 95.3 %",
        "each bar a day, 276 at most",
        "no template 131",
    ):
        assert shown in words


@pytest.mark.parametrize("meaning", [*FIGURES.values(), METRICS[Metric.FIRST_REPLY], METRICS[Sum.HANDLE]])
def test_the_page_says_in_a_sentence_what_each_figure_means(meaning) -> None:
    words = "".join(read(as_page(busy_week(), brand="Fern & Forge")).text)
    assert meaning.title in words
    assert meaning.says in words


def test_names_from_outside_are_never_read_as_html() -> None:
    page = as_page(busy_week(), brand="<script>alert(1)</script>")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<b>=cmd</b>" in "".join(read(page).text)


# --- where things stand in the pictures


def test_a_longer_duration_stands_further_right_and_all_of_them_inside() -> None:
    axis = Axis([0, 0.3, 60, None, 900_000])
    places = [axis.place(seconds) for seconds in (0, 60, 3_600, 900_000)]
    assert places == sorted(places)
    assert 0 < places[0] < places[-1] < 100
    assert axis.place(None) is None


def test_the_written_times_of_an_axis_do_not_run_into_each_other() -> None:
    places = [place for place, _ in Axis([1, 2_592_000]).ticks()]
    assert len(places) > 3
    assert min(b - a for a, b in pairwise(places)) >= 18


def test_a_band_without_upper_end_runs_to_the_edge() -> None:
    track = Axis([60, 3_600]).track(low=60, high=None, value=None, naive=3_600)
    assert (track.open, track.high, track.dot) == (True, 100.0, None)


def test_hours_are_added_up_to_days_of_the_brands_zone_where_they_are_many() -> None:
    week = bars(busy_week().hours, BERLIN)
    assert week is not None
    assert (week.each, len(week.bars), week.ends) == ("day", 8, ("Mon 02 Mar", "Mon 09 Mar"))
    day = bars(busy_week().hours[:24], UTC)
    assert day is not None
    assert (day.each, len(day.bars)) == ("hour", 24)
    assert bars((), UTC) is None


def test_an_hour_in_which_nobody_wrote_keeps_its_place() -> None:
    hours = [hour for hour in busy_week().hours[:24] if hour.hour != MONDAY + 5 * HOUR]
    shown = bars(hours, UTC)
    assert shown is not None
    assert len(shown.bars) == 24
    assert shown.bars[5].says.endswith("05:00: 0 received, 0 answered by the bot, 0 to a human")


def test_the_parts_of_a_bar_are_as_high_as_what_was_received() -> None:
    shown = bars(busy_week().hours[:24], UTC)
    assert shown is not None
    tallest = shown.bars[-1]
    assert tallest.answered + tallest.escalated + tallest.other == pytest.approx(100, abs=0.02)


# --- the page of the documentation


def test_the_page_of_the_documentation_lists_every_column_section_figure_and_dimension() -> None:
    page = DOCS.read_text(encoding="utf-8")
    listed = set(re.findall(r"`([a-z_0-9]+)`", page))
    told = list(numbers(busy_week()))
    assert set(COLUMNS) <= listed
    assert {row.figure for row in told if not re.search(r"_p9[059]$", row.figure)} <= listed
    assert {*Dimension, *Counting} <= listed
    for section in {row.section for row in told}:
        assert re.search(rf"^\| [^|]*\b{section}\b", page, re.MULTILINE)


def test_the_page_of_the_documentation_gives_every_option_of_both_commands_and_no_other() -> None:
    page = DOCS.read_text(encoding="utf-8")
    command = get_command(app)
    for name in ("report", "explain"):
        section = page.split(f"\n## heed {name}\n")[1].split("\n## ")[0]
        offered = {option for one in command.commands[name].params for option in one.opts if option[:2] == "--"}
        assert set(re.findall(r"--[a-z]+", section)) == offered - {"--help"}
