"""Staff in the settings: a member nobody knows, two teams for one person, a desk among the customers' rooms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.conversation import Conversation
from bot.domain.messages import Address, ConversationId, CustomerId
from bot.domain.policies import CRITERIA
from bot.domain.roles import Role
from bot.errors import SettingsError
from bot.rulebook import rules_of
from bot.settings import MatchSettings, Settings, parse_settings


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        parse_settings(text)
    return str(raised.value)


SAM = "agents: [{name: sam}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "agents:\n  - name: sam\n    role: boss",
            "config.yaml:1: 'agents.0.role': must be 'agent', 'lead' or 'admin' (found 'boss')",
        ),
        (
            "agents: [{name: sam, discord: 7}, {name: alex, discord: 7}]",
            "config.yaml:1: 'agents': the discord '7' stands there twice; it names one person",
        ),
        (SAM + "teams: {care: {members: [sma]}}", "there is no agent 'sma' under 'agents'; did you mean 'sam'?"),
        ("teams: {care: {members: [sam]}}", "there is no agent 'sam' under 'agents'; known are none"),
        (
            SAM + "teams:\n  care: {members: [sam]}\n  press: {members: sam}",
            "config.yaml:2: 'teams': 'sam' stands in 'care' and 'press'; everybody is in one team at most",
        ),
        (SAM + "teams: {care: {members: [sam, sam]}}", "'sam' stands twice in 'care'; everybody is in one team"),
        ("teams:\n  care:\n    membrs: []", "config.yaml:3: unknown setting 'teams.care.membrs'; did you mean"),
        ("teams: {1: }", "config.yaml:1: 'teams': 1 is no name for a team; write a text, in quotes"),
        ("teams: {' care': }", "' care' is no name for a team; write 1 to 60 printable characters"),
        (
            "teams: {care: }\nroutes: [{team: car}]",
            "config.yaml:2: 'routes': there is no team 'car' under 'teams'",
        ),
        (
            "teams: {care: }\nroutes: [{when: {team: [care, car]}, team: care}]",
            "config.yaml:2: 'routes': there is no team 'car' under 'teams'; did you mean 'care'?",
        ),
        (
            "teams: {care: }\npolicies: [{name: x, when: {team: press}}]",
            "config.yaml:2: 'policies': there is no team 'press' under 'teams'; known are care",
        ),
        (
            "teams: {care: {discord: 5}}\nchannels: {discord: {rooms: [{id: 5}]}}",
            "config.yaml:2: 'channels': the room 5 of discord is the desk that 'teams.care.discord' names",
        ),
        (
            "channels: {discord: {rooms: [{id: 5}]}}\ndesk: {discord: {channel: 5}}",
            "config.yaml:1: 'channels': the room 5 of discord is the desk that 'desk.discord.channel' names",
        ),
        ("desk: {discord: {channel: general}}", "'desk.discord.channel': 'general' is no id of the platform"),
        (
            "desk: {discord: {notices: [breaches]}}",
            "'desk.discord.notices.0': must be 'escalation', 'warning' or 'breach' (found 'breaches')",
        ),
        (
            "conversation: {claim_lifetime: 90m, claim_notice: 90m}",
            "write a time shorter than conversation.claim_lifetime (90m) (found '90m')",
        ),
        ("conversation: {claim_notice: 2h}", "write a time shorter than conversation.claim_lifetime (30m)"),
        ("conversation: {claim_lifetime: 1.5s, claim_notice: 2s}", "conversation.claim_lifetime (1.5s)"),
    ],
)
def test_each_mistake_about_staff_names_what_is_wrong_and_what_would_be_right(text: str, told: str) -> None:
    assert told in refusal(text)


def test_a_mistake_among_the_agents_is_told_without_others_that_follow_from_it() -> None:
    told = refusal("agents: [{name: sam, role: boss}]\nteams: {care: {members: [sam]}}")
    assert told.splitlines() == [
        "config.yaml:1: 'agents.0.role': must be 'agent', 'lead' or 'admin' (found 'boss')"
    ]


def test_a_long_list_with_one_mistake_in_it_is_not_repeated_whole() -> None:
    agents = ", ".join(f"{{name: agent {number}}}" for number in range(50))
    told = refusal(f"agents: [{agents}, {{name: agent 7}}]")
    assert told == "config.yaml:1: 'agents': the name 'agent 7' stands there twice; it names one person"


def test_without_teams_their_names_are_free_words() -> None:
    settings = parse_settings("routes: [{when: {team: car}, team: care}]")
    assert settings.routes[0].team == "care"


def test_a_route_need_not_name_a_team() -> None:
    assert parse_settings("teams: {care: }\nroutes: [{priority: high}]").routes[0].priority == "high"


def test_two_teams_may_share_a_channel_and_one_person_may_lead() -> None:
    settings = parse_settings(
        "agents: [{name: alex, role: lead}, {name: sam}]\n"
        "teams: {care: {members: alex, discord: 5}, press: {members: [sam], discord: 5}}\n"
        "channels: {discord: {rooms: [{id: 6}]}, telegram: {rooms: [{id: 5}]}}"
    )
    assert [agent.role for agent in settings.agents] == [Role.LEAD, Role.AGENT]
    assert settings.teams["care"].members == ("alex",)


def test_every_criterion_can_be_set_and_every_conversation_has_it() -> None:
    conversation = Conversation(
        id=ConversationId("c"),
        address=Address(channel="api", account="", place="p", thread=""),
        customer=CustomerId("v"),
    )
    assert tuple(MatchSettings.model_fields) == CRITERIA
    assert set(conversation.traits) == set(CRITERIA)


def test_a_route_by_topic_reaches_the_rules() -> None:
    settings = parse_settings("routes: [{when: {topic: [delivery, returns]}, team: parcels}]")
    [route] = rules_of(settings, named={}).routes
    assert route.match.among == {"topic": ("delivery", "returns")}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("{}", 5.0), ("{claim_notice: 10m}", 10.0), ("{claim_lifetime: 3m}", 0.5), ("{claim_lifetime: 5m}", 5 / 6)],
)
def test_the_notice_always_comes_before_the_claim_ends(text: str, minutes: float) -> None:
    rules = rules_of(parse_settings(f"conversation: {text}"), named={})
    assert rules.claim_notice == timedelta(minutes=minutes)
    assert rules.claim_notice < rules.claim_lifetime


def test_nobody_is_on_staff_unless_somebody_says_so() -> None:
    settings = Settings()
    assert (settings.agents, dict(settings.teams), settings.desk.discord.channel) == ((), {}, None)
    assert not settings.desk.discord.reply_by_replying
