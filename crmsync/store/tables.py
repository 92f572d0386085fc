"""The tables. No methods: what is asked of them stands in the files beside this one, and each table has one writer.

Instants are integer microseconds UTC, due dates integer days since 1970, money integer minor units: the same numbers on SQLite
and PostgreSQL, small enough for thirty million facts. Texts that repeat are kept once in `label`.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

# Written by pull


class Label(SQLModel, table=True):
    """A text that many rows share: a source object, a stage id, a step's name, a currency, a role."""

    label_id: int | None = Field(default=None, primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False, unique=True))


class Deal(SQLModel, table=True):
    """A deal as its CRM showed it last. `deal_id` is ours, `crm_id` theirs."""

    __table_args__ = (UniqueConstraint("crm", "crm_id"),)
    deal_id: int | None = Field(default=None, primary_key=True)
    crm: str = Field(sa_column=Column(Text, nullable=False))
    crm_id: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    account: str = Field(sa_column=Column(Text, nullable=False))
    owner: str = Field(sa_column=Column(Text, nullable=False))
    pipeline: str = Field(sa_column=Column(Text, nullable=False))
    segment: str = Field(sa_column=Column(Text, nullable=False))
    stage: str = Field(sa_column=Column(Text, nullable=False))
    amount_minor: int | None = Field(sa_column=Column(BigInteger))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    close_on: int | None = Field(sa_column=Column(Integer))
    created_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    modified_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    closed_at: int | None = Field(sa_column=Column(BigInteger))
    won: bool | None = None
    gone_at: int | None = Field(default=None, sa_column=Column(BigInteger))


class Milestone(SQLModel, table=True):
    """A step of a deal's plan as its CRM showed it last."""

    __table_args__ = (UniqueConstraint("crm", "source", "crm_id"),)
    milestone_id: int | None = Field(default=None, primary_key=True)
    crm: str = Field(sa_column=Column(Text, nullable=False))
    source: str = Field(sa_column=Column(Text, nullable=False))
    crm_id: str = Field(sa_column=Column(Text, nullable=False))
    deal_id: int = Field(foreign_key="deal.deal_id", index=True)
    name: str = Field(sa_column=Column(Text, nullable=False))
    side: int
    due_on: int | None = Field(sa_column=Column(Integer))
    done_at: int | None = Field(sa_column=Column(BigInteger))
    created_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    modified_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    gone_at: int | None = Field(default=None, sa_column=Column(BigInteger))


class Person(SQLModel, table=True):
    """An owner or a contact: the only table with personal text, so that a person can be erased at one place."""

    __table_args__ = (UniqueConstraint("crm", "crm_id"),)
    person_id: int | None = Field(default=None, primary_key=True)
    crm: str = Field(sa_column=Column(Text, nullable=False))
    crm_id: str = Field(sa_column=Column(Text, nullable=False))
    role: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    email: str = Field(sa_column=Column(Text, nullable=False))
    active: bool


class Stage(SQLModel, table=True):
    """A stage of a pipeline as its CRM defined it last."""

    crm: str = Field(sa_column=Column(Text, primary_key=True))
    pipeline: str = Field(sa_column=Column(Text, primary_key=True))
    crm_id: str = Field(sa_column=Column(Text, primary_key=True))
    label: str = Field(sa_column=Column(Text, nullable=False))
    position: int
    closed: bool
    won: bool
    probability: float


class Fact(SQLModel, table=True):
    """A dated fact, append-only, clustered by (deal, at). By its key a second pull of the same thing adds nothing."""

    __table_args__ = {"sqlite_with_rowid": False}
    deal_id: int = Field(primary_key=True)
    at: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: int = Field(primary_key=True)
    phase: int = Field(primary_key=True)
    source: int = Field(primary_key=True)  # label
    source_id: str = Field(sa_column=Column(Text, primary_key=True))
    value: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))  # STAGE: the name's label
    name: int  # label
    known_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    side: int
    person_id: int  # 0: nobody named
    milestone_id: int  # 0: not about a step of a plan
    run_id: int  # the pull that stored it


