"""A lease against the longest that a request may be under way."""

from importlib import import_module

import pytest

from crmsync.crm import kinds
from crmsync.store.lease import BEATS, LEASE_S


@pytest.mark.parametrize("kind", kinds())
def test_lease_lasts_longer_than_a_request(kind: str) -> None:
    """When a lease has run out since its last renewal, no request of its holder is under way any more."""
    fields = import_module(f"crmsync.crms.{kind}").Settings.model_fields
    longest = fields["connect_timeout_s"].default + fields["answer_timeout_s"].default
    assert longest < LEASE_S * (1 - 1 / BEATS)
