"""Models and jobs, as files declare them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crmsync import workspace
from crmsync.errors import BadConfig

MODEL = 'features = ["age", "stage"]\n'
JOB = 'schedule = "0 * * * *"\nsteps = ["pull"]\n'

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of a workspace and gives the workspace's folder."""

    def written(place: str, text: str) -> Path:
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return tmp_path

    return written


def refused(find: Callable[[], object]) -> str:
    """The one line that refuses a file, from the folder's name on."""
    with pytest.raises(BadConfig) as fault:
        find()
    told = str(fault.value)
    place = next(told.index(folder) for folder in ("models", "jobs") if folder in told)
    return f"{fault.value.code} {told[place:]}"


def test_model_is_named_by_its_file(write: Write) -> None:
    """A model needs to say no more than its features; the rest has defaults."""
    spec = workspace.model(write("models/close.toml", MODEL), "close")
    assert (spec.name, spec.features, spec.target.outcome, spec.target.horizon_days) == (
        "close",
        ("age", "stage"),
        "won",
        28,
    )


def test_models_are_all_files_of_the_folder(write: Write) -> None:
    """Other files beside them are nobody's model."""
    write("models/b.toml", MODEL)
    write("models/notes.txt", "")
    assert list(workspace.models(write("models/a.toml", MODEL))) == ["a", "b"]


def test_model_that_isnt_there_lists_those_that_are(write: Write) -> None:
    """A slip in a name shows what could be meant; a fault in another model's file doesn't matter."""
    root = write("models/close.toml", "broken [")
    assert refused(lambda: workspace.model(root, "clos")) == "E110 models: no model 'clos' -> one of: close"


def test_model_without_a_workspace_says_how_to_get_one(tmp_path: Path) -> None:
    """An empty folder is where a newcomer begins."""
    assert refused(lambda: workspace.model(tmp_path, "close")).endswith(
        "crmsync init DIR makes a workspace with the starters"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "E103 models/m.toml:1: features: missing -> add it"),
        (MODEL + "[population]\nfrom_on = 'May'", "E103 models/m.toml:3: population.from_on: no date; write it like"),
        ("features = []", "E103 models/m.toml:1: features: too few entries -> at least 1"),
        (MODEL + "feature = 1", "E103 models/m.toml:2: feature: unknown key -> did you mean features?"),
        (MODEL + "zzz = 1", "E103 models/m.toml:2: zzz: unknown key -> one of: target, population, features, "),
        (
            MODEL + "[target]\nhorizon = 7",
            "E103 models/m.toml:3: target.horizon: unknown key -> did you mean horizon_days?",
        ),
        (MODEL + "[target]\nhorizon_days = 0", "E103 models/m.toml:3: target.horizon_days: too small -> at least 1"),
        (MODEL + "[penalty]\ngrid = []", "E103 models/m.toml:3: penalty.grid: too few entries -> at least 1"),
        (
            MODEL + "[penalty]\ngrid = [1.0, 0.0]",
            "E103 models/m.toml:3: penalty.grid.1: too small -> more than 0",
        ),
        (MODEL + "[categories]\ncommit = 0.3", "E103 models/m.toml:2: categories: pipeline, best_case and commit have"),
        (
            MODEL + "[gate]\nmin_closed = 3",
            "E103 models/m.toml:3: gate.min_closed: too small -> at least 30",
        ),
        (
            MODEL + "[calendar]\nbuyer_holidays = ['Xmas']",
            "E103 models/m.toml:3: calendar.buyer_holidays.0: no date; write",
        ),
        (
            MODEL + "[calendar]\nweekend = ['Sun']",
            "E103 models/m.toml:3: calendar.weekend.0: no such value -> 'mon', 'tue'",
        ),
        ("features = [", "E102 models/m.toml:1: not valid TOML"),
    ],
)
def test_model_names_line_and_key_of_a_fault(write: Write, text: str, told: str) -> None:
    """An analyst's slip leads to its line."""
    root = write("models/m.toml", text)
    assert refused(lambda: workspace.model(root, "m")).startswith(told)


@pytest.mark.parametrize("day", ["2026-12-25", "'2026-12-25'"])
def test_model_takes_a_day_with_quotes_or_without(write: Write, day: str) -> None:
    """TOML has days of its own."""
    root = write("models/m.toml", MODEL + f"[calendar]\nbuyer_holidays = [{day}]\n[population]\nfrom_on = {day}")
    found = workspace.model(root, "m")
    assert (found.calendar.buyer_holidays, found.population.from_on) == (("2026-12-25",), "2026-12-25")


def test_job_runs_its_steps_in_its_zone(write: Write) -> None:
    """A job says when and what; a missed run is made up for once by default."""
    job = workspace.job(write("jobs/nightly.toml", JOB + 'zone = "Europe/Berlin"'), "nightly")
    assert (job.name, job.steps, job.zone, job.missed, job.model) == (
        "nightly",
        ("pull",),
        "Europe/Berlin",
        "once",
        "close",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            JOB.replace("pull", "pul"),
            "E103 jobs/j.toml:2: steps.0: no such value -> 'pull', 'reconcile', 'compact', 'train', 'score', 'stage' or 'push'",
        ),
        ('schedule = "0 * * * *"\nsteps = []', "E103 jobs/j.toml:2: steps: too few entries -> at least 1"),
        (JOB + 'zone = "Berlin"', "E103 jobs/j.toml:3: zone: no time zone 'Berlin'; write it like Europe/Berlin"),
        (JOB + 'zone = "../etc"', "E103 jobs/j.toml:3: zone: no time zone"),
        (JOB + 'zone = ""', "E103 jobs/j.toml:3: zone: no time zone"),
        (JOB + 'missed = "twice"', "E103 jobs/j.toml:3: missed: no such value -> 'once' or 'skip'"),
    ],
)
def test_job_names_line_and_key_of_a_fault(write: Write, text: str, told: str) -> None:
    """A slip in a job is found when the jobs are read, not at night."""
    root = write("jobs/j.toml", text)
    assert refused(lambda: workspace.jobs(root)).startswith(told)


def test_job_that_isnt_there_lists_those_that_are(write: Write) -> None:
    """A slip in a name shows what could be meant."""
    root = write("jobs/hourly.toml", JOB)
    assert refused(lambda: workspace.job(root, "daily")) == "E111 jobs: no job 'daily' -> one of: hourly"
