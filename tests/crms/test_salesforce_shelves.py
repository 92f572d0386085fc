"""Lines laid by on disk."""

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmsync.crms.salesforce.shelves import ON_A_SHELF, Shelves, needed
from crmsync.errors import RetryLater

LINES = [[f"parent-{n % 40}", f'cell "{n}", with\nmore'] for n in range(1_000)]


@pytest.fixture
def full() -> Iterator[None]:
    """No file may become longer than a thousand bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def laid_singly() -> None:
    """Lays so little at a time that the file's buffer holds it for a while."""
    with Shelves(1) as shelves:
        for line in LINES:
            shelves.put([line], key=0)


def test_shelves_give_back_what_belongs_together() -> None:
    """Every line once, those of one key on one shelf, on more shelves than one, each shelf in the order of the laying."""
    with Shelves(7) as shelves:
        for start in range(0, len(LINES), 100):
            shelves.put(LINES[start : start + 100], key=0)
        taken = [list(shelves.take(number)) for number in range(7)]
    assert sorted(tuple(line) for some in taken for line in some) == sorted(map(tuple, LINES))
    assert len({(number, line[0]) for number, some in enumerate(taken) for line in some}) == 40
    assert sum(map(bool, taken)) > 1


def test_shelves_are_as_many_as_memory_needs() -> None:
    """One for a few lines, and another for each more that fit on one."""
    assert [needed(lines) for lines in (0, 1, ON_A_SHELF, ON_A_SHELF + 1)] == [1, 1, 1, 2]


@pytest.mark.usefixtures("full")
def test_shelves_tell_that_the_disk_is_full() -> None:
    """In one line, and not by what comes of it when they are closed."""
    with pytest.raises(RetryLater, match="E121"):
        laid_singly()


def test_shelves_tell_that_there_is_no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder for temporary files that is gone is told as well."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(RetryLater, match="E121"):
        Shelves(1)
