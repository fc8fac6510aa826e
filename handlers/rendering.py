"""From a template to the text that is sent."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.decisions import Rendered, Situation
from handlers.template import Template
from handlers.texts import Scalar
from handlers.waiting import waiting_of


def render(
    template: Template,
    *,
    situation: Situation,
    variables: Mapping[str, Scalar],
    language: str | None = None,
    seed: str = "",
) -> Rendered:
    """Return the text for this situation; the same arguments always give the same text.

    ``language`` is the message's own where it is known, else the customer's usual one. ``variables`` must
    have passed ``Catalogue.check``. Of the wait for a person the text speaks in its own language, whatever the
    customer's is.
    """
    variant = template.variant(
        language=language or situation.usual_language,
        channel=situation.channel,
        seed=seed,
    )
    text = variant.text.render(
        brand=variables,
        customer_name=situation.customer_name,
        channel=situation.channel,
        waiting=waiting_of(situation, variant.language),
    )
    return Rendered(
        text=text,
        template=template.id,
        wording=template.kind.wording,
        quick_replies=variant.quick_replies,
    )
