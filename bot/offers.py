"""The brand's templates as staff get them offered: searched for or nearest, filled for the customer at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bot.desk.counter import Offer
from bot.domain.decisions import Situation
from bot.domain.messages import Author
from bot.domain.prediction import Assessment
from bot.ports import Assessor, TimeSource
from bot.records import ConversationView
from handlers import Brand, Kind, Template, render


class TemplateOffers:
    """Offers answers. ``brand`` returns the brand as its templates stand now."""

    def __init__(self, *, brand: Callable[[], Brand], assessor: Assessor, time: TimeSource) -> None:
        self._brand = brand
        self._assessor = assessor
        self._time = time

    def search(self, text: str, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return templates whose id, topic, words or examples have all words of ``text``; all for an empty one.

        What is found in the id comes first, then what is found in the topic.
        """
        words = text.casefold().split()
        found = [each for each in self._live() if all(word in _everything(each) for word in words)]
        found.sort(key=lambda each: (_lacks(words, each.id), _lacks(words, each.topic)))
        return [self._offer(template, view) for template in found[:limit]]

    async def nearest(self, view: ConversationView, *, limit: int) -> Sequence[Offer]:
        """Return the templates nearest to what the customer wrote last, best first. Raises ModelError."""
        text = _last_words(view)
        if not text:
            return ()
        [assessment] = await self._assessor.assess([text], usual=[view.conversation.language])
        return [] if assessment is None else list(self._near(assessment, view))[:limit]

    def _near(self, assessment: Assessment, view: ConversationView) -> Iterable[Offer]:
        live = {template.id: template for template in self._live()}
        for candidate in assessment.candidates:
            if (template := live.get(candidate.template)) is not None:
                yield self._offer(template, view, candidate.score)

    def _live(self) -> list[Template]:
        today = self._time.now().date()
        return [each for each in self._brand().catalogue.of_kind(Kind.ANSWER) if each.live(today)]

    def _offer(self, template: Template, view: ConversationView, score: float | None = None) -> Offer:
        brand = self._brand()
        text = render(
            template, situation=self._situation(view), variables=brand.facts(), seed=view.conversation.id
        ).text
        return Offer(template=template.id, topic=template.topic, text=text, score=score)

    def _situation(self, view: ConversationView) -> Situation:
        """Return what a template may know of this conversation; staff, not the bot, decide to say it."""
        conversation = view.conversation
        return Situation(
            state=conversation.state,
            channel=conversation.address.channel,
            private=conversation.private,
            spoke_last=conversation.spoke_last,
            last_template=conversation.last_template,
            acknowledged=conversation.acknowledged,
            usual_language=conversation.language,
            customer_name=view.customer.name,
            paused=False,
            late=False,
            flooding=False,
            at=self._time.now(),
        )


def _lacks(words: Sequence[str], text: str) -> bool:
    return not all(word in text.casefold() for word in words)


def _everything(template: Template) -> str:
    texts = (variant.text.source for variant in template.variants)
    return " ".join((template.id, template.topic, *texts, *template.examples)).casefold()


def _last_words(view: ConversationView) -> str:
    """Return what the customer wrote last and has not taken back."""
    written = (
        line.text for line in reversed(view.transcript) if line.author is Author.CUSTOMER and not line.deleted_at
    )
    return next((text for text in written if text.strip()), "")
