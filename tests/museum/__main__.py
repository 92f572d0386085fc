"""Takes the protection of each exhibit out, in a copy of the program, and shows that its test fails then.

python -m tests.museum
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.museum.unprotected import ALL, Unprotected

ROOT = Path(__file__).parents[2]
NEEDED = ("crmsync", "tests", "models", "jobs", "notebooks", "bench")
FILES = ("pyproject.toml", "config.example.toml", "README.md", "LICENSE")
SOME_FAILED = 1  # how pytest ends then


def copied(folder: Path) -> None:
    """A copy of the program and its tests."""
    for name in NEEDED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)


def tested(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """How tests end in a copy: pytest's code, and its last line."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    counts = re.findall(r"\d+ (?:passed|failed|error)[^,\n]*", done.stdout)
    return done.returncode, ", ".join(re.sub(r" in .*", "", count) for count in counts)


def spoilt(folder: Path, it: Unprotected) -> tuple[int, str]:
    """How a test ends without its protection, which is put back."""
    kept = {file: (folder / file).read_text() for file, _, _ in it.edits}
    for file, text, instead in it.edits:
        told = (folder / file).read_text()
        assert told.count(text) == 1, f"{file}: {text!r} stands there {told.count(text)} times"
        (folder / file).write_text(told.replace(text, instead))
    try:
        return tested(folder, [it.test])
    finally:
        for file, text in kept.items():
            (folder / file).write_text(text)


def main() -> int:
    """Gives 1 when a test fails with its protection, or passes without it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        code, counts = tested(folder, list(dict.fromkeys(it.test for it in ALL)))
        print(f"with every protection: {counts}", flush=True)
        wrong = code
        for it in ALL:
            code, counts = spoilt(folder, it)
            wrong += code != SOME_FAILED
            print(f"{it.test.partition('::')[2]} without this: {it.protection}: {counts}", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
