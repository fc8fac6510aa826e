"""From the settings to the domain's rules: policies, routes and calendars, checked against each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot.calendars import CalendarWatcher, read_calendars
from bot.domain.calendar import BusinessCalendar, Calendar, read_calendar
from bot.domain.conversation import Rules
from bot.domain.policies import CRITERIA, Match, Policy, Route, tied
from bot.errors import SettingsError
from bot.ports import Board, Store, TimeSource
from bot.settings import ConversationSettings, MatchSettings, PolicySettings, RouteSettings, Settings

_FIELDS = ("team", "priority", "tier")

Named = Mapping[str, BusinessCalendar]

#: Under which topic operations read of calendars' files.
TOPIC = "calendars"

#: From where on a target is tried out.
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)

#: Which part of a claim is left when its holder is told, where it is too short for the usual time.
_NOTICE_PART = 6

#: What matches every conversation.
EVERYTHING = Match()

log = structlog.get_logger(__name__)


class Rulebook:
    """The rules as they stand now. They change while Heed runs when a calendar's file does."""

    def __init__(self, settings: Settings, *, named: Named, kept: Sequence[BusinessCalendar] = ()) -> None:
        self._settings = settings
        self._known = {calendar.id: calendar for calendar in kept}
        self.rules = Rules()
        self.adopt(named)

    def calendar_of(self, name: str) -> Calendar:
        """Return a calendar by its id, as the rules stand now."""
        return self.rules.calendar_of(name)

    def adopt(self, named: Named) -> None:
        """Let new clocks count by these calendars; running clocks keep theirs."""
        self._known |= {calendar.id: calendar for calendar in named.values()}
        self.rules = rules_of(self._settings, named=named, known=self._known)

    def learn(self, calendars: Iterable[BusinessCalendar]) -> None:
        """Let clocks that name these calendars count by them; new clocks count as before."""
        self._known |= {calendar.id: calendar for calendar in calendars}
        self.rules = replace(self.rules, calendars=dict(self._known))


class Hours:
    """Keeps the rulebook's calendars as their files are, and every one of them in the store.

    Clocks that run name a calendar by its id, so each one that was ever adopted can be read again.
    """

    def __init__(
        self, book: Rulebook, watcher: CalendarWatcher, *, store: Store, board: Board, time: TimeSource
    ) -> None:
        self.book = book
        self._watcher = watcher
        self._store = store
        self._board = board
        self._time = time

    @classmethod
    async def open(
        cls, settings: Settings, *, store: Store, board: Board, time: TimeSource, copies: bool = True
    ) -> Hours:
        """Read the calendars and keep them. Raises SettingsError for one that cannot be used.

        Without ``copies`` the last good ones of the calendars' files are neither used nor kept.
        """
        kept = copies_of(settings) if copies else None
        current = await asyncio.to_thread(read_calendars, settings, kept, today=time.now().date())
        earlier = [read_calendar(source) for source in (await store.calendars()).values()]
        book = Rulebook(settings, named=current.by_name, kept=earlier)
        watcher = CalendarWatcher(settings, kept, current=current, today=lambda: time.now().astimezone(UTC).date())
        hours = cls(book, watcher, store=store, board=board, time=time)
        await hours._keep(current.by_name)
        hours._tell()
        return hours

    async def refresh(self) -> None:
        """Look for changed files; new clocks count by what they say now, and those of others by their own."""
        await self._learn()
        changed = await asyncio.to_thread(self._watcher.check)
        self._tell()
        if changed is not None:
            await self._adopt(changed)

    async def _learn(self) -> None:
        """Take in what another process has kept here: a clock that counts by it may be ours next."""
        known = self.book.rules.calendars
        kept = await self._store.calendars()
        if fresh := [read_calendar(source) for name, source in kept.items() if name not in known]:
            self.book.learn(fresh)

    async def _adopt(self, changed: Named) -> None:
        try:
            await self._keep(changed)
        except BaseException:
            self._watcher.forget()
            raise
        self.book.adopt(changed)
        log.info("calendars_changed", calendars=sorted(calendar.id for calendar in changed.values()))

    async def _keep(self, named: Named) -> None:
        for calendar in named.values():
            await self._store.keep_calendar(calendar.id, calendar.source(), at=self._time.now())

    def _tell(self) -> None:
        if self._watcher.problem is None:
            self._board.clear(TOPIC)
        else:
            self._board.tell(TOPIC, f"Calendars: {self._watcher.problem}")


