"""The whole story on the local CRMs, in a fresh folder: what a newcomer sees first.

A made-up company's past is served by a local Salesforce and a local HubSpot; its deals are pulled, learnt from, scored and written
back; a second round shows that nothing is written when nothing changed. Then the model is held against what is known of such
worlds: the truth of every law, which only a made-up world has.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crmsync import config as configs
from crmsync import proof, starter, workspace
from crmsync.forecast.evaluate import Quality
from crmsync.pipeline import Pipeline
from crmsync.proof import WAYS, Predictions
from crmsync.sandbox import guide
from crmsync.sandbox.generate import generate
from crmsync.sandbox.laws import DEFAULT_LAW, LAWS
from crmsync.sandbox.local import LocalCrms
from crmsync.store import runs
from crmsync.store.engine import open_store
from crmsync.store.runs import RunRow
from crmsync.terminal import Terminal, columns
from crmsync.views import charts, ledger, report
from crmsync.views.report import Section

DEALS, SEED = 3_000, 1
MODEL = "close"
MARK = ".crmsync-demo"  # a folder that bears it may be made anew
REPORT = "report.html"
AT_ONCE = 2  # laws that are tried side by side

Tell = Callable[[str], None]


def run(folder: Path, *, terminal: Terminal, deals: int = DEALS, laws: Sequence[str] = tuple(LAWS)) -> int:
    """Tells the story in a folder, which must be new, empty or a former demo. Raises BadConfig otherwise."""
    tell: Tell = (lambda _text: None) if terminal.as_json else (lambda text: terminal.show(None, text.split("\n")))
    _prepare(folder)
    others = [name for name in laws if name != DEFAULT_LAW.name]
    with _tried(others, deals) as trials:
        rows, found = _story(folder, tell, deals=deals)
        tell("7. Held against the truth of every law, which only made-up worlds have (this takes a minute or two) ...")
        figures = {DEFAULT_LAW.name: found.qualities()}
        figures.update((name, trial.result().qualities()) for name, trial in trials.items())
    for line in _quality_lines(figures):
        tell(line)
    _write_report(folder, found, figures, deals=deals)
    document = {"folder": str(folder), "runs": rows, "laws": {law: _plain(each) for law, each in figures.items()}}
    terminal.show(document, ["", *_what_next(folder)])
    return 0


def _prepare(folder: Path) -> None:
    if (folder / MARK).exists():
        shutil.rmtree(folder)
    starter.init(folder)
    note = "This folder was made by crmsync demo, which makes it anew each time.\n"
    (folder / MARK).write_text(note, encoding="utf-8")


def _story(folder: Path, tell: Tell, *, deals: int) -> tuple[list[RunRow], Predictions]:
    """From an empty folder to values in two CRMs, and a quiet second round. Gives the ledger and past predictions."""
    tell(f"1. A company's past: {deals:,} deals in a local Salesforce and a local HubSpot ({DEFAULT_LAW.text.lower()})")
    world = generate(deals=deals, seed=SEED, law=DEFAULT_LAW, now=proof.NOW)
    with LocalCrms(world, folder, frozen=True, paced=False) as local:
        (folder / configs.DEFAULT_FILE).write_text(guide.config(local), encoding="utf-8")
        config = configs.load(folder / configs.DEFAULT_FILE)
        store = open_store(config.store)
        pipeline = Pipeline(config, store)
        for name in config.crm:
            made = pipeline.connect(name).create_fields()
            tell(f"2. Fields for the results in {name}: {sum(': made' in line for line in made)} things made")
        for title, steps in _steps(pipeline):
            tell(title)
            for row in (row for step in steps for row in step()):
                tell(f"   {ledger.line(row)}")
        rows = runs.after(store, 0)
        found = proof.predict(store, workspace.model(pipeline.root, MODEL), local)
        tell(f"   {len(local.effects.since()):,} changes stand in the local CRMs' own log")
        store.close()
    return rows, found


def _steps(pipeline: Pipeline) -> list[tuple[str, list[Callable[[], Sequence[RunRow]]]]]:
    """Each part of the story with its steps."""
    train, score = partial(pipeline.train, MODEL), partial(pipeline.score, MODEL)
    return [
        ("3. pull: deals, histories, milestones, engagement and people come in", [pipeline.pull]),
        ("4. train and score: a logistic model learns from dated facts, and scores every open deal", [train, score]),
        (
            "5. stage and push: what differs from what the CRMs show is planned, then written",
            [pipeline.stage, pipeline.push],
        ),
        (
            "6. The same again, with nothing changed: the look-back window is read, and nothing is written",
            [pipeline.pull, score, pipeline.stage, pipeline.push],
        ),
    ]


@contextmanager
def _tried(laws: Sequence[str], deals: int) -> Iterator[Mapping[str, "Future[Predictions]"]]:
    """Other laws, each tried in a process of its own while the story goes on."""
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        try:
            yield {name: pool.submit(_of_law, name, deals) for name in laws}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _of_law(name: str, deals: int) -> Predictions:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        starter.init(root)
        return proof.prove(LAWS[name], workspace.model(root, MODEL), Path(folder) / "world", deals=deals, seed=SEED)


def _quality_lines(laws: Mapping[str, Mapping[str, Quality]]) -> list[str]:
    """Log loss and Brier of each way of forecasting, a line per law."""
    head = ("law", *(f"{way} {figure}" for figure in ("log loss", "Brier") for way in WAYS))
    return [f"   {line}" for line in columns([head, *_quality_rows(laws)])]


def _quality_rows(laws: Mapping[str, Mapping[str, Quality]]) -> list[Sequence[str]]:
    return [
        (law, *(f"{found[way].log_loss:.3f}" for way in WAYS), *(f"{found[way].brier:.3f}" for way in WAYS))
        for law, found in laws.items()
    ]


def _write_report(folder: Path, found: Predictions, laws: Mapping[str, Mapping[str, Quality]], *, deals: int) -> None:
    """The page that stays; it tells of so many deals."""
    config = configs.load(folder / configs.DEFAULT_FILE)
    store = open_store(config.store)
    targets = {name: each.fields for name, each in config.crm.items()}
    sections = [
        Section("Does it know more than the stage does?", _quality_html(laws)),
        Section("The model against what happened, and against the truth", _plots(found)),
        *report.sections(store),
        Section("Where the results stand", report.fields_written(targets)),
        Section("What to type next", f"<pre>{chr(10).join(_what_next(folder))}</pre>"),
    ]
    intro = (
        f"{deals:,} made-up deals in a local Salesforce and a local HubSpot: pulled, learnt from, scored, written back."
    )
    (folder / REPORT).write_text(report.page("crmsync demo", intro, sections), encoding="utf-8")


def _quality_html(laws: Mapping[str, Mapping[str, Quality]]) -> str:
    note = (
        "<p>Each law is another way in which a world's deals come to be won. The truth is the chance of a deal given all that the "
        "CRMs show on that day, computed from the law; nothing beats it but by luck. The base rate knows nothing of a deal, the "
        "stage rate only its stage. All are tried on the same open deals of past dates, by fits that saw only what was known by "
        "then. Less is better.</p>"
    )
    head = ("law", *(f"{figure}: {way}" for figure in ("log loss", "Brier") for way in WAYS))
    rows = [(f"{law}: {LAWS[law].text}", *figures) for law, *figures in _quality_rows(laws)]
    losses = {law: {way: found[way].log_loss for way in WAYS} for law, found in laws.items()}
    numbers = tuple(range(1, 1 + 2 * len(WAYS)))
    return note + charts.losses_by_law(losses) + report.table(head, rows, numbers=numbers)


def _plots(found: Predictions) -> str:
    """Calibration, and each prediction beside its truth, under the first law."""
    model = found.qualities()["model"]
    note = (
        f"<p>{model.snapshots:,} predictions for {model.deals:,} deals on past dates. On the left, how often deals were won that "
        "were given such a chance; the numbers count predictions. On the right, each prediction beside the truth of that deal on "
        f"that day. Calibration slope {model.slope:.2f} (1 is ideal), AUC {model.auc:.3f}.</p>"
    )
    pictures = charts.calibration(found.model, found.won), charts.against_truth(found.truth, found.model)
    return f"{note}<div class=row>{''.join(f'<div>{picture}</div>' for picture in pictures)}</div>"


def _what_next(folder: Path) -> list[str]:
    return [
        f"open {folder / REPORT}           # what happened, in a browser",
        f"cd {folder}",
        "crmsync status                    # what ran, what waits, what failed",
        "crmsync export score | head       # the newest score of each open deal",
        "crmsync explain 'NAME OR ID'      # why a deal has its score, down to dated facts",
        "crmsync sandbox > config.toml     # local CRMs to go on with; in another terminal: crmsync check",
    ]


def _plain(found: Mapping[str, Quality]) -> dict[str, Any]:
    return {way: asdict(figures) for way, figures in found.items()}
