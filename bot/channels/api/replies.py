"""Replies of humans through another system: recorded if they have reached the customer, else sent by Heed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from bot.channels.api.bodies import ReplyAccepted, ReplyIn
from bot.channels.api.names import ChannelNames
from bot.channels.api.parse import delivered_reply
from bot.channels.text import clean_id, clean_text, shortened
from bot.domain.events import Reply
from bot.domain.messages import AgentId, Author, ConversationId
from bot.domain.roles import Agent, Role
from bot.errors import Conflict, NotFound
from bot.ports import Accounts, Commands, Intake, TimeSource, Views
from bot.records import ConversationView, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Takes replies. The same id again gives the same answer, whichever way the reply went."""

    names: ChannelNames
    intake: Intake
    commands: Commands
    views: Views
    accounts: Accounts
    time: TimeSource
    _turns: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    async def take(self, conversation: ConversationId, reply: ReplyIn) -> ReplyAccepted:
        """Record or send a reply. Raises NotFound, or Conflict with the reason of a refusal."""
        view = await self.views.view(conversation)
        if view is None:
            raise NotFound(f"conversation: {shortened(conversation)} is not known")
        delivered = reply.delivered
        if delivered is None:  # a channel of the API has its own way to the customer
            delivered = self.names.serves(view.conversation.address.channel)
        if delivered:
            await self._record(view, reply)
        else:
            await self._send_once(conversation, reply)
        return ReplyAccepted(conversation=conversation, delivered=delivered, id=reply.id)

    async def _record(self, view: ConversationView, reply: ReplyIn) -> None:
        conversation = view.conversation
        [receipt] = await self.intake(
            [
                delivered_reply(
                    reply,
                    own_id=uuid4().hex if reply.id is None else reply.id,
                    channel=conversation.address.channel,
                    conversation=conversation.id,
                    arrived_at=self.time.now(),
                )
            ]
        )
        if receipt.outcome is Outcome.NOT_FOUND:
            raise NotFound(f"conversation: {shortened(conversation.id)} is not known")
        if receipt.outcome is Outcome.CONFLICT:
            raise _conflict(reply.id or "")

    async def _send_once(self, conversation: ConversationId, reply: ReplyIn) -> None:
        if reply.id is None:
            await self._send(conversation, reply)
            return
        clean_id(reply.agent, field="agent")
        key = f"reply:{conversation}:{clean_id(reply.id, field='id')}"
        async with self._turn(key):
            if not await self._seen(key, conversation, reply):
                await self._send(conversation, reply)

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """Let two deliveries of one reply pass one after the other."""
        turn, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (turn, waiting + 1)
        try:
            async with turn:
                yield
        finally:
            turn, waiting = self._turns.pop(key)
            if waiting > 1:
                self._turns[key] = (turn, waiting - 1)

    async def _seen(self, key: str, conversation: ConversationId, reply: ReplyIn) -> bool:
        """Tell whether this reply was sent before. Raises Conflict for a known id with another text.

        Only the transcript proves that it was: a process may have ended between using the key and sending.
        """
        now = self.time.now()
        new_content = await self.accounts.redeem(f"{key}:{_digest(reply)}", now=now)
        new_id = await self.accounts.redeem(key, now=now)
        if new_content and new_id:
            return False
        if new_content:
            raise _conflict(reply.id or "")
        return await self._in_transcript(conversation, reply)

    async def _in_transcript(self, conversation: ConversationId, reply: ReplyIn) -> bool:
        view = await self.views.view(conversation)
        text = clean_text(reply.text)
        return view is not None and any(
            entry.author is Author.AGENT and entry.agent == reply.agent and entry.text == text
            for entry in view.transcript
        )

    async def _send(self, conversation: ConversationId, reply: ReplyIn) -> None:
        at = self.time.now()
        command = Reply(at=at, agent=await self._agent(reply.agent), text=clean_text(reply.text))
        result = await self.commands.perform(conversation, command)
        if not result.accepted:
            raise Conflict(result.refusal)

    async def _agent(self, name: str) -> Agent:
        id_ = clean_id(name, field="agent")
        account = await self.accounts.staff(id_)
        return Agent(id=AgentId(id_), role=account.role if account else Role.AGENT, outside=account is None)


def _digest(reply: ReplyIn) -> str:
    content = f"{reply.agent}\x1f{clean_text(reply.text)}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _conflict(id_: str) -> Conflict:
    return Conflict(f"id: {shortened(id_)} is known with another content; give a new reply a new id")
