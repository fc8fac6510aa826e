"""The one place that knows every part, and joins them: what the settings say becomes a running Heed."""

from __future__ import annotations

import asyncio
import os
import secrets as random_secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path

import structlog

from bot.domain.calendar import Calendar, read_zone
from bot.domain.decisions import Decision, Situation
from bot.domain.prediction import Assessment
from bot.engine.auditor import Auditor, Heartbeat
from bot.engine.board import NoticeBoard
from bot.engine.commands import StaffCommands
from bot.engine.delivery import AnswerFeed, Delivery, DeliveryLimits
from bot.engine.engine import Engine, Parts
from bot.engine.guard import GuardedAssessor
from bot.engine.intake import Intake
from bot.engine.limits import FloodGate
from bot.engine.presence import Presence
from bot.engine.road import Road
from bot.engine.time import SystemTime
from bot.engine.timekeeper import Timekeeper
from bot.engine.waiting import Waiting
from bot.engine.worker import Worker, WorkerLimits
from bot.errors import ModelError, SettingsError
from bot.ports import Assessor, Capabilities, Channel, EventLog, Store, TimeSource
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.rulebook import Hours, Rulebook
from bot.settings import Environment, LanguageModelSettings, Settings
from bot.stores.sqlite import SqliteStore
from handlers import Brand, Catalogue, CatalogueWatcher, Confidence, LanguageModel, decide, read_catalogue
from models.assessor import LocalAssessor
from models.hub import HubLabeller
from models.kept_thresholds import thresholds_of
from models.language import LANGUAGES
from models.manifest import SHIPPED

log = structlog.get_logger(__name__)

#: The sample brand's answers, used until the settings name a folder.
SAMPLE_TEMPLATES = Path(__file__).parent.parent / "handlers" / "templates"

#: Fewer characters than this can be guessed.
SHORTEST_SECRET = 16

#: Bytes of the key that Heed makes itself.
SHORTEST_KEY = 32

#: The classifier that comes with Heed, by name in the settings.
SHIPPED_CLASSIFIER = "shipped"

#: The languages that it reads, whatever it was trained on further.
SHIPPED_READS = frozenset({"en"})


