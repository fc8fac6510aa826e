"""The brand: its name, its languages, and what its templates may say about it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from bot.settings.section import Section
from bot.settings.values import Language, Variable

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
