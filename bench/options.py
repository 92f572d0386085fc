"""What every bench over generated worlds can be told."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter

from crmsync.sandbox.laws import LAWS


def parser(doc: str | None) -> ArgumentParser:
    """A parser whose help is a module's own text, line by line."""
    return ArgumentParser(description=doc, formatter_class=RawDescriptionHelpFormatter)


def add_worlds(to: ArgumentParser, *, seeds: int = 10, deals: int = 3_000) -> ArgumentParser:
    """How many worlds of each law, from which seed on, how large, and which laws; gives the parser."""
    to.add_argument("--seeds", type=int, default=seeds)
    to.add_argument("--first", type=int, default=1, help="the first seed")
    to.add_argument("--deals", type=int, default=deals)
    to.add_argument("--law", action="append", choices=list(LAWS), help="one of them; may be given several times")
    return to


def seeds_of(told: Namespace) -> range:
    """The seeds that were asked for."""
    return range(told.first, told.first + told.seeds)
