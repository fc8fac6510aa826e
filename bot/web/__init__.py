"""The aiohttp application: staff's desk, operations, sign-in, health, and what channels mount in it."""
