"""Every word that the page itself says, so that a brand may say it in its own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PAGE_WORDS: Final[Mapping[str, str]] = {
    "you": "You",
    "assistant": "Assistant",
    "support": "Support",
    "human": "a person",
    "connecting": "Connecting…",
    "online": "We're here",
    "reconnecting": "Reconnecting…",
    "offline": "You're offline. We'll send your messages when you're back.",
    "placeholder": "Write a message",
    "send": "Send",
    "sending": "Sending…",
    "sent": "Sent",
    "waiting": "Waiting to send",
    "failed": "Not sent",
    "retry": "Try again",
    "discard": "Discard",
    "edit": "Edit",
    "delete": "Delete",
    "really_delete": "Delete for good?",
    "more": "Message options",
    "edited": "edited",
    "deleted": "Message deleted",
    "file": "Save {name}",
    "no_file": "This file can't be opened now. Try again in a moment.",
    "editing": "Editing your message",
    "cancel": "Cancel",
    "save": "Save",
    "left": "{count} characters left",
    "too_long": "{count} characters too many",
    "today": "Today",
    "yesterday": "Yesterday",
    "typing": "Assistant is looking into it",
    "conversation": "Conversation",
    "open": "Open chat",
    "close": "Close chat",
    "newer": "New messages",
    "busy": "We're busy for a moment. Your message will be sent.",
    "no_script": "This chat needs JavaScript. Please switch it on and reload the page.",
}
