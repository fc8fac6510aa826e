"""Which policy, team, priority and tier a conversation gets."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Rules
from bot.domain.events import CorrectLabel, FieldsSet, Transfer
from bot.domain.messages import MessageId
from bot.domain.policies import Match, Policy, Route, chosen, routed, tied
from bot.domain.prediction import Label
from bot.domain.sla import Metric
from tests.domain.builders import ALEX, MIN, T0, Walk, escalate

#: Every trait has a value besides those that policies name: there is always one that nobody thought of.
SPACE = {
    "channel": ("webchat", "api", "another"),
    "label": ("question", "complaint", "another"),
    "team": ("support", "press", ""),
}
NAMED = {"channel": ("webchat", "api"), "label": ("question", "complaint"), "team": ("support", "press")}


def matches() -> st.SearchStrategy[Match]:
    values = {
        name: st.sets(st.sampled_from(given), min_size=1).map(sorted).map(tuple) for name, given in NAMED.items()
    }
    return st.fixed_dictionaries({}, optional=values).map(lambda among: Match(among=among))


POLICIES = st.lists(matches(), max_size=5).map(
    lambda found: [Policy(name=f"p{number}", match=match) for number, match in enumerate(found)]
)


def every_conversation() -> list[dict[str, str]]:
    return [dict(zip(SPACE, values, strict=True)) for values in product(*SPACE.values())]


def fits(policy: Policy, traits: dict[str, str]) -> bool:
    return all(traits[name] in values for name, values in policy.match.among.items())


@settings(max_examples=100, deadline=None)
@given(POLICIES)
def test_the_policy_with_the_most_criteria_among_those_that_fit_is_chosen(policies: list[Policy]) -> None:
    for traits in every_conversation():
        fitting = [policy for policy in policies if fits(policy, traits)]
        found = chosen(policies, traits)
        assert (found is None) == (not fitting)
        assert found is None or found in fitting
        assert all(found is not None and len(p.match.among) <= len(found.match.among) for p in fitting)


@settings(max_examples=250, deadline=None)
@given(POLICIES)
def test_a_tie_is_found_when_some_conversation_has_two_narrowest_policies(policies: list[Policy]) -> None:
    """What no tie is found for, no conversation can get two of; a tie found is one that a pair really has."""
    found = tied(policies)
    ambiguous = [traits for traits in every_conversation() if _narrowest(policies, traits) > 1]
    if found is None:
        assert ambiguous == []
        return
    both = [traits for traits in every_conversation() if all(fits(policy, traits) for policy in found)]
    assert both
    assert len(found[0].match.among) == len(found[1].match.among)
    assert not any(_covers(policy, both, policies, found) for policy in policies)


def _narrowest(policies: list[Policy], traits: dict[str, str]) -> int:
    widths = [len(policy.match.among) for policy in policies if fits(policy, traits)]
    return widths.count(max(widths, default=0))


def _covers(
    policy: Policy, both: list[dict[str, str]], policies: list[Policy], found: tuple[Policy, Policy]
) -> bool:
    narrower = len(policy.match.among) > len(found[0].match.among)
    return narrower and all(fits(policy, traits) for traits in both)


def test_each_pair_of_equal_policies_is_compared_not_only_neighbours() -> None:
    apart = Policy(name="b", match=Match(among={"channel": ("api",)}))
    one = Policy(name="a", match=Match(among={"channel": ("webchat",)}))
    two = Policy(name="c", match=Match(among={"label": ("complaint",)}))
    assert tied([one, apart]) is None
    assert {policy.name for policy in tied([one, apart, two]) or ()} == {"a", "c"}
    narrower = [
        Policy(name=n, match=Match(among={"channel": (n,), "label": ("complaint",)})) for n in ("api", "webchat")
    ]
    assert tied([one, apart, two, *narrower]) is None


def test_each_field_comes_from_the_first_route_that_fits_and_names_it() -> None:
    routes = (
        Route(match=Match(among={"label": ("complaint",)}), fields={"team": "care"}),
        Route(match=Match(among={"channel": ("webchat",)}), fields={"team": "support", "priority": "low"}),
        Route(fields={"team": "all", "tier": "basic"}),
    )
    assert routed(routes, {"label": "complaint", "channel": "webchat"}) == {
        "team": "care",
        "priority": "low",
        "tier": "basic",
    }
    assert routed(routes, {"label": "question", "channel": "api"}) == {"team": "all", "tier": "basic"}


def policy(name: str, minutes: int, **among: str) -> Policy:
    match = Match(among={criterion: (value,) for criterion, value in among.items()})
    return Policy(name=name, targets={Metric.FIRST_REPLY: minutes * MIN}, match=match)


RULED = Rules(
    policies=(policy("all", 60), policy("press", 10, team="press"), policy("gold", 5, team="press", tier="gold")),
    routes=(Route(match=Match(among={"label": ("complaint",)}), fields={"team": "press"}),),
)


def due(walk: Walk) -> float:
    clock = walk.c.clock(Metric.FIRST_REPLY)
    assert clock is not None
    assert clock.due_at is not None
    return (clock.due_at - T0) / MIN


def test_what_the_routes_say_stands_when_the_conversation_opens_and_never_replaces_what_somebody_set() -> None:
    walk = Walk(replace(RULED, routes=(Route(fields={"team": "press", "tier": "gold"}),)))
    walk.apply(FieldsSet(at=T0, by="api", tier="silver"))
    walk.wrote(0, escalate())
    assert (walk.c.team, walk.c.tier) == ("press", "silver")
    assert due(walk) == 10


def test_fields_set_transfers_and_corrected_labels_give_open_clocks_the_policy_that_fits_now() -> None:
    walk = Walk(replace(RULED, policies=(*RULED.policies, policy("complaint", 20, label="complaint"))))
    walk.wrote(0, escalate())
    assert due(walk) == 60
    walk.apply(CorrectLabel(at=T0 + MIN, agent=ALEX, message=MessageId("m1"), labels=(Label.COMPLAINT,)))
    assert due(walk) == 20
    walk.apply(FieldsSet(at=T0 + MIN, by="api", tier="gold"))
    assert due(walk) == 20
    assert len(walk.logged("apply_sla")) == 2
    walk.rules = RULED
    walk.apply(Transfer(at=T0 + 2 * MIN, agent=ALEX, team="press"))
    assert due(walk) == 5
    assert [entry["policy"] for entry in walk.logged("apply_sla")] == ["all", "complaint", "gold"]


def test_a_new_target_warns_and_breaches_anew_from_the_clocks_start() -> None:
    walk = Walk(RULED)
    walk.wrote(0, escalate())
    walk.pass_until(20)
    assert walk.logged("breach") == []
    walk.apply(Transfer(at=T0 + 20 * MIN, agent=ALEX, team="press"))
    walk.pass_until(20)
    (breach,) = walk.logged("breach")
    assert breach["due"] == (T0 + 10 * MIN).isoformat()
    assert breach["team"] == "press"


def test_a_target_without_successor_stays() -> None:
    only_next = Policy(name="press", targets={Metric.NEXT_REPLY: 3 * MIN}, match=Match(among={"team": ("press",)}))
    walk = Walk(Rules(policies=(policy("all", 60), only_next)))
    walk.wrote(0, escalate())
    walk.apply(Transfer(at=T0 + MIN, agent=ALEX, team="press"))
    assert due(walk) == 60


def test_a_policys_text_is_the_copy_made_when_it_attached_also_when_another_field_changes() -> None:
    walk = Walk(RULED)
    walk.apply(FieldsSet(at=T0, by="api", team="press"))
    walk.wrote(0, escalate())
    walk.rules = replace(RULED, policies=(policy("press", 1, team="press"), policy("all", 2)))
    walk.apply(FieldsSet(at=T0 + MIN, by="api", priority="high"))
    assert due(walk) == 10
    assert walk.c.policy == RULED.policies[1]


def test_policies_that_nothing_fits_give_no_target() -> None:
    walk = Walk(Rules(policies=(policy("gold", 5, tier="gold"),)))
    walk.wrote(0, escalate())
    assert all(clock.target is None for clock in walk.c.clocks)


def test_a_route_and_a_policy_may_ask_for_the_topic_of_the_nearest_template() -> None:
    rules = replace(
        RULED,
        policies=(policy("all", 60), policy("returns", 10, topic="returns")),
        routes=(Route(match=Match(among={"topic": ("returns",)}), fields={"team": "parcels"}),),
    )
    about, other = Walk(rules), Walk(rules)
    about.wrote(0, replace(escalate(), topic="returns"))
    other.wrote(0, replace(escalate(), topic="opening hours"))
    assert (about.c.team, due(about)) == ("parcels", 10)
    assert (other.c.team, due(other)) == ("", 60)
