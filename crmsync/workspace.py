"""The workspace: the folder with `config.toml`, and in it `models/*.toml` and `jobs/*.toml`, read into specs."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PositiveFloat, model_validator

from crmsync.clock import parse_instant
from crmsync.config import Config
from crmsync.errors import BadConfig
from crmsync.toml import Section, build, read_toml


class Target(Section):
    """What is forecast, and over which deals."""

    outcome: Literal["won"] = Field("won", description="what the probability is of")
    horizon_days: int = Field(28, ge=1, le=3_660, description="`won_28d`: the chance of being won within so many days")
    fiscal_year_starts: int = Field(1, ge=1, le=12, description="month; `won_in_period` means its quarters")


def _instant(text: str) -> str:
    """A date or an instant, "" for none."""
    try:
        parse_instant(text or "1970-01-01")
    except ValueError:
        raise ValueError("no date; write it like 2026-01-31") from None
    return text


def _unquoted(value: object) -> object:
    """TOML has days of its own, which stand without quotes."""
    return value.isoformat() if type(value) is date else value


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("no date; write it like 2026-01-31") from None
    return text


class Population(Section):
    """Which deals the model learns from and scores."""

    crms: tuple[str, ...] = Field((), description="names of CRMs; empty: all")
    every_days: int = Field(7, ge=1, le=31, description="days between the dated examples of one deal")
    from_on: Annotated[str, BeforeValidator(_unquoted), AfterValidator(_instant)] = Field(
        "", description="learn only from deals made on or after this day"
    )


class Penalty(Section):
    """How strongly coefficients are pulled to zero; chosen on later data."""

    grid: tuple[PositiveFloat, ...] = Field(
        (0.003, 0.01, 0.03, 0.1, 0.3, 1.0), min_length=1, description="values of C to try; smaller pulls more"
    )


class Gate(Section):
    """What a fit must show before it may score."""

    min_closed: int = Field(30, ge=30, description="closed deals needed to learn at all")
    min_each: int = Field(5, ge=5, description="of them won, and of them lost")
    block: bool = Field(
        default=True, description="keep the old fit when the new one has no advantage over the baselines"
    )
    challenge_days: int = Field(
        0, ge=0, le=366, description="days that a new fit stands beside the one in use before it may score; 0: none"
    )


class Write(Section):
    """Which kinds of score may go to CRM fields as a forecast. A score by rules never does: it is no probability."""

    prior: bool = Field(
        default=False,
        description="write scores of kind `prior`, which have not been shown to beat the base rate, as probabilities",
    )


class Categories(Section):
    """Probabilities from which a forecast category is proposed."""

    pipeline: float = Field(0.1, ge=0, le=1)
    best_case: float = Field(0.5, ge=0, le=1)
    commit: float = Field(0.8, ge=0, le=1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.pipeline <= self.best_case <= self.commit:
            raise ValueError("pipeline, best_case and commit have to rise in this order")
        return self


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Day = Annotated[str, BeforeValidator(_unquoted), AfterValidator(_day)]


class Calendar(Section):
    """Days on which nobody works: a promise for one of them counts as one for the next working day of its side."""

    weekend: tuple[Weekday, ...] = Field(("sat", "sun"), max_length=6, description="of both sides")
    buyer_holidays: tuple[Day, ...] = Field((), description="such as 2026-12-25, with quotes or without")
    seller_holidays: tuple[Day, ...] = ()


class ModelSpec(Section):
    """One forecasting model, as `models/NAME.toml` declares it."""

    name: str
    file: Path
    target: Target = Target()
    population: Population = Population()
    features: tuple[str, ...] = Field(min_length=1)
    penalty: Penalty = Penalty()
    gate: Gate = Gate()
    write: Write = Write()
    categories: Categories = Categories()
    calendar: Calendar = Calendar()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}; write it like Europe/Berlin") from None
    return name


Step = Literal["pull", "reconcile", "compact", "train", "score", "stage", "push"]


class JobSpec(Section):
    """One job, as `jobs/NAME.toml` declares it."""

    name: str
    file: Path
    schedule: str = Field(description='cron, five fields: "0 * * * *" is every full hour')
    zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="time zone of the schedule")
    steps: tuple[Step, ...] = Field(min_length=1, description="run in this order; a step that fails ends the job")
    crms: tuple[str, ...] = Field((), description="names of CRMs; empty: all")
    model: str = Field("close", description="a file in models/")
    missed: Literal["once", "skip"] = Field(
        "once", description="after a missed time: run once when possible, or not at all"
    )
    grace_s: int = Field(
        3600, ge=60, description="a job is overdue when so long after its time no run has begun that ends well"
    )


def models(root: Path) -> dict[str, ModelSpec]:
    """The models of a workspace by name. Raises BadConfig."""
    return {file.stem: build(ModelSpec, _named(file), file) for file in _files(root, "models")}


def model(root: Path, name: str) -> ModelSpec:
    """One model. Raises BadConfig when it isn't there or wrong."""
    files = {file.stem: file for file in _files(root, "models")}
    if name not in files:
        raise BadConfig("E110", f"no model {name!r}", where=str(root / "models"), remedy=_one_of(files))
    return build(ModelSpec, _named(files[name]), files[name])


def jobs(root: Path) -> dict[str, JobSpec]:
    """The jobs of a workspace by name. Raises BadConfig."""
    return {file.stem: build(JobSpec, _named(file), file) for file in _files(root, "jobs")}


def served(config: Config) -> dict[str, JobSpec]:
    """What `serve` runs: the jobs, or with an engine a part of each for every CRM. Raises BadConfig.

    A job with a step of a model, which may concern all CRMs, stays whole.
    """
    specs = jobs(config.file.resolve().parent)
    return (
        specs
        if not config.engine.kind
        else {part.name: part for spec in specs.values() for part in _parts(spec, config)}
    )


def _parts(spec: JobSpec, config: Config) -> Iterator[JobSpec]:
    if {"train", "score"} & set(spec.steps):
        yield spec
        return
    for name in spec.crms or (None,):
        for crm in config.only_crm(name):
            yield spec.model_copy(update={"name": f"{spec.name}@{crm.name}", "crms": (crm.name,)})


def job(root: Path, name: str) -> JobSpec:
    """One job. Raises BadConfig when it isn't there or wrong."""
    found = jobs(root)
    if name not in found:
        raise BadConfig("E111", f"no job {name!r}", where=str(root / "jobs"), remedy=_one_of(found))
    return found[name]


def _files(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).glob("*.toml"))


def _named(file: Path) -> dict[str, object]:
    return {**read_toml(file), "name": file.stem, "file": file}


def _one_of(names: object) -> str:
    listed = ", ".join(names) if isinstance(names, dict) else ""
    return f"one of: {listed}" if listed else "crmsync init DIR makes a workspace with the starters"
