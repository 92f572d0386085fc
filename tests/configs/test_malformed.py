"""500 malformed files of a workspace, each read by the verb that needs it."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from crmsync.cli import main
from tests.configs.cases import FILES, Case, is_well_formed, lay, malformed
from tests.configs.verdict import faults
from tests.processes import run

COUNT = 500
SEED = 5
PROCESSES = 24


def told(case: Case, folder: Path) -> list[str]:
    """What is wrong with how the program ends in this process."""
    lay(folder, case)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--config", str(folder / "config.toml"), case.verb])
    return faults(case, folder, code=code, out=out.getvalue(), err=err.getvalue())


def test_the_workspace_itself_is_well_formed(tmp_path: Path) -> None:
    """Else every case would fail for a reason of its own making."""
    lay(tmp_path, Case("nothing", "config.toml", FILES["config.toml"].encode()))
    assert is_well_formed(tmp_path)


def test_malformed_files_end_in_one_line_each(tmp_path: Path) -> None:
    """Whatever is wrong with a config, a model or a job: exit code 2 and one line that names file and line."""
    cases = list(malformed(tmp_path, count=COUNT, seed=SEED))
    assert len(cases) == COUNT
    assert [fault for case in cases for fault in told(case, tmp_path)] == []


@pytest.mark.parametrize("nth", range(PROCESSES))
def test_malformed_files_end_a_process_well(nth: int, tmp_path: Path) -> None:
    """The same of the program as a process of its own; `python -m tests.configs` runs all of them so."""
    *_, case = malformed(tmp_path, count=5 * nth + 1, seed=SEED)
    lay(tmp_path, case)
    ended = run("--config", str(tmp_path / "config.toml"), case.verb, at=tmp_path)
    assert faults(case, tmp_path, code=ended.returncode, out=ended.stdout, err=ended.stderr) == []