def copies_of(settings: Settings) -> Path:
    """Return the folder with the last good copies of the calendars' files."""
    return settings.store.path.parent / "calendars"


def rules_of(settings: Settings, *, named: Named, known: Mapping[str, BusinessCalendar] | None = None) -> Rules:
    """Return the rules that the settings describe.

    ``named`` are the calendars as the settings name them, ``known`` all that a clock may still name, by id.
    Raises SettingsError for a calendar that is not there, two policies of one name, and two that match equally.
    """
    conversation = settings.conversation
    special = (_policy(policy, named, _match(policy.when)) for policy in settings.policies)
    policies = (_policy(settings.policy, named), *special)
    _check(policies)
    calendars = dict(known or {calendar.id: calendar for calendar in named.values()})
    _check_targets(policies, calendars, default=_id(settings.calendar, named, where="calendar"))
    return Rules(
        policies=policies,
        routes=tuple(_route(route) for route in settings.routes),
        calendars=calendars,
        calendar=_id(settings.calendar, named, where="calendar"),
        silence_resolves_after=conversation.silence_resolves_after,
        reopen_window=conversation.reopen_window,
        claim_lifetime=conversation.claim_lifetime,
        claim_notice=_claim_notice(conversation),
        send_within=conversation.send_within,
    )


def _claim_notice(conversation: ConversationSettings) -> timedelta:
    """Return how long before a claim ends its holder is told: the usual time would not fit into a short claim."""
    if conversation.claim_notice < conversation.claim_lifetime:
        return conversation.claim_notice
    return conversation.claim_lifetime / _NOTICE_PART


def _check(policies: Sequence[Policy]) -> None:
    names = [policy.name for policy in policies]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"policies: the name {twice!r} stands there twice; each policy has its own")
    if both := tied(policies):
        first, second = both
        raise SettingsError(
            f"policies: {first.name!r} ({_said(first.match)}) and {second.name!r} ({_said(second.match)}) match "
            f"the same conversations equally; give one of them a further criterion, or add one for what both match"
        )


def _check_targets(policies: Sequence[Policy], calendars: Mapping[str, BusinessCalendar], *, default: str) -> None:
    """Refuse a target that a calendar's few hours do not hold within the years that it can count."""
    for policy in policies:
        calendar = calendars.get(policy.calendar or default)
        for metric, target in policy.targets.items():
            try:
                _ = calendar and calendar.add(_SOME_DAY, target)
            except SettingsError as error:
                raise SettingsError(f"policy {policy.name!r}, {metric.value}: {error}") from None


def _said(match: Match) -> str:
    told = "; ".join(f"{criterion}: {', '.join(values)}" for criterion, values in match.among.items())
    return told or "every conversation"


def _policy(settings: PolicySettings, named: Named, match: Match = EVERYTHING) -> Policy:
    return Policy(
        name=settings.name,
        targets=settings.targets,
        shares=settings.warn_at,
        match=match,
        calendar=_id(settings.calendar, named, where=f"policy {settings.name!r}"),
    )


def _route(settings: RouteSettings) -> Route:
    fields = {name: value for name in _FIELDS if (value := getattr(settings, name))}
    return Route(match=_match(settings.when), fields=fields)


def _match(settings: MatchSettings) -> Match:
    return Match(among={name: values for name in CRITERIA if (values := getattr(settings, name))})


def _id(name: str | None, named: Named, *, where: str) -> str:
    """Return the id of a calendar by name, "" for none. Raises SettingsError, saying where, if it is not there."""
    if name is None:
        return ""
    if name not in named:
        known = ", ".join(sorted(named)) or "none"
        raise SettingsError(f"{where}: there is no calendar {name!r} under 'calendars'; known are {known}")
    return named[name].id
