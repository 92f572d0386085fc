"""What keeps each exhibit of the museum from being a loss of ours, and the program without it."""

from dataclasses import dataclass

CRMS = "crmsync/crms"
SALESFORCE, HUBSPOT, SEARCH = (f"{CRMS}/{file}.py" for file in ("salesforce/pages", "hubspot/read", "hubspot/changed"))
TIES, CHANGES, LATE = (f"tests/museum/test_{name}.py" for name in ("ties", "changes", "visibility"))

NO_LOOK_BACK = (
    (SALESFORCE, "since - self.look_back", "since"),
    (HUBSPOT, "since.stamp - self.look_back", "since.stamp"),
)
NO_REREADING = (("crmsync/steps/reconcile.py", "if source.silent else []", "if not source else []"),)


@dataclass(frozen=True, slots=True)
class Unprotected:
    """A test, what protects from its loss in words, and the edits that take that out: file, text, what stands there instead."""

    test: str
    protection: str
    edits: tuple[tuple[str, str, str], ...]


ALL = (
    Unprotected(f"{LATE}::test_museum_late_visible_rows", "the look-back", NO_LOOK_BACK),
    Unprotected(f"{LATE}::test_museum_search_lag", "the look-back", NO_LOOK_BACK),
    Unprotected(
        f"{LATE}::test_museum_late_visible_rows_beyond_the_look_back", "open deals are read anew each day", NO_REREADING
    ),
    Unprotected(
        f"{LATE}::test_museum_old_rows_missing",
        "a first pull asks for no dates",
        (
            (
                SALESFORCE,
                "conditions = [stream.where()]",
                'conditions = [stream.where(), "CreatedDate >= 2024-01-01T00:00:00Z"]',
            ),
        ),
    ),
    Unprotected(
        f"{LATE}::test_museum_old_rows_missing",
        "a first pull takes every record that is listed",
        (
            (
                HUBSPOT,
                'for raw in answer.get("results") or ()]',
                'for raw in answer.get("results") or () if raw["createdAt"] > "2024"]',
            ),
        ),
    ),
    Unprotected(
        f"{TIES}::test_museum_tie_loop_salesforce",
        "rows of one stamp go on by id",
        (
            (
                SALESFORCE,
                'f"SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {quoted(place.last)})"',
                'f"SystemModstamp >= {stamp}"',
            ),
        ),
    ),
    Unprotected(
        f"{TIES}::test_museum_more_rows_than_a_search_gives",
        "a search goes on by id, not by its own pages",
        (
            (SEARCH, "SEARCH_PAGE = 200", "SEARCH_PAGE = 200\nPLACES = iter(range(0, 10**6, SEARCH_PAGE))"),
            (SEARCH, "if last else []", "if not last else []"),
            (
                SEARCH,
                '"limit": SEARCH_PAGE',
                '"limit": SEARCH_PAGE, "after": str(next(PLACES)) if sort[0] == ID else "0"',
            ),
        ),
    ),
    Unprotected(
        f"{TIES}::test_museum_gt_cursor",
        "the cursor's own second is read again",
        (
            (SALESFORCE, "SystemModstamp >= {start}", "SystemModstamp > {start}"),
            (SEARCH, ">= window.start", "> window.start"),
        ),
    ),
    Unprotected(
        f"{CHANGES}::test_museum_schema_change_loss",
        "a record that can't be read is set aside alone",
        (
            (f"{CRMS}/salesforce/read.py", "page.bad.append(bad(stream.gone or stream.entity, row, error))", "raise"),
            (f"{CRMS}/hubspot/streams.py", "page.bad.append(bad(DEAL_SOURCE, row, error))", "raise"),
        ),
    ),
    Unprotected(
        f"{CHANGES}::test_museum_schema_change_in_the_middle_of_a_read",
        "a property that stops being shown isn't blank",
        ((f"{CRMS}/hubspot/stream.py", "if name not in shown])", "if name not in shown and not shown])"),),
    ),
    Unprotected(
        f"{CHANGES}::test_museum_merge_new_id",
        "an answer under another id isn't the record that was asked for",
        ((f"{CRMS}/hubspot/write.py", "            if row.id in wanted\n", ""),),
    ),
    Unprotected(f"{CHANGES}::test_museum_association_dropped", "open deals are read anew each day", NO_REREADING),
    Unprotected(f"{CHANGES}::test_museum_association_dropped_of_a_step", "their steps are, too", NO_REREADING),
    Unprotected(
        f"{CHANGES}::test_museum_association_dropped_with_every_page",
        "links come along with the list",
        ((HUBSPOT, '[("associations", stream.linked)] if stream.linked else []', "[]"),),
    ),
)
