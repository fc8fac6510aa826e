"""Whose a conversation is, by when it is answered, and how long things last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from bot.domain.prediction import Label
from bot.domain.sla import Metric
from bot.settings.section import Section
from bot.settings.values import Positive, Shares, Values, duration_text, one_or_several


class MatchSettings(Section):
    """Which conversations are meant: all that have one of these values of each criterion named."""

    channel: Values = ()
    label: Annotated[tuple[Label, ...], BeforeValidator(one_or_several)] = ()
    language: Values = ()
    team: Values = ()
    priority: Values = ()
    tier: Values = ()
    topic: Values = ()


class RouteSettings(Section):
    """Whose a conversation is and how urgent, where nobody has said so: set when it opens or escalates."""

    when: MatchSettings = MatchSettings()
    team: str = ""
    priority: str = ""
    tier: str = ""


class PolicySettings(Section):
    """By when staff want to have answered, and at which shares of the target they are warned.

    ``calendar``: whose business time counts; without one the brand's own.
    """

    name: str = Field(default="standard", min_length=1)
    calendar: str | None = None
    targets: Mapping[Metric, Positive] = Field(
        default_factory=lambda: {
            Metric.FIRST_REPLY: timedelta(minutes=15),
            Metric.NEXT_REPLY: timedelta(minutes=15),
        }
    )
    warn_at: Shares = (0.8,)


class SpecialPolicySettings(PolicySettings):
    """A policy for some conversations. Of several that match the one with the most criteria applies."""

    name: str = Field(min_length=1)
    when: MatchSettings

    @model_validator(mode="after")
    def _for_some(self) -> SpecialPolicySettings:
        if not self.when.model_fields_set:
            raise ValueError("'when' names no criterion; what holds for all conversations stands under 'policy'")
        return self


def _before_the_end(notice: timedelta, info: ValidationInfo) -> timedelta:
    lifetime = info.data.get("claim_lifetime")
    if lifetime is not None and notice >= lifetime:
        raise ValueError(
            f"the notice comes before the claim ends: write a time shorter than conversation.claim_lifetime "
            f"({duration_text(lifetime)})"
        )
    return notice


class ConversationSettings(Section):
    """How long things last. ``claim_notice``: how long before a claim ends its holder is told."""

    silence_resolves_after: Positive = timedelta(hours=24)
    reopen_window: Positive = timedelta(days=7)
    claim_lifetime: Positive = timedelta(minutes=30)
    claim_notice: Annotated[Positive, AfterValidator(_before_the_end)] = timedelta(minutes=5)
    send_within: Positive = timedelta(minutes=5)
    late_after: Positive = timedelta(minutes=10)
