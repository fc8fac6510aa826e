"""The assessor that runs on this machine: labels, language and nearest templates of each message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self, TypeVar

import numpy as np

from bot.domain.explanation import Explanation
from bot.domain.prediction import (
    SCORED_LABELS,
    UNDETERMINED,
    Assessment,
    Prediction,
    Versions,
    primary_label,
)
from bot.errors import ModelError
from models.encoder import Encoder, Reading, Vector
from models.explain import Measured, explain
from models.language import LanguageGuess
from models.manifest import SHIPPED
from models.normalise import clean, normalise, spell_emoji
from models.retrieval import EMPTY, TemplateIndex, build_index

Given = TypeVar("Given")
Result = TypeVar("Result")
#: A text, the language in which its writer usually writes, and whether it is addressed to the brand.
Asked = tuple[str, str, bool]

#: Messages that a thread takes at once. Each is read in a pass of its own; what goes before and after the passes
#: is done for a whole piece together, because a pass leaves nothing else in the processor's caches.
PIECE = 16

#: What every model is given before it may start.
_TRIAL = "hello, where is my order?"
_REMEDY = "run 'heed check', then reinstall Heed, make new weights with 'heed train' or name another model"


class Labeller(Protocol):
    """Gives labels a probability in the shipped model's stead, always or for one language.

    Used from several threads at once.
    """

    @property
    def version(self) -> str:
        """Name what labels with."""
        ...

    def probabilities(self, text: str) -> list[float]:
        """Return question's, complaint's and praise's probability, each in [0, 1], for a normalised text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A text before it is read: ``spoken`` is whose model reads it, ``ours`` whether that is the shipped one."""

    cleaned: str
    normalised: str
    language: str
    spoken: str
    ours: bool
    talk: bool


