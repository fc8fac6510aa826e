"""Whole processes of Heed with customers on Discord and Telegram at once."""
