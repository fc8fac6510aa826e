"""One process that serves: from opening the store to the last request, and a clean end on Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import structlog
from aiohttp import web
from pydantic import SecretStr

from bot.channels.api.channel import ApiChannel
from bot.channels.api.routes import ApiParts, api_routes
from bot.channels.api.webhook import Secret, Webhook
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChat
from bot.channels.webchat.chat import Chat, ChatParts
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.page import Look
from bot.channels.webchat.visitors import Visitors
from bot.desk.web import WebDesk
from bot.desks import DeskParts, counter_of, discord_desk, web_desk
from bot.domain.roles import Role
from bot.engine.auditor import Heartbeat
from bot.engine.board import NoticeBoard
from bot.engine.holders import Holders
from bot.engine.time import SystemTime
from bot.errors import NotFound, SettingsError
from bot.platforms import discord_channel, telegram_channel
from bot.ports import ENCLOSED, Channel, DeliveryMode, Desk, Enclosures, Fetch
from bot.reports.explain import lives
from bot.reports.service import ReportService
from bot.rulebook import Hours
from bot.settings import Environment, Settings
from bot.staff import Directory, Staff
from bot.web.app import create_app
from bot.web.parts import WebParts
from bot.web.sign_in import one_time_link
from bot.wiring import Heed, brand_zone, join, load_assessor, open_reports, open_store, read_secret

log = structlog.get_logger(__name__)

#: Who the sign-in link that ``heed run`` prints is for.
FIRST_USER = "owner"

#: How long open requests may take to finish when Heed stops.
GRACE_SECONDS = 2.0
GRACE = timedelta(seconds=GRACE_SECONDS)

HEARTBEAT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where people reach what has been started."""

    chat: str
    desk: str
    operations: str
    api: str
    platforms: tuple[str, ...] = ()


async def serve(settings: Settings, environment: Environment, announce: Callable[[Addresses], None]) -> None:
    """Run everything in this process until it is told to stop. ``announce`` is called once it answers.

    Raises StoreInUse, ModelError, TemplateError or SettingsError when it cannot start.
    """
    time = SystemTime()
    async with AsyncExitStack() as stack:
        api = await _api_channel(stack, settings, environment, time)
        pulled = api.serves if api.capabilities.mode is DeliveryMode.PULL else (lambda _channel: False)
        store = await open_store(settings, exclusive=True, pulled=pulled)
        stack.push_async_callback(store.close)
        assessor = await load_assessor(settings)
        stack.push_async_callback(assessor.close)
        secret = read_secret(environment, settings)
        board = NoticeBoard()
        discord = discord_channel(settings, environment, time=time, marks=store, board=board)
        telegram = telegram_channel(settings, environment, time=time, marks=store, board=board, secret=secret)
        platforms: list[Channel] = [each for each in (discord, telegram) if each is not None]
        names = tuple(each.capabilities.name.capitalize() for each in platforms)
        heed = join(
            settings,
            store=store,
            assessor=assessor,
            channels=[WebChat(time=time), api, *platforms],
            time=time,
            board=board,
            heartbeat=_heartbeat(settings),
            hours=await Hours.open(settings, store=store, board=board, time=time),
        )
        await heed.brands.adopt()
        files: dict[str, Fetch] = {
            each.capabilities.name: each.fetch for each in (discord, telegram) if each is not None
        }
        files[ENCLOSED] = fetch_enclosed(store)
        staff = Staff(Directory(settings), accounts=store, log=store, time=time)
        counter = counter_of(heed, assessor, staff)
        desk = web_desk(heed, counter, explain=assessor.explain)
        holders = Holders(store=store, commands=heed.commands, agent=staff.agent, time=time)
        reports = await open_reports(store, settings, time)
        stack.push_async_callback(reports.close)
        chat = _chat(heed, environment, secret) if settings.channels.webchat.enabled else None
        app = application(
            heed,
            desk=desk,
            staff=staff,
            api=api,
            chat=chat,
            telegram=telegram,
            files=files,
            reports=reports,
            environment=environment,
            secret=secret,
        )
        port = await _listen(stack, app, environment)
        gc.freeze()  # what was loaded stays: collecting must not look through it again
        parts = DeskParts(
            heed=heed, counter=counter, staff=staff, board=board, files=files, environment=environment
        )
        in_discord = discord_desk(parts, discord) if discord is not None else None
        desks: list[Desk] = [desk, *([in_discord] if in_discord is not None else [])]
        loops = [heed.engine.run(), reports.run(), holders.run(), *([chat.run()] if chat else [])]
        loops += [each.run() for each in desks]
        await _until_stopped(
            loops,
            lambda: announce(replace(_addresses(port, environment, secret, time), platforms=names)),
            lambda: heed.engine.stop(GRACE),
        )


