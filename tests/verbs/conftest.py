"""A workspace whose CRMs run here, with the whole story told once."""

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from crmsync import starter
from crmsync.cli import main
from crmsync.clock import parse_instant
from crmsync.sandbox.generate import generate
from crmsync.sandbox.guide import config
from crmsync.sandbox.laws import LAWS
from crmsync.sandbox.local import LocalCrms

NOW = parse_instant("2026-06-01")
STORY = ("fields --create", "pull", "train", "score", "stage", "push")


@dataclass(frozen=True, slots=True)
class Said:
    """What a call gave."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def call(*arguments: str) -> Said:
    """Runs the program."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def crms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCrms]:
    """Both local CRMs over a small world, their clock stopped."""
    world = generate(deals=240, seed=3, law=LAWS["milestones"], now=NOW)
    with LocalCrms(world, tmp_path_factory.mktemp("crms"), frozen=True) as local:
        yield local


@pytest.fixture(scope="module")
def workspace(crms: LocalCrms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new workspace whose config reaches them; its model is a short one."""
    folder = tmp_path_factory.mktemp("workspaces") / "new"
    starter.init(folder)
    (folder / "config.toml").write_text(config(crms))
    short = 'features = ["age", "stage", "step_done", "buyer_idle", "overdue"]\n[penalty]\ngrid = [0.03]\n[write]\nprior = true\n'
    (folder / "models" / "close.toml").write_text(short)
    return folder


@pytest.fixture(scope="module")
def crmsync(workspace: Path) -> Call:
    """The program in that workspace."""
    return lambda *arguments: call("--config", str(workspace / "config.toml"), *arguments)


@pytest.fixture(scope="module")
def story(crmsync: Call) -> dict[str, Said]:
    """What each step of the story said, each run once and in order."""
    return {step: crmsync(*step.split()) for step in STORY}
