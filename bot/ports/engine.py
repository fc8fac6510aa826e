"""What desks and pages ask of the engine and of the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.conversation import Conversation
from bot.domain.events import Command, FieldsSet, HolderLeft
from bot.domain.messages import ConversationId
from bot.domain.staff_rules import Refusal
from bot.figures import Question, Summary
from bot.records import (
    Sending,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What became of a staff command.

    A refusal says why in a sentence for the person who gave it; its kind lets a desk offer the next step.
    ``repeated``: the same request was carried out before, as it stood then.
    """

    accepted: bool
    conversation: Conversation | None
    refusal: str = ""
    kind: Refusal | None = None
    repeated: bool = False


class Desk(Protocol):
    """A place where staff work, in a chat or on a page.

    It shows conversations as they stand in the store, and hands in what staff do; of its own it decides nothing.
    Words that staff write on it reach nobody outside unless they expressly ask for a reply.
    """

    @property
    def name(self) -> str:
        """Return what the desk is called in the log and in the store."""
        ...

    async def run(self) -> None:
        """Show what changes and hand in what staff do, until cancelled. What fails is told and tried again."""
        ...


class Commands(Protocol):
    """The road of staff commands: answers at once, however many messages wait for the model."""

    async def perform(
        self, conversation: ConversationId, command: Command | FieldsSet | HolderLeft, *, request: str = ""
    ) -> CommandResult:
        """Carry out a command and say what became of it. Raises NotFound for an unknown conversation.

        ``request`` names the wish itself: one that was carried out before is accepted, and nothing is done again.
        """
        ...

    async def pause(self, *, by: str) -> None:
        """Stop all automatic answers; those not yet sent are withdrawn and escalated."""
        ...

    async def resume(self, *, by: str) -> None:
        """Let the bot answer again."""
        ...

    async def paused(self) -> bool:
        """Tell whether automatic answers are switched off."""
        ...


class Feed(Protocol):
    """The road of answers that the other side fetches."""

    async def fetch(self, channel: str, *, after: int, limit: int) -> list[Sending]:
        """Return answers behind the cursor; being handed out confirms them as sent."""
        ...


class Health(Protocol):
    """What the engine knows of itself."""

    async def ready(self) -> tuple[bool, Mapping[str, str]]:
        """Tell whether messages can be taken and understood, and the state of each part in words."""
        ...

    async def problems(self) -> Sequence[str]:
        """Return what operations should know now, in sentences: broken templates, findings of the auditor."""
        ...


class Reports(Protocol):
    """Figures from the event log."""

    async def summary(self, question: Question, /) -> Summary:
        """Return the figures that somebody asks for, up to the newest event.

        Every screen, export and metric asks here, so that the same question has the same answer everywhere.
        """
        ...
