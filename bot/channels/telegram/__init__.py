"""Telegram: private chats, groups and topics, by polling or by webhook."""
