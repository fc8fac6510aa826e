"""Telegram as a channel."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from aiohttp import web
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.api import LONG_POLL, OFFICIAL, BotApi
from bot.channels.telegram.files import fetch
from bot.channels.telegram.moves import Moves
from bot.channels.telegram.naming import Me
from bot.channels.telegram.parse import CHANNEL
from bot.channels.telegram.polling import STORE_TOPIC, Poller, waiting
from bot.channels.telegram.reception import Reception, Tally
from bot.channels.telegram.revising import Reviser
from bot.channels.telegram.sending import LARGEST_FILE, LONGEST_PART, PER_CHAT, PER_GROUP, Sender, topic_of
from bot.channels.telegram.trouble import Patience
from bot.channels.telegram.webhook import PATH, Webhook, WebhookDoor, WebhookKeeper
from bot.channels.text import LONGEST_TEXT
from bot.domain.messages import Address
from bot.domain.rooms import RoomRules
from bot.errors import StoreError
from bot.ports import Board, Bookmarks, Capabilities, Intake, TimeSource
from bot.records import Sending, Sent

__all__ = ["CAPABILITIES", "TelegramChannel", "Webhook"]

CAPABILITIES = Capabilities(
    name=CHANNEL,
    idempotent_sends=False,
    sees_edits=True,
    sees_deletions=False,
    edits_sends=True,
    deletes_sends=True,
    shows_typing=True,
    backfills=True,
    longest_text=LONGEST_TEXT,
    longest_part=LONGEST_PART,
    sends_at_once=16,
    per_place=PER_CHAT,
    per_room=PER_GROUP,
    per_account=timedelta(milliseconds=40),
    largest_file=LARGEST_FILE,
    instead={
        "idempotent_sends": "a text that may or may not have arrived goes to a human and is never sent again",
        "sees_deletions": "Telegram does not tell bots: what a customer takes back is answered all the same",
    },
)
AGAIN = timedelta(seconds=1)
#: Later than that it would be shown beside the answer itself.
TYPING_WITHIN = 3.0


class TelegramChannel:
    """Private chats, groups and topics. Updates are fetched, or brought if there is a webhook."""

    def __init__(
        self,
        *,
        token: str,
        rules: RoomRules,
        time: TimeSource,
        marks: Bookmarks,
        board: Board,
        api: str = OFFICIAL,
        webhook: Webhook | None = None,
        long_poll: timedelta = LONG_POLL,
    ) -> None:
        self._api = BotApi(token=token, api=api, long_poll=long_poll)
        self._rules = rules
        self._time = time
        self._board = board
        self._webhook = webhook
        self._moves = Moves(marks=marks, account=self._api.account)
        self._sender = Sender(api=self._api, moves=self._moves, time=time)
        self._reviser = Reviser(api=self._api, moves=self._moves, time=time)
        self._patience = Patience(board=board, time=time)
        self._door = WebhookDoor(secret=webhook.secret, board=board, time=time) if webhook else None
        self.tally = Tally()

    @property
    def capabilities(self) -> Capabilities:
        """Return what Telegram can do."""
        return CAPABILITIES

    def serves(self, channel: str) -> bool:
        """Tell whether this is Telegram's name."""
        return channel == CHANNEL

    def routes(self) -> list[web.RouteDef]:
        """Return where Telegram brings updates, nothing if they are fetched."""
        return [web.post(PATH, self._door.take)] if self._door is not None else []

    async def listen(self, intake: Intake) -> None:
        """Hand in what customers write, from where Telegram was last told that it has arrived."""
        async with self._api.open():
            await self._load_moves()
            me = await self._patience.until_well(self._me)
            reception = Reception(
                me=me, rules=self._rules, moves=self._moves, board=self._board, intake=intake, tally=self.tally
            )
            if self._webhook is None or self._door is None:
                await self._poller(reception).run()
            else:
                await self._keep(self._webhook, self._door, reception)

    async def send(self, sending: Sending) -> Sent:
        """Send one text, or change one, and return Telegram's time of its last part. Raises a SendError."""
        if sending.send.revises is not None:
            return await self._reviser.revise(sending)
        return await self._sender.send(sending)

    async def typing(self, address: Address) -> None:
        """Show for five seconds that an answer is being prepared; if that fails, nothing is lost."""
        async with self._api.open() as bot:
            with contextlib.suppress(TelegramError, KeyError):
                await bot.send_chat_action(
                    int(self._moves.now_at(address.place)),
                    ChatAction.TYPING,
                    message_thread_id=topic_of(address),
                    read_timeout=TYPING_WITHIN,
                )

    async def fetch(self, reference: str) -> bytes:
        """Return a file that a customer sent. Raises NotFound where Telegram does not give it."""
        return await fetch(self._api, reference)

    async def _load_moves(self) -> None:
        while True:
            try:
                return await self._moves.load()
            except StoreError as problem:
                self._board.tell(STORE_TOPIC, waiting(problem))
                await self._patience.pause(AGAIN)

    async def _me(self) -> Me:
        found = await self._api.bot.get_me()
        return Me(id=found.id, username=found.username or "")

    def _poller(self, reception: Reception) -> Poller:
        return Poller(
            api=self._api, reception=reception, patience=self._patience, board=self._board, time=self._time
        )

    async def _keep(self, webhook: Webhook, door: WebhookDoor, reception: Reception) -> None:
        keeper = WebhookKeeper(
            api=self._api, webhook=webhook, patience=self._patience, board=self._board, time=self._time
        )
        door.reception = reception
        try:
            await keeper.run()
        finally:
            door.reception = None
