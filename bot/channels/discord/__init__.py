"""Discord: private messages, mentions, threads and whole channels, by discord.py."""
