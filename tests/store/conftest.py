"""A store on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync.config import StoreConfig
from crmsync.store.engine import Store, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, on each database in turn."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store, on each database in turn."""
    opened = open_store(StoreConfig(url=url))
    yield opened
    opened.close()
