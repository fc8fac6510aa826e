"""Everything in ``config.yaml``, and what its parts must have to do with each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from bot.settings.brand import SAMPLE_VARIABLES, AgentSettings, BrandSettings
from bot.settings.calendars import CalendarsByName
from bot.settings.channels import ChannelSettings
from bot.settings.model import ModelSettings
from bot.settings.policy import ConversationSettings, PolicySettings, RouteSettings, SpecialPolicySettings
from bot.settings.running import LimitSettings, OperationsSettings, StoreSettings
from bot.settings.section import Section


def _known_calendar(name: str | None, info: ValidationInfo) -> str | None:
    known = info.data.get("calendars")
    if name is not None and known is not None and name not in known:
        raise ValueError(f"there is no such calendar under 'calendars'; known are {', '.join(known) or 'none'}")
    return name


class Settings(Section):
    """Everything in ``config.yaml``."""

    brand: BrandSettings = BrandSettings()
    templates: Path | None = None
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    calendars: CalendarsByName = Field(default_factory=dict)
    calendar: Annotated[str | None, AfterValidator(_known_calendar)] = None
    policy: PolicySettings = PolicySettings()
    policies: tuple[SpecialPolicySettings, ...] = ()
    routes: tuple[RouteSettings, ...] = ()
    conversation: ConversationSettings = ConversationSettings()
    limits: LimitSettings = LimitSettings()
    channels: ChannelSettings = ChannelSettings()
    agents: tuple[AgentSettings, ...] = ()
    operations: OperationsSettings = OperationsSettings()

    @model_validator(mode="after")
    def _each_agent_is_one_person(self) -> Settings:
        """Refuse a platform's id that two agents claim, and a name that stands there twice."""
        for what in ("name", "discord", "telegram"):
            ids = [value for agent in self.agents if (value := getattr(agent, what)) is not None]
            if twice := next((value for value in ids if ids.count(value) > 1), None):
                raise ValueError(f"agents: the {what} {twice!r} stands there twice; it names one person")
        return self

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
