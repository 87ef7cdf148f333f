"""What every test shares: each async test runs on asyncio and on trio."""

import pytest
from hypothesis import settings

settings.register_profile("patient", settings(), deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """Name the backend that anyio's plugin runs an async test on."""
    return request.param
