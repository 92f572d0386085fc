"""The page of codes against the source."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"([EC][1-9]\d\d)"')
ROW = re.compile(r"^\| ([EC]\d\d\d) \|", re.MULTILINE)


def in_source() -> set[str]:
    """Every code that the program can tell."""
    return {code for file in (ROOT / "crmsync").rglob("*.py") for code in CODE.findall(file.read_text())}


def documented() -> list[str]:
    """Every code of the page, in its order."""
    return ROW.findall((ROOT / "docs" / "errors.md").read_text())


def test_errors_page_knows_every_code_and_no_other() -> None:
    """No code is undocumented, and none is documented that doesn't exist."""
    assert set(documented()) == in_source()


def test_errors_page_lists_each_code_once_in_order() -> None:
    """A code is easy to find."""
    errors = [code for code in documented() if code.startswith("E")]
    assert errors == sorted(set(errors))