class Held(SQLModel, table=True):
    """What a CRM shows in one of our target fields."""

    deal_id: int = Field(primary_key=True)
    result: str = Field(sa_column=Column(Text, primary_key=True))
    value: str | None = Field(sa_column=Column(Text))
    set_by: str = Field(sa_column=Column(Text, nullable=False))
    set_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    seen_run_id: int


class Cursor(SQLModel, table=True):
    """How far each stream of each CRM has been read, on that CRM's clock."""

    crm: str = Field(sa_column=Column(Text, primary_key=True))
    stream: str = Field(sa_column=Column(Text, primary_key=True))
    stamp: int = Field(sa_column=Column(BigInteger, nullable=False))
    crm_id: str = Field(sa_column=Column(Text, nullable=False))
    resume: str = Field(sa_column=Column(Text, nullable=False))
    asked: str | None = Field(default=None, sa_column=Column(Text))  # a digest; None: as today


class Quarantine(SQLModel, table=True):
    """A record that couldn't be used, and why. It leaves when a later pull can use it."""

    crm: str = Field(sa_column=Column(Text, primary_key=True))
    source: str = Field(sa_column=Column(Text, primary_key=True))
    crm_id: str = Field(sa_column=Column(Text, primary_key=True))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    run_id: int


class Alias(SQLModel, table=True):
    """A deal's id that a merge has retired, and the id that lives on."""

    crm: str = Field(sa_column=Column(Text, primary_key=True))
    crm_id: str = Field(sa_column=Column(Text, primary_key=True))
    survivor: str = Field(sa_column=Column(Text, nullable=False))


# Written by train


class Fit(SQLModel, table=True):
    """Trained coefficients as JSON numbers. The newest used one of a model scores."""

    fit_id: int | None = Field(default=None, primary_key=True)
    model: str = Field(sa_column=Column(Text, nullable=False, index=True))
    run_id: int
    as_of: int = Field(sa_column=Column(BigInteger, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    used: bool
    verdict: str = Field(sa_column=Column(Text, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))


# Written by score


class Parts(SQLModel, table=True):
    """What scores by a fit are sums of, in log-odds: the base, and the parts by name in the order of `score.added`."""

    parts_id: int | None = Field(default=None, primary_key=True)
    fit_id: int = Field(foreign_key="fit.fit_id")
    base: float
    names: str = Field(sa_column=Column(Text, nullable=False))  # JSON: a list


class Score(SQLModel, table=True):
    """A deal's score at an instant, with the ids that make it traceable: fit, run, as-of, the newest pull it saw."""

    __table_args__ = (Index("ix_score_deal_id_as_of", "deal_id", "as_of", "score_id", "model"),)
    score_id: int | None = Field(default=None, primary_key=True)
    deal_id: int = Field(foreign_key="deal.deal_id")
    run_id: int = Field(index=True)
    fit_id: int | None = Field(default=None, foreign_key="fit.fit_id")
    model: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))  # model, prior or rules
    as_of: int = Field(sa_column=Column(BigInteger, nullable=False))
    pull_run_id: int
    probability: float | None = None  # None: by rules, see `points`
    points: int | None = None  # of a score by rules, 0 to 100; None for any other
    close_p20: int | None = Field(sa_column=Column(Integer))
    close_p50: int | None = Field(sa_column=Column(Integer))
    close_p80: int | None = Field(sa_column=Column(Integer))
    won_28d: float | None = None
    won_in_period: float | None = None
    won_next_period: float | None = None
    on_time: float | None = None  # the share of the ways of winning in which it is won by the CRM's close date
    on_time_text: str | None = Field(default=None, sa_column=Column(Text))
    risk: str = Field(sa_column=Column(Text, nullable=False))
    category: str = Field(sa_column=Column(Text, nullable=False))
    expected_minor: int | None = Field(sa_column=Column(BigInteger))
    currency: str = Field(sa_column=Column(Text, nullable=False))
    milestones_done: int
    milestones_total: int
    next_step: str = Field(sa_column=Column(Text, nullable=False))
    next_step_on: int | None = Field(sa_column=Column(Integer))
    deciding_step: str | None = Field(default=None, sa_column=Column(Text))  # the promise that most likely is kept last
    deciding_step_on: int | None = Field(default=None, sa_column=Column(Integer))  # the middle of its range
    promises: str | None = Field(default=None, sa_column=Column(Text))  # JSON: when each promised step will be done
    parts_id: int | None = None  # see `parts`; None: by rules, or of an older version
    added: bytes | None = Field(
        default=None, sa_column=Column(LargeBinary)
    )  # of each of `parts`, as float64, little-endian
    # JSON: points by rule, or base and parts as an older version wrote them; "" where `added` holds the latter
    reasons: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))  # the reasons as a seller reads them


