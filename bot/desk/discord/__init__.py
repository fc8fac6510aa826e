"""The desk inside Discord: one thread for each conversation, with slash commands and buttons."""
