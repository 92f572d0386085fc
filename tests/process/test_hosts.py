"""Whom the program talks to: the CRMs that its config names, and nobody else."""

import json
from pathlib import Path

from tests.processes import python
from tests.story.tale import tale

LISTENED = """
import json, sys
asked, reached = set(), set()
def hears(event, given):
    if event == "socket.connect" and isinstance(given[1], tuple):
        reached.add((given[1][0], given[1][1]))
    if event == "socket.getaddrinfo":
        asked.add(str(given[0]))
sys.addaudithook(hears)
from crmsync.cli import main
codes = [main(verb.split()) for verb in sys.argv[1:]]
print(json.dumps([codes, sorted(reached), sorted(asked)]))
"""
VERBS = ("check", "pull", "train", "score", "stage", "push", "verify", "status")


def test_whole_story_reaches_only_the_crms_of_the_config(tmp_path: Path) -> None:
    """No other address is connected to, and no other name is looked up: nothing is told to anybody."""
    with tale(tmp_path) as it:
        done = python("-c", LISTENED, *VERBS, at=it.pipeline.root)
        ports = sorted(served.server.port for served in it.local.served.values())
    codes, reached, asked = json.loads(done.stdout.splitlines()[-1])
    assert (len(codes), [port for _, port in sorted(reached, key=lambda each: each[1])]) == (len(VERBS), ports)
    assert {host for host, _ in reached} | set(asked) <= {"127.0.0.1", "localhost"}
