from __future__ import annotations

import pytest

from tests.channels.fakes import FakeHeed


@pytest.fixture
async def heed() -> FakeHeed:
    return FakeHeed()
