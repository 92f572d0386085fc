"""That `python -m tests.museum` still takes out what it says."""

from pathlib import Path

import pytest

from tests import catalogue
from tests.museum.unprotected import ALL, Unprotected

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("it", ALL, ids=[f"{it.test.partition('::')[2]}: {it.protection}" for it in ALL])
def test_protection_stands_once_in_the_program(it: Unprotected) -> None:
    """Each text that is taken out is there, once, and the test that has to fail then exists."""
    counts = [(ROOT / file).read_text().count(text) for file, text, _ in it.edits]
    assert (counts, catalogue.exists(it.test)) == ([1] * len(it.edits), True)


def test_every_exhibit_can_be_unprotected() -> None:
    """No test of the museum is left out."""
    folder, named = Path(__file__).parent, {it.test.partition("::")[2] for it in ALL}
    there = [line for file in folder.glob("test_*.py") for line in file.read_text().splitlines()]
    tests = {line[4:].partition("(")[0] for line in there if line.startswith(("def test_museum", "def test_more"))}
    assert (tests - named, len(tests) >= 10) == (set(), True)
