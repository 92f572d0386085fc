"""Facts as arrays, and tables as DataFrames."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from crmsync.records import Kind, Phase
from crmsync.store import frames, tables
from crmsync.store.engine import Store
from tests.store.rows import SECOND, T0, deal, fact, gone, milestone, person, pull, save, score


def test_facts_come_sorted_by_deal_and_time(store: Store) -> None:
    """Whatever the order of arrival, a deal's past reads from its beginning."""
    deals = [deal(), deal("D2")]
    later = [fact("D2", at=T0), fact(at=T0 + 9), fact(at=T0 + 3)]
    pull(store, deals=deals, facts=later)
    pull(store, facts=[fact(at=T0 + 1)])
    found = frames.facts(store)
    assert list(zip(found.deal, found.at, strict=True)) == [(1, T0 + 1), (1, T0 + 3), (1, T0 + 9), (2, T0)]


def test_facts_of_the_past_are_those_known_by_then(store: Store) -> None:
    """What the CRM learnt later doesn't count, even if it was true before."""
    told = [fact(at=T0, known_at=T0 + 5), fact(at=T0 + 1, known_at=T0 + 6)]
    pull(store, deals=[deal()], facts=told)
    assert frames.facts(store, known_by=T0 + 5).known_at.tolist() == [T0 + 5]


def test_facts_can_be_those_of_some_crms(store: Store) -> None:
    """A model that names its CRMs learns from no other."""
    pull(store, crm="one", deals=[deal()], facts=[fact(value=1)])
    pull(store, crm="two", deals=[deal()], facts=[fact(value=2)])
    assert frames.facts(store, crms=["two"]).value.tolist() == [2]


def test_facts_name_their_labels(store: Store) -> None:
    """The label of a name is found at its number."""
    pull(store, deals=[deal()], facts=[fact(kind=Kind.STAGE, name="proposal")])
    found = frames.facts(store)
    assert found.labels[found.name[0]] == "proposal"
    assert found.value[0] == found.name[0]


def test_facts_carry_every_number_exactly(store: Store) -> None:
    """Instants and amounts of any size arrive as they were stored."""
    step = fact(kind=Kind.MILESTONE, source="Milestone__c", source_id="M1", phase=Phase.PLANNED, value=2**60 + 1)
    pull(store, deals=[deal()], milestones=[milestone()], facts=[step])
    found = frames.facts(store)
    assert (found.value[0], found.phase[0], found.step[0]) == (2**60 + 1, Phase.PLANNED, 1)
    assert (found.value.dtype, found.kind.dtype) == (np.int64, np.int8)


@pytest.mark.parametrize("number", [-1, -(2**62), 2**62])
def test_facts_carry_numbers_below_zero(store: Store, number: int) -> None:
    """An amount that is taken back, and an instant before 1970."""
    told = fact(at=-number, known_at=-number, value=number, person="P1")
    pull(store, deals=[deal()], people=[person()], facts=[told])
    found = frames.facts(store)
    assert (found.at[0], found.known_at[0], found.value[0], found.person[0]) == (-number, -number, number, 1)


def test_facts_of_an_empty_store_have_the_same_types(store: Store) -> None:
    """The forecast needn't know whether anything was pulled yet."""
    found = frames.facts(store)
    assert (len(found.deal), found.at.dtype, found.side.dtype, found.labels) == (0, np.int64, np.int8, ("",))


def test_open_deals_are_those_that_their_crm_shows_as_open(store: Store) -> None:
    """Won, lost and gone deals are left out."""
    pull(store, deals=[deal(), deal("D2", closed_at=T0, won=False), deal("D3"), deal("D4")], gone=[gone("D3")])
    assert frames.open_deals(store).tolist() == [1, 4]


def test_rows_streams_a_query_as_dictionaries(store: Store) -> None:
    """Each row comes with the names of its columns."""
    pull(store, deals=[deal(), deal("D2")])
    query = select(tables.Deal.crm_id, tables.Deal.won).order_by(tables.Deal.crm_id)
    assert list(frames.rows(store, query)) == [{"crm_id": "D1", "won": None}, {"crm_id": "D2", "won": None}]


def test_frame_gives_instants_as_aware_times_and_days_as_dates(store: Store) -> None:
    """An analyst sees times in UTC and dates, not numbers."""
    pull(store, deals=[deal(close_on=20_000)])
    row = frames.frame(store, "deal").iloc[0]
    assert row.created_at == pd.Timestamp("2023-11-14T22:13:20Z")
    assert row.close_on == pd.Timestamp("2024-10-04")


def test_frame_keeps_what_is_missing_missing(store: Store) -> None:
    """An open deal has no time of closing, nor has a deal without a date one of expected closing."""
    pull(store, deals=[deal(close_on=None), deal("D2", closed_at=T0, won=True)])
    found = frames.frame(store, "deal")
    assert found.closed_at.isna().tolist() == [True, False]
    assert found.close_on.isna().tolist() == [True, False]


@pytest.mark.parametrize("table", ["deal", "fact", "milestone", "score", "receipt", "run"])
def test_frame_has_the_same_types_with_and_without_rows(store: Store, table: str) -> None:
    """A notebook's first cell doesn't depend on what has been pulled."""
    times = [name for name, kind in frames.frame(store, table).dtypes.items() if str(kind).startswith("datetime64")]
    assert times == [column.name for column in SQLModel.metadata.tables[table].c if _is_time(column.name)]


def _is_time(name: str) -> bool:
    return name.endswith(("_at", "_on")) or name in ("at", "as_of", "close_p20", "close_p50", "close_p80")


def test_frame_of_scores_gives_the_range_of_the_close_date_as_dates(store: Store) -> None:
    """The three quantiles of the close date are days, and `as_of` is an instant."""
    pull(store, deals=[deal()])
    save(store, score(close_p20=20_000, close_p50=20_001, close_p80=20_002, as_of=T0 + SECOND))
    row = frames.frame(store, "score").iloc[0]
    assert [day.isoformat()[:10] for day in row[["close_p20", "close_p50", "close_p80"]]] == [
        "2024-10-04",
        "2024-10-05",
        "2024-10-06",
    ]
    assert row.as_of == pd.Timestamp("2023-11-14T22:13:21Z")


def test_frame_refuses_a_table_that_isnt_there(store: Store) -> None:
    """A slip in a table's name is told, and can't become SQL."""
    with pytest.raises(KeyError):
        frames.frame(store, "deal; drop table deal")
