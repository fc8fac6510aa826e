"""Figures from the event log: defined once (``docs/definitions.md``), shown in many places."""
