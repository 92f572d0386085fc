"""Lines laid by on disk."""

from crmsync.crms.salesforce.shelves import ON_A_SHELF, Shelves, needed

LINES = [[f"parent-{n % 40}", f'cell "{n}", with\nmore'] for n in range(1_000)]


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
