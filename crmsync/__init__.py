"""Mutual action plans, turned into a forecast that a CRM can carry.

`crmsync.open()` gives the workspace to a notebook; see `crmsync.views.workbook`.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """`crmsync.open`, without importing pandas for those who don't ask for it."""
    if name == "open":
        from crmsync.views.workbook import open_workbook

        return open_workbook
    raise AttributeError(f"module 'crmsync' has no attribute {name!r}")
