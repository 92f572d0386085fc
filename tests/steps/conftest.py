"""The rooms over their local twins, for steps that need nothing else."""

from tests.crms.conftest import live

__all__ = ["live"]
