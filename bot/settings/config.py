"""Everything in ``config.yaml``, and what its parts must have to do with each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from bot.settings.brand import SAMPLE_VARIABLES, BrandSettings
from bot.settings.calendars import CalendarsByName
from bot.settings.channels import ChannelSettings
from bot.settings.model import ModelSettings
from bot.settings.policy import ConversationSettings, PolicySettings, RouteSettings, SpecialPolicySettings
from bot.settings.running import LimitSettings, OperationsSettings, StoreSettings
from bot.settings.section import Section
from bot.settings.staff import Agents, DeskSettings, Teams, check_rooms, check_team

#: Policies or routes: what holds for some conversations.
Conditional = TypeVar("Conditional", bound=Sequence[SpecialPolicySettings | RouteSettings])


def _known_calendar(name: str | None, info: ValidationInfo) -> str | None:
    known = info.data.get("calendars")
    if name is not None and known is not None and name not in known:
        raise ValueError(f"there is no such calendar under 'calendars'; known are {', '.join(known) or 'none'}")
    return name


def _known_teams(value: Conditional, info: ValidationInfo) -> Conditional:
    for each in value:
        given = each.team if isinstance(each, RouteSettings) else ""
        for team in (*each.when.team, given):
            check_team(team, info)
    return value


class Settings(Section):
    """Everything in ``config.yaml``."""

    brand: BrandSettings = BrandSettings()
    templates: Path | None = None
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    calendars: CalendarsByName = Field(default_factory=dict)
    calendar: Annotated[str | None, AfterValidator(_known_calendar)] = None
    agents: Agents = ()
    teams: Teams = Field(default_factory=dict)
    desk: DeskSettings = DeskSettings()
    policy: PolicySettings = PolicySettings()
    policies: Annotated[tuple[SpecialPolicySettings, ...], AfterValidator(_known_teams)] = ()
    routes: Annotated[tuple[RouteSettings, ...], AfterValidator(_known_teams)] = ()
    conversation: ConversationSettings = ConversationSettings()
    limits: LimitSettings = LimitSettings()
    channels: Annotated[ChannelSettings, AfterValidator(check_rooms)] = ChannelSettings()
    operations: OperationsSettings = OperationsSettings()

    @model_validator(mode="before")
    @classmethod
    def _let_the_sample_speak(cls, value: object) -> object:
        """Give the sample templates their variables, where the brand does not set them itself."""
        if not isinstance(value, dict) or value.get("templates") is not None:
            return value
        brand = value.get("brand") or {}
        given = (brand.get("variables") or {}) if isinstance(brand, dict) else None
        if not isinstance(given, dict):
            return value
        return {**value, "brand": {**brand, "variables": {**SAMPLE_VARIABLES, **given}}}