# Written by stage


class Outbox(SQLModel, table=True):
    """One value to write: record, field, old, new, reason. Immutable; what became of it stands in `receipt`."""

    __table_args__ = (Index("ix_outbox_deal_id_result", "deal_id", "result"),)
    outbox_id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(sa_column=Column(Text, nullable=False, index=True))  # of the whole plan
    run_id: int = Field(index=True)
    score_id: int = Field(foreign_key="score.score_id", index=True)
    deal_id: int = Field(foreign_key="deal.deal_id")
    crm: str = Field(sa_column=Column(Text, nullable=False))
    crm_id: str = Field(sa_column=Column(Text, nullable=False))
    result: str = Field(sa_column=Column(Text, nullable=False))
    target: str = Field(sa_column=Column(Text, nullable=False))
    old: str | None = Field(sa_column=Column(Text))
    new: str | None = Field(sa_column=Column(Text))
    reason: str = Field(sa_column=Column(Text, nullable=False))


# Written by push


class Receipt(SQLModel, table=True):
    """What became of an outbox row, appended: in_flight before the request leaves; then done, failed or unclear."""

    receipt_id: int | None = Field(default=None, primary_key=True)
    outbox_id: int = Field(foreign_key="outbox.outbox_id", index=True)
    state: str = Field(sa_column=Column(Text, nullable=False))
    run_id: int = Field(index=True)
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    error: str = Field(sa_column=Column(Text, nullable=False))


# Written by pipeline


class Run(SQLModel, table=True):
    """The ledger: one row per step of a run, with what it counted."""

    __table_args__ = (
        Index("ix_run_step_target_run_id", "step", "target", "run_id"),
        Index("ix_run_job_run_id", "job", "run_id"),
        Index("ix_run_status", "status"),
    )
    run_id: int | None = Field(default=None, primary_key=True)
    job: str = Field(sa_column=Column(Text, nullable=False))
    step: str = Field(sa_column=Column(Text, nullable=False))
    target: str = Field(sa_column=Column(Text, nullable=False))  # the CRM or the model
    # Running, done, partial, early, failed, stopped, waiting, later or lost.
    status: str = Field(sa_column=Column(Text, nullable=False))
    started_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    ended_at: int | None = Field(sa_column=Column(BigInteger))
    counts: str = Field(sa_column=Column(Text, nullable=False))  # JSON: name -> number
    # What went wrong; of a run at work, its lease's holder.
    message: str = Field(sa_column=Column(Text, nullable=False))


class Lease(SQLModel, table=True):
    """Who is at work. `fence` grows with each holder, so that a late one can be told from the present one."""

    name: str = Field(sa_column=Column(Text, primary_key=True))
    holder: str = Field(sa_column=Column(Text, nullable=False))
    fence: int
    expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))


class Approval(SQLModel, table=True):
    """A plan that a person let out."""

    digest: str = Field(sa_column=Column(Text, primary_key=True))
    approved_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    run_id: int


# Written by alerts and ping


class Notice(SQLModel, table=True):
    """What people or a watchdog were told, or couldn't be told, about a job; append-only."""

    notice_id: int | None = Field(default=None, primary_key=True)
    job: str = Field(sa_column=Column(Text, nullable=False, index=True))
    state: str = Field(sa_column=Column(Text, nullable=False))  # fine, failing, silent; ping: of one that didn't arrive
    at: int = Field(sa_column=Column(BigInteger, nullable=False))
    sent: int  # addresses that took it
    failed: int  # addresses that didn't
    message: str = Field(sa_column=Column(Text, nullable=False))
