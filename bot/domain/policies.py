"""Which policy and which team, priority and tier a conversation gets: by what it is, never by who asks.

The narrowest policy that fits wins: the one with the most criteria. Two that could fit one conversation equally
are refused when the settings are read, see ``tied``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bot.domain.sla import Aim, Metric, Targets

#: What conversations are told apart by, in the order in which it is shown.
CRITERIA = ("channel", "label", "language", "team", "priority", "tier", "topic")

Traits = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What must hold of a conversation: for each criterion named, one of its values. Without any it fits all."""

    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, traits: Traits) -> bool:
        """Tell whether a conversation with these traits is meant. A trait that is not set fits no criterion."""
        return all(traits.get(criterion, "") in values for criterion, values in self.among.items())

    @property
    def narrowness(self) -> int:
        """Return how many criteria there are."""
        return len(self.among)

    def both(self, other: Match) -> Match | None:
        """Return what holds where both fit, or None where they exclude each other."""
        joint = dict(self.among)
        for criterion, values in other.among.items():
            common = tuple(value for value in joint.get(criterion, values) if value in values)
            if not common:
                return None
            joint[criterion] = common
        return Match(among=joint)

    def covers(self, other: Match) -> bool:
        """Tell whether this fits wherever ``other`` does."""
        return all(
            criterion in other.among and set(other.among[criterion]) <= set(values)
            for criterion, values in self.among.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """By when the brand wants to have done what. Copied into a conversation when it attaches.

    ``shares`` of a target at which somebody is warned. ``calendar`` names whose time counts, "" for the brand's
    own default.
    """

    name: str
    targets: Targets = field(default_factory=dict)
    shares: tuple[float, ...] = (0.8,)
    match: Match = Match()
    calendar: str = ""

    def aim(self, metric: Metric) -> Aim | None:
        """Return what this policy wants of a clock, None where it says nothing about it."""
        target = self.targets.get(metric)
        return None if target is None else Aim(policy=self.name, target=target, shares=self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Fields (team, priority, tier) that a conversation gets when it opens or escalates, if it matches."""

    match: Match = Match()
    fields: Mapping[str, str] = field(default_factory=dict)


def chosen(policies: Iterable[Policy], traits: Traits) -> Policy | None:
    """Return the narrowest policy that fits, or None."""
    fitting = [policy for policy in policies if policy.match.fits(traits)]
    return max(fitting, key=lambda policy: policy.match.narrowness, default=None)


def routed(routes: Iterable[Route], traits: Traits) -> dict[str, str]:
    """Return the fields that these routes set: for each field the first route that fits and names it."""
    found: dict[str, str] = {}
    for route in routes:
        if route.match.fits(traits):
            found = {**route.fields, **found}
    return found


def tied(policies: Sequence[Policy]) -> tuple[Policy, Policy] | None:
    """Return two policies that could fit one conversation equally, where no narrower one decides for both."""
    for first, second in combinations(policies, 2):
        joint = first.match.both(second.match)
        if joint is None or first.match.narrowness != second.match.narrowness:
            continue
        narrower = (policy.match for policy in policies if policy.match.narrowness > first.match.narrowness)
        if not any(match.covers(joint) for match in narrower):
            return first, second
    return None
