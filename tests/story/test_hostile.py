"""A world with all that people type and CRMs keep goes through the whole flow, on both databases, with nothing lost."""

from collections.abc import Callable
from pathlib import Path

from crmsync.records import Kind
from crmsync.sandbox.hostile import FAR_ON, FIRST_AT, LARGEST, NAMES, RENAMED
from crmsync.steps.verify import verify
from crmsync.store import dump, runs
from tests.museum.exhibits import rows
from tests.postgres import database
from tests.story.tale import SQLITE, Tale, tale

STORED = {name.replace("\x00", "\ufffd").replace("\ud83e", "\ufffd") for name in NAMES}


def tell(it: Tale) -> str:
    """Pulls, trains, scores, stages, pushes and reconciles; gives the digest of what was pulled."""
    it.pipeline.pull()
    digest = dump.digest(it.store)
    it.pipeline.train("close")
    it.plan()
    it.pipeline.push()
    return digest


def nothing_lost(it: Tale) -> bool:
    """Whether every record of both CRMs is in the store, and every planned value in its field."""
    pushed = [row.counts for row in runs.after(it.store, 0) if row.step == "push"]
    written = all(counts["planned"] == counts["written"] > 0 for counts in pushed)
    return written and all(verify(it.store, it.pipeline.connect(name)).agrees for name in it.config.crm)


def test_hostile_world_is_the_same_on_both_databases(
    tmp_path: Path, postgresql_address: str, new_name: Callable[[], str]
) -> None:
    """Nothing is set aside, nothing is lost, every planned value is written, and both stores hold the same to the byte."""
    told = []
    with database(postgresql_address, new_name()) as url:
        for place, kept in (("sqlite", SQLITE), ("postgresql", url)):
            with tale(tmp_path / place, url=kept, hostile=True) as it:
                told.append((tell(it), runs.quarantined(it.store), nothing_lost(it)))
    assert (told[0], told[0][1:]) == (told[1], ([], True))


def test_hostile_texts_arrive_as_they_are(tmp_path: Path) -> None:
    """Every name comes as it was typed, but that NUL and half of a character become the mark of a loss."""
    with tale(tmp_path, hostile=True) as it:
        it.pipeline.pull()
        deals = rows(it.store, "deal")
        facts = rows(it.store, "fact")
    assert {row["name"] for row in deals} >= STORED
    assert {row["amount_minor"] for row in deals} >= {LARGEST, -125_050, 0, None}
    assert (min(row["created_at"] for row in deals) // 10**9, FAR_ON in {row["value"] for row in facts}) == (
        FIRST_AT // 10**9,
        True,
    )
    assert RENAMED in {row["name"] for row in facts if row["kind"] == Kind.STAGE}
