"""The interfaces between what drives (engine, web) and what is driven (channels, models, stores, time).

An implementation of any of these joins the contract suite under ``tests/contracts`` on the day it is written.
"""

from __future__ import annotations

from bot.ports.channels import ENCLOSED, Capabilities, Channel, DeliveryMode, Fetch, Intake
from bot.ports.driven import Assessor, Board, TimeSource
from bot.ports.engine import CommandResult, Commands, Desk, Feed, Health, Reports
from bot.ports.stores import (
    Accounts,
    Bookmarks,
    Changed,
    Conversations,
    Corrections,
    Deadlines,
    Enclosures,
    EventLog,
    Inbox,
    Leases,
    Outbox,
    Posts,
    Store,
    Upkeep,
    Views,
)

__all__ = [
    "ENCLOSED",
    "Accounts",
    "Assessor",
    "Board",
    "Bookmarks",
    "Capabilities",
    "Changed",
    "Channel",
    "CommandResult",
    "Commands",
    "Conversations",
    "Corrections",
    "Deadlines",
    "DeliveryMode",
    "Desk",
    "Enclosures",
    "EventLog",
    "Feed",
    "Fetch",
    "Health",
    "Inbox",
    "Intake",
    "Leases",
    "Outbox",
    "Posts",
    "Reports",
    "Store",
    "TimeSource",
    "Upkeep",
    "Views",
]
