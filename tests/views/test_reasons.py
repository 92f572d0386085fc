"""The reasons of stored scores, whichever way they are kept."""

import json
from pathlib import Path

import numpy as np
import pytest

from crmsync.config import Config
from crmsync.forecast.parts import as_bytes
from crmsync.store import frames, parts, scores
from crmsync.store.engine import Store
from crmsync.store.fits import save as save_fit
from crmsync.store.parts import Parts
from crmsync.views import export, reasons
from crmsync.views.workbook import Workbook
from tests.store.rows import T0, save, score
from tests.views.conftest import DAY, REASONS

SUM = Parts(-1.5, ("age", "step_done:Security review", "idle"))
OF_NUMBERS = {
    "base": -1.5,
    "parts": {"age": 0.25, "step_done:Security review": 1.0},
    "base_tenths": 182,
    "tenths": {"age": 51, "step_done:Security review": 205},
}


@pytest.fixture
def kept(told: Store) -> Store:
    """The store, with a score by a fit for its other deal: two of three parts add something."""
    fit_id = save_fit(told, model="close", run_id=1, as_of=T0, digest="d", used=True, verdict="", body="{}")
    (added,) = as_bytes(np.array([[0.25, 1.0, 0.0]]))
    made_of = {"fit_id": fit_id, "parts_id": parts.number(told, fit_id, SUM), "added": added, "reasons": ""}
    save(told, score(2, as_of=T0 + 2 * DAY, **made_of))
    return told


def test_reasons_kept_as_numbers_are_told_by_name(kept: Store) -> None:
    """In log-odds and in tenths of a point, without the part that adds nothing; those of an older version are told as they are."""
    old, new = (row["reasons"] for row in reasons.told(kept, frames.rows(kept, scores.newest_of_open())))
    assert (old, json.loads(new)) == (REASONS, OF_NUMBERS)


def test_reasons_without_points_get_them(told: Store) -> None:
    """The first versions kept log-odds only; they are told like all others."""
    del (old := dict(OF_NUMBERS))["tenths"], old["base_tenths"]
    save(told, score(2, as_of=T0 + 2 * DAY, reasons=json.dumps(old)))
    *_, text = (row["reasons"] for row in reasons.told(told, frames.rows(told, scores.newest_of_open())))
    assert json.loads(text) == OF_NUMBERS


def test_export_tells_reasons_by_name(kept: Store, tmp_path: Path) -> None:
    """A file has one column of reasons, as text, and not the numbers that they are kept as."""
    export.to_file(kept, "score", tmp_path / "score.csv")
    head, *lines = (tmp_path / "score.csv").read_text().splitlines()
    assert "added" not in head
    assert ['""step_done:Security review"":1.' in line for line in lines] == [False, True]


def test_frames_of_a_notebook_tell_reasons_by_name(kept: Store) -> None:
    """The whole table and the newest scores alike, each with one column of reasons."""
    book = Workbook(Config(), kept)
    for frame in (book.score, book.scores):
        assert [json.loads(text)["base"] for text in frame.reasons] == [-1.0, -1.5]
        assert not {*reasons.KEPT} & {*frame.columns}
