"""A command, a card and a form as a desk may put them on Discord."""

from __future__ import annotations

from tests.wire.discord.payloads import APPLICATION_ID

COMMANDS = f"/applications/{APPLICATION_ID}/guilds/3001/commands"
REPLY = {
    "name": "reply",
    "description": "Answer the customer",
    "options": [
        {"name": "text", "description": "What the customer reads", "type": 3, "required": True, "max_length": 50},
        {"name": "template", "description": "Begin with", "type": 3, "autocomplete": True},
        {"name": "minutes", "description": "When", "type": 4, "min_value": 1, "max_value": 90},
        {"name": "silent", "description": "No notice", "type": 5},
        {"name": "to", "description": "Who", "type": 6},
        {"name": "file", "description": "What goes along", "type": 11},
        {"name": "label", "description": "Which", "type": 3, "choices": [{"name": "Angry", "value": "angry"}]},
    ],
}
CARD = {
    "content": "card",
    "components": [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 1, "label": "Claim", "custom_id": "claim:1"},
                {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": True},
            ],
        },
        {
            "type": 1,
            "components": [
                {
                    "type": 3,
                    "custom_id": "label:1",
                    "options": [{"label": "Angry", "value": "angry"}, {"label": "Glad", "value": "glad"}],
                }
            ],
        },
    ],
}
FORM = {
    "title": "Reply",
    "custom_id": "form:1",
    "components": [
        {
            "type": 1,
            "components": [{"type": 4, "style": 2, "label": "Text", "custom_id": "text", "value": "Dear"}],
        },
        {
            "type": 18,
            "label": "Why",
            "component": {"type": 3, "custom_id": "why", "options": [{"label": "Done", "value": "done"}]},
        },
    ],
}
