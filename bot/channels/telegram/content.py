"""What a message of Telegram holds: its text and what it brings along. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.channels.telegram.fields import Fields, number, part, parts, words
from bot.channels.text import clean_name
from bot.domain.messages import Attachment, AttachmentKind

#: What a message says about itself rather than to its reader. An unknown field beside these is its content.
ABOUT = frozenset(
    """
    author_signature business_connection_id caption caption_entities chat date direct_messages_topic edit_date
    effect_id entities external_reply forward_date forward_from forward_from_chat forward_from_message_id
    forward_origin forward_sender_name forward_signature from has_media_spoiler has_protected_content
    is_automatic_forward is_from_offline is_paid_post is_topic_message link_preview_options media_group_id
    message_id message_thread_id paid_star_count quote reply_markup reply_to_checklist_task_id reply_to_message
    reply_to_story sender_boost_count sender_business_bot sender_chat sender_tag show_caption_above_media
    suggested_post_info text via_bot
    """.split()  # noqa: SIM905  # forty quoted words would be harder to read
)

#: What Telegram itself tells in a chat: nobody's words.
SERVICE = frozenset(
    """
    boost_added channel_chat_created chat_background_set chat_owner_changed chat_owner_left chat_shared
    checklist_tasks_added checklist_tasks_done connected_website delete_chat_photo direct_message_price_changed
    gift gift_upgrade_sent group_chat_created left_chat_member left_chat_participant
    message_auto_delete_timer_changed migrate_from_chat_id migrate_to_chat_id new_chat_member new_chat_members
    new_chat_participant new_chat_photo new_chat_title paid_message_price_changed passport_data pinned_message
    proximity_alert_triggered refunded_payment successful_payment supergroup_chat_created unique_gift user_shared
    users_shared web_app_data write_access_allowed
    """.split()  # noqa: SIM905  # forty quoted words would be harder to read
)
SERVICE_FAMILIES = ("forum_topic_", "general_forum_topic_", "giveaway_", "video_chat_", "voice_chat_")

#: Contents with a file of their own. An animation comes as a document too, once it is told.
FILES = {
    "video": AttachmentKind.VIDEO,
    "animation": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "voice": AttachmentKind.VOICE,
    "video_note": AttachmentKind.VIDEO,
    "document": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
}


def is_service(message: Fields) -> bool:
    """Tell whether this is a notice of Telegram's, such as that somebody has joined."""
    return any(_tells_of_service(name) for name, value in message.items() if value is not None)


def _tells_of_service(name: str) -> bool:
    if name == "suggested_post_info":
        return False
    return name in SERVICE or name.startswith((*SERVICE_FAMILIES, "suggested_post_"))


def text_of(message: Fields) -> str:
    """Return the words of a message, or those of what stands in their place: a question, an emoji."""
    if spoken := words(message, "text") or words(message, "caption"):
        return spoken
    for holder, field in (("poll", "question"), ("sticker", "emoji"), ("dice", "emoji"), ("game", "title")):
        if (inner := part(message, holder)) is not None:
            return words(inner, field)
    return ""


def entities_of(message: Fields) -> list[object]:
    """Return what Telegram has marked in the words, as it came."""
    marked = message.get("entities" if words(message, "text") else "caption_entities")
    return marked if isinstance(marked, list) else []


def attachments_of(message: Fields) -> tuple[Attachment, ...]:
    """Return what a message brings along; what Heed does not know yet is named after its field."""
    known = tuple(_known(message))
    if not known and not text_of(message):
        known = tuple(_other(name) for name in sorted(message.keys() - ABOUT - KNOWN) if message[name] is not None)
    forwarded = message.get("forward_origin") is not None or message.get("forward_date") is not None
    return (*known, Attachment(kind=AttachmentKind.FORWARDED)) if forwarded else known


def _known(message: Fields) -> Iterator[Attachment]:
    if sizes := parts(message, "photo"):
        largest = max(sizes, key=lambda size: (number(size, "width") or 0) * (number(size, "height") or 0))
        yield _file(largest, AttachmentKind.IMAGE, media_type="image/jpeg")
    for name, kind in FILES.items():
        twice = name == "document" and message.get("animation") is not None
        if not twice and (inner := part(message, name)) is not None:
            yield _file(inner, kind)
    for name, told in PLACES_AND_PEOPLE.items():
        if (inner := part(message, name)) is not None and not _stands_in(name, message):
            yield told(inner)
    yield from (_other(name) for name in OTHERS if message.get(name) is not None)


def _file(inner: Fields, kind: AttachmentKind, *, media_type: str = "") -> Attachment:
    size = number(inner, "file_size")
    return Attachment(
        kind=kind,
        name=clean_name(words(inner, "file_name") or words(inner, "title")),
        media_type=clean_name(words(inner, "mime_type")) or media_type,
        size=size if size is not None and size >= 0 else None,
        reference=clean_name(words(inner, "file_id")),
    )


def _stands_in(name: str, message: Fields) -> bool:
    """Tell whether something else stands for this: a venue brings its location along."""
    return name == "location" and message.get("venue") is not None


def _location(inner: Fields) -> Attachment:
    at = [inner.get(field) for field in ("latitude", "longitude")]
    whole = all(isinstance(each, int | float) for each in at)
    name = ", ".join(f"{each:.5f}" for each in at) if whole else ""
    return Attachment(kind=AttachmentKind.LOCATION, name=clean_name(name))


def _venue(inner: Fields) -> Attachment:
    told = ", ".join(filter(None, (words(inner, "title"), words(inner, "address"))))
    return Attachment(kind=AttachmentKind.LOCATION, name=clean_name(told))


def _contact(inner: Fields) -> Attachment:
    told = " ".join(filter(None, (words(inner, each) for each in ("first_name", "last_name", "phone_number"))))
    return Attachment(kind=AttachmentKind.CONTACT, name=clean_name(told))


def _poll(inner: Fields) -> Attachment:
    options = " / ".join(words(option, "text") for option in parts(inner, "options"))
    return Attachment(kind=AttachmentKind.POLL, name=clean_name(options))


def _other(name: str) -> Attachment:
    return Attachment(kind=AttachmentKind.OTHER, name=clean_name(name))


PLACES_AND_PEOPLE: dict[str, Callable[[Fields], Attachment]] = {
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
}
OTHERS = ("checklist", "game", "giveaway", "invoice", "paid_media", "story")
KNOWN = frozenset({"photo", "dice", *FILES, *PLACES_AND_PEOPLE, *OTHERS})
