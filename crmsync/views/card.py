"""A model's card: what its newest fit learnt from, what the gate said, and how well its chances held on later deals."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmsync.clock import iso
from crmsync.errors import BadConfig
from crmsync.store import deals, fits
from crmsync.store.engine import Store
from crmsync.views import charts
from crmsync.views.cells import document
from crmsync.views.files import ending, replaced
from crmsync.views.report import Section, page, table
from crmsync.words import many, percent

OWNER = "owner"  # groups by it bear a person's id
BIN_HEAD = ("chance", "snapshots", "predicted", "won")
GROUP_HEAD = ("by", "group", "deals", "snapshots", "predicted", "won", "gap", "± 2 standard errors")


def card(store: Store, model: str) -> dict[str, Any]:
    """The newest fit's card, used or not, as a document. Raises BadConfig E406 before any training."""
    row = fits.newest(store, model)
    if row is None:
        raise BadConfig("E406", f"the model {model!r} has no fit yet", remedy=f"crmsync train --model {model}")
    body = json.loads(row.body)
    gate = body["gate"]
    return {
        "model": model,
        "fit_id": row.fit_id,
        "as_of": row.as_of,
        "used": row.used,
        "verdict": row.verdict,
        "kind": gate["kind"],
        "trained": body["trained"],
        "gate": {**gate, "grades": _named(gate["grades"], deals.people(store))},
        "features": sorted({term["feature"] for term in body["terms"]}),
    }


def _named(grades: Mapping[str, Any], people: Mapping[int, str]) -> dict[str, Any]:
    """The grades with owners by name."""
    groups = [
        {**each, "group": people.get(int(each["group"]), each["group"])} if each["by"] == OWNER else each
        for each in grades.get("groups", [])
    ]
    return {**grades, "groups": groups}


def to_file(told: Mapping[str, Any], out: Path) -> None:
    """Writes the card, a page or JSON by the name's ending. Raises BadConfig, RetryLater."""
    as_json = ending(out, (".html", ".json")) == ".json"
    text = json.dumps(document(told), ensure_ascii=False, indent=2) if as_json else html(told)
    with replaced(out) as file:
        file.write(text.encode())


def html(told: Mapping[str, Any]) -> str:
    """The page."""
    gate, grades = told["gate"], told["gate"]["grades"]
    used = "It scores" if told["used"] else "It isn't used"
    intro = f"Fit {told['fit_id']}, as of {iso(told['as_of'])}, kind {told['kind']}. {used}: {told['verdict']}."
    return page(
        f"Model {told['model']}",
        intro,
        [
            Section("What it learnt from", _trained(told)),
            Section("Beside the baselines, on later deals", _rivals(gate)),
            Section("Calibration, on later deals", _calibration(grades)),
            Section("Gaps by group of deals", _groups(grades["groups"])),
        ],
    )


def _trained(told: Mapping[str, Any]) -> str:
    trained = told["trained"]
    rows = [
        ("deals that had closed", f"{trained['deals']:,}"),
        ("of them won", f"{trained['deals_won']:,}"),
        ("weekly snapshots", f"{trained['snapshots']:,}"),
        ("first and last snapshot", f"{iso(trained['from_at'])[:10]} to {iso(trained['until_at'])[:10]}"),
        ("base rate", _share(trained["base_rate"])),
        ("penalty C", f"{trained['penalty']:g}"),
        ("features", ", ".join(told["features"])),
    ]
    return table(("", ""), rows)


def _rivals(gate: Mapping[str, Any]) -> str:
    if not gate["snapshots"]:
        return "<p>No later deals to compare on yet.</p>"
    rows = [
        ("this fit", _number(gate["log_loss"]), _number(gate["brier"])),
        ("base rate", _number(gate["log_loss_base"]), _number(gate["brier_base"])),
        ("stage rate", _number(gate["log_loss_stage"]), _number(gate["brier_stage"])),
    ]
    for name, (ours, theirs) in gate.get("rivals", {}).items():
        rows.append((f"{name} in the CRM, where it speaks (this fit there: {_number(ours)})", _number(theirs), ""))
    counts = f"{gate['snapshots']:,} snapshots of {gate['deals']:,} deals"
    note = f"<p class=soft>{counts}, each scored by a fit that knew nothing later.</p>"
    return note + table(("", "log loss", "Brier"), rows, numbers=(1, 2))


def _calibration(grades: Mapping[str, Any]) -> str:
    if not grades.get("bins"):
        return "<p>No later deals to grade on yet.</p>"
    rows = [
        (_span(each), f"{each['snapshots']:,}", _share(each["predicted"]), _share(each["won"]))
        for each in grades["bins"]
    ]
    said, came = ([each[name] for each in grades["bins"]] for name in ("predicted", "won"))
    plot = charts.reliability_line(said, came, [each["snapshots"] for each in grades["bins"]])
    note = f"<p class=soft>{_figures(grades)}; slope 1 and intercept 0 are ideal.</p>"
    return f"{note}<div class=row><div>{plot}</div><div>{table(BIN_HEAD, rows, numbers=(1, 2, 3))}</div></div>"


def _groups(groups: list[dict[str, Any]]) -> str:
    if not groups:
        return "<p>No group has enough deals yet.</p>"
    rows = [
        (
            each["by"],
            each["group"],
            f"{each['deals']:,}",
            f"{each['snapshots']:,}",
            _share(each["predicted"]),
            _share(each["won"]),
            f"{100 * each['gap']:+.1f}",
            "" if each["gap_se"] is None else f"{200 * each['gap_se']:.1f}",
        )
        for each in groups
    ]
    note = "<p class=soft>Of so many groups one in twenty lies beyond two standard errors by luck.</p>"
    return note + table(GROUP_HEAD, rows, numbers=(2, 3, 4, 5, 6, 7))


def _figures(grades: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_number(grades[name])}" for name in ("slope", "intercept", "ece", "auc"))


def _share(value: float) -> str:
    return percent(value, places=1)


def _span(each: Mapping[str, Any]) -> str:
    """What a bin of the calibration said, from and to."""
    return f"{percent(each['low'])} to {percent(each['high'])}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _bin_line(each: Mapping[str, Any]) -> str:
    came = f"mean {_share(each['predicted'])}, won {_share(each['won'])}"
    return f"  said {_span(each)}: {many(each['snapshots'], 'snapshot')}, {came}"


def lines(told: Mapping[str, Any]) -> list[str]:
    """The card in a few lines."""
    grades, used = told["gate"]["grades"], "used" if told["used"] else "not used"
    found = [f"model {told['model']}: fit {told['fit_id']} ({told['kind']}), {used}: {told['verdict']}"]
    if grades.get("bins"):
        found.append(f"calibration on {grades['deals']:,} later deals: {_figures(grades)}")
        found += map(_bin_line, grades["bins"])
    wide = [each for each in grades["groups"] if each["gap_se"] and abs(each["gap"]) > 2 * each["gap_se"]]
    for each in wide:
        gap = f"{100 * each['gap']:+.1f} points ({many(each['deals'], 'deal')})"
        found.append(f"  gap of {each['by']} {each['group']}: {gap}")
    return found
