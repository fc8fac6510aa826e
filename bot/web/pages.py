"""HTML pages from templates, every value escaped."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web.assets import Assets


class Pages:
    """Renders the templates that lie beside this module."""

    def __init__(self, assets: Assets, *, brand_name: str) -> None:
        loader = FileSystemLoader(Path(__file__).parent / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals.update(brand=brand_name, asset=assets.url)

    def render(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """Return a page. ``status`` is known to the template, too."""
        text = self._templates.get_template(template).render(status=status, **values)
        return web.Response(text=text, status=status, content_type="text/html")
