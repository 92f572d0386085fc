"""The page that says which fault is tried by which test, and how that ended: docs/proof.md, out of tests/catalogue.toml.

python -m tests.catalogue                   writes the page anew, with the results that it shows now
python -m tests.catalogue RESULTS.xml       with the results of a run, of all tests or some: pytest --junitxml RESULTS.xml
python -m tests.catalogue --tests           the tests that the page names, to run them alone
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
CATALOGUE, PAGE = Path(__file__).with_suffix(".toml"), ROOT / "docs" / "proof.md"
KINDS = {
    "N": ("Network and API", 35),
    "P": ("Process, machine, store, schedule", 30),
    "D": ("Data", 26),
    "W": ("Writing back", 20),
    "M": ("Model", 15),
    "S": ("Web, links, text in commands", 34),
    "C": ("Secrets, config, supply chain", 10),
}
PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "failed", "skipped", "not run"
WORST_FIRST = (FAILED, SKIPPED, NOT_RUN, PASSED)
HEAD = """# What is tried, and by which test

Each row is a way in which things go wrong, with the tests that would fail if crmsync didn't stand it, and how they ended when the
page was last written from a run. `python -m tests.catalogue` makes it; a test holds it to `tests/catalogue.toml`, and every test's
name to its file. What a row's tests leave open stands beside them, and what isn't tried stands with its reason.
"""
FOOT = """
## What takes longer than a test run

Each of these has a small part among the tests; figures stand in [measured.md](measured.md).

| command | what it tries |
| --- | --- |
| `make crash` | each verb killed before each durable or outward act, 500 random kills, 200 races on each database |
| `python -m bench.faults` | ten seeds of 10,000 requests, one in ten failing in one of ten ways |
| `python -m tests.museum` | each exhibit's test without what protects from its loss |
| `python -m tests.writeback.people 2000` | people's edits before, between and within pushes, in 2,000 orders for each CRM |
| `python -m tests.configs` | 500 malformed files, a process each |
| `python -m bench.window` | how long an edit in HubSpot can be gone over |
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One way in which things go wrong. `but`: what its tests leave open; `left_out`: why there is no test."""

    number: str
    what: str
    tests: tuple[str, ...] = ()
    but: str = ""
    left_out: str = ""

    @property
    def covers(self) -> Iterator[str]:
        """The numbers that this row stands for: its own, or those of a span such as S01-S21."""
        first, _, last = self.number.partition("-")
        for each in range(int(first[1:]), int((last or first)[1:]) + 1):
            yield f"{first[0]}{each:02}"


def rows(file: Path = CATALOGUE) -> list[Row]:
    """The catalogue."""
    return [
        Row(number, told["what"], tuple(told.get("tests", ())), told.get("but", ""), told.get("left_out", ""))
        for number, told in tomllib.loads(file.read_text()).items()
    ]


def numbers() -> list[str]:
    """Every number that there has to be a row for."""
    return [f"{kind}{number:02}" for kind, (_, count) in KINDS.items() for number in range(1, count + 1)]


def exists(test: str) -> bool:
    """Whether a test is in its file."""
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text()) if (ROOT / file).is_file() else ast.Module([], [])
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


def results_of(file: Path) -> dict[str, str]:
    """How each test of a run ended, all its cases together: the worst counts."""
    found: dict[str, set[str]] = {}
    for case in ET.parse(file).iter("testcase"):  # noqa: S314 - pytest's own file
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}"
        ends = {child.tag for child in case}
        ended = FAILED if ends & {"failure", "error"} else SKIPPED if "skipped" in ends else PASSED
        found.setdefault(name, set()).add(ended)
    return {name: next(each for each in WORST_FIRST if each in ends) for name, ends in found.items()}


def results_on(page: Path) -> dict[str, str]:
    """How each test ended by a page as it is."""
    told = page.read_text() if page.is_file() else ""
    ended = "|".join(WORST_FIRST)
    return {f"{test[2]}::{test[1]}": test[3] for test in re.finditer(rf"\[(test_\w+)\]\(\.\./(\S+)\) ({ended})", told)}


def render(catalogue: list[Row], results: Mapping[str, str]) -> str:
    """The page."""
    told = [HEAD]
    for kind, (title, _) in KINDS.items():
        mine = [row for row in catalogue if row.number.startswith(kind)]
        told += [f"## {title}", "", "| row | what goes wrong | tests, and how they ended |", "| --- | --- | --- |"]
        told += [f"| {row.number} | {row.what} | {_tests(row, results)} |" for row in mine]
        told.append("")
    tested = sum(bool(row.tests) for row in catalogue)
    tests = dict.fromkeys(test for row in catalogue for test in row.tests)
    ends = [results.get(test, NOT_RUN) for test in tests]
    counts = ", ".join(f"{ends.count(each)} {each}" for each in WORST_FIRST[::-1] if each in ends)
    left = sum(len(list(row.covers)) for row in catalogue if not row.tests)
    return "\n".join([*told, f"{tested} rows with {len(tests)} tests ({counts}), {left} left out.", FOOT])


def _tests(row: Row, results: Mapping[str, str]) -> str:
    if not row.tests:
        return f"left out: {row.left_out}"
    tests = "; ".join(_test(test, results.get(test, NOT_RUN)) for test in row.tests)
    return f"{tests}. Open: {row.but}" if row.but else tests


def _test(test: str, ended: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name}](../{file}) {ended}"


def main(arguments: list[str]) -> None:
    """Writes the page, or names the tests."""
    if arguments == ["--tests"]:
        print("\n".join(dict.fromkeys(test for row in rows() for test in row.tests)))
        return
    PAGE.write_text(render(rows(), results_on(PAGE) | (results_of(Path(arguments[0])) if arguments else {})))


if __name__ == "__main__":
    main(sys.argv[1:])
