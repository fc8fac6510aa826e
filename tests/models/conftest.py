"""The shipped models, loaded once: they never change, so tests may share them."""

import asyncio

import pytest

from models.assessor import LocalAssessor
from models.encoder import Encoder
from models.manifest import SHIPPED


@pytest.fixture(scope="session")
def assessor():
    with asyncio.Runner() as runner:
        loaded = runner.run(LocalAssessor.load())
        yield loaded
        runner.run(loaded.close())


@pytest.fixture(scope="session")
def encoder():
    return Encoder(SHIPPED)
