"""Whose a value in our fields is, by what each pull was told."""

import pytest

from crmsync.records import OURSELVES
from crmsync.store import tables
from crmsync.store.engine import Store
from tests.store.rows import all_of, deal, held, pull


@pytest.mark.parametrize(
    ("first", "then", "whose"),
    [
        (("40.0", "P1"), ("40.0", OURSELVES), ("P1", 1)),
        (("40.0", OURSELVES), ("40.0", "P1"), (OURSELVES, 1)),
        (("40.0", OURSELVES), ("50.0", "P1"), ("P1", 2)),
        (("40.0", "P1"), ("50.0", OURSELVES), ("", 2)),
        ((None, ""), ("50.0", OURSELVES), ("", 2)),
    ],
)
def test_save_keeps_whose_a_value_was_while_it_stands(
    store: Store, first: tuple[str | None, str], then: tuple[str, str], whose: tuple[str, int]
) -> None:
    """A record's later change doesn't make a value another's; one that came unseen is never ours by the CRM's word alone."""
    for number, (value, set_by) in enumerate((first, then), start=1):
        pull(store, run_id=number, deals=[deal()], held=[held(value, set_by=set_by, set_at=number)])
    (row,) = all_of(store, tables.Held)
    assert ((row.set_by, row.set_at), row.value, row.seen_run_id) == (whose, then[0], 2)
