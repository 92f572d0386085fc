"""Tables as files."""

import csv
import json
import os
import stat
from pathlib import Path

import pyarrow.parquet
import pytest

from crmsync.errors import BadConfig
from crmsync.store import tables
from crmsync.store.engine import Store
from crmsync.views import export
from crmsync.views.files import csv_file, replaced
from tests.store.rows import T0, add, deal, pull, save, score


def read(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_export_of_scores_starts_as_a_file_of_predictions(told: Store, tmp_path: Path) -> None:
    """The first nine columns are promised to other programs."""
    export.to_file(told, "score", tmp_path / "score.csv")
    head = (tmp_path / "score.csv").read_text().splitlines()[0]
    assert head.startswith("crm,crm_id,as_of,fit_id,probability,close_p20,close_p50,close_p80,won_28d,")


def test_export_of_scores_has_the_newest_of_each_open_deal(told: Store, tmp_path: Path) -> None:
    """Instants and days are ISO, floats keep every digit, what isn't known is empty."""
    save(told, score(1, as_of=T0, probability=0.1))
    assert export.to_file(told, "score", tmp_path / "score.csv") == 1
    (row,) = read(tmp_path / "score.csv")
    assert (row["as_of"], row["close_p50"], row["won_28d"]) == ("2023-11-16T22:13:20Z", "2025-01-12", "")
    assert float(row["probability"]) == 0.679


def test_export_names_the_tables_that_there_are(told: Store, tmp_path: Path) -> None:
    """An unknown table is refused before a file is touched."""
    with pytest.raises(BadConfig, match="E123 no table 'deals' -> one of: alias,"):
        export.to_file(told, "deals", tmp_path / "x.csv")
    assert list(tmp_path.glob("x*")) == []


def test_export_writes_no_csv_under_another_name(told: Store, tmp_path: Path) -> None:
    """A spreadsheet wouldn't open it: the name is refused, and nothing is written; without an ending it is CSV."""
    with pytest.raises(
        BadConfig, match=r"E133 .*x\.xlsx: nothing is written as \.xlsx -> a name in \.csv or \.parquet"
    ):
        export.to_file(told, "deal", tmp_path / "x.xlsx")
    assert (list(tmp_path.glob("x*")), export.to_file(told, "deal", tmp_path / "deals")) == ([], 2)


def test_export_takes_every_table(told: Store, tmp_path: Path) -> None:
    """Each table gives as many rows as it has."""
    for table in export.names():
        count = export.to_file(told, table, tmp_path / "any.csv")
        assert count == len(read(tmp_path / "any.csv"))


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)"])
def test_export_defuses_what_a_spreadsheet_would_run(store: Store, tmp_path: Path, text: str) -> None:
    """A deal's name that looks like a formula is text in a spreadsheet."""
    pull(store, deals=[deal(name=text)])
    export.to_file(store, "deal", tmp_path / "deal.csv")
    assert read(tmp_path / "deal.csv")[0]["name"] == f"'{text}"


def test_export_leaves_numbers_as_text_alone(store: Store, tmp_path: Path) -> None:
    """A negative number that is kept as text stays a number."""
    add(
        store,
        tables.Held,
        {"deal_id": 1, "result": "change_7d", "value": "-3.2", "set_by": "", "set_at": 0, "seen_run_id": 1},
    )
    export.to_file(store, "held", tmp_path / "held.csv")
    assert read(tmp_path / "held.csv")[0]["value"] == "-3.2"


def test_export_to_parquet_has_times_and_dates(told: Store, tmp_path: Path) -> None:
    """Instants are UTC timestamps and days are dates, the same values as in CSV."""
    export.to_file(told, "score", tmp_path / "score.parquet")
    (row,) = pyarrow.parquet.read_table(tmp_path / "score.parquet").to_pylist()
    assert (row["as_of"].isoformat(), row["close_p50"].isoformat()) == ("2023-11-16T22:13:20+00:00", "2025-01-12")
    assert json.loads(row["reasons"])["base"] == -1.0


def test_csv_file_leaves_the_old_file_when_the_new_one_fails(tmp_path: Path) -> None:
    """A file that is half written never takes the place of a whole one, and leaves nothing behind."""
    (tmp_path / "a.csv").write_text("old")
    rows = ({"share": 1 / number} for number in (1, 0))
    with pytest.raises(ZeroDivisionError):
        csv_file(tmp_path / "a.csv", ["share"], rows)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.csv", "old")]


def test_replaced_files_are_their_owners_alone(tmp_path: Path) -> None:
    """An export may hold what a CRM keeps from most people."""
    with replaced(tmp_path / "a.csv") as file:
        file.write(b"new")
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(("place", "why"), [("absent/a.csv", "no such file"), (".", "is a directory")])
def test_replaced_tells_a_place_that_cant_be_written(tmp_path: Path, place: str, why: str) -> None:
    """A folder that isn't there, or one in the file's place, is one line."""
    with pytest.raises(BadConfig, match=f"E120 .*{why}"), replaced(tmp_path / place):
        pass


def test_replaced_never_takes_the_place_of_a_device(tmp_path: Path) -> None:
    """A pipe such as /dev/stdout may be is written into, and stays a pipe."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with replaced(tmp_path / "pipe") as file:
        file.write(b"new")
    assert (os.read(reader, 9), (tmp_path / "pipe").is_fifo()) == (b"new", True)
    os.close(reader)


def test_replaced_keeps_a_link_and_writes_what_it_points_at(tmp_path: Path) -> None:
    """A link to a file elsewhere still points there afterwards."""
    (tmp_path / "link.csv").symlink_to("real.csv")
    with replaced(tmp_path / "link.csv") as file:
        file.write(b"new")
    assert ((tmp_path / "link.csv").is_symlink(), (tmp_path / "real.csv").read_bytes()) == (True, b"new")
