"""Texts that would be commands elsewhere: in queries of the store and of Salesforce, in names of models, jobs and tables."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmsync import workspace
from crmsync.crms.salesforce.values import quoted, soql
from crmsync.errors import BadConfig
from crmsync.sandbox.salesforce.soql import parse, text_of
from crmsync.sandbox.salesforce.syntax import Compare, Literal
from crmsync.store import deals, tables
from crmsync.store.engine import Store
from crmsync.views import export
from tests.store.conftest import store, url
from tests.store.rows import all_of, deal, pull

__all__ = ["store", "url"]

SOURCE = Path(__file__).parents[2] / "crmsync"
SQL = (
    "' OR '1'='1",
    "'; DROP TABLE deal; --",
    '" OR ""="',
    "D1' UNION SELECT * FROM run --",
    "%",
    "_",
    "D1\\",
    "1; SELECT pg_sleep(9)",
    "D1/*",
)
PATHS = ("../close", "/etc/passwd", "..", "close.toml", "models/close", "close\x00", "%2e%2e/close", "")


@pytest.mark.parametrize("text", SQL)
def test_store_takes_a_name_as_a_name(store: Store, text: str) -> None:
    """It is found where a deal is called so, and nothing else is found or done."""
    pull(store, deals=[deal("D1", name="Ten seats"), deal("D2", name=text)])
    assert [row.crm_id for row in deals.find(store, text)] == ["D2"]
    assert len(all_of(store, tables.Deal)) == 2


def test_store_makes_no_query_of_texts() -> None:
    """No query of the engine is put together from texts but for settings of our own making."""
    made = []
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ("exec_driver_sql", "text", "execute") and "store" in file.parts:
                made += [
                    f"{file.name}:{node.lineno}" for one in node.args[:1] if isinstance(one, ast.JoinedStr | ast.BinOp)
                ]
    assert [place for place in made if not place.startswith("engine.py")] == []
    assert len(made) == 1  # the settings of an SQLite connection


def test_queries_that_are_texts_stand_where_they_are_known() -> None:
    """Where the linter is told to look away, names of our own tables and columns go in, and nothing else."""
    places = Counter(
        file.name for file in SOURCE.rglob("*.py") for line in file.read_text().splitlines() if "noqa: S608" in line
    )
    assert places == {"numbers.py": 1, "upsert.py": 3}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_salesforce_reads_a_quoted_text_back_as_itself(text: str) -> None:
    """Quotes, backslashes and signs of a LIKE stay part of the text: nothing of it becomes part of the query."""
    where = parse(soql(["Id"], "Opportunity", where=f"Name = {quoted(text)}")).where
    assert isinstance(where, Compare)
    assert isinstance(where.value, Literal)
    assert text_of(where.value) == text


@pytest.mark.parametrize("name", PATHS)
def test_models_and_jobs_are_names_and_no_paths(tmp_path: Path, name: str) -> None:
    """Only files of the folder are found, by their own names."""
    for folder, text in (("models", ""), ("jobs", 'schedule = "0 * * * *"\nsteps = ["pull"]')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "close.toml").write_text(text)
    (tmp_path / "close.toml").write_text("")
    with pytest.raises(BadConfig, match="E110"):
        workspace.model(tmp_path, name)
    with pytest.raises(BadConfig, match="E111"):
        workspace.job(tmp_path, name)


@pytest.mark.parametrize("name", ["../deal", "deal; --", "sqlite_master", "pg_user", "deal, run"])
def test_export_knows_its_own_tables_only(name: str) -> None:
    """A table is one of a list, never a part of a query."""
    with pytest.raises(BadConfig, match="E123"):
        export.query(name)
