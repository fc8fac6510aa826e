"""The settings: ``config.yaml`` for what a brand decides, the environment for secrets and addresses.

A mistake is refused with file, line, the wrong name or value, and what would be right.
"""

from bot.settings.brand import SAMPLE_VARIABLES
from bot.settings.calendars import CalendarSettings
from bot.settings.config import Settings
from bot.settings.environment import Environment, read_environment
from bot.settings.model import ConfidenceSettings, LanguageModelSettings
from bot.settings.policy import ConversationSettings, MatchSettings, PolicySettings, RouteSettings
from bot.settings.reading import parse_settings, read_settings
from bot.settings.staff import AgentSettings, DiscordDeskSettings, TeamSettings
from bot.settings.values import parse_duration

__all__ = [
    "SAMPLE_VARIABLES",
    "AgentSettings",
    "CalendarSettings",
    "ConfidenceSettings",
    "ConversationSettings",
    "DiscordDeskSettings",
    "Environment",
    "LanguageModelSettings",
    "MatchSettings",
    "PolicySettings",
    "RouteSettings",
    "Settings",
    "TeamSettings",
    "parse_duration",
    "parse_settings",
    "read_environment",
    "read_settings",
]
