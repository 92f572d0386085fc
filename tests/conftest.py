"""What all tests share."""

from itertools import groupby

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

pytest_plugins = ["tests.postgres"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules come in random order, the tests of one as they are written: some tell a story over one store."""
    told = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    items[:] = [test for tests in told for test in sorted(tests, key=lambda item: item.reportinfo()[1] or 0)]
