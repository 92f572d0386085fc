"""The promise ledger as it is shown."""

import json
from dataclasses import replace

import pytest

from crmsync.clock import to_date
from crmsync.config import Config
from crmsync.errors import BadConfig
from crmsync.forecast.keeping import Mutuality
from crmsync.store.engine import Store
from crmsync.views.promises import document, ledger, lines
from crmsync.views.workbook import Workbook
from tests.store.rows import CRM


def test_ledger_tells_each_move(told: Store) -> None:
    """The step, from which day to which, when, and that it was in time; also as JSON."""
    found = ledger(told)
    assert (
        f"Ten seats ({CRM} D1), Security review (buyer): 2024-11-13 to 2024-11-23, +10 days, in time"
        in lines(found)[-1]
    )
    assert json.loads(json.dumps(document(found)))["moves"][0]["days"] == 10


def test_ledger_says_nothing_of_a_share_that_nobody_knows(told: Store) -> None:
    """Whose steps they are is known, who ticked them off isn't: no share stands for it."""
    (shares,) = [line for line in lines(ledger(told)) if "the buyer's" in line]
    assert shares == "of all steps 100 % are the buyer's"
    found = replace(ledger(told), mutuality=Mutuality(owned=0.4, made=None, closed=0.0))
    assert "of all steps 40 % are the buyer's; of those ticked off in the CRM 0 % by the buyer's own people" in lines(
        found
    )


def test_ledger_is_a_frame_in_a_notebook(told: Store) -> None:
    """An analyst gets the same moves and counts, days as dates."""
    book = Workbook(Config(), told)
    assert book.moves().moved_on.dt.date.tolist() == [to_date(each.moved_on) for each in ledger(told).moves]
    assert book.keeping().moved_in_time.tolist() == [each.moved_in_time for each in ledger(told).keeping]


def test_ledger_of_one_deal_leaves_the_others_out(told: Store) -> None:
    """A deal without promises has an empty ledger; one that isn't there is refused."""
    assert len(ledger(told, "D1").moves) == 1
    assert lines(ledger(told, "D2")) == ["nothing was promised yet"]
    with pytest.raises(BadConfig, match="E125"):
        ledger(told, "D9")


def test_ledger_counts_one_in_the_singular(told: Store) -> None:
    """A date that was moved by a day, of a side that promised once."""
    found = ledger(told)
    side, move = replace(found.keeping[0], promises=1), replace(found.moves[0], days=-1)
    shown = lines(replace(found, keeping=[side], moves=[move]))
    assert shown[0].startswith("buyer: 1 promise, ")
    assert ", -1 day, " in shown[-1]


def test_ledger_of_a_deal_that_isnt_there_is_refused_before_any_reading(store: Store) -> None:
    """A slip of the pen costs no reading of all facts: it is told even where there are none."""
    with pytest.raises(BadConfig, match="E125"):
        ledger(store, "D9")
