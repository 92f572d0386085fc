"""Makes a world hostile: all that people type and CRMs keep, as a connector meets it in the tenth year of an account.

Nothing of it is wrong. A deal may be named with an emoji, be worth less than nothing, have been made in 1999, or share its second
with fifty others; a stage may have had another name, an owner may have left.
"""

from dataclasses import replace

import numpy as np

from crmsync.sandbox.columns import CLOSE_ON, MILESTONE, SCHEDULE, STAGE, UNKNOWN, Ints, World
from crmsync.sandbox.working_time import DAY, SECOND

NAMES = (
    "🦊 Ω-Deal 👩‍👩‍👧‍👦",
    "עסקה בתל אביב",
    "صفقة ‏(2026)‎ 50%",
    'O\'Brien "& Sons" \\ `x`',
    "'); DROP TABLE deal; --",
    "<script>alert(1)</script><b>bold</b>",
    "line one\nline two\r\n\ttabbed",
    "nul\x00in the middle",
    "half of \ud83e a character",
    "\u202eright to left override",
    '=HYPERLINK("http://x.example")',
    "{{ 7*7 }} %s {0} ${HOME}",
    "e\u0301 combined, é not",
    " leading and trailing ",
    "NULL",
    "\u0007bell \x1b[31mred",
)
STEPS = ("✅ Réview – «legal»", "توقيع العقد", "<i>Kick-off</i>", "a\x00b", "  ")
PEOPLE = ("Zoë 🦉 Ünal", 'ד"ר כהן', "O'Neil; --", "<b>Ann</b> Lee", "Nul\x00 Null")
SEGMENTS = ("Größe > 10 & < 20", "\"quoted\", 'twice'", "🟥")
RENAMED = "Discovery (old) 🏷"
LARGEST, TIED = 9_999_999_999_999_99, 50  # minor units; deals that share one second
FIRST_AT, FAR_ON = 946_684_799_000_000, 25_567  # the last second of 1999; a day of 2040


def make_hostile(world: World) -> World:
    """Changes a made-up world in place and gives it. It follows no law any more, so nobody knows its truth."""
    world.law = ""
    _names(world)
    _people(world)
    _amounts(world)
    _owners(world)
    _times(world)
    _stages(world)
    return world


def _each(count: int, every: int, first: int) -> Ints:
    """Some of so many rows, spread over them."""
    return np.arange(first, count, every)


def _words(world: World, texts: tuple[str, ...], count: int) -> Ints:
    """The texts in turn, as indices into the words."""
    known = np.array([world.words.index(text) for text in texts], dtype=np.int64)
    return known[np.arange(count) % len(known)]


def _names(world: World) -> None:
    deals, facts = world.deals, world.facts
    named = _each(len(deals), 3, 0)
    deals.name[named] = _words(world, NAMES, len(named))
    some = _each(len(deals), 7, 1)
    deals.segment[some] = _words(world, SEGMENTS, len(some))
    steps = facts.kind == MILESTONE
    titles = _words(world, STEPS, len(STEPS))
    chosen = np.flatnonzero(steps & ((facts.deal + facts.step) % 4 == 0))  # a step keeps its title from first to last
    facts.name[chosen] = titles[(facts.deal[chosen] + 3 * facts.step[chosen]) % len(STEPS)]


def _people(world: World) -> None:
    for number in range(0, len(world.people), 3):
        world.people[number] = replace(world.people[number], name=PEOPLE[number // 3 % len(PEOPLE)])
    for number in range(1, len(world.people), 5):
        world.people[number] = replace(world.people[number], active=False)


def _amounts(world: World) -> None:
    amount = world.deals.amount_minor
    amount[_each(len(amount), 40, 2)] = LARGEST
    amount[_each(len(amount), 40, 12)] = -125_050
    amount[_each(len(amount), 40, 22)] = 0
    amount[_each(len(amount), 40, 32)] = UNKNOWN


def _owners(world: World) -> None:
    world.deals.owner[_each(len(world.deals), 9, 4)] = UNKNOWN


def _times(world: World) -> None:
    """Ties on one second, a deal of 1999, days of 2040."""
    deals, facts = world.deals, world.facts
    middle = len(deals) // 2
    deals.created_at[middle : middle + TIED] = deals.created_at[middle] // SECOND * SECOND
    deals.created_at[0] = FIRST_AT
    world.start_at = min(world.start_at, FIRST_AT // DAY * DAY)
    deals.close_on[_each(len(deals), 50, 5)] = FAR_ON
    far = (facts.kind == CLOSE_ON) | ((facts.kind == MILESTONE) & (facts.lifecycle == SCHEDULE))
    moved = np.flatnonzero(far & (facts.deal % 50 == 5))
    facts.value[moved] = FAR_ON


def _stages(world: World) -> None:
    """The second stage had another name in the first half of the past: no deal is in the old one any more."""
    facts = world.facts
    moves = np.flatnonzero(facts.kind == STAGE)
    last = np.append(facts.deal[moves][1:] != facts.deal[moves][:-1], True)
    half = int(np.median(facts.at[moves]))
    old = moves[(facts.name[moves] == world.stages[1].name) & (facts.at[moves] < half) & ~last]
    facts.name[old] = world.words.index(RENAMED)
