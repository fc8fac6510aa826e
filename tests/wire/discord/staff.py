"""People at the other end of the desk: what they type, press, choose and hand in, and what they do to threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.wire.discord.command_forms import ATTACHMENT, INTEGER, NUMBER, USER
from tests.wire.discord.commands import Commands
from tests.wire.discord.files import Files
from tests.wire.discord.gateway import Gateway
from tests.wire.discord.interaction import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Interaction
from tests.wire.discord.interactions import Interactions
from tests.wire.discord.message_forms import BUTTON, LINK, STRING_SELECT, parts_of
from tests.wire.discord.modals import filled, picked
from tests.wire.discord.payloads import Payload, member
from tests.wire.discord.threads import Threads
from tests.wire.discord.world import World

_NO_FILES: Mapping[str, bytes] = {}


class Staff:
    """What a person on staff can do. What their own Discord would not let through raises ValueError.

    Everybody here may do what moderators may: what that is is not checked.
    """

    world: World
    gateway: Gateway
    commands: Commands
    interactions: Interactions
    threads: Threads

    @property
    def files(self) -> Files:
        raise NotImplementedError

    def says(self, user_id: str, channel_id: str, text: str, **fields: Any) -> Payload:
        raise NotImplementedError

    def edits(self, message: Payload, text: str, **fields: Any) -> Payload:
        raise NotImplementedError

    def deletes(self, *messages: Payload) -> None:
        raise NotImplementedError

    # --- commands ---------------------------------------------------------------------------------------------

    def command(self, user_id: str, channel_id: str, name: str, /, **options: Any) -> Interaction:
        """Send a slash command. A user is given by id, a file as ``(name, content)``."""
        command = self.commands.known(self._guild(channel_id), name)
        self.commands.check(command, options)
        return self.interactions.begin(COMMAND, user_id, channel_id, self._asked(command, options))

    def autocomplete(
        self, user_id: str, channel_id: str, name: str, focused: str, typed: str, /, **others: Any
    ) -> Interaction:
        """Type into an option, and ask what is offered: ``(await it.answered()).choices``."""
        command = self.commands.known(self._guild(channel_id), name)
        option = next((each for each in command.get("options", []) if each["name"] == focused), None)
        if option is None or not option.get("autocomplete"):
            raise ValueError(f"nothing is offered for {focused!r} of /{name}")
        data = self._asked(command, {focused: typed, **others})
        data["options"] = [{**each, **_focus(each["name"] == focused)} for each in data["options"]]
        return self.interactions.begin(AUTOCOMPLETE, user_id, channel_id, data)

    def _guild(self, channel_id: str) -> str:
        return str(self.world.channel(channel_id)["guild_id"])

    def _asked(self, command: Payload, options: Mapping[str, Any]) -> Payload:
        """Return what the bot is told of a command that was sent."""
        kinds = {option["name"]: int(option["type"]) for option in command.get("options", [])}
        resolved: Payload = {}
        told = [
            {"name": name, "type": kinds[name], "value": self._value(kinds[name], value, resolved)}
            for name, value in options.items()
        ]
        data = {"id": command["id"], "name": command["name"], "type": 1, "guild_id": command["guild_id"]}
        return {**data, "options": told, **({"resolved": resolved} if resolved else {})}

    def _value(self, kind: int, value: Any, resolved: Payload) -> Any:
        if kind == USER:
            who = self.world.person(value)
            membership = {key: each for key, each in member(who).items() if key not in {"user", "deaf", "mute"}}
            resolved.setdefault("users", {})[value] = who
            resolved.setdefault("members", {})[value] = {**membership, "permissions": "0"}
        if kind == ATTACHMENT:
            file = self.files.add(self.world.new_id(), *value)
            resolved.setdefault("attachments", {})[file["id"]] = file
            return file["id"]
        if kind in {INTEGER, NUMBER}:
            return value
        return value if isinstance(value, bool) else str(value)

    # --- buttons, selects and forms ---------------------------------------------------------------------------

    def press(self, user_id: str, message: Payload, custom_id: str) -> Interaction:
        """Press a button of a message, one that only this person sees included."""
        standing, part = self._part(user_id, message, custom_id)
        if part["type"] != BUTTON or part["style"] == LINK:
            raise ValueError(f"{custom_id!r} is no button to press")
        data = {"component_type": BUTTON, "custom_id": custom_id, "id": part["id"]}
        return self.interactions.begin(COMPONENT, user_id, standing["channel_id"], data, standing)

    def choose(self, user_id: str, message: Payload, custom_id: str, values: Sequence[str]) -> Interaction:
        """Choose in a select of a message."""
        standing, part = self._part(user_id, message, custom_id)
        if part["type"] != STRING_SELECT:
            raise ValueError(f"{custom_id!r} is no select of texts; others are not spoken here")
        data: Payload = {"component_type": part["type"], "custom_id": custom_id, "id": part["id"]}
        data["values"] = picked(part, values)
        return self.interactions.begin(COMPONENT, user_id, standing["channel_id"], data, standing)

    def submit(self, user_id: str, opened: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Hand in the form that an interaction opened; what is not named stays as the form proposed it."""
        if opened.answer is None:
            raise ValueError("no form has opened yet: wait for `answered()`")
        data = filled(opened.answer.modal, values)
        return self.interactions.begin(SUBMIT, user_id, opened.channel, data, opened.source)

    def _part(self, user_id: str, message: Payload, custom_id: str) -> tuple[Payload, Payload]:
        """Return a message as it stands now, and the part of it that is used. Raises ValueError."""
        standing = self.interactions.find(message)
        if standing is None:
            raise ValueError(f"message {message['id']} is gone")
        for seen_by, whisper in self.interactions.whispers:
            if whisper is standing and seen_by != user_id:
                raise ValueError(f"message {message['id']} is seen by {seen_by} alone, not by {user_id}")
        parts = {part.get("custom_id"): part for part in parts_of(standing["components"])}
        if custom_id not in parts:
            raise ValueError(f"there is no {custom_id!r} here, but {sorted(filter(None, parts))}")
        if parts[custom_id].get("disabled"):
            raise ValueError(f"{custom_id!r} is switched off")
        return standing, parts[custom_id]

    def whispers_to(self, user_id: str) -> list[Payload]:
        """Return the messages that this person alone sees."""
        return [message for seen_by, message in self.interactions.whispers if seen_by == user_id]

    # --- words ------------------------------------------------------------------------------------------------

    def say(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        *,
        reply_to: Payload | None = None,
        attachments: Mapping[str, bytes] = _NO_FILES,
    ) -> Payload:
        """Write in a channel or thread; files are given by name."""
        files = [self._file(name, content) for name, content in attachments.items()]
        return self.says(user_id, channel_id, text, reply_to=reply_to, attachments=files)

    def _file(self, name: str, content: bytes) -> Payload:
        return self.files.add(self.world.new_id(), name, content)

    def edit(self, user_id: str, message: Payload, text: str) -> Payload:
        """Change what one has written oneself."""
        if message["author"]["id"] != user_id:
            raise ValueError(f"{user_id} did not write message {message['id']}")
        return self.edits(message, text)

    def delete(self, user_id: str, *messages: Payload) -> None:
        """Delete messages, one's own or (as moderators may) others' and the bot's."""
        self.deletes(*messages)

    # --- threads by hand --------------------------------------------------------------------------------------

    def archive_thread(self, user_id: str, thread_id: str, *, locked: bool = False) -> None:
        """Close a thread, and lock it so that only moderators can open it again."""
        self.threads.change(self.world.channels[thread_id], {"archived": True, "locked": locked}, user_id)

    def reopen_thread(self, user_id: str, thread_id: str) -> None:
        """Open a thread again, unlocked."""
        self.threads.change(self.world.channels[thread_id], {"archived": False, "locked": False}, user_id)

    def lock_thread(self, user_id: str, thread_id: str, *, locked: bool = True) -> None:
        """Lock a thread, or unlock it, without closing it."""
        self.threads.change(self.world.channels[thread_id], {"locked": locked}, user_id)

    def rename_thread(self, user_id: str, thread_id: str, name: str) -> None:
        """Give a thread another name; Discord writes a message there that tells so."""
        self.threads.change(self.world.channels[thread_id], {"name": name}, user_id)

    def tag_thread(self, user_id: str, thread_id: str, *tags: str) -> None:
        """Give a forum's post these tags, by their names."""
        thread = self.world.channels[thread_id]
        offered = {each["name"]: each["id"] for each in self.world.channels[thread["parent_id"]]["available_tags"]}
        self.threads.change(thread, {"applied_tags": [offered[tag] for tag in tags]}, user_id)

    def delete_thread(self, user_id: str, thread_id: str) -> None:
        """Delete a thread with all that was said there."""
        self.threads.remove(thread_id)

    # --- looking ----------------------------------------------------------------------------------------------

    def threads_in(self, channel_id: str) -> list[Payload]:
        """Return the threads of a channel, oldest first, archived ones too."""
        return [each for each in self.world.channels.values() if each.get("parent_id") == channel_id]

    def messages_in(self, channel_id: str) -> list[Payload]:
        """Return what stands in a channel or thread, oldest first."""
        return list(self.world.messages.get(channel_id, []))

    def buttons_of(self, message: Payload) -> dict[str, str]:
        """Return the custom ids that can be used in a message now, by label (or placeholder)."""
        return dict(self._usable(message))

    def _usable(self, message: Payload) -> Iterator[tuple[str, str]]:
        standing = self.interactions.find(message) or message
        for part in parts_of(standing["components"]):
            if "custom_id" in part and not part.get("disabled"):
                yield part.get("label") or part.get("placeholder") or part["custom_id"], part["custom_id"]


def _focus(here: bool) -> Payload:
    return {"focused": True} if here else {}
