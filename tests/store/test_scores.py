"""The newest score of a deal, today and as of an earlier instant."""

import pytest

from crmsync.store import frames, scores
from crmsync.store.engine import Store
from tests.store.rows import T0, deal, gone, pull, save, score

DAY = 86_400_000_000


@pytest.fixture
def pulled(store: Store) -> Store:
    """A store with three open deals, a won one and one that is gone, numbered 1 to 5."""
    deals = [*(deal(f"D{number}") for number in (1, 2, 3)), deal("D4", won=True, closed_at=T0), deal("D5")]
    pull(store, deals=deals, gone=[gone("D5")])
    return store


def shown(store: Store, crm: str | None = None) -> list[tuple[str, float]]:
    """(crm_id, probability) of the newest scores of open deals."""
    return [(row["crm_id"], row["probability"]) for row in frames.rows(store, scores.newest_of_open(crm))]


def test_newest_of_open_gives_one_score_a_deal(pulled: Store) -> None:
    """Only the newest score counts; a deal without one is left out."""
    save(pulled, score(1, probability=0.1), score(2, probability=0.2), score(1, as_of=T0 + DAY, probability=0.3))
    assert shown(pulled) == [("D1", 0.3), ("D2", 0.2)]


def test_newest_of_open_isnt_misled_by_a_past_day_scored_later(pulled: Store) -> None:
    """The latest as-of counts, not the latest row: a score of last week made today is not news."""
    save(pulled, score(as_of=T0, probability=0.7), score(as_of=T0 - 7 * DAY, probability=0.1))
    assert shown(pulled) == [("D1", 0.7)]


def test_newest_of_open_takes_the_later_of_two_scores_of_one_instant(pulled: Store) -> None:
    """Scoring an instant again replaces what was said of it."""
    save(pulled, score(probability=0.1), score(probability=0.2))
    assert shown(pulled) == [("D1", 0.2)]


def test_newest_of_open_leaves_out_closed_and_gone_deals(pulled: Store) -> None:
    """Nothing is written to a deal that has ended or left."""
    save(pulled, *(score(number) for number in (3, 4, 5)))
    assert [crm_id for crm_id, _ in shown(pulled)] == ["D3"]


def test_newest_of_open_can_be_asked_of_one_crm(pulled: Store) -> None:
    """Each CRM is staged by itself."""
    pull(pulled, crm="hub", deals=[deal("H1")])
    with pulled.read() as connection:
        number = connection.exec_driver_sql("SELECT deal_id FROM deal WHERE crm = 'hub'").scalar_one()
    save(pulled, score(1), score(number))
    assert (len(shown(pulled)), [crm_id for crm_id, _ in shown(pulled, "hub")]) == (2, ["H1"])


def test_newest_gives_the_score_of_the_latest_instant(pulled: Store) -> None:
    """What `explain` shows is the same score that `stage` compares."""
    save(pulled, score(as_of=T0, probability=0.7), score(as_of=T0 - DAY, probability=0.1), score(2))
    found = scores.newest(pulled, 1)
    assert found is not None
    assert (found.as_of, found.probability) == (T0, 0.7)


def test_newest_of_an_unscored_deal_is_none(pulled: Store) -> None:
    """A deal that was never scored has no score."""
    assert scores.newest(pulled, 1) is None


def test_before_gives_each_deals_score_as_of_an_instant(pulled: Store) -> None:
    """The comparison with last week takes the newest score of then, up to and with that instant, in whatever order they came."""
    save(pulled, score(as_of=T0, probability=0.2), score(as_of=T0 - DAY, probability=0.1))
    save(pulled, score(as_of=T0 + 1, probability=0.9), score(2, as_of=T0 + 1))
    assert scores.before(pulled, T0) == {1: 0.2}


def test_save_stores_all_scores_of_a_run_or_none(pulled: Store) -> None:
    """A run that fails in the middle leaves no half of itself."""
    with pytest.raises(Exception, match="E399"):
        save(pulled, score(1), score(999, risk=None))
    assert scores.newest(pulled, 1) is None


def test_save_keeps_every_number_exactly(pulled: Store) -> None:
    """A probability comes back bit-equal, so that a score can be made again and compared."""
    save(pulled, score(probability=0.1 + 0.2, expected_minor=2**53 + 1))
    found = scores.newest(pulled, 1)
    assert found is not None
    assert (found.probability, found.expected_minor) == (0.1 + 0.2, 2**53 + 1)
