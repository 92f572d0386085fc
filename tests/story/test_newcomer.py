"""What a newcomer types: local CRMs in one terminal, the verbs in another, the client libraries at a Python prompt."""

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from crmsync import starter
from tests.processes import python, read_until, run, running

WORLD = ("--deals", "300", "--seed", "7", "--now", "2026-06-01T02:00:00Z", "--frozen")
STORY = ("fields --create", "check", "pull", "train", "score", "stage", "push", "status", "verify", "export score")
LATER = ("pull", "score", "stage")
PAST = "backtest --from 2026-02-02 --to 2026-02-02"
SAYS = {
    "fields --create": r"main: field Opportunity\.Crmsync_Probability__c: made",
    "check": r", 0 failed$",
    "pull": r"^pull main: [\d,]+ records read, [\d,]+ rows changed, [\d,]+ rows unchanged, 0 records set aside, [\d,]+ calls",
    "train": r"^train close: [\d,]+ deals, [\d,]+ won, [\d,]+ snapshots",
    "score": r"^score close: [\d,]+ open, [\d,]+ scored",
    "stage": r"^stage hub: [\d,]+ planned, [\d,]+ deals",
    "push": r"^push hub: [\d,]+ planned, [\d,]+ written, 0 failed, 0 unclear",
    "status": r"^\[ok\]",
    "verify": r"^verify main: [\d,]+ deals in the CRM, [\d,]+ in the store, 0 missing here, 0 missing there",
    "export score": r"^crm,crm_id,as_of,fit_id,probability,close_p20,close_p50,close_p80,won_28d",
}
EXPORTED = re.compile(r"^hub,(\d+),", re.MULTILINE)
FENCED = "sklearn", "scipy", "pandas", "matplotlib"
TELL = "import sys; from crmsync.cli import main; code = main(sys.argv[2:]); "
TELL += "print(code, sorted(set(sys.argv[1].split(',')) & set(sys.modules)), file=sys.stderr)"


@dataclass
class Typed:
    """Everything that was typed, in its order, and what came of it."""

    folder: Path
    python: str
    said: dict[str, CompletedProcess[str]]
    again: list[CompletedProcess[str]]


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    """`crmsync sandbox` in one folder; the config that it printed, saved in a new workspace, and the verbs there."""
    folder = tmp_path_factory.mktemp("newcomer")
    starter.init(folder / "work")
    with running("sandbox", *WORLD, at=folder) as (process, out):
        printed = read_until(out, "# serving")
        (folder / "work" / "config.toml").write_text("".join(printed))
        said = {line: run(*line.split(), at=folder / "work") for line in STORY}
        again = [run(line, at=folder / "work") for line in LATER]
        place = printed.index("# a Python prompt:\n")
        yield Typed(folder / "work", "".join(line.removeprefix("# ") for line in printed[place + 1 : -1]), said, again)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def complaints(stderr: str) -> list[str]:
    """What stderr says besides how far a long step is: on a slow machine a step may tell that."""
    return [line for line in stderr.splitlines() if not line.startswith("so far: ")]


@pytest.mark.parametrize("line", STORY)
def test_each_verb_ends_well_and_says_what_it_did(typed: Typed, line: str) -> None:
    """Exit code 0, and the line that a person looks for."""
    said = typed.said[line]
    assert (said.returncode, complaints(said.stderr)) == (0, [])
    assert re.search(SAYS[line], said.stdout, re.MULTILINE)


def test_again_with_the_clock_stopped_plans_nothing(typed: Typed) -> None:
    """Pull, score and stage once more: no fact is new, no value differs."""
    assert [said.returncode for said in typed.again] == [0, 0, 0]
    assert re.findall(r"^stage (\w+): 0 planned, 0 deals", typed.again[-1].stdout, re.MULTILINE) == ["main", "hub"]


def test_deal_is_explained(typed: Typed) -> None:
    """The score, and what speaks for and against it."""
    deal = EXPORTED.findall(typed.said["export score"].stdout)[0]
    said = run("explain", deal, at=typed.folder)
    assert (said.returncode, complaints(said.stderr)) == (0, [])
    assert re.search(r"\d+\.\d ?%", said.stdout)


def test_past_is_forecast_beside_the_baselines(typed: Typed) -> None:
    """The model, the stage rate and the base rate, on the same day."""
    said = run(*PAST.split(), at=typed.folder)
    assert (said.returncode, complaints(said.stderr)) == (0, [])
    assert re.search(r"^model .*\n^stage rate .*\n^base rate ", said.stdout, re.MULTILINE)


def test_printed_lines_bring_a_deal_from_each_library(typed: Typed) -> None:
    """Pasted into a Python of one's own."""
    show = "\nprint(next(sf.query_all_iter('SELECT Name FROM Opportunity LIMIT 1'))['Name'])"
    show += "\nprint(hs.crm.deals.basic_api.get_page(limit=1).results[0].properties['dealname'])\n"
    said = python("-c", typed.python + show, at=typed.folder)
    assert (said.returncode, complaints(said.stderr)) == (0, [])
    assert re.fullmatch(r"Deal \d+\nDeal \d+\n", said.stdout)


@pytest.mark.parametrize("verb", ["pull", "score", "stage", "push"])
def test_verb_that_runs_daily_stays_light(typed: Typed, verb: str) -> None:
    """None of the libraries of training and of notebooks is imported."""
    said = python("-c", TELL, ",".join(FENCED), verb, at=typed.folder)
    assert said.stderr.splitlines()[-1] == "0 []"


def test_help_comes_at_once(tmp_path: Path) -> None:
    """Nothing of the store or the forecast is imported for it, nor what only --version asks."""
    heavy = "sqlalchemy,numpy,pydantic,hubspot,simple_salesforce,importlib.metadata,email"
    said = python("-c", TELL, heavy, "--help", at=tmp_path)
    assert (said.stderr, "Usage: crmsync" in said.stdout) == ("0 []\n", True)
