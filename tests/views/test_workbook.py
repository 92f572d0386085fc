"""What an analyst asks of a store."""

from pathlib import Path

import pytest

from crmsync.config import Config
from crmsync.store.engine import Store
from crmsync.views.workbook import Workbook


@pytest.mark.parametrize(
    ("kind", "name", "at_least", "text"),
    [
        ("view", "", 12, "12 views"),
        ("meeting", "", 1, "1 meeting"),
        ("milestone", "Security review", 1, "Security review done"),
        ("milestone", "", 3, "3 steps done"),
    ],
)
def test_claim_reads_as_people_say_it(
    told: Store, tmp_path: Path, kind: str, name: str, at_least: int, text: str
) -> None:
    """A claim is called what it claims; of deals none of which has closed nothing is said."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "close.toml").write_text('features = ["age"]\n')
    book = Workbook(Config(file=tmp_path / "config.toml"), told)
    found = book.claim(kind, name=name, at_least=at_least, said=0.9)
    assert (found.claim.text, found.verdict) == (text, "too few deals")
