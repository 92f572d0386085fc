"""README and docs against what there is: links, verbs, rooms."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer.main

from crmsync.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
VERB = re.compile(r"(?:^|[\s`(|$>;&])crmsync ((?:--config \S+ |--json |--debug )*)([a-z]+)\b", re.MULTILINE)
ROOM = re.compile(r"`([a-z_]+(?:\.py|/))`")
ELSEWHERE = ("http://", "https://", "mailto:")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings, as the usual hosts make them."""
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere in this repository."""
    for link in LINK.findall(CODE.sub("", page.read_text())):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if link.startswith(ELSEWHERE):
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            yield link


def verbs() -> set[str]:
    """The verbs that the program has."""
    group = typer.main.get_command(app)
    return set(getattr(group, "commands"))  # noqa: B009 - the type of a group is the library's own


@each_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Each file is there, and each heading."""
    assert list(broken(page)) == []


def test_broken_link_would_be_found(tmp_path: Path) -> None:
    """A file that isn't there, and a heading that isn't."""
    page = tmp_path / "page.md"
    page.write_text("# One head\n[a](absent.md) [b](#one-head) [c](#other) `[d](code.md)` [e](https://example.com)\n")
    assert list(broken(page)) == ["absent.md", "#other"]


@each_page
def test_every_verb_that_is_named_exists(page: Path) -> None:
    """Whatever stands behind `crmsync` in code can be typed."""
    code = "\n".join(CODE.findall(page.read_text()))
    assert {verb for _, verb in VERB.findall(code)} - verbs() == set()


def test_rooms_of_the_architecture_exist() -> None:
    """The table of rooms names files and folders of the package, and leaves out none."""
    _, _, section = (ROOT / "docs" / "architecture.md").read_text().partition("## Rooms")
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    named = {room.rstrip("/") for row in rows for room in ROOM.findall(row.split("|")[1])}
    mentioned = {room for row in rows for room in ROOM.findall(row)}
    package = {
        file.name for file in (ROOT / "crmsync").iterdir() if file.suffix == ".py" or (file / "__init__.py").exists()
    }
    assert named - package == set()
    assert {room for room in package - named - mentioned if not room.startswith("__")} == set()
