"""What stands in a message of the desk's: within Discord's limits, nothing called, every piece known again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.desk.discord import words
from bot.desk.discord.marks import (
    Said,
    conversation_of,
    length,
    mark_of,
    names,
    nonce,
    plain,
    thread_name,
)
from bot.desk.discord.words import Look
from bot.desk.thread import card, pieces
from bot.desk.wording import SENTENCES, sentence
from bot.domain.actions import SendState
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, Author
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from tests.desk.desk_views import ID, T0, entry, minutes, note, record, view

#: A busy machine fails nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(max_size=6000)
NAMES = st.text(max_size=200)


def shown(*entries: object, **more: object) -> list[Said]:
    found = pieces(view(*entries, **more), ())  # type: ignore[arg-type]
    return [words.piece(piece, ID, 1) for piece in found]


@unhurried
@given(TEXTS, NAMES)
def test_any_message_fits_and_is_known_again(text: str, name: str) -> None:
    for said in shown(entry(3, text, name=name, earlier_texts=("before " + text,), edited_at=minutes(4))):
        assert length(said.content) <= 2000
        assert sum(length(each["description"]) for each in said.embeds) <= 6000
        assert all(length(each["description"]) <= 4096 for each in said.embeds)
        assert mark_of(said.content) in {"m3", "m3e1"}
        assert conversation_of(said.content) == "", "no text passes for a card"


@unhurried
@given(TEXTS)
def test_no_text_calls_anybody_or_is_markup(text: str) -> None:
    unescaped = re.sub(r"\\(.)", "", plain(text), flags=re.DOTALL)
    assert not set(unescaped) & set("*_~|`>#[]()<@:\\")


@unhurried
@given(TEXTS)
def test_a_text_that_fits_is_shown_whole(text: str) -> None:
    [said] = shown(entry(3, text))
    whole = "".join(each["description"] for each in said.embeds) or said.content
    if len(text) < 2500:
        assert plain(text).strip() in whole


def test_whoever_is_called_is_called_once_and_only_by_what_is_new() -> None:
    said = Said(content="look", pings=("77",))
    assert said.body(new=True)["content"] == "look\n<@77>"
    assert said.body(new=True)["allowed_mentions"] == {"parse": [], "users": ["77"]}
    assert said.body(new=False)["content"] == "look"
    assert said.digest == Said(content="look").digest, "it is the same message afterwards"


@unhurried
@given(NAMES)
def test_a_threads_name_fits_and_names_its_conversation(name: str) -> None:
    found = thread_name(name, "telegram", ID)
    assert 1 <= len(found) <= 100
    assert "\n" not in found
    assert names(found, ID)
    assert not names(found, "cffffffffffffffff")


def test_keys_differ_and_stay_the_same() -> None:
    keys = [nonce("discord", "c1", "t1", key) for key in ("m-1", "m-2", "m-1")]
    assert keys[0] == keys[2] != keys[1]
    assert all(len(key) <= 25 for key in keys)


@pytest.mark.parametrize("state", list(SendState))
def test_every_state_of_delivery_is_told_in_words(state: SendState) -> None:
    reply = entry(2, "hello", author=Author.AGENT, agent=AgentId("alex"), send_state=state)
    [said] = shown(reply)
    assert "-# " in said.content
    assert bool(said.rows) == (state in {SendState.FAILED, SendState.UNKNOWN}), "a next step where it failed"


def test_an_erased_text_is_gone_with_its_files() -> None:
    [said] = shown(entry(1, ""))
    assert "the text was erased" in said.content
    assert said.body(new=False)["attachments"] == []


def test_a_note_is_marked_as_internal() -> None:
    [said] = shown(notes=(note(1, "do not *tell*"),))
    assert "noted, internally" in said.content
    assert "do not \\*tell\\*" in said.content


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNOPENED])
def test_the_card_fits_every_state_and_carries_buttons_of_the_table(state: State) -> None:
    clock = Clock(
        metric=Metric.FIRST_REPLY,
        instance=1,
        started_at=T0,
        running_since=T0,
        aim=Aim(policy="p", target=timedelta(hours=1)),
        due_at=minutes(60),
    )
    found = card(view(state=state, holder=AgentId("alex"), claim_until=minutes(9), clocks=(clock,), team="x"), ())
    said = words.card(found, Look(page="https://heed.example/desk?c="))
    assert length(said.content) <= 2000
    assert mark_of(said.content) == "card"
    assert conversation_of(said.content) == ID
    assert f"First reply: due **<t:{int(minutes(60).timestamp())}:R>**" in said.content
    ids = [part.get("custom_id", "") for row in said.rows for part in row["components"]]
    assert all(len(each) <= 100 for each in ids)
    assert f"heed:more:{ID}:1" in ids
    assert any(
        part.get("url") == f"https://heed.example/desk?c={ID}" for row in said.rows for part in row["components"]
    )


@pytest.mark.parametrize("kind", list(SENTENCES))
def test_every_sentence_of_the_log_is_whole_whatever_its_record_lacks(kind: LogKind) -> None:
    for field, variants in (SENTENCES[kind],):
        for value in variants:
            bare = sentence(record(1, LogKind(kind), **({field: value} if field else {})))
            assert bool(bare) is bool(variants[value]), "what another line tells already is left out"
            assert "{" not in bare
            assert "None" not in bare


def test_a_sentence_says_who_did_what_to_whom_and_until_when() -> None:
    asked = record(1, LogKind.ASKED_FOR, agent="sam", holder="alex")
    assert sentence(asked) == "sam asks alex for this conversation."
    until = record(1, LogKind.CLAIM_ENDING, agent="alex", until="2026-03-02T09:30:00+00:00")
    assert "at 2026-03-02 09:30 UTC" in sentence(until)
    done = record(1, LogKind.RESOLVED, by="agent", agent="sam", reason="gone_quiet")
    assert sentence(done) == "Resolved by sam: the customer does not come back."
    unsent = record(1, LogKind.SEND_FAILED, outcome="failed", by="agent", reason="blocked")
    assert sentence(unsent) == "A reply has not reached the customer: blocked."
    unknown = record(1, LogKind.SEND_FAILED, outcome="unknown", by="bot")
    assert sentence(unknown) == "Nobody knows whether a text of the bot has reached the customer."
    failed = record(1, LogKind.SEND_FAILED, outcome="failed", wording="revision", reason="too old.")
    assert sentence(failed) == "The change of a reply has not reached the customer: too old."


def test_a_name_in_a_sentence_is_nothing_but_a_name() -> None:
    moved = record(1, LogKind.TRANSFERRED, agent="alex", to="*all* @everyone")
    assert sentence(moved, plain=plain) == "alex gave it to the team \\*all\\* \\@everyone."
