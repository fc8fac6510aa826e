"""A Bot API server on loopback, as Telegram documents it: updates with offsets, webhooks, flood control."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from tests.channels.telegram.payloads import BOT, ME, group, message, private, supergroup, user
from tests.wire.telegram.faults import Cut, Fault, Refuse, cut, error, told
from tests.wire.telegram.shown import Refusal, Shown, check

TOKEN = f"{ME.id}:TEST-the_token-that-nobody-may-see"
#: Telegram's limits: so many messages within so many seconds, overall, to one chat, to one group.
OVERALL, ONE_CHAT, ONE_GROUP = (30, 1.0), (1, 1.0), (20, 60.0)
LARGEST_UPLOAD = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message of the bot's that has reached a chat: a text, or a file."""

    chat: int
    text: str
    number: int
    date: int
    parameters: dict[str, Any]
    file: Upload | None = None


class BotApiServer:
    """One bot's Telegram. People act by ``says``, ``edits``, ``migrates``, ``kicks`` and ``blocks``."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[Sent] = []
        self.shown = Shown()
        self.calls: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.typing: list[dict[str, Any]] = []
        self.waiting: deque[dict[str, Any]] = deque()
        self.offsets: list[int | None] = []
        self.webhook: dict[str, Any] = {}
        self.webhook_statuses: list[int] = []
        self.last_error: dict[str, Any] = {}
        self.bot = {**BOT, "can_join_groups": True, "can_read_all_group_messages": True}
        self.members: dict[int, str] = defaultdict(lambda: "member")
        self.chats: dict[int, dict[str, Any]] = {}
        self.limited = False
        self.outage = False
        self.revoked = False
        self.clock: Callable[[], float] = time.monotonic
        self.date: Callable[[], int] = lambda: int(time.time())
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._blocked: set[int] = set()
        self._moved: dict[int, int] = {}
        self._update = 1000
        self._numbers: Counter[int] = Counter()
        self._changed = asyncio.Event()
        self._poll = 0
        self._times: dict[object, deque[float]] = defaultdict(deque)
        self._allowed: list[str] = []

    # --- what people do

    def push(self, **said: Any) -> dict[str, Any]:
        """Let something happen: ``push(message={...})``."""
        self._update += 1
        happened = {"update_id": self._update, **said}
        if not self._allowed or said.keys() & {*self._allowed}:
            self.waiting.append(happened)
        self.stir()
        return happened

    def says(
        self, text: str | None = "Hello", *, by: dict[str, Any] | None = None, chat: dict[str, Any] | None = None,
        **content: Any,
    ) -> dict[str, Any]:  # fmt: skip
        by = by or user()
        chat = chat or private(by["id"], by["first_name"])
        words = {} if text is None else {"text": text}
        told = {"message_id": self._next_number(chat["id"]), "date": self.date(), **words, **content}
        return self.push(message=message(chat, by, **told))["message"]

    def edits(self, said: dict[str, Any], text: str) -> dict[str, Any]:
        return self.push(edited_message={**said, "text": text, "edit_date": self.date()})["edited_message"]

    def migrates(self, old: int) -> int:
        """Make a supergroup of a group; Telegram tells it in both."""
        new = -1000000000000 + old
        self._moved[old] = new
        self.says(None, chat=group(old), migrate_to_chat_id=new)
        self.says(None, chat=supergroup(new), migrate_from_chat_id=old)
        return new

    def moves_silently(self, old: int) -> int:
        """As ``migrates``, but the bot learns of it only when it sends."""
        self._moved[old] = -1000000000000 + old
        return self._moved[old]

    def kicks(self, chat: dict[str, Any], status: str = "kicked") -> None:
        self.members[chat["id"]] = status
        change = {"chat": chat, "from": user(2002, "Bo"), "date": self.date()}
        member = {"user": BOT, "status": status, "until_date": 0}
        self.push(
            my_chat_member={**change, "old_chat_member": {**member, "status": "member"}, "new_chat_member": member}
        )

    def blocks(self, who: int) -> None:
        self._blocked.add(who)

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method go wrong, each in its way."""
        self._faults[method].extend(faults)

    def stir(self) -> None:
        """Wake who waits for updates."""
        self._changed.set()
        self._changed = asyncio.Event()

    # --- the HTTP side

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls[method] += 1
        if self.outage:
            return cut(request)
        parameters = {**request.query, **(await _form(request))}
        fault = self._faults[method].popleft() if self._faults[method] else None
        if isinstance(fault, Cut) and not fault.after:
            return cut(request)
        if isinstance(fault, Refuse):
            return error(fault.status, fault.description, fault.parameters)
        try:
            self._check_token(request.match_info["token"])
            result = await self._carry_out(method, parameters)
        except Refusal as refusal:
            return error(refusal.status, refusal.description, refusal.parameters)
        return await told(request, result, fault)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Hand out the content of a file."""
        self._check_token(request.match_info["token"])
        return web.Response(body=self.files[request.match_info["name"]])

    def _file(self, file_id: str) -> dict[str, Any]:
        if file_id not in self.files:
            raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        told = {"file_id": file_id, "file_unique_id": file_id, "file_path": f"files/{file_id}"}
        return {**told, "file_size": len(self.files[file_id])}

    def _check_token(self, token: str) -> None:
        if self.revoked or token != TOKEN:
            raise Refusal(401, "Unauthorized")

    async def _carry_out(self, method: str, parameters: dict[str, Any]) -> Any:
        match method:
            case "getMe":
                return self.bot
            case "getUpdates":
                return await self._updates(parameters)
            case "sendMessage":
                return self._send(parameters)
            case "sendDocument":
                return self._send_files(parameters, [parameters["document"]])[0]
            case "sendMediaGroup":
                return self._send_files(parameters, _album(parameters))
            case "editMessageText":
                return self._edit(parameters)
            case "deleteMessage":
                chat, number = int(parameters["chat_id"]), int(parameters["message_id"])
                self.shown.delete(chat, number, now=self.date())
                return True
            case "sendChatAction":
                self.typing.append(parameters)
                return True
            case "getFile":
                return self._file(parameters["file_id"])
            case "setWebhook":
                self.webhook = parameters
                self._allowed = json.loads(parameters.get("allowed_updates", "[]"))
                self.stir()
                return True
            case "deleteWebhook":
                self.webhook = {}
                return True
            case "getWebhookInfo":
                told = {"url": self.webhook.get("url", ""), "has_custom_certificate": False}
                return {**told, "pending_update_count": len(self.waiting), **self.last_error}
            case "getChat":
                return self._chat(int(parameters["chat_id"]))
            case "getChatMember":
                status = self.members[int(parameters["chat_id"])]
                return {
                    "user": self.bot,
                    "status": status,
                    **(RIGHTS if status == "administrator" else {}),
                    **GONE,
                }
            case _:
                raise Refusal(404, "Not Found")

    async def _updates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(parameters["offset"]) if "offset" in parameters else None
        self.offsets.append(offset)
        self._allowed = json.loads(parameters.get("allowed_updates", "[]")) or self._allowed
        while offset is not None and self.waiting and self.waiting[0]["update_id"] < offset:
            self.waiting.popleft()
        self._poll += 1
        mine = self._poll
        self.stir()
        until = self.clock() + float(parameters.get("timeout", 0))
        while not self.waiting:
            left = until - self.clock()
            if left <= 0:
                return []
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()
            if self._poll != mine:
                raise Refusal(
                    409, "Conflict: terminated by other getUpdates request; make sure that only one runs"
                )
            if self.webhook:
                raise Refusal(409, "Conflict: terminated by setWebhook request")
            if self.outage:
                raise Refusal(502, "Bad Gateway")
        return list(self.waiting)[: int(parameters.get("limit", 100))]

    def _send(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat, text = int(parameters["chat_id"]), parameters.get("text", "")
        self._check_place(chat)
        check(text)
        if self.limited:
            self._check_flood(chat)
        return self._keep(chat, parameters, text=text)

    def _send_files(self, parameters: dict[str, Any], files: list[Upload]) -> list[dict[str, Any]]:
        """Take all of these, or none."""
        chat = int(parameters["chat_id"])
        self._check_place(chat)
        if any(not file.content or len(file.content) > LARGEST_UPLOAD for file in files):
            raise Refusal(400, "Bad Request: file must be non-empty")
        if self.limited:
            self._check_flood(chat)
        return [self._keep(chat, parameters, file=file) for file in files]

    def _keep(
        self, chat: int, parameters: dict[str, Any], *, text: str = "", file: Upload | None = None
    ) -> dict[str, Any]:
        number, date = self._next_number(chat), self.date()
        self.sent.append(Sent(chat=chat, text=text, number=number, date=date, parameters=parameters, file=file))
        self.shown.keep(
            chat, number, text, date=date, keyboard="reply_markup" in parameters, file=file.name if file else ""
        )
        told = self.told(chat, number, date, text)
        if file is None:
            return told
        document = {"file_id": f"f{number}", "file_unique_id": f"u{number}", "file_name": file.name}
        return {**told, "document": {**document, "file_size": len(file.content)}}

    def _check_place(self, chat: int) -> None:
        if chat in self._moved:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, told, migrate_to_chat_id=self._moved[chat])
        if chat in self._blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if self.members[chat] in {"kicked", "left"}:
            raise Refusal(403, "Forbidden: bot was kicked from the supergroup chat")

    def _edit(self, parameters: dict[str, Any]) -> dict[str, Any]:
        chat, number, text = int(parameters["chat_id"]), int(parameters["message_id"]), parameters.get("text", "")
        date = self.shown.edit(chat, number, text)
        return {**self.told(chat, number, date, text), "edit_date": self.date()}

    def told(self, chat: int, number: int, date: int, text: str) -> dict[str, Any]:
        place = private(chat) if chat > 0 else supergroup(chat)
        words = {"text": text} if text else {}
        return {"message_id": number, "from": BOT, "chat": place, "date": date, **words}

    def _check_flood(self, chat: int) -> None:
        rules = [("all", OVERALL), (chat, ONE_CHAT), *([(("group", chat), ONE_GROUP)] if chat < 0 else [])]
        now = self.clock()
        for key, (most, seconds) in rules:
            times = self._times[key]
            while times and now - times[0] >= seconds:
                times.popleft()
            if len(times) >= most:
                wait = int(seconds - (now - times[0])) + 1
                raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        for key, _ in rules:
            self._times[key].append(now)

    def _chat(self, chat: int) -> dict[str, Any]:
        if chat in self._moved:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, told, migrate_to_chat_id=self._moved[chat])
        if chat not in self.chats:
            raise Refusal(400, "Bad Request: chat not found")
        more = {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": GIFTS}
        return {**self.chats[chat], **more}

    def _next_number(self, chat: int) -> int:
        counted = chat if chat < -1000000000000 else 0  # supergroups count for themselves
        self._numbers[counted] += 1
        return self._numbers[counted]

    # --- the webhook

    async def deliver(self) -> None:
        """Bring updates to the webhook, the first again until it is taken."""
        async with aiohttp.ClientSession() as session:
            while True:
                changed = self._changed
                while self.webhook and self.waiting:
                    await self._bring(session)
                await changed.wait()

    async def _bring(self, session: aiohttp.ClientSession) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
        try:
            async with session.post(self.webhook["url"], json=self.waiting[0], headers=headers) as response:
                status = response.status
        except aiohttp.ClientError:
            status = 0
        self.webhook_statuses.append(status)
        if status == 200:
            self.waiting.popleft()
            return
        told = f"Wrong response from the webhook: {status}"
        self.last_error = {"last_error_date": self.date(), "last_error_message": told}
        await asyncio.sleep(0.02)


GIFTS = {
    "unlimited_gifts": True, "limited_gifts": True, "unique_gifts": True, "premium_subscription": True,
    "gifts_from_channels": True,
}  # fmt: skip
GONE = {"until_date": 0}
RIGHTS = dict.fromkeys(
    ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
     "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
     "can_edit_stories", "can_delete_stories"), True,
)  # fmt: skip


@contextlib.asynccontextmanager
async def bot_api_server() -> AsyncIterator[BotApiServer]:
    """Run one until the end of the block."""
    server = BotApiServer()
    app = web.Application(client_max_size=2 * LARGEST_UPLOAD)
    app.router.add_route("*", "/bot{token}/{method}", server.answer)
    app.router.add_get("/file/bot{token}/files/{name}", server.file)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    bringing = asyncio.create_task(server.deliver())
    try:
        yield server
    finally:
        bringing.cancel()
        await asyncio.gather(bringing, return_exceptions=True)
        await runner.cleanup()


async def _form(request: web.Request) -> dict[str, Any]:
    """Return what a request says, and its files."""
    return {
        name: value if isinstance(value, str) else Upload(name=value.filename, content=value.file.read())
        for name, value in (await request.post()).items()
        if not isinstance(value, bytes | bytearray)
    }


def _album(parameters: dict[str, Any]) -> list[Upload]:
    """Return the files of an album, 2 to 10 of one kind."""
    media = json.loads(parameters["media"])
    if not 2 <= len(media) <= 10 or {each["type"] for each in media} != {"document"}:
        raise Refusal(400, "Bad Request: wrong number or kinds of media in the album")
    return [parameters[each["media"].removeprefix("attach://")] for each in media]