class LocalAssessor:
    """Assesses messages on a pool of threads, one message a pass, never on the event loop.

    An assessment depends on the message, the weights and the templates alone: not on what else is assessed
    with it. Any text is accepted; what cannot be read (nothing, only signs) is ``other``. A model whose numbers
    are none (not a number, infinite, no probability) raises ModelError: nothing is ever concluded from them.

    ``readers`` are models that read one language each, by its code. Of a message that one of them reads no
    template is near: the encoder, which finds them, does not know that language.
    """

    def __init__(
        self,
        encoder: Encoder,
        languages: LanguageGuess,
        pool: ThreadPoolExecutor,
        *,
        threads: int = 1,
        labeller: Labeller | None = None,
        readers: Mapping[str, Labeller] | None = None,
    ) -> None:
        self._encoder = encoder
        self._labeller = labeller
        self._readers = dict(readers or {})
        self._languages = languages
        self._pool = pool
        self._threads = threads
        calibration, talk = encoder.manifest.calibration, encoder.manifest.talk
        self._usual, self._talk = calibration.version, talk.version
        self._calibrations = {self._usual: calibration, self._talk: talk}
        self._index, self._made_with = EMPTY, self._versions(EMPTY)
        self._embedded: dict[str, Vector] = {}
        self._explaining = asyncio.Lock()

    @classmethod
    async def load(
        cls,
        *,
        folder: Path = SHIPPED,
        threads: int = 2,
        labeller: Labeller | None = None,
        readers: Mapping[str, Labeller] | None = None,
    ) -> Self:
        """Return an assessor with the weights in ``folder`` and ``threads`` workers.

        A ``labeller`` (see ``models.hub``) replaces the labels; embedding and language stay as they are.
        ``readers`` do so for the messages in their language.
        Raises ModelError naming the file and the remedy when weights are missing or damaged, and when what the
        model gives for a plain message is not what an assessment needs.
        """
        pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="assess")
        loop = asyncio.get_running_loop()
        try:
            languages = loop.run_in_executor(pool, LanguageGuess)
            encoder = await loop.run_in_executor(pool, Encoder, folder)
            loaded = cls(encoder, await languages, pool, threads=threads, labeller=labeller, readers=readers)
            await loop.run_in_executor(pool, loaded._try_out, folder)
        except BaseException:
            await asyncio.to_thread(pool.shutdown)
            raise
        return loaded

    @property
    def versions(self) -> Versions:
        """What an assessment made now is made with."""
        return self._made_with

    @property
    def templates(self) -> TemplateIndex:
        """The templates as they were last indexed."""
        return self._index

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> list[Assessment]:
        """Return one assessment for each text, in the order of ``texts``, all with the same templates.

        ``usual`` names the language in which each text's writer usually writes: its model reads the text if the
        text's own language cannot be told. Which are not ``addressed`` to the brand are talk in a room, and
        calibrated as such. Raises ModelError if the model fails at one of them; which of them it was shows when
        each comes alone.
        """
        index, versions = self._index, self._made_with
        languages, meant = usual or [UNDETERMINED] * len(texts), addressed or [True] * len(texts)
        asked = list(zip(texts, languages, meant, strict=True))
        size = max(1, min(PIECE, -(-len(asked) // self._threads)))
        pieces = [asked[start : start + size] for start in range(0, len(asked), size)]
        made = await self._side_by_side(lambda piece: self._assess(piece, index, versions), pieces)
        return [assessment for piece in made for assessment in piece]

    def assess_one(self, text: str, *, usual: str = UNDETERMINED, addressed: bool = True) -> Assessment:
        """Return the assessment of one text, on the thread that calls."""
        return self._assess([(text, usual, addressed)], self._index, self._made_with)[0]

    async def explain(self, text: str, *, usual: str = UNDETERMINED, addressed: bool = True) -> Explanation:
        """Return the assessment of a text with the words that mattered to it.

        Takes some forty passes: one text at a time, so that messages keep all threads but one.
        """
        index, versions = self._index, self._made_with
        async with self._explaining:
            loop = asyncio.get_running_loop()
            asked = (text, usual, addressed)
            return await loop.run_in_executor(self._pool, self._explain, asked, index, versions)

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Replace the templates, all at once: ``examples`` maps a template's name to messages it answers.

        Only examples that the last index did not have are embedded.
        """
        before = self._embedded
        wanted = {text for texts in examples.values() for text in texts}
        fresh = sorted(wanted - before.keys())
        vectors = dict(zip(fresh, await self._side_by_side(self._embed, fresh), strict=True))
        self._embedded = {text: before[text] for text in wanted & before.keys()} | vectors
        known = self._embedded
        loop = asyncio.get_running_loop()
        index = await loop.run_in_executor(self._pool, lambda: build_index(examples, known, version=version))
        self._index, self._made_with = index, self._versions(index)

    async def close(self) -> None:
        """Wait for what is being assessed and end the threads."""
        await asyncio.to_thread(self._pool.shutdown)

    async def _side_by_side(self, function: Callable[[Given], Result], pieces: Sequence[Given]) -> list[Result]:
        """Let each thread take the next piece until none is left: one hand-over a thread, not one a piece."""
        loop = asyncio.get_running_loop()
        results: dict[int, Result] = {}
        waiting = iter(enumerate(pieces))  # taking the next is one step of the interpreter: threads may share it

        def work() -> None:
            for number, piece in waiting:
                results[number] = function(piece)

        threads = min(self._threads, len(pieces))
        await asyncio.gather(*(loop.run_in_executor(self._pool, work) for _ in range(threads)))
        return [results[number] for number in range(len(pieces))]

    def _embed(self, text: str) -> Vector:
        return self._read(normalise(text)).embedding

    def _try_out(self, folder: Path) -> None:
        """Raise ModelError unless a plain message is understood: its labels and its numbers are sound."""
        try:
            shape = self._encoder.read(_TRIAL).logits.shape
            problem = "" if shape == (len(SCORED_LABELS),) else f"it gives logits of shape {list(shape)}"
            if not problem:
                self.assess_one(_TRIAL)
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever is wrong with a model, Heed must not start with it
            problem = str(error)
        if problem:
            wanted = ", ".join(SCORED_LABELS)
            raise ModelError(f"the model in {folder} cannot tell {wanted} of a message ({problem}): {_REMEDY}")
        for spoken, reader in self._readers.items():
            self._try_out_reader(spoken, reader)

    def _try_out_reader(self, spoken: str, reader: Labeller) -> None:
        try:
            _prediction(self._numbers(reader, _TRIAL), spoken)
        except ModelError:
            raise
        except Exception as error:  # as above
            wanted = ", ".join(SCORED_LABELS)
            raise ModelError(
                f"the model {reader.version} for {spoken!r} cannot tell {wanted} of a message ({error}): {_REMEDY}"
            ) from error

    def _read(self, normalised: str) -> Reading:
        return self._sound(self._encoder.read(normalised))

    def _sound(self, reading: Reading) -> Reading:
        if not (np.isfinite(reading.logits).all() and np.isfinite(reading.embedding).all()):
            raise ModelError(f"the model {self._made_with.model} gave numbers that are none: {_REMEDY}")
        return reading

    def _assess(self, asked: Sequence[Asked], index: TemplateIndex, versions: Versions) -> list[Assessment]:
        """Return the assessments of a few texts, step by step; one pass for each text."""
        looked_at = [self._look_at(*one) for one in asked]
        ids = [self._encoder.ids(one.normalised) if one.ours else None for one in looked_at]
        readings = [None if one is None else self._sound(self._encoder.pass_over(one)) for one in ids]
        return [
            self._assess_in(one, versions) if reading is None else self._made(one, reading, index, versions)
            for one, reading in zip(looked_at, readings, strict=True)
        ]

    def _look_at(self, text: str, usual: str, addressed: bool) -> LookedAt:
        """Return what is known of a text before it is read; emoji get names only for the shipped model."""
        cleaned = clean(text)
        language = self._languages.of(cleaned)
        spoken = usual if language == UNDETERMINED else language
        ours = spoken not in self._readers
        return LookedAt(
            cleaned=cleaned,
            normalised=spell_emoji(cleaned) if ours else "",
            language=language,
            spoken=spoken,
            ours=ours,
            talk=not addressed,
        )

    def _made(self, text: LookedAt, reading: Reading, index: TemplateIndex, versions: Versions) -> Assessment:
        if text.talk and self._labeller is None:
            versions = replace(versions, calibration=self._talk)
        probabilities = self._probabilities(text.normalised, reading, versions.calibration)
        return Assessment(
            prediction=_prediction(probabilities, text.language),
            candidates=index.nearest(reading.embedding, text.normalised) if text.normalised else (),
            versions=versions,
        )

    def _assess_in(self, text: LookedAt, versions: Versions) -> Assessment:
        """Let the model of a language read a message; emoji stay signs, for their names here are English."""
        reader = self._readers[text.spoken]
        probabilities = self._numbers(reader, text.cleaned)
        return Assessment(
            prediction=_prediction(probabilities, text.language, reader=text.spoken),
            candidates=(),
            versions=Versions(model=reader.version, calibration="none", templates=versions.templates),
        )

    def _explain(self, asked: Asked, index: TemplateIndex, versions: Versions) -> Explanation:
        [made] = self._assess([asked], index, versions)
        return explain(asked[0], made, lambda part: self._measure(part, made, index))

    def _measure(self, text: str, made: Assessment, index: TemplateIndex) -> Measured:
        if made.prediction.reader:
            numbers = self._numbers(self._readers[made.prediction.reader], clean(text))
            return Measured(probabilities=dict(zip(SCORED_LABELS, numbers, strict=True)), scores={})
        normalised = normalise(text)
        reading = self._read(normalised)
        numbers = self._probabilities(normalised, reading, made.versions.calibration)
        nearest = index.nearest(reading.embedding, normalised, count=len(index.names)) if normalised else ()
        return Measured(
            probabilities=dict(zip(SCORED_LABELS, numbers, strict=True)),
            scores={candidate.template: candidate.score for candidate in nearest},
        )

    def _probabilities(self, normalised: str, reading: Reading, calibration: str) -> Sequence[float]:
        if self._labeller is not None or not normalised:
            return self._numbers(self._labeller, normalised)
        return self._calibrations[calibration].probabilities(reading.logits.tolist())

    def _numbers(self, labeller: Labeller | None, text: str) -> Sequence[float]:
        """Return what somebody else's model gives for each label; nothing for a text without content."""
        if labeller is None or not text:
            return [0.0 for _ in SCORED_LABELS]
        given = labeller.probabilities(text)
        if not all(0.0 <= probability <= 1.0 for probability in given):  # false for what is not a number, too
            raise ModelError(f"the model {labeller.version} gave {given} as probabilities: {_REMEDY}")
        return given

    def _versions(self, index: TemplateIndex) -> Versions:
        shipped = self._encoder.manifest.version
        if self._labeller is not None:
            return Versions(
                model=f"{self._labeller.version}+{shipped}", calibration="none", templates=index.version
            )
        return Versions(model=shipped, calibration=self._usual, templates=index.version)


def _prediction(probabilities: Sequence[float], language: str, *, reader: str = "") -> Prediction:
    by_label = dict(zip(SCORED_LABELS, probabilities, strict=True))
    return Prediction(label=primary_label(by_label), probabilities=by_label, language=language, reader=reader)
