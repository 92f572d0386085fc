"""How counts read."""


def many(count: int, noun: str) -> str:
    """`1 deal`, `1,200 deals`: a count with its noun, which is given for one."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
