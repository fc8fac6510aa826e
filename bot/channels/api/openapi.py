"""The API's description (OpenAPI 3.1), generated from the bodies and held against the routes by a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bot import __version__
from bot.channels.api import bodies
from bot.channels.api.gate import LARGEST_BODY
from bot.channels.api.parse import LONGEST_LIST

Json = dict[str, Any]

_BODIES = (
    bodies.MessageIn,
    bodies.EditIn,
    bodies.ReplyIn,
    bodies.FieldsIn,
    bodies.Problem,
    bodies.Accepted,
    bodies.ItemStatus,
    bodies.ReplyAccepted,
    bodies.Answers,
    bodies.Pushed,
    bodies.ConversationOut,
)

_STATUSES: Mapping[str, str] = {
    "400": "Malformed: the detail names the field, its value and what would be right.",
    "401": "The token is missing or wrong.",
    "403": "The API is closed: no HEED_API_TOKEN is set.",
    "404": "Nothing is stored under this id.",
    "409": "Known with another content, or refused for the reason given.",
    "413": f"More than {LARGEST_BODY:,} bytes.",
    "415": "Not application/json.",
    "503": "Full or not available for the moment: repeat the same request after Retry-After seconds.",
}


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": _content(schema)}


def _problems(*statuses: str) -> Json:
    return {status: _problem(status) for status in sorted({*statuses, "401", "403", "503"})}


def _problem(status: str) -> Json:
    content = {"application/problem+json": {"schema": _schema("Problem")}}
    headers = {"401": "WWW-Authenticate", "503": "Retry-After"}
    found: Json = {"description": _STATUSES[status], "content": content}
    if status in headers:
        found["headers"] = {headers[status]: {"schema": {"type": "string"}}}
    return found


def _taken(status: str, schema: str, text: str) -> Json:
    return {status: {"description": text, "content": _content(_schema(schema))}}


def _parameter(name: str, text: str, *, where: str, schema: Json) -> Json:
    return {"name": name, "in": where, "required": where == "path", "description": text, "schema": schema}


def _path(name: str, text: str) -> Json:
    return _parameter(name, text, where="path", schema={"type": "string"})


def _query(name: str, text: str, schema: Json) -> Json:
    return _parameter(name, text, where="query", schema=schema)


_MESSAGE_PATH = [_path("channel", "The channel's name."), _path("id", "The message's id, the sender's own.")]
_CONVERSATION_PATH = [_path("id", "Heed's id of the conversation.")]


def _post_messages() -> Json:
    many = {"type": "array", "maxItems": LONGEST_LIST, "items": _schema("MessageIn")}
    statuses = {"type": "array", "items": _schema("ItemStatus")}
    each = {"description": "A list: one status for each message, in order.", "content": _content(statuses)}
    return {
        "operationId": "postMessages",
        "summary": "Hand in what customers wrote, one message or a list",
        "description": "202 means stored for good. The same id and body again gives the same answer.",
        "requestBody": _body({"oneOf": [_schema("MessageIn"), many]}),
        "responses": {
            **_taken("202", "Accepted", "One message, stored for good."),
            "207": each,
            **_problems("400", "409", "413", "415"),
        },
    }


def _patch_message() -> Json:
    return {
        "operationId": "editMessage",
        "summary": "The customer edited a message",
        "parameters": _MESSAGE_PATH,
        "requestBody": _body(_schema("EditIn")),
        "responses": {**_taken("202", "Accepted", "Stored."), **_problems("400", "404", "409", "413", "415")},
    }


def _delete_message() -> Json:
    return {
        "operationId": "deleteMessage",
        "summary": "The customer deleted a message",
        "parameters": _MESSAGE_PATH,
        "responses": {**_taken("202", "Accepted", "Stored."), **_problems("400", "404", "409")},
    }


def _post_reply() -> Json:
    return {
        "operationId": "postReply",
        "summary": "A human replied through another system",
        "description": (
            "delivered true: it has reached the customer and is recorded. delivered false: Heed sends it. "
            "Left out: true on channels of the API, false where Heed delivers."
        ),
        "parameters": _CONVERSATION_PATH,
        "requestBody": _body(_schema("ReplyIn")),
        "responses": {
            **_taken("202", "ReplyAccepted", "Recorded, or on its way."),
            **_problems("400", "404", "409", "413", "415"),
        },
    }


def _get_answers() -> Json:
    whole = {"type": "integer", "minimum": 0}
    return {
        "operationId": "getAnswers",
        "summary": "Fetch what is to be delivered to customers",
        "description": (
            "Being handed out confirms an answer as sent; the same cursor gives it again. An answer of kind "
            "revision is shown in the place of the one that it revises; with an empty text that one is taken back."
        ),
        "parameters": [
            _query("channel", "The channel's name.", {"type": "string", "default": "api"}),
            _query("after", "The cursor of the last response.", {"type": "string", "default": "0"}),
            _query("limit", "The most answers.", {**whole, "minimum": 1, "maximum": 1000, "default": 100}),
            _query("wait", "Seconds to wait for an answer.", {**whole, "maximum": 30, "default": 0}),
        ],
        "responses": {**_taken("200", "Answers", "Oldest first."), **_problems("400", "409")},
    }


def _get_conversation() -> Json:
    return {
        "operationId": "getConversation",
        "summary": "State, messages, predictions, decisions and clocks",
        "parameters": _CONVERSATION_PATH,
        "responses": {**_taken("200", "ConversationOut", "As it stands now."), **_problems("404")},
    }


def _patch_conversation() -> Json:
    return {
        "operationId": "setFields",
        "summary": "Set a conversation's team, priority or tier",
        "description": "Another policy may fit then: its targets count from each clock's start.",
        "parameters": _CONVERSATION_PATH,
        "requestBody": _body(_schema("FieldsIn")),
        "responses": {
            **_taken("200", "ConversationOut", "As it stands now."),
            **_problems("400", "404", "409", "413", "415"),
        },
    }


def _get_file() -> Json:
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "operationId": "getFile",
        "summary": "Open a file that goes along with a reply",
        "description": "Its address is the url of an answer's attachment.",
        "parameters": [_path("id", "Its id.")],
        "responses": {
            "200": {"description": "The file, of its own content type.", "content": content},
            **_problems("404"),
        },
    }


def _get_description() -> Json:
    return {
        "operationId": "getDescription",
        "summary": "This description",
        "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1.", "content": _content({"type": "object"})}},
    }


def _pushed() -> Json:
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "operationId": "answerCreated",
        "summary": "An answer, or a change of one, pushed and signed after the Standard Webhooks scheme",
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in headers
        ],
        "requestBody": _body(_schema("Pushed")),
        "responses": {"2XX": {"description": "Taken. Repeated pushes carry the same webhook-id."}},
    }


def _document() -> Json:
    _, components = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heed",
            "version": __version__,
            "description": "Any system may be a channel: hand in messages, deliver the answers.",
        },
        "security": [{"token": []}],
        "paths": {
            "/api/v1/messages": {"post": _post_messages()},
            "/api/v1/messages/{channel}/{id}": {"patch": _patch_message(), "delete": _delete_message()},
            "/api/v1/conversations/{id}/replies": {"post": _post_reply()},
            "/api/v1/conversations/{id}": {"get": _get_conversation(), "patch": _patch_conversation()},
            "/api/v1/answers": {"get": _get_answers()},
            "/api/v1/files/{id}": {"get": _get_file()},
            "/api/v1/openapi.json": {"get": _get_description()},
        },
        "webhooks": {"answer": {"post": _pushed()}},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "HEED_API_TOKEN"}},
        },
    }


DOCUMENT: Final[Json] = _document()
