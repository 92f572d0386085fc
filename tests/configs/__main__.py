"""All malformed files, each read by a process of its own: `python -m tests.configs [COUNT] [SEED]`."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.configs.cases import Case, lay, malformed
from tests.configs.verdict import faults
from tests.processes import run

AT_ONCE = 2


def main(count: int = 500, seed: int = 5) -> int:
    """Runs them and prints how many there were and what went wrong."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        cases = list(malformed(Path(folder), count=count, seed=seed))
        wrong = [fault for found in pool.map(_told, cases) for fault in found]
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    print(f"{len(cases)} malformed files, each in a process of its own: {len(wrong)} faults")
    return int(bool(wrong) or len(cases) != count)


def _told(case: Case) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay(folder, case)
        ended = run("--config", str(folder / "config.toml"), case.verb, at=Path.cwd())
        return faults(case, folder, code=ended.returncode, out=ended.stdout, err=ended.stderr)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
