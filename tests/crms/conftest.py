"""Local CRMs for the rooms' tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina

from crmsync.crm import kinds
from tests.crms.twins import Twin, twin
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


@pytest.fixture(params=kinds())
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Twin]:
    """Each room in turn, over a local twin of its own that a test may change."""
    with twin(request.param, tmp_path) as served:
        yield served


@pytest.fixture(scope="module", params=kinds())
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Each room in turn, over a local twin with so many deals that they come in pages; tests leave its past as it is."""
    with twin(request.param, tmp_path_factory.mktemp("many"), deals=520) as served:
        yield served