class Brands:
    """The brand as its templates stand now. Templates are read again while Heed runs."""

    def __init__(self, settings: Settings, *, assessor: Assessor, store: Store) -> None:
        self._settings = settings
        self._assessor = assessor
        self._store = store
        self._folder = settings.templates or SAMPLE_TEMPLATES
        self._brand = brand_of(settings)
        self._watcher = CatalogueWatcher(
            self._folder, current=self._brand.catalogue, variables=self._brand.facts()
        )

    async def adopt(self) -> None:
        """Keep the present version of the templates and choose answers from it."""
        await self._adopt(self._brand.catalogue)

    async def refresh(self) -> None:
        """Look for changed templates; broken ones leave everything as it is, and are told once."""
        before = self._watcher.problem
        changed = await asyncio.to_thread(self._watcher.check)
        if changed is not None:
            await self._take(changed)
        elif self._watcher.problem not in {None, before}:
            log.warning("templates_broken", problem=self._watcher.problem)

    async def _take(self, changed: Catalogue) -> None:
        """Answer from these templates once they are kept and indexed; if that fails, try again."""
        try:
            await self._adopt(changed)
        except BaseException:
            self._watcher.forget()
            raise
        self._brand = replace(self._brand, catalogue=changed)
        log.info("templates_changed", version=changed.version)

    async def _adopt(self, catalogue: Catalogue) -> None:
        await self._store.keep_templates(catalogue.version, catalogue.sources)
        await self._assessor.index(catalogue.examples(), version=catalogue.version)

    @property
    def brand(self) -> Brand:
        """Return the brand as it answers now."""
        return self._brand

    def problem(self) -> str | None:
        """Return what is wrong with the files as they are now."""
        return self._watcher.problem

    def decide(self, text: str, assessment: Assessment | None, situation: Situation) -> Decision:
        """Return what the brand does about a message."""
        return decide(text=text, assessment=assessment, situation=situation, brand=self._brand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heed:
    """Everything of one process, joined."""

    settings: Settings
    store: Store
    time: TimeSource
    road: Road
    intake: Intake
    workers: Sequence[Worker]
    delivery: Delivery
    timekeeper: Timekeeper
    commands: StaffCommands
    feed: AnswerFeed
    engine: Engine
    brands: Brands
    presence: Presence
    calendar_of: Callable[[str], Calendar]
    capabilities_of: Callable[[str], Capabilities]
    channel_names: tuple[str, ...]


def brand_of(settings: Settings) -> Brand:
    """Return the brand that the settings describe. Raises TemplateError, SettingsError or ModelError."""
    return Brand(
        name=settings.brand.name,
        variables=settings.brand.variables,
        catalogue=read_catalogue(settings.templates or SAMPLE_TEMPLATES),
        confidence=confidence_of(settings),
        languages=languages_read(settings),
        language_models={
            language: LanguageModel(**one.confidence.model_dump())
            for language, one in settings.model.languages.items()
        },
        max_answer_age=settings.conversation.late_after,
    )


def languages_read(settings: Settings) -> frozenset[str]:
    """Return those of the brand's languages that the model for everything reads: the shipped one English alone.

    Of a classifier that the brand has named it is believed that it reads what the brand wants answered.
    """
    wanted = frozenset(settings.brand.languages) - settings.model.languages.keys()
    return wanted & SHIPPED_READS if settings.model.classifier == SHIPPED_CLASSIFIER else wanted


def confidence_of(settings: Settings) -> Confidence:
    """Return how sure the bot must be: as the settings say, else as was proved for the weights and the risk.

    Raises ModelError where the kept thresholds are damaged, or none is as careful as the brand wants it.
    """
    model = settings.model
    own = model.classifier == SHIPPED_CLASSIFIER
    proved = thresholds_of(model.weights or SHIPPED, risk=model.risk) if own else {}
    given = {name: value for name, value in model.confidence.model_dump().items() if value is not None}
    return Confidence(**{**proved, **given})


async def load_assessor(settings: Settings) -> LocalAssessor:
    """Load the model that the settings name. Raises ModelError naming the remedy."""
    model = settings.model
    labeller = None
    if model.classifier != SHIPPED_CLASSIFIER:
        labeller = await asyncio.to_thread(HubLabeller.load, model.classifier, labels=model.label_map)
    return await LocalAssessor.load(
        folder=model.weights or SHIPPED,
        threads=model.threads,
        labeller=labeller,
        readers=await _load_readers(model.languages),
    )


async def _load_readers(languages: Mapping[str, LanguageModelSettings]) -> dict[str, HubLabeller]:
    """Load the models of single languages, one after the other."""
    known = LANGUAGES.split()
    if unknown := sorted(languages.keys() - set(known)):
        raise ModelError(
            f"model.languages: {unknown[0]!r} is no language that Heed tells apart; known are {', '.join(known)}"
        )
    return {
        language: await asyncio.to_thread(HubLabeller.load, one.classifier, labels=one.label_map)
        for language, one in languages.items()
    }


async def open_store(
    settings: Settings, *, exclusive: bool = False, pulled: Callable[[str], bool] | None = None
) -> SqliteStore:
    """Open the store that the settings name, on the machine's own time. ``exclusive``: to run on it."""
    return await SqliteStore.open(
        settings.store.path,
        durability=settings.store.durability,
        exclusive=exclusive,
        reopen_window=settings.conversation.reopen_window,
        pulled=pulled or (lambda _channel: False),
        stamp=SystemTime().now,
    )


def brand_zone(settings: Settings) -> tzinfo:
    """Return the time zone in which the brand reads figures: its default calendar's, UTC without one."""
    named = settings.calendars.get(settings.calendar) if settings.calendar is not None else None
    return UTC if named is None else read_zone(named.zone)


async def open_reports(store: EventLog, settings: Settings, time: TimeSource) -> ReportService:
    """Open the read database beside the store whose log it reads."""
    path = settings.store.path.with_suffix(".reports.sqlite")
    return ReportService(store, await ReportDatabase.open(path), time=time)


def join(
    settings: Settings,
    *,
    store: Store,
    assessor: Assessor,
    channels: Sequence[Channel],
    time: TimeSource,
    board: NoticeBoard | None = None,
    heartbeat: Heartbeat | None = None,
    hours: Hours | None = None,
) -> Heed:
    """Join the parts that drive. Starts nothing. Without ``hours`` the settings may name no calendar."""
    board = board or NoticeBoard()
    book = hours.book if hours else Rulebook(settings, named={})
    guarded = GuardedAssessor(assessor, board=board)
    limits = settings.limits
    road = Road(store=store, rules=lambda: book.rules, time=time)
    brands = Brands(settings, assessor=assessor, store=store)
    capabilities_of = _capabilities(channels)
    commands = StaffCommands(store=store, road=road, time=time, revises=capabilities_of)
    delivery = Delivery(store=store, road=road, channels=channels, time=time, limits=DeliveryLimits())
    presence = Presence(store=store, channels=channels, time=time)
    timekeeper = Timekeeper(store=store, road=road, time=time)
    waiting = Waiting(log=store, rules=lambda: book.rules, time=time, zone=str(brand_zone(settings)))
    workers = [
        Worker(
            store=store,
            road=road,
            assessor=guarded,
            decide=brands.decide,
            time=time,
            owner=f"{os.getpid()}-{number}",
            limits=WorkerLimits(
                batch=limits.batch,
                late_after=settings.conversation.late_after,
                leaning=bool(settings.model.languages),
            ),
            preparing=presence.preparing,
            waiting=waiting,
        )
        for number in range(limits.workers)
    ]
    intake = Intake(
        store=store,
        time=time,
        assess_within=limits.assess_within,
        most_queued=limits.most_queued,
        flood=FloodGate(limits.messages_per_minute),
    )
    parts = Parts(
        store=store,
        time=time,
        intake=intake,
        workers=workers,
        delivery=delivery,
        timekeeper=timekeeper,
        auditor=Auditor(store=store, road=road, time=time, heartbeat=heartbeat),
        commands=commands,
        channels=channels,
        presence=presence,
        board=board,
        waiting=waiting,
        refresh=brands.refresh if hours is None else _both(brands.refresh, hours.refresh),
        problem=brands.problem,
    )
    return Heed(
        settings=settings,
        store=store,
        time=time,
        road=road,
        intake=intake,
        workers=workers,
        delivery=delivery,
        timekeeper=timekeeper,
        commands=commands,
        feed=AnswerFeed(store=store, road=road, time=time),
        engine=Engine(parts),
        brands=brands,
        presence=presence,
        calendar_of=book.calendar_of,
        capabilities_of=capabilities_of,
        channel_names=_open_names(settings, channels),
    )


def _open_names(settings: Settings, channels: Sequence[Channel]) -> tuple[str, ...]:
    """Return the names of the channels on which customers can write now."""
    closed = {
        "webchat": not settings.channels.webchat.enabled,
        "api": not settings.channels.api.enabled,
    }
    return tuple(each.capabilities.name for each in channels if not closed.get(each.capabilities.name, False))


def _capabilities(channels: Sequence[Channel]) -> Callable[[str], Capabilities]:
    """Return what tells what a channel can do; one that nobody serves can do nothing."""

    def of(name: str) -> Capabilities:
        found = next((channel for channel in channels if channel.serves(name)), None)
        return Capabilities(name=name) if found is None else found.capabilities

    return of


def _both(
    first: Callable[[], Awaitable[None]], second: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Return what does both; the second is done even where the first fails."""

    async def both() -> None:
        try:
            await first()
        finally:
            await second()

    return both


def read_secret(environment: Environment, settings: Settings) -> bytes:
    """Return the key that signs sessions and visitors: from the environment, else made once beside the store."""
    if environment.secret is not None:
        return _long_enough(environment.secret.get_secret_value()).encode()
    path = settings.store.path.parent / "secret"
    if not path.exists():
        _make_secret(path)
    secret = path.read_bytes()
    if len(secret) < SHORTEST_KEY:
        raise SettingsError(
            f"{path} holds {len(secret)} bytes and no key; delete it, and everybody signs in again"
        )
    return secret


def _make_secret(path: Path) -> None:
    """Write a new key, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(random_secrets.token_bytes(SHORTEST_KEY))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _long_enough(secret: str) -> str:
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"HEED_SECRET has {len(secret)} characters; take at least {SHORTEST_SECRET} random ones"
        )
    return secret
