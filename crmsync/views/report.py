"""A page of one file: what ran, what the open deals look like, what moves them. Opens without a server and asks nobody outside."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from crmsync.clock import iso, to_date
from crmsync.money import to_major
from crmsync.records import Result
from crmsync.store import frames, runs, scores
from crmsync.store.engine import Store
from crmsync.views import charts, ledger, reasons
from crmsync.views.parts import part_name

DEALS_SHOWN = 25
RUNS_SHOWN = 30
PARTS_SHOWN = 18
MONTHS_SHOWN = 9

STYLE = """
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #f5f7fa; }
body { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
section { background: #fff; border: 1px solid #e4e7eb; border-radius: .5rem; padding: 1rem 1.25rem; }
section { margin: 1rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid #e4e7eb; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
p { margin: .4rem 0; max-width: 60rem; } .soft { color: #616e7c; } svg { max-width: 100%; height: auto; }
code, pre { background: #f5f7fa; border-radius: .25rem; padding: .1rem .3rem; } pre { padding: .75rem; overflow-x: auto; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } .high { color: #ba2525; } .low { color: #0c6b58; }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. `body` is HTML."""

    title: str
    body: str


def page(title: str, intro: str, sections: Sequence[Section]) -> str:
    """The whole page."""
    parts = "".join(f"<section><h2>{escape(part.title)}</h2>{part.body}</section>" for part in sections)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    opening = f"<h1>{escape(title)}</h1><p class=soft>{escape(intro)}</p>"
    return f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{opening}{parts}</body></html>"


def sections(store: Store) -> list[Section]:
    """What the store says by itself."""
    scored = list(reasons.told(store, frames.rows(store, scores.newest_of_open())))
    return [
        Section("What ran", what_ran(store)),
        Section("Open deals", open_deals(scored)),
        Section("What moves the open deals", what_moves(scored)),
        Section("When the money is expected", expected_by_month(scored)),
    ]


def what_ran(store: Store) -> str:
    """The newest runs, in their order."""
    rows = [
        (row.step, row.target, row.status, ", ".join(ledger.told(row.step, row.counts)), iso(row.started_at)[:19])
        for row in runs.after(store, runs.newest_id(store) - RUNS_SHOWN)
    ]
    return table(("step", "of", "status", "counted", "began"), rows)


def open_deals(scored: Sequence[Mapping[str, Any]]) -> str:
    """The deals with the greatest expected amount, with their reasons."""
    largest = sorted(scored, key=lambda score: -(score["expected_minor"] or 0))[:DEALS_SHOWN]
    rows = [
        (
            score["name"],
            f"{score['points']} points" if score["probability"] is None else f"{100 * score['probability']:.0f} %",
            _money(score["expected_minor"], score["currency"]),
            f"{_day(score['close_p20'])} to {_day(score['close_p80'])}",
            score["risk"],
            f"{score['milestones_done']} of {score['milestones_total']}",
            score["text"].partition(": ")[2],
        )
        for score in largest
    ]
    note = f"<p class=soft>{len(scored):,} deals are open and scored; these have the greatest expected amounts.</p>"
    head = ("deal", "chance", "expected", "won by, if won", "risk", "steps done", "why")
    return note + table(head, rows, numbers=(1, 2))


def what_moves(scored: Sequence[Mapping[str, Any]]) -> str:
    """How much each part moves the log-odds of the open deals: the mean size of what it adds."""
    added: Counter[str] = Counter()
    for score in scored:
        for part, log_odds in json.loads(score["reasons"]).get("parts", {}).items():
            added[part] += abs(log_odds)
    leading = added.most_common(PARTS_SHOWN)
    if not leading:
        return "<p>No score yet.</p>"
    plot = charts.bars(
        [part_name(part) for part, _ in leading],
        [total / len(scored) for _, total in leading],
        "mean size of what it adds to the log-odds",
    )
    return f"<p class=soft>A part that adds 0.4 moves a chance of 50 % by about ten points.</p>{plot}"


def expected_by_month(scored: Sequence[Mapping[str, Any]]) -> str:
    """Expected amounts of the commonest currency by the month of the middle close date."""
    currencies = Counter(score["currency"] for score in scored if score["expected_minor"] is not None)
    if not currencies:
        return "<p>No amounts.</p>"
    ((currency, _),) = currencies.most_common(1)
    months: dict[str, float] = defaultdict(float)
    for score in scored:
        if score["currency"] == currency and score["expected_minor"] is not None:
            months[to_date(score["close_p50"]).strftime("%Y-%m")] += float(to_major(score["expected_minor"], currency))
    shown = sorted(months)[:MONTHS_SHOWN]
    plot = charts.columns(shown, [months[month] / 1000 for month in shown], f"expected, thousand {currency}")
    others = [code for code in currencies if code != currency]
    note = f"<p class=soft>Amounts in {escape(', '.join(others))} aren't converted and not shown.</p>" if others else ""
    return plot + note


def fields_written(targets: Mapping[str, Mapping[Result, str]]) -> str:
    """Which CRM field holds which result."""
    rows = [(result.value, *(found.get(result, "") for found in targets.values())) for result in Result]
    return table(("result", *targets), [row for row in rows if any(row[1:])])


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: Sequence[int] = ()) -> str:
    """A table; `numbers` are the columns that stand to the right."""

    def cell(tag: str, place: int, value: object) -> str:
        kind = " class=number" if place in numbers else ""
        return f"<{tag}{kind}>{escape(str(value))}</{tag}>"

    top = "".join(cell("th", place, name) for place, name in enumerate(head))
    body = "".join(f"<tr>{''.join(cell('td', place, value) for place, value in enumerate(row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _day(day: int | None) -> str:
    return "" if day is None else to_date(day).isoformat()


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{to_major(minor, currency):,.0f} {currency}"
