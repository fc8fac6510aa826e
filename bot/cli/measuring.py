"""``heed evaluate`` and ``heed thresholds``: how good the classifier is, and from where on it may act alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.words import aside, out, run_async, settings_now
from bot.errors import BadMessage
from bot.settings import Settings
from bot.wiring import SHIPPED_CLASSIFIER, confidence_of, load_assessor
from models.dataset import read_rows
from models.evaluate import Evaluation, evaluate
from models.evaluation_page import as_page
from models.evaluation_text import as_text
from models.judged import Judged, as_judged, read_judged
from models.kept_thresholds import RISKS, read_thresholds, write_thresholds
from models.manifest import SHIPPED
from models.outcomes import Outcomes, assessed, outcomes
from models.thresholds import Accepted, promise
from models.transcripts import Split

#: Of a brand's own conversations, one in so many settles what is tried; the others prove it.
PATH_SHARE = 5

Files = Annotated[list[Path] | None, typer.Argument(help="Files of JSON lines with text and labels.")]
Transcripts = Annotated[
    list[Path] | None,
    typer.Option("--transcripts", help="Files or folders where the texts of the readings lie."),
]
Weights = Annotated[
    Path | None, typer.Option("--weights", help="A folder that 'heed train' made; else the configured one.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="evaluate")(evaluate_model)
    app.command(name="thresholds")(choose_thresholds)


def evaluate_model(
    data: Files = None,
    *,
    readings: Annotated[
        str | None, typer.Option(help="Measure on messages read for Heed: test, threshold or choice.")
    ] = None,
    transcripts: Transcripts = None,
    weights: Weights = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page with plots to this file.")] = None,
) -> None:
    """Measure the configured model on labelled messages it was not trained on."""
    judged = _judged(data, readings, transcripts)
    settings = _with(settings_now(), weights)
    result = run_async(_evaluate(settings, judged))
    if page is not None:
        page.write_text(as_page(result, about=judged.found()), encoding="utf-8")
        aside.print(f"The page is in {page}.")
    out.print(result.to_json() if as_json else as_text(result))


def choose_thresholds(
    data: Files = None,
    *,
    transcripts: Transcripts = None,
    weights: Weights = None,
    risk: Annotated[float, typer.Option(help="Share of wrong automatic decisions that you accept.")] = 0.05,
    silence: Annotated[float, typer.Option(help="Share of questions and complaints left in silence.")] = 0.02,
    confidence: Annotated[float, typer.Option(help="How sure you want to be of both.")] = 0.9,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep them beside the weights, for other risks too.")
    ] = False,
) -> None:
    """Find out from where on the model may decide alone, and prove it on messages labelled by people.

    Takes a brand's own labelled messages, or the messages read for Heed with --transcripts.
    """
    settings = _with(settings_now(), weights)
    accepted = Accepted(risk=risk, silence=silence, confidence=confidence)
    path, proof = _path_and_proof(data, transcripts)
    if keep and not _own_labels(settings):
        raise BadMessage(f"--keep is for Heed's own weights; the labels come from {settings.model.classifier!r}")
    measured, proving = run_async(_outcomes(settings, path, proof))
    found = promise(measured, proving, accepted)
    out.print(found.to_text())
    if keep:
        others = [replace(accepted, risk=other) for other in RISKS if other != risk]
        kept = [found, *(promise(measured, proving, other) for other in others)]
        aside.print(f"The thresholds are in {write_thresholds(_folder(settings), kept)}.")


async def _evaluate(settings: Settings, judged: Judged) -> Evaluation:
    assessor = await load_assessor(settings)
    kept = read_thresholds(_folder(settings), risk=settings.model.risk) if _own_labels(settings) else None
    try:
        return await evaluate(
            assessor,
            judged.rows,
            groups=judged.groups,
            thresholds=_configured(settings),
            certainty=None if kept is None else kept.certainty,
        )
    finally:
        await assessor.close()


async def _outcomes(settings: Settings, path: Judged, proof: Judged) -> tuple[Outcomes, Outcomes]:
    assessor = await load_assessor(settings)

    async def read(judged: Judged) -> Outcomes:
        return outcomes(judged.rows, await assessed(assessor, judged.rows), judged.groups)

    try:
        return await read(path), await read(proof)
    finally:
        await assessor.close()


def _judged(data: list[Path] | None, readings: str | None, transcripts: list[Path] | None) -> Judged:
    if readings is not None:
        return _read(readings, transcripts)
    rows = list(read_rows(data or []))
    if not rows:
        raise BadMessage(f"there is no labelled message in {', '.join(map(str, data or [])) or 'no file'}")
    return as_judged(rows)


def _read(readings: str, transcripts: list[Path] | None) -> Judged:
    splits: Mapping[str, Split] = {"test": "test", "threshold": "threshold", "choice": "choice"}
    if readings not in splits:
        raise BadMessage(f"--readings is {readings!r}, wanted one of {', '.join(splits)}")
    if not transcripts:
        raise BadMessage("--readings needs --transcripts: the files or folders where the texts lie")
    judged = read_judged(transcripts, split=splits[readings])
    aside.print(judged.found())
    return judged


def _path_and_proof(data: list[Path] | None, transcripts: list[Path] | None) -> tuple[Judged, Judged]:
    """Return what settles which thresholds are tried, and what proves them: different conversations."""
    if transcripts:
        return _read("choice", transcripts), _read("threshold", transcripts)
    judged = _judged(data, None, None)
    return judged.where(_settles), judged.where(lambda group: not _settles(group))


def _settles(group: str) -> bool:
    return hashlib.sha256(f"path {group}".encode()).digest()[0] % PATH_SHARE == 0


def _with(settings: Settings, weights: Path | None) -> Settings:
    if weights is None:
        return settings
    return settings.model_copy(update={"model": settings.model.model_copy(update={"weights": weights})})


def _folder(settings: Settings) -> Path:
    return settings.model.weights or SHIPPED


def _own_labels(settings: Settings) -> bool:
    return settings.model.classifier == SHIPPED_CLASSIFIER


def _configured(settings: Settings) -> Mapping[str, float]:
    chosen = confidence_of(settings)
    return {
        "question": chosen.question,
        "complaint": chosen.complaint,
        "praise": chosen.praise,
        "other": chosen.other,
    }
