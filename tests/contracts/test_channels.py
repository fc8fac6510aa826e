"""What every channel promises, whichever platform stands behind it."""

from __future__ import annotations

import asyncio
import copy
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadMessage
from bot.ports import DeliveryMode
from bot.records import Arrival, ArrivalKind
from tests.contracts.channels import CASES, FILES, LATER, NOW, ChannelCase, revision, sending, with_files

each_channel = pytest.mark.parametrize("case", CASES, ids=str)
KINDS = [(case, kind) for case in CASES for kind in case.payloads]
each_kind = pytest.mark.parametrize(("case", "kind"), KINDS, ids=[f"{case}-{kind}" for case, kind in KINDS])


@each_kind
def test_each_kind_of_event_becomes_the_arrival_that_it_is(case: ChannelCase, kind: ArrivalKind) -> None:
    [arrival] = case.parse(case.payloads[kind], NOW)
    assert (arrival.kind, arrival.channel, arrival.arrived_at) == (kind, case.served, NOW)
    assert arrival.external_id
    assert arrival.happened_at <= NOW
    assert arrival.happened_at.tzinfo is UTC
    assert bool(arrival.text) == (kind is not ArrivalKind.DELETION)
    match kind:
        case ArrivalKind.MESSAGE:
            assert arrival.address is not None
            assert arrival.customer is not None
            assert arrival.address.channel == arrival.customer.channel == case.served
        case ArrivalKind.EDIT:
            assert arrival.revision
        case ArrivalKind.REPLY:
            assert arrival.agent
            assert arrival.conversation or arrival.address


@each_kind
def test_parsing_is_pure_the_same_payload_gives_the_same_and_stays_as_it_was(
    case: ChannelCase, kind: ArrivalKind
) -> None:
    payload = case.payloads[kind]
    before = copy.deepcopy(payload)
    assert case.parse(payload, NOW) == case.parse(payload, NOW)
    assert payload == before


@each_channel
def test_an_edit_and_a_deletion_name_the_message_that_they_change(case: ChannelCase) -> None:
    [message] = case.parse(case.payloads[ArrivalKind.MESSAGE], NOW)
    for kind in {ArrivalKind.EDIT, ArrivalKind.DELETION} & case.payloads.keys():
        [change] = case.parse(case.payloads[kind], NOW)
        assert change.external_id == message.external_id


@each_channel
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_platform_sends_becomes_arrivals_or_a_bad_message_and_nothing_else(
    case: ChannelCase, data: st.DataObject
) -> None:
    payload = data.draw(case.like_ours)
    told = ""
    try:
        for arrival in case.parse(payload, NOW):
            check(arrival)
    except BadMessage as problem:
        told = str(problem)
    assert len(told) < 500
    assert told.isprintable()


def check(arrival: Arrival) -> None:
    """Hold an arrival against what every store and engine relies on."""
    assert isinstance(arrival, Arrival)
    assert 0 < len(arrival.external_id) <= 250
    assert arrival.external_id.isprintable()
    assert arrival.happened_at <= arrival.arrived_at
    assert len(arrival.text) <= 16_000
    arrival.text.encode()  # no lone surrogate passes
    assert "\x00" not in arrival.text
    if arrival.kind not in {ArrivalKind.DELETION, ArrivalKind.TALK}:
        assert arrival.text == arrival.text.strip() != ""
    if arrival.address is not None:
        assert "\x1f" not in "".join((arrival.address.account, arrival.address.place, arrival.address.thread))


@each_channel
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Hello\n", "Hello"),
        ("one\r\ntwo", "one\ntwo"),
        ("a\x07b\x9fc", "abc"),
        ("abc\u202ecba", "abccba"),
        ("cafe\u0301", "café"),
        ("👩\u200d👩\u200d👧 ok", "👩\u200d👩\u200d👧 ok"),
    ],
)
def test_texts_are_cleaned_the_same_way_everywhere(case: ChannelCase, sent: str, kept: str) -> None:
    [arrival] = case.parse(case.message(sent, None), NOW)
    assert arrival.text == kept


@each_channel
def test_a_text_of_the_longest_length_passes_and_a_longer_one_is_refused_by_name(case: ChannelCase) -> None:
    [arrival] = case.parse(case.message("é" * 16_000, None), NOW)
    assert len(arrival.text) == 16_000
    with pytest.raises(BadMessage, match=r"text: 16,001 .* 16,000"):
        case.parse(case.message("é" * 16_001, None), NOW)


