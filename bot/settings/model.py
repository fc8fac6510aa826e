"""Which model reads the messages, and how sure it must be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.settings.section import Section
from bot.settings.values import Share, parse_language


class ConfidenceSettings(Section):
    """How sure the bot must be before it acts by itself; below, a human looks.

    Labels that are left out are as sure as ``model.risk`` asks, for weights with kept thresholds.
    """

    question: Share | None = None
    template: Share = 0.89
    margin: Share = 0.06
    verbatim: Share = 0.95
    complaint: Share | None = None
    praise: Share | None = None
    praise_alone: Share = 0.8
    other: Share | None = None
    unasked: Share = 0.9
    unasked_template: Share = 0.93


LabelMap = Mapping[str, Literal["question", "complaint", "praise", "other"]]


class LanguageConfidenceSettings(Section):
    """How sure a language's own model must be; what is left out is always a human's.

    ``praise_alone``: as ``model.confidence.praise_alone``; left out, it is as for ``praise``.
    """

    complaint: Share | None = None
    praise: Share | None = None
    praise_alone: Share | None = None
    other: Share | None = None


class LanguageModelSettings(Section):
    """A Hugging Face classifier that reads one language, with a map from its labels to Heed's."""

    classifier: str = Field(min_length=1)
    label_map: LabelMap
    confidence: LanguageConfidenceSettings = LanguageConfidenceSettings()


def _by_language(value: object) -> object:
    for name in value if isinstance(value, dict) else ():
        if name is False:
            raise ValueError("YAML reads no as false; write 'no', in quotes, for Norwegian")
        parse_language(name)
    return value


class ModelSettings(Section):
    """Which model reads the messages: the shipped one, or any Hugging Face classifier with a label map.

    ``weights``: a folder that ``heed train`` made, in the shipped weights' stead. ``risk``: the share of wrong
    automatic decisions, silence included, that the brand accepts. ``languages``: models for languages that this
    one does not read.
    """

    classifier: str = "shipped"
    weights: Path | None = None
    label_map: LabelMap = Field(default_factory=dict)
    languages: Annotated[Mapping[str, LanguageModelSettings], BeforeValidator(_by_language)] = Field(
        default_factory=dict
    )
    risk: Annotated[float, Field(gt=0, lt=1)] = 0.05
    threads: int = Field(default=2, ge=1, le=64)
    confidence: ConfidenceSettings = ConfidenceSettings()
