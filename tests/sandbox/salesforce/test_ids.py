"""Record ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.sandbox.salesforce.ids import Ids, check_characters, well_formed


@given(st.integers(0, 62**5 - 2))
def test_ids_find_the_row_that_they_were_made_for(row: int) -> None:
    """An id of 18 characters and its first 15 both lead back to their row."""
    ids = Ids("006")
    assert (ids.find(ids.make(row)), ids.find(ids.make(row)[:15])) == (row, row)


@given(st.integers(0, 62**5 - 3))
def test_ids_sort_as_their_rows(row: int) -> None:
    """A later row has a greater id, so that paging by id is paging by row."""
    ids = Ids("006")
    assert ids.make(row) < ids.make(row + 1)


def test_ids_carry_the_check_characters_of_a_known_id() -> None:
    """The check characters are those that Salesforce's own documentation shows for its example id."""
    assert check_characters("001D000000IqhSL") == "IAZ"


@pytest.mark.parametrize("text", ["", "006", "006gK0000000001XXX", "006gK00000000-1", "006gK0000000001QAAA"])
def test_ids_refuse_what_is_no_id(text: str) -> None:
    """A text of the wrong length, alphabet or check characters is no id."""
    assert not well_formed(text)
    assert Ids("006").find(text) == -1


def test_ids_of_another_object_are_not_found() -> None:
    """The prefix is part of an id."""
    assert Ids("006").find(Ids("001").make(4)) == -1
