"""Texts that not every database takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync.store.texts import storable


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_storable_leaves_every_whole_text_as_it_is(text: str) -> None:
    """Emoji, accents in either form, control signs and right-to-left marks are kept."""
    assert storable(text) == text


@given(st.text(st.characters()))
def test_storable_gives_what_both_databases_take(text: str) -> None:
    """Whatever JSON may carry, the result can be encoded and holds no NUL."""
    assert "\x00" not in storable(text).encode().decode()


@pytest.mark.parametrize(
    ("text", "kept"), [("a\x00b", "a\ufffdb"), ("x\ud83e", "x\ufffd"), ("\ud83e\udd8a", "\N{FOX FACE}")]
)
def test_storable_marks_what_it_could_not_keep(text: str, kept: str) -> None:
    """A loss shows; two halves that belong together become their character."""
    assert storable(text) == kept
