"""Passwords, kept as argon2 hashes and checked off the event loop."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import Overloaded

_HASHER = PasswordHasher()
LONGEST = 1000


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _HASHER.hash(password)


class PasswordCheck:
    """Checks passwords, few at a time: each takes 64 MiB for a moment."""

    def __init__(self, *, at_once: int = 2, most_waiting: int = 50) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0
        self._nobody = ""

    async def right(self, password: str, stored: str) -> bool:
        """Tell whether a password fits. An empty ``stored`` never fits, and takes as long as a wrong one.

        Raises Overloaded when too many wait already.
        """
        if len(password) > LONGEST:
            return False
        if self._waiting >= self._most_waiting:
            raise Overloaded("Many people are signing in just now. Please try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._verify, password, stored)
        finally:
            self._waiting -= 1

    def _verify(self, password: str, stored: str) -> bool:
        if not self._nobody:
            self._nobody = hash_password(secrets.token_hex())
        try:
            return _HASHER.verify(stored or self._nobody, password) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False
