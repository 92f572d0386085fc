"""How long `crmsync --help` takes: the median of eleven fresh processes, beside that of a bare Python.

    python -m bench.start

On a busy machine the wall tells how busy it is; the processor's seconds tell what the program costs.
"""

import resource
import subprocess
import sys
import time
from statistics import median

ROUNDS = 11


def processor() -> float:
    """Processor seconds of all processes that have ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(*arguments: str) -> tuple[float, float]:
    """One fresh Python: on the wall, and of the processor."""
    began, used = time.monotonic(), processor()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began, processor() - used


def main() -> None:
    """Prints both."""
    for name, arguments in (("bare Python", ("-c", "")), ("crmsync --help", ("-m", "crmsync", "--help"))):
        wall, used = zip(*[seconds(*arguments) for _ in range(ROUNDS)], strict=True)
        told = f"median {median(wall):.3f} s, least {min(wall):.3f} s, most {max(wall):.3f} s"
        print(f"{name:>15}: {told}; processor {median(used):.3f} s")


if __name__ == "__main__":
    main()
