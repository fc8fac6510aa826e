"""The directory: one person is the same agent on every platform and at the desk, with one role and one team."""

from __future__ import annotations

import pytest

from bot.domain.messages import AgentId
from bot.domain.roles import Agent, Role
from bot.records import StaffAccount
from bot.settings import parse_settings
from bot.staff import Directory

CONFIG = """
agents:
  - {name: alex, role: lead, discord: 11, telegram: 21}
  - {name: sam, discord: 12}
  - {name: kim}
teams:
  support: {members: [alex, sam]}
  press: {discord: 300}
desk:
  discord: {channel: 100}
"""

ALEX = Agent(id=AgentId("alex"), role=Role.LEAD, team="support")
SAM = Agent(id=AgentId("sam"), role=Role.AGENT, team="support")
KIM = Agent(id=AgentId("kim"))


@pytest.fixture
def directory() -> Directory:
    return Directory(parse_settings(CONFIG))


def test_an_id_on_any_platform_leads_to_the_same_agent(directory: Directory) -> None:
    assert directory.by_platform("discord", "11") == directory.by_platform("telegram", "21") == ALEX
    assert directory.named("alex") == ALEX
    assert directory.id_on("discord", "sam") == "12"
    assert directory.id_on("telegram", "sam") is None


@pytest.mark.parametrize(("platform", "external_id"), [("discord", "21"), ("telegram", "12"), ("discord", "")])
def test_an_id_that_stands_nowhere_is_nobodys(directory: Directory, platform, external_id: str) -> None:
    assert directory.by_platform(platform, external_id) is None
    assert directory.named("nobody") is None


def test_a_team_is_its_members_and_without_any_it_concerns_everybody(directory: Directory) -> None:
    assert directory.teams == ("support", "press")
    assert directory.of_team("support") == directory.concerned("support") == (ALEX, SAM)
    for team in ("press", "gone", ""):
        assert directory.of_team(team) == ()
        assert directory.concerned(team) == directory.everyone == (ALEX, SAM, KIM)


def test_a_role_in_the_settings_beats_that_of_the_account(directory: Directory) -> None:
    for role in Role:
        assert directory.of_account(StaffAccount(name="alex", role=role)) == ALEX


def test_where_the_settings_name_no_role_the_accounts_holds_with_the_team_of_the_settings(
    directory: Directory,
) -> None:
    admin = directory.of_account(StaffAccount(name="sam", role=Role.ADMIN))
    assert admin == Agent(id=AgentId("sam"), role=Role.ADMIN, team="support")


def test_an_account_that_the_settings_do_not_know_is_in_no_team(directory: Directory) -> None:
    owner = directory.of_account(StaffAccount(name="owner", role=Role.ADMIN))
    assert owner == Agent(id=AgentId("owner"), role=Role.ADMIN)


def test_a_team_works_in_its_own_channel_or_in_the_default_one(directory: Directory) -> None:
    assert directory.discord_desk("press") == "300"
    assert (
        directory.discord_desk("support") == directory.discord_desk("") == directory.discord_desk("gone") == "100"
    )
    assert directory.discord_desks == {"100", "300"}


def test_without_a_default_channel_only_teams_with_their_own_have_a_desk_on_discord() -> None:
    directory = Directory(parse_settings("teams: {press: {discord: 300}, care: }"))
    assert (directory.discord_desk("press"), directory.discord_desk("care")) == ("300", None)
    assert directory.discord_desks == {"300"}
    assert Directory(parse_settings("")).discord_desks == frozenset()