async def _until_stopped(
    loops: Sequence[Coroutine[None, None, None]],
    started: Callable[[], None],
    finish: Callable[[], Awaitable[None]],
) -> None:
    """Run the loops until Ctrl-C or SIGTERM; if one ends by itself, everything ends with its error."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(loop) for loop in loops]
        told = _on_stop()  # before anybody learns that Heed runs, and may end it
        started()
        await told.wait()
        log.info("stopping")
        await finish()
        for task in running:
            task.cancel()


def fetch_enclosed(store: Enclosures) -> Fetch:
    """Return what fetches files that staff sent along."""

    async def fetch(reference: str) -> bytes:
        found = await store.enclosure(reference)
        if found is None:
            raise NotFound("This file is not kept any more.")
        return found.content

    return fetch


def _chat(heed: Heed, environment: Environment, secret: bytes) -> Chat:
    own = environment.public_url.rstrip("/") or None
    words = heed.settings.channels.webchat
    return Chat(
        ChatParts(
            intake=heed.intake,
            views=heed.store,
            log=heed.store,
            time=heed.time,
            visitors=Visitors(secret=secret.hex(), identity_secret=_text(environment.identity_secret)),
            origins=Origins(heed.settings.channels.webchat.origins, own=own),
            look=Look(
                brand=heed.settings.brand.name,
                greeting=words.greeting,
                introduction=words.introduction,
                suggestions=words.suggestions,
            ),
            enclosures=heed.store,
        )
    )


def application(
    heed: Heed,
    *,
    desk: WebDesk,
    staff: Staff,
    api: ApiChannel,
    chat: Chat | None,
    telegram: TelegramChannel | None,
    files: Mapping[str, Fetch],
    reports: ReportService,
    environment: Environment,
    secret: bytes,
) -> web.Application:
    """Return all pages and routes of one process over its joined parts. Serves nothing yet."""
    store, time, settings = heed.store, heed.time, heed.settings
    zone = brand_zone(settings)
    routes: list[web.AbstractRouteDef] = [*chat.routes()] if chat else []
    routes += telegram.routes() if telegram else []
    if settings.channels.api.enabled:
        routes += api_routes(
            ApiParts(
                channel=api,
                intake=heed.intake,
                commands=heed.commands,
                feed=heed.feed,
                views=store,
                log=store,
                accounts=store,
                time=time,
                token=_text(environment.api_token),
                calendar_of=heed.calendar_of,
                enclosures=store,
                teams=staff.directory.teams,
            )
        )
    app = create_app(
        WebParts(
            store=store,
            desk=desk,
            roster=staff,
            commands=heed.commands,
            health=heed.engine,
            reports=reports,
            time=time,
            secret=secret,
            brand_name=settings.brand.name,
            public_url=_public_url(environment, environment.port),
            channel_routes=routes,
            files=files,
            metrics_token=_text(environment.metrics_token),
            lives=lambda conversation: lives(store, conversation, now=time.now(), zone=zone),
            zone=zone,
        )
    )
    app.on_shutdown.append(lambda _app: api.close())
    if chat is not None:
        app.on_shutdown.append(lambda _app: chat.close())
    return app


async def _api_channel(
    stack: AsyncExitStack, settings: Settings, environment: Environment, time: SystemTime
) -> ApiChannel:
    address = settings.channels.api.webhook
    if not address:
        return ApiChannel()
    secret = _text(environment.webhook_secret)
    if secret is None:
        raise SettingsError(
            "channels.api.webhook is set but HEED_WEBHOOK_SECRET is not: "
            "put the secret that you share with the receiver into the environment, as whsec_ and base64"
        )
    session = await stack.enter_async_context(aiohttp.ClientSession())
    return ApiChannel(webhook=Webhook(url=address, secret=Secret(secret), session=session, time=time))


def _heartbeat(settings: Settings) -> Heartbeat | None:
    address = settings.operations.heartbeat
    if not address:
        return None

    async def ping() -> None:
        timeout = aiohttp.ClientTimeout(total=HEARTBEAT_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(address) as response:
                if response.status >= 400:
                    log.warning("heartbeat_refused", status=response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("heartbeat_failed", why=repr(error))

    return ping


async def _listen(stack: AsyncExitStack, app: web.Application, environment: Environment) -> int:
    """Open the port and return its number. Raises SettingsError if it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, environment.host, environment.port)
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(
            f"PORT={environment.port}: {environment.host} cannot be listened on "
            f"({os.strerror(error.errno or 0).lower()}); choose another with PORT"
        ) from None
    port: int = runner.addresses[0][1]
    return port


def _public_url(environment: Environment, port: int) -> str:
    if environment.public_url:
        return environment.public_url.rstrip("/")
    host = "127.0.0.1" if environment.host in {"0.0.0.0", "::"} else environment.host  # noqa: S104  # compared only
    return f"http://{host}:{port}"


def _addresses(port: int, environment: Environment, secret: bytes, time: SystemTime) -> Addresses:
    base = _public_url(environment, port)
    return Addresses(
        chat=f"{base}/chat",
        desk=one_time_link(secret, base, FIRST_USER, Role.ADMIN, now=time.now()),
        operations=f"{base}/ops",
        api=f"{base}/api/v1/openapi.json",
    )


def _on_stop() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set from now on."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, told.set)
    return told


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
