"""How counts read."""

PARTICIPLES = {
    "quarantined": "set aside",
    "reread": "read in full (other fields are asked for)",
    "unwritten": "deals' forecasts unwritten (kind prior)",
}
# names of counts that are plural nouns
NOUNS = ("calls", "deals", "receipts", "scores", "snapshots", "steps", "values")


def many(count: int, noun: str) -> str:
    """`1 deal`, `1,200 deals`: a count with its noun, which is given for one."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def percent(share: float, *, places: int = 0) -> str:
    """`44.1 %`: a share of 1, with so many decimal places."""
    return f"{100 * share:.{places}f} %"


def counted(name: str, count: int) -> str:
    """`1 call`, `1,200 written`, `3 set aside`: what a row of the ledger counted under a name."""
    if name in NOUNS:
        return many(count, name.removesuffix("s"))
    return f"{count:,} {PARTICIPLES.get(name, name.replace('_', ' '))}"
