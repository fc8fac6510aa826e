"""Joins the pages, the guards and the channels' routes into one application."""

from __future__ import annotations

from aiohttp import web

from bot.web import assets, errors, security
from bot.web.attachments import Attachments
from bot.web.audit import AuditPages
from bot.web.clock_lives import ClockPages
from bot.web.desk import DeskPages
from bot.web.health import HealthPages
from bot.web.home import HomePage
from bot.web.live import Live
from bot.web.ops import OpsPages
from bot.web.pages import Pages
from bot.web.parts import WebParts
from bot.web.presence import PresencePages
from bot.web.sign_in import SignIn

__all__ = ["WebParts", "create_app"]


def create_app(parts: WebParts) -> web.Application:
    """Return the application, ready to be served. Starts nothing before it is."""
    files = assets.load()
    pages = Pages(files, brand_name=parts.brand_name)
    sessions = security.Sessions(secret=parts.secret, time=parts.time, public_url=parts.public_url)
    guard = security.Guard(sessions=sessions, accounts=parts.store, agent_of=parts.roster.of_account)
    live = Live(log=parts.store, time=parts.time, may_read=guard.is_signed_in)
    sign_in = SignIn(pages=pages, sessions=sessions, accounts=parts.store, time=parts.time, secret=parts.secret)
    app = web.Application(client_max_size=parts.max_body, middlewares=[errors.middleware(pages)])
    app.on_response_prepare.append(security.add_headers)
    app.cleanup_ctx.append(live.run)
    app.on_shutdown.append(live.end)
    app.add_routes(HomePage(pages=pages, guard=guard, health=parts.health).routes())
    app.add_routes(sign_in.routes())
    app.add_routes(DeskPages(pages=pages, desk=parts.desk, guard=guard, live=live).routes())
    app.add_routes(PresencePages(roster=parts.roster, guard=guard).routes())
    app.add_routes(AuditPages(pages=pages, parts=parts, guard=guard).routes())
    app.add_routes(Attachments(views=parts.store, files=parts.files, guard=guard).routes())
    app.add_routes(OpsPages(pages=pages, assets=files, parts=parts, guard=guard, live=live).routes())
    app.add_routes(ClockPages(pages=pages, parts=parts, guard=guard).routes())
    app.add_routes(HealthPages(parts).routes())
    app.add_routes(files.routes())
    app.add_routes(parts.channel_routes)
    return app
