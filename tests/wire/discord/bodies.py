"""What comes with a request: JSON, or a form whose one part is JSON and whose other parts are files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from tests.wire.discord.payloads import Problem, malformed

#: Bytes of all files in one request, as for a guild without boosts.
LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was sent along."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The JSON, and the files by the number of their part (``files[0]`` is 0)."""

    content: Any
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """Return the JSON, which must be an object. Raises Problem."""
        if not isinstance(self.content, dict):
            raise malformed()
        return self.content


async def read(request: web.Request) -> Form:
    """Return what was sent. Raises Problem."""
    try:
        if request.content_type != "multipart/form-data":
            return Form(content=await request.json())
        parts = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, 40005, "Request entity too large") from None
    except ValueError:
        raise Problem(400, 50109, "The request body contains invalid JSON.") from None
    return Form(
        content=json.loads(str(parts["payload_json"])),
        uploads={name[6:-1]: _upload(part) for name, part in parts.items() if isinstance(part, FileField)},
    )


def _upload(part: FileField) -> Upload:
    with part.file as file:
        return Upload(name=part.filename, kind=part.content_type, content=file.read())
