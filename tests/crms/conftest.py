"""Local CRMs for the rooms' tests."""

from collections.abc import Callable, Iterator

import pytest
import stamina

from tests.sandbox.salesforce.conftest import Local, certificates, serve

__all__ = ["certificates", "local", "no_waiting", "serve"]


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Retries come at once, and at most three times."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def local(serve: Callable[..., Local], no_waiting: None) -> Local:
    """A local Salesforce with the small world."""
    return serve()
