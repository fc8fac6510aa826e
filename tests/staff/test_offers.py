"""Templates as staff get them offered: found by what they are about, filled for the customer at hand."""

from __future__ import annotations

from bot.offers import TemplateOffers
from bot.records import ConversationView
from tests.scenarios.world import World, world


async def view_of(w: World, text: str) -> ConversationView:
    view = await w.store.view(await w.writes(text))
    assert view is not None
    return view


def offers(w: World) -> TemplateOffers:
    return TemplateOffers(brand=lambda: w.heed.brands.brand, assessor=w.model, time=w.time)


async def test_what_is_called_so_comes_before_what_only_mentions_it() -> None:
    async with world() as w:
        found = [offer.template for offer in offers(w).search("order", await view_of(w, "complaint"), limit=25)]
        called = [name for name in found if "order" in name]
        assert found[: len(called)] == called
        assert len(found) > len(called) > 3


async def test_all_words_must_be_there_and_an_empty_search_offers_everything() -> None:
    async with world() as w:
        view = await view_of(w, "complaint")
        assert offers(w).search("delivery cost nonsense", view, limit=25) == []
        [best, *_] = offers(w).search("Delivery COST", view, limit=25)
        assert best.template == "delivery-cost"
        assert len(offers(w).search("", view, limit=7)) == 7


async def test_an_offer_is_filled_as_this_customer_would_read_it() -> None:
    async with world() as w:
        filled = [offer.text for offer in offers(w).search("", await view_of(w, "complaint"), limit=25)]
        assert any("shop.example" in text for text in filled)  # the brand's website, as the settings say
        assert not any("{{" in text or "{%" in text for text in filled)


async def test_the_nearest_are_those_to_the_customers_last_words() -> None:
    async with world() as w:
        view = await view_of(w, "question delivery-cost how much is it")
        [offer] = await offers(w).nearest(view, limit=3)
        assert (offer.template, offer.score) == ("delivery-cost", 0.95)


async def test_who_said_nothing_that_is_left_gets_nothing_suggested() -> None:
    async with world() as w:
        view = await view_of(w, "complaint")
        await w.store.erase("room", "v1")
        erased = await w.store.view(view.conversation.id)
        assert erased is not None
        assert await offers(w).nearest(erased, limit=3) == ()
