"""What a brand has settled: its words, its templates and how sure the bot must be to act alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.errors import SettingsError
from handlers.catalogue import Catalogue
from handlers.texts import Scalar, is_variable_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How sure is sure enough to act without a human. Every threshold of the handlers stands here.

    ``question``, ``complaint``, ``praise`` and ``other`` are probabilities in [0, 1] (for ``other``, that none
    of the three holds). ``template`` is the probability that the nearest template answers the message, where half
    of what is asked is covered by none; ``margin`` its lead over the runner-up. ``python -m models.choosing``
    measures both. ``other`` is the highest, because staying silent is an automatic decision that nobody sees.

    ``unasked`` and ``unasked_template`` hold in rooms, for what nobody addressed to the brand: how sure the label
    must be before anything is done at all, and how sure the template before the bot speaks; see
    ``docs/decisions/0004-public-rooms.md``.
    """

    question: float = 0.55
    template: float = 0.85
    margin: float = 0.06
    verbatim: float = 0.95
    complaint: float = 0.5
    praise: float = 0.6
    praise_alone: float = 0.8
    other: float = 0.95
    unasked: float = 0.9
    unasked_template: float = 0.93

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise SettingsError(f"confidence.{name} is {value}; it must be between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """How sure the model of a single language must be, in [0, 1]. Where nothing is set it is never sure enough.

    Nobody has measured what its probabilities are worth, so only the brand can say from when on they count: for
    expressing regret, for thanking, for staying silent. No template answers what it reads. ``praise_alone``: how
    surely praise is nothing but praise; as ``praise`` if not set.
    """

    complaint: float | None = None
    praise: float | None = None
    praise_alone: float | None = None
    other: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One brand. Its variables are checked against its templates here, so that no answer fails later.

    ``languages`` are those that the usual model reads and the brand wants answered automatically;
    ``language_models`` are those that a model of their own reads.
    A message older than ``max_answer_age`` gets no automatic answer; whoever builds the situation says so.
    """

    name: str
    catalogue: Catalogue
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    confidence: Confidence = field(default_factory=Confidence)
    languages: frozenset[str] = frozenset({"en"})
    language_models: Mapping[str, LanguageModel] = field(default_factory=dict)
    max_answer_age: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        for name in self.variables:
            if not is_variable_name(name):
                raise SettingsError(f"brand variable {name!r} must be small letters, digits and underscores")
        self.catalogue.check(self.facts())

    def facts(self) -> Mapping[str, Scalar]:
        """Return what texts may say as ``brand.…``; ``brand.name`` is always there."""
        return {"name": self.name, **self.variables}
