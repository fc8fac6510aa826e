"""A local Discord, and discord.py against it on loopback."""
