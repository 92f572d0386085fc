"""The wheel: what is in it, and that it works where it is installed."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
STARTER = ("models", "jobs", "notebooks")
DISTRIBUTION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True, slots=True)
class Built:
    """The wheel's files, and a folder into which it is installed."""

    names: frozenset[str]
    installed: Path

    def python(self, *arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
        """A fresh Python that sees the installed package before the checkout."""
        environment = {**os.environ, "PYTHONPATH": str(self.installed)}
        return call(*arguments, at=at, environment=environment)


def call(*arguments: str, at: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A fresh Python."""
    command = [sys.executable, *arguments]
    return subprocess.run(  # noqa: S603
        command, cwd=at, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built by the backend that pyproject.toml names, and installed by pip; neither asks the network."""
    folder = tmp_path_factory.mktemp("wheel")
    made = call("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), at=ROOT)
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("*.whl")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    done = call("-m", "pip", "install", *quiet, "--target", str(folder / "site"), str(wheel), at=folder)
    assert done.returncode == 0, done.stderr
    with ZipFile(wheel) as archive:
        return Built(frozenset(archive.namelist()), folder / "site")


def tracked(folder: str) -> set[str]:
    """The files of a folder of the repository, by their paths from its root."""
    files = (file for file in (ROOT / folder).rglob("*") if file.is_file())
    return {str(file.relative_to(ROOT)) for file in files if "__pycache__" not in file.parts and file.name[0] != "."}


def test_wheel_brings_one_package_and_nothing_else(built: Built) -> None:
    """No test, bench or second top-level name lands in somebody's environment."""
    tops = {name.split("/")[0] for name in built.names}
    assert tops == {"crmsync", f"{DISTRIBUTION['name']}-{DISTRIBUTION['version']}.dist-info"}


def test_wheel_holds_the_whole_package(built: Built) -> None:
    """Migrations and every other file of the engine."""
    assert tracked("crmsync") <= built.names
    assert any(name.startswith("crmsync/store/migrations/versions/0001") for name in built.names)


def test_wheel_carries_the_starter(built: Built) -> None:
    """The repository's own models, jobs and notebooks, and the config's example."""
    wanted = {f"crmsync/starter/{name}" for folder in STARTER for name in tracked(folder)}
    starter = {name for name in built.names if name.startswith("crmsync/starter/")}
    assert starter == wanted | {"crmsync/starter/config.example.toml"}


def test_wheel_names_its_licence(built: Built) -> None:
    """The text is in it."""
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in built.names)


def test_installed_program_makes_a_workspace(built: Built, tmp_path: Path) -> None:
    """`crmsync init` copies from the wheel, not from a checkout."""
    where = built.python("-c", "import crmsync; print(crmsync.__file__)", at=tmp_path)
    said = built.python("-m", "crmsync", "init", "new", at=tmp_path)
    assert where.stdout.strip() == str(built.installed / "crmsync" / "__init__.py")
    assert (said.returncode, said.stderr) == (0, "")
    assert (tmp_path / "new" / "models" / "close.toml").read_text() == (ROOT / "models" / "close.toml").read_text()


def test_installed_program_has_its_command(built: Built) -> None:
    """The console script is there."""
    assert (built.installed / "bin" / "crmsync").is_file()
