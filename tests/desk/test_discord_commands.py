"""The slash commands that are built from the table, the times that people type, and the forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.desk.actions import ACTIONS, Field
from bot.desk.discord.answers import DONE, mark_of, plain
from bot.desk.discord.asking import INTERNAL, help_page
from bot.desk.discord.commands import dashed, read_labels, registration, same, slashes
from bot.desk.discord.forms import IN_FORMS, form
from bot.desk.discord.instants import read_until
from bot.errors import BadMessage

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # a Friday
BERLIN = ZoneInfo("Europe/Berlin")


def test_every_action_of_the_table_is_a_command_with_its_fields() -> None:
    by_action = {one.action: one for one in slashes(["support"]) if one.action}
    assert list(by_action) == [action.name for action in ACTIONS]
    for action in ACTIONS:
        asked = {option.name for option in by_action[action.name].options}
        known = {field.value for field in (*action.fields, *action.optional)} - {Field.SEEN.value, "files"}
        assert known <= asked | {"files"}
        needed = {option.name for option in by_action[action.name].options if option.needed}
        assert needed == {field.value for field in action.fields} - {Field.MESSAGE.value}


def test_the_commands_are_as_discord_takes_them() -> None:
    made = registration(["support", "PR"])
    assert len({each["name"] for each in made}) == len(made) <= 100
    for each in made:
        assert re.fullmatch(r"[-_a-z]{1,32}", each["name"])
        assert 1 <= len(each["description"]) <= 100
        needed = [option["required"] for option in each["options"]]
        assert needed == sorted(needed, reverse=True)
        assert all(1 <= len(option["description"]) <= 100 for option in each["options"])
        assert all(len(option.get("choices", [])) <= 25 for option in each["options"])


def test_more_teams_than_discord_shows_are_typed() -> None:
    transfer = next(one for one in slashes([f"team {n}" for n in range(26)]) if one.name == "transfer")
    assert next(option for option in transfer.options if option.name == "team").choices == ()


def test_commands_that_differ_in_one_choice_are_not_the_same() -> None:
    assert same(registration(["support"]), registration(["support"]))
    assert not same(registration(["support"]), registration(["PR"]))
    assert not same(None, registration([]))


def test_customers_in_the_same_server_are_not_offered_the_commands_and_a_list_without_that_is_put_again() -> None:
    made = registration(["support"])
    assert {each["default_member_permissions"] for each in made} == {"8192"}  # Manage Messages
    open_to_all = [{**each, "default_member_permissions": None} for each in made]
    assert not same(open_to_all, made)


def test_every_action_has_a_sentence_for_when_it_is_done_and_a_line_on_the_help_page() -> None:
    assert set(DONE) >= {action.name for action in ACTIONS}
    page = help_page([]).text
    assert page.startswith(INTERNAL)
    assert all(f"`/{dashed(action.name)}`" in page for action in ACTIONS)
    assert len(page) <= 2000


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("30m", "2026-11-20T15:00:00+00:00"),
        ("in 2 hours", "2026-11-20T16:30:00+00:00"),
        ("3d", "2026-11-23T14:30:00+00:00"),
        ("1w", "2026-11-27T14:30:00+00:00"),
        ("17:30", "2026-11-20T16:30:00+00:00"),
        ("9:00", "2026-11-21T08:00:00+00:00"),
        ("5pm", "2026-11-20T16:00:00+00:00"),
        ("tomorrow", "2026-11-21T08:00:00+00:00"),
        ("Tomorrow 9:15", "2026-11-21T08:15:00+00:00"),
        ("tomorrow at 12am", "2026-11-20T23:00:00+00:00"),
        ("monday 10:00", "2026-11-23T09:00:00+00:00"),
        ("friday", "2026-11-27T08:00:00+00:00"),
        ("2026-11-23T09:00", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00+00:00"),
    ],
)
def test_a_time_is_read_in_the_brands_zone(typed: str, meant: str) -> None:
    assert read_until(typed, now=NOW, zone=BERLIN) == meant


@pytest.mark.parametrize("typed", ["", "soon", "9", "25:00", "13pm", "tomorrow evening", "99999w9", "2026-13-01"])
def test_what_is_no_time_is_told_with_examples(typed: str) -> None:
    with pytest.raises(BadMessage, match="write one like"):
        read_until(typed, now=NOW, zone=BERLIN)


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("question+complaint", ["question", "complaint"]),
        ("question and praise", ["question", "praise"]),
        ("other", []),
        ("", []),
    ],
)
def test_labels_are_read(typed: str, labels: list[str]) -> None:
    assert read_labels(typed) == labels


def test_a_form_proposes_a_text_and_asks_for_what_its_action_takes() -> None:
    for action in ACTIONS:
        if action.name in IN_FORMS:
            made = form(action, "c1", 2, origin="7", text="Proposed.", teams=["support"])
            assert 1 <= len(made["components"]) <= 5
            assert len(made["title"]) <= 45
            assert all(len(each["label"]) <= 45 for each in made["components"])
            assert made["custom_id"].startswith(f"heed:{action.name}:c1:2:7")
    assert "Proposed." in str(form(ACTIONS[6], "c1", 2, origin="7", text="Proposed."))


def test_what_customers_write_is_shown_as_they_wrote_it() -> None:
    assert plain("**bold** <@1> `x`") == r"\*\*bold\*\* \<\@1\> \`x\`"


def test_the_mark_of_a_draft_tells_two_texts_apart() -> None:
    assert mark_of("a text") != mark_of("a text ")
