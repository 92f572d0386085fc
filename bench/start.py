"""How long `crmsync --help` takes: the median of eleven fresh processes, beside that of a bare Python.

python -m bench.start
"""

import subprocess
import sys
import time
from statistics import median

ROUNDS = 11


def seconds(*arguments: str) -> float:
    """One fresh Python."""
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def main() -> None:
    """Prints both."""
    for name, arguments in (("bare Python", ("-c", "")), ("crmsync --help", ("-m", "crmsync", "--help"))):
        took = [seconds(*arguments) for _ in range(ROUNDS)]
        print(f"{name:>15}: median {median(took):.3f} s, least {min(took):.3f} s, most {max(took):.3f} s")


if __name__ == "__main__":
    main()
