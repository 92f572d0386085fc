"""What the program has to say about a malformed file."""

import re
from pathlib import Path

from tests.configs.cases import Case

USAGE = 2


def faults(case: Case, folder: Path, *, code: int, out: str, err: str) -> list[str]:
    """What is wrong with how the program ended; nothing when it ended in exactly one line that names file and line."""
    place = re.escape(str(folder / case.file))
    found = [
        (code != USAGE, f"exit code {code}"),
        (out != "", f"on stdout: {out[:200]!r}"),
        (not re.fullmatch(rf"E1\d\d {place}:[1-9]\d*: \S.*\n", err), f"on stderr: {err[:300]!r}"),
        ("Traceback" in err or "E900" in err, "a defect"),
    ]
    return [f"{case.name} in {case.file}: {what}" for wrong, what in found if wrong]
