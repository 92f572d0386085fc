"""The rooms over their local twins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crms.conftest import live
from tests.crms.twins import Twin, twin

__all__ = ["live"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Twin]:
    """HubSpot alone."""
    with twin("hubspot", tmp_path) as served:
        yield served
