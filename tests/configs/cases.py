"""Malformed files, made deterministically: what people get wrong, and what a slip of the hand does to bytes and words."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from crmsync import config as configs
from crmsync import crm, schedule, workspace

CONFIG = """\
[store]
url = "sqlite:///crmsync.db"

[push]
first = "send"
writes_per_day = 12

[push.policy]
probability = "yield 14 days"

[push.guard]
deals = 1000

[crm.main]
kind = "salesforce"
instance_url = "http://127.0.0.1:9"
client_id = "file:secret"
client_secret = "file:secret"
look_back_s = 600

[[crm.main.milestones]]
object = "Milestone__c"
deal = "Opportunity__c"
name = "Name"

[[crm.main.milestones]]
object = "Task"
where = "Is_Milestone__c = true"
name = "Subject"

[crm.main.fields]
probability = "Probability__c"
close_date = "Close__c"

[crm.hub]
kind = "hubspot"
base_url = "http://127.0.0.1:9"
token = "file:secret"

[[crm.hub.engagement]]
object = "room_visit"
at = "visited_at"
"""
MODEL = """\
features = ["age", "stage"]

[target]
horizon_days = 28

[population]
every_days = 7
from_on = ""

[penalty]
grid = [0.03, 0.1]

[gate]
min_closed = 30
block = true

[categories]
pipeline = 0.1
best_case = 0.5
commit = 0.8
"""
JOB = """\
schedule = "0 * * * *"
zone = "UTC"
steps = ["pull", "score"]
crms = ["main"]
model = "close"
missed = "once"
"""
FILES = {"config.toml": CONFIG, "models/close.toml": MODEL, "jobs/hourly.toml": JOB}
READERS = {
    "config.toml": "pull",
    "models/close.toml": "score",
    "jobs/hourly.toml": "jobs",
}  # the verb that needs the file
NUMBERS = ("-1", "1.5", "nan", "inf", "1e400", "9" * 30)
OTHERS = ("[[1]]", "{}", "{ a = 1 }", "1979-05-27", '"\\u0000"')
SIGNS = (*b"\x00\xff\xc3\xed\"'[]{}=#\\\n\r.\t,",)
WORD = re.compile(rb"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Case:
    """One file of a workspace that may be malformed, and how it came to be."""

    name: str
    file: str
    content: bytes

    @property
    def verb(self) -> str:
        """The verb that reads the file."""
        return READERS[self.file]


def lay(folder: Path, case: Case) -> None:
    """Makes a workspace that has the case's file, all others well-formed."""
    for file, text in {**FILES, "secret": "s3cret"}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    (folder / case.file).write_bytes(case.content)


def is_well_formed(folder: Path) -> bool:
    """Whether every file of a workspace can be used; nothing is sent."""
    try:
        for account in configs.load(folder / "config.toml").crm.values():
            crm.connect(account)
        workspace.models(folder)
        for job in workspace.jobs(folder).values():
            schedule.next_run(job, after=0)
    except Exception:  # noqa: BLE001 - whatever it is, the program has to tell it in one line
        return False
    return True


def written() -> Iterator[Case]:
    """What people get wrong. Every one of them is malformed."""
    for file, text in FILES.items():
        whole, lines = text.encode(), text.splitlines()
        yield Case("binary", file, bytes(range(256)))
        yield Case("another encoding", file, whole.replace(b'"', b'"\xe4', 1))
        yield Case("UTF-16", file, text.encode("utf-16"))
        yield Case("two byte order marks", file, b"\xef\xbb\xbf" * 2 + whole)
        yield Case("too large", file, whole + b"# " + b"x" * 1_100_000)
        yield Case("nested too deeply", file, whole + b"\nx = " + b"[" * 20_000)
        yield Case("a number without end", file, b"x = " + b"9" * 5_000 + b"\n" + whole)
        yield Case("typographic quotes", file, text.replace('"', "“").encode())
        yield Case("a lone carriage return", file, whole.replace(b"\n", b" \rx", 1))
        for number, line in enumerate(lines):
            yield from _line(file, lines, number, line)


def _line(file: str, lines: list[str], number: int, line: str) -> Iterator[Case]:
    """What may be wrong in one line."""
    key, sign, value = line.partition(" = ")

    def case(name: str, *instead: str) -> Case:
        return Case(
            f"{name}, line {number + 1}", file, "\n".join([*lines[:number], *instead, *lines[number + 1 :]]).encode()
        )

    if line.startswith("["):
        yield case("an unknown table", f"{line[: -1 - line.startswith('[[')]}x.y]", line)
        yield case("an open bracket", line[:-1])
        yield case("a dotted end", line.replace("]", ".]", 1))
        if not line.startswith("[["):
            yield case("a table twice", line, line)
    elif sign:
        yield case("a key twice", line, line)
        yield case("an unknown key", line, f"{key}s = 1")
        yield case("a slip in the key", f"{key[:-1]} = 1")
        yield case("no value", f"{key} =")
        yield case("no sign", line.replace(" = ", " "))
        yield case("an open text", f'{key} = "open')
        yield case("no quotes", line.replace('"', "") if '"' in line else f"{key} = so")
        yield from (case(f"{wrong[:9]} as a value", f"{key} = {wrong}") for wrong in _instead_of(value))


def _instead_of(value: str) -> tuple[str, ...]:
    """Values of another kind, or out of all bounds."""
    if value.startswith('"'):
        return (*NUMBERS, "true", "[]", *OTHERS)
    if value.startswith("["):
        return (*NUMBERS, "true", '"x"', *OTHERS)
    if value in ("true", "false"):
        return (*NUMBERS, "[]", '"true"', "1", *OTHERS)
    return (*NUMBERS, "true", "[]", f'"{value}"', *OTHERS)


def malformed(folder: Path, *, count: int, seed: int) -> Iterator[Case]:
    """So many of them, half of them slips; a slip that leaves a workspace which can be used isn't counted."""
    by_hand = list(written())
    random.Random(seed).shuffle(by_hand)
    slipped = (case for case in slips(seed) if not _fits(folder, case))
    return islice(chain.from_iterable(zip(by_hand, slipped, strict=False)), count)


def _fits(folder: Path, case: Case) -> bool:
    lay(folder, case)
    return is_well_formed(folder)


def slips(seed: int) -> Iterator[Case]:
    """Slips of the hand without end, the same for a seed. Some of them leave a file that can be used."""
    chance = random.Random(seed)
    while True:
        file = chance.choice(list(FILES))
        content = FILES[file].encode()
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            content = chance.choice((_byte, _word, _cut))(content, chance)
        yield Case("a slip", file, content)


def _byte(content: bytes, chance: random.Random) -> bytes:
    """A byte changed, put in, or left out."""
    at = chance.randrange(len(content))
    sign = bytes([chance.choice((*SIGNS, chance.randrange(256)))])
    return content[:at] + chance.choice((sign, sign, b"")) + content[at + chance.choice((0, 1)) :]


def _word(content: bytes, chance: random.Random) -> bytes:
    """A word doubled, left out, or put in another's place."""
    words = list(WORD.finditer(content)) or [*re.finditer(b"", content)]
    one, other = chance.choice(words), chance.choice(words)
    return content[: one.start()] + chance.choice((b"", one[0] * 2, other[0])) + content[one.end() :]


def _cut(content: bytes, chance: random.Random) -> bytes:
    """A piece left out, as by a save that broke off."""
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randrange(1, 60) :] or b"="