@each_channel
def test_a_message_without_a_word_is_refused(case: ChannelCase) -> None:
    with pytest.raises(BadMessage, match="text"):
        case.parse(case.message(" \n ", None), NOW)


@each_channel
def test_a_missing_time_and_one_in_the_future_become_the_arrival(case: ChannelCase) -> None:
    for at in (None, NOW + timedelta(seconds=1), LATER):
        [arrival] = case.parse(case.message("Hello", at), NOW)
        assert arrival.happened_at == NOW


@each_channel
def test_the_platforms_time_is_kept(case: ChannelCase) -> None:
    [arrival] = case.parse(case.message("Hello", NOW - timedelta(seconds=90)), NOW)
    assert arrival.happened_at == NOW - timedelta(seconds=90)


# --- what goes out ----------------------------------------------------------------------------------------


@each_channel
async def test_capabilities_are_complete_and_always_the_same(case: ChannelCase) -> None:
    channel = case.channel()
    told = channel.capabilities
    assert told == channel.capabilities
    assert told.name
    assert told.longest_text >= 100
    assert told.sends_at_once >= 1
    assert told.per_place >= timedelta(0)
    assert told.sees_edits == (ArrivalKind.EDIT in case.payloads)
    assert told.sees_deletions == (ArrivalKind.DELETION in case.payloads)


@each_channel
async def test_a_channel_serves_its_own_name_and_no_other_channels(case: ChannelCase) -> None:
    channel = case.channel()
    assert channel.serves(case.served)
    assert not any(channel.serves(other.served) for other in CASES if other is not case)
    assert not channel.serves("")


@each_channel
async def test_a_send_reaches_the_customer_and_returns_an_aware_time(case: ChannelCase) -> None:
    if case.platform is None:
        assert case.channel().capabilities.mode is DeliveryMode.PULL
        return
    async with case.platform() as platform:
        sent = await platform.channel.send(sending(case.served))
        assert sent.at.tzinfo is not None
        assert len(sent.external_ids) == 1
        assert list(platform.received()) == ["On its way."]


@each_channel
async def test_a_send_repeated_under_its_key_reaches_the_customer_once(case: ChannelCase) -> None:
    if case.platform is None:
        return
    async with case.platform() as platform:
        if not platform.channel.capabilities.idempotent_sends:
            pytest.skip("this platform has no key for sends: delivery does not repeat them")
        for _ in range(3):
            await platform.channel.send(sending(case.served))
        assert list(platform.received()) == ["On its way."]


@each_channel
@pytest.mark.parametrize("text", ["It comes tomorrow.", ""], ids=["changed", "taken back"])
async def test_what_was_sent_is_changed_or_taken_back_however_often_that_is_asked_for(
    case: ChannelCase, text: str
) -> None:
    may = case.channel().capabilities
    if not (may.edits_sends if text else may.deletes_sends):
        assert may.instead["edits_sends" if text else "deletes_sends"]
        return
    if case.platform is None:
        assert may.mode is DeliveryMode.PULL
        return
    async with case.platform() as platform:
        first = sending(case.served)
        sent = await platform.channel.send(first)
        for _ in range(2):
            changed = await platform.channel.send(revision(first, sent, text))
            assert changed.at.tzinfo is not None
            assert not text or changed.external_ids == sent.external_ids
        if platform.shown is None:
            return  # tests/channels/test_revising.py holds what the page shows
        assert list(platform.shown()) == ([text] if text else [])


@each_channel
@pytest.mark.parametrize("text", ["Here they are.", ""], ids=["with a text", "alone"])
async def test_files_go_along_with_a_reply_unchanged(case: ChannelCase, text: str) -> None:
    assert case.channel().capabilities.largest_file >= 8 * 1024 * 1024
    if case.platform is None:
        assert case.channel().capabilities.mode is DeliveryMode.PULL
        return
    async with case.platform() as platform:
        sent = await platform.channel.send(with_files(sending(case.served), text=text))
        assert sent.external_ids
        if platform.files is None:
            return  # tests/channels/test_enclosures.py holds how they open at Heed
        assert [each for each in platform.received() if each] == [text] * bool(text)
        assert list(platform.files()) == [each.content for each in FILES]


@each_channel
async def test_listening_ends_when_it_is_cancelled(case: ChannelCase) -> None:
    async def intake(arrivals: object) -> list:
        return []

    listening = asyncio.ensure_future(case.channel().listen(intake))
    await asyncio.sleep(0)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
