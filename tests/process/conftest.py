"""The rooms over their local twins."""

from tests.crms.conftest import live

__all__ = ["live"]
