"""The brand and its staff."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import Language, PlatformId, Variable

#: What the sample brand's templates say about it, as long as no other templates are named.
SAMPLE_VARIABLES: Mapping[str, str] = {
    "website": "fernandforge.example",
    "hours": "Monday to Saturday, 9 am to 6 pm",
    "email": "hello@fernandforge.example",
    "phone": "555 0142",
}


class BrandSettings(Section):
    """Who the bot speaks for. ``variables`` are what the templates may say about the brand."""

    name: str = Field(default="Fern & Forge", min_length=1)
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    variables: Mapping[str, Variable] = Field(default_factory=dict)


class AgentSettings(Section):
    """Somebody on staff, by the ids that they have on platforms: what they write there is a human's answer."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\s].*[^\s]$|^[^\s]$")
    discord: PlatformId | None = None
    telegram: PlatformId | None = None
