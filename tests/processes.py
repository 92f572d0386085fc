"""The program as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast


@contextmanager
def running(*arguments: str, at: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The program while it runs, and its stdout; killed if it didn't end by itself."""
    command = [sys.executable, "-m", "crmsync", *arguments]
    with subprocess.Popen(command, cwd=at, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process, cast(IO[str], process.stdout)
        finally:
            process.kill()


def read_until(out: IO[str], start: str) -> list[str]:
    """The lines up to one that begins so."""
    told: list[str] = []
    for line in out:
        told.append(line)
        if line.startswith(start):
            break
    return told


def run(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """The program from start to end."""
    return python("-m", "crmsync", *arguments, at=at)


def python(*arguments: str, at: Path, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    """A fresh Python."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, timeout=timeout_s, check=False)  # noqa: S603
