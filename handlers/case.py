"""What a handler is given: one message in its situation, and the few facts that all handlers ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import assert_never

from bot.domain.decisions import Rendered, Situation
from bot.domain.messages import AttachmentKind, Author
from bot.domain.prediction import SCORED_LABELS, UNDETERMINED, Assessment, Label, Prediction, Versions
from bot.domain.states import HUMAN_STATES, State
from handlers.brand import Brand, LanguageModel
from handlers.rendering import render
from handlers.template import FIXED, Kind, Template

#: Stands for the assessment of a message that the model has not read.
UNREAD = Assessment(
    prediction=Prediction(label=Label.OTHER, probabilities=dict.fromkeys(SCORED_LABELS, 0.0)),
    candidates=(),
    versions=Versions(model="", calibration="", templates=""),
)


#: What a channel writes in the place of a text where there is none, as in "[image]".
_STANDS_FOR = re.compile(rf"(?:\[(?:{'|'.join(AttachmentKind)})\]\s*)+")


def own_words(text: str, situation: Situation) -> str:
    """Return what the customer wrote: nothing, where the text only names what the message brings along."""
    return "" if situation.attachments and _STANDS_FOR.fullmatch(text.strip()) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message that was assessed, with everything that a decision may depend on."""

    text: str
    assessment: Assessment
    situation: Situation
    brand: Brand

    @property
    def prediction(self) -> Prediction:
        """Return what the model says of the message."""
        return self.assessment.prediction

    @property
    def language(self) -> str:
        """Return the message's language; the customer's usual one where the message is too short to tell."""
        told = self.prediction.language
        return self.situation.usual_language if told == UNDETERMINED else told

    @property
    def reader(self) -> LanguageModel | None:
        """Return what the brand says of the single language's model that read this; None: the usual one did."""
        return self.brand.language_models.get(self.prediction.reader)

    @property
    def readable(self) -> bool:
        """Tell whether the model that read it reads this language; one that nobody can tell gets the benefit.

        "ok?" of somebody who usually writes German is German: what a model for English makes of it is a guess.
        """
        if self.prediction.reader:
            return self.reader is not None and self.language == self.prediction.reader
        read = self.brand.languages - self.brand.language_models.keys()
        return self.language in read or self.language == UNDETERMINED

    @property
    def addressed(self) -> bool:
        """Tell whether the message is meant for the brand; in private everything is."""
        return self.situation.for_brand

    @property
    def brings_more(self) -> bool:
        """Tell whether it brings along what the model cannot read and a human has to look at."""
        return any(kind.matters for kind in self.situation.attachments)

    @property
    def held(self) -> bool:
        """Tell whether a human has the word, or had the last one."""
        spoke, state = self.situation.spoke_last, self.situation.state
        return state in HUMAN_STATES or (state is State.WAITING and spoke is Author.AGENT)

    @property
    def opens(self) -> bool:
        """Tell whether the message would open a conversation, or open it again."""
        return self.situation.state in (State.UNOPENED, State.RESOLVED)

    @property
    def after_bot(self) -> bool:
        """Tell whether the customer reacts to the bot."""
        return self.situation.spoke_last is Author.BOT

    @property
    def after_answer(self) -> bool:
        """Tell whether the customer reacts to an answer of the bot, not to a greeting or thanks."""
        template = self.situation.last_template
        return self.after_bot and template is not None and template not in FIXED

    def sure_of(self, label: Label) -> bool:
        """Tell whether the message has this label, and surely enough for the brand."""
        needed = self._needed(label)
        return needed is not None and self.prediction.label is label and self.prediction.confidence() >= needed

    def _needed(self, label: Label) -> float | None:
        """Return from which probability on a label counts; None: from none."""
        confidence = self.brand.confidence if self.reader is None else self.reader
        match label:
            case Label.QUESTION:  # of a single language's model nothing automatic follows from it
                return self.brand.confidence.question if self.reader is None else 0.0
            case Label.COMPLAINT:
                return confidence.complaint
            case Label.PRAISE:
                return confidence.praise
            case Label.OTHER:
                return confidence.other
        assert_never(label)

    def probability(self, label: Label) -> float:
        """Return how likely the message is a question, a complaint or praise, whatever else it is."""
        return self.prediction.probabilities[label]

    @property
    def complains(self) -> bool:
        """Tell whether the model hears a complaint, be it ever so unsure."""
        return self.prediction.label is Label.COMPLAINT

    @property
    def asks_nothing(self) -> bool:
        """Tell whether surely nothing in praise waits for a reply: the condition of leaving it at thanks."""
        wants = (self.probability(Label.QUESTION), self.probability(Label.COMPLAINT))
        needed = self._needed_alone()
        return needed is not None and all(1.0 - probability >= needed for probability in wants)

    def _needed_alone(self) -> float | None:
        if self.reader is None:
            return self.brand.confidence.praise_alone
        return self.reader.praise if self.reader.praise_alone is None else self.reader.praise_alone

    def say(self, template: Template) -> Rendered:
        """Return the template's text for this message, in the same words whenever it is asked again."""
        return render(
            template,
            situation=self.situation,
            variables=self.brand.facts(),
            language=self.language,
            seed=f"{self.situation.at.isoformat()} {self.text}",
        )

    def fixed(self, template: str, kind: Kind) -> Rendered | None:
        """Return the text of one of the fixed templates, None if the brand has not written it.

        To a message that a single language's model read only words in that language are said.
        """
        found = self.brand.catalogue.get(template, kind)
        if found is None or not self.live(found):
            return None
        return self.say(found) if self.reader is None or found.speaks(self.language) else None

    def live(self, template: Template) -> bool:
        """Tell whether the template has not expired."""
        return template.live(self.situation.at.date())
