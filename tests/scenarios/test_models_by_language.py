"""A whole Heed with a model for German: what a German writes, however short, is judged by no other model."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.messages import ConversationId
from bot.domain.prediction import Assessment
from bot.settings import Settings
from tests.scenarios.world import World, reading, sample, world

GERMAN = {"classifier": "some/german-model", "label_map": {"LABEL_0": "complaint"}, "confidence": {"other": 0.95}}


def with_german() -> Settings:
    settings = sample().model_dump()
    return Settings.model_validate({**settings, "model": {"languages": {"de": GERMAN}}})


def bilingual(text: str) -> Assessment:
    """Read a text as an assessor with a German model would that was told nothing of the writer."""
    made = reading(text)
    language = "de" if text.endswith("auf deutsch") else "und"
    return replace(
        made, prediction=replace(made.prediction, language=language, reader="de" if language == "de" else "")
    )


async def last_reason(here: World, conversation: ConversationId) -> str:
    view = await here.store.view(conversation)
    assert view is not None
    decision = view.decisions[-1].decision
    assert decision is not None
    return decision.reason.value


async def test_the_model_is_told_how_each_writer_usually_writes() -> None:
    async with world(with_german()) as here:
        here.model.read = bilingual
        await here.writes("complaint auf deutsch", who="v1")
        await here.arrives("ok", who="v1")
        await here.arrives("ok", who="v2")
        await here.settle()
        assert here.model.usual == [["und"], ["de", "und"]]


async def test_a_short_text_of_a_german_that_another_model_read_goes_to_a_human() -> None:
    async with world(with_german()) as here:
        here.model.read = bilingual
        german = await here.writes("chatter auf deutsch", who="v1")
        assert await last_reason(here, german) == "chatter"
        await here.writes("chatter", who="v1")
        assert await last_reason(here, german) == "language"
        somebody = await here.writes("chatter", who="v2")
        assert await last_reason(here, somebody) == "chatter"


async def test_without_such_models_nobody_looks_up_how_a_writer_usually_writes() -> None:
    async with world() as here:
        await here.writes("complaint here")
        assert here.model.usual == [None]
