"""The SOQL parser."""

import pytest

from crmsync.sandbox.salesforce.errors import Refused
from crmsync.sandbox.salesforce.soql import parse, text_of
from crmsync.sandbox.salesforce.syntax import Among, Both, Literal, Path, Query


def test_parse_reads_every_clause() -> None:
    """Fields, alias, order, limit and offset stand in the tree."""
    query = parse("select Id, o.Account.Name from Opportunity o order by Name desc nulls last, Id limit 5 offset 2")
    assert [str(path) for path in query.selected] == ["Id", "o.Account.Name"]
    assert (query.entity, query.alias, query.limit, query.offset) == ("Opportunity", "o", 5, 2)
    assert [(str(key.key), key.descending, key.nulls_last) for key in query.order] == [
        ("Name", True, True),
        ("Id", False, False),
    ]


def test_parse_keeps_subqueries_as_queries() -> None:
    """A child query is a query in the list of what is selected, a semi-join one in the condition."""
    query = parse("SELECT Id, (SELECT Id FROM Tasks) FROM Opportunity WHERE Id IN (SELECT OpportunityId FROM X)")
    assert isinstance(query.selected[1], Query)
    assert isinstance(query.where, Among)
    assert isinstance(query.where.choice, Query)


def test_parse_nests_conditions_as_the_parentheses_do() -> None:
    """AND of an OR in parentheses stays what it is."""
    where = parse("SELECT Id FROM X WHERE (a = 1 OR b = 2) AND c = 3").where
    assert isinstance(where, Both)
    assert where.every
    assert isinstance(where.conditions[0], Both)
    assert not where.conditions[0].every


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("-5.5", Literal("number", -5.5)),
        ("2026-01-02", Literal("day", "2026-01-02")),
        ("2026-01-02T03:04:05Z", Literal("instant", "2026-01-02T03:04:05Z")),
        ("2026-01-02T03:04:05.123+01:00", Literal("instant", "2026-01-02T03:04:05.123+01:00")),
        ("TRUE", Literal("boolean", True)),
        ("null", Literal("null", None)),
        ("last_n_days:30", Literal("relative", "LAST_N_DAYS:30")),
        ("THIS_QUARTER", Literal("relative", "THIS_QUARTER")),
    ],
)
def test_parse_tells_the_kinds_of_values_apart(text: str, literal: Literal) -> None:
    """Numbers, days, instants, booleans, null and relative dates are told apart by their form."""
    assert parse(f"SELECT Id FROM X WHERE a = {text}").where.value == literal  # noqa: S608 - SOQL


def test_text_of_undoes_escapes() -> None:
    """Escaped quotes, backslashes and line breaks are themselves again."""
    where = parse(r"SELECT Id FROM X WHERE a = 'O\'Hara \\ \n'").where
    assert text_of(where.value) == "O'Hara \\ \n"


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        ("SELECT Id FRM X", "\nSELECT Id FRM X\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FRM'"),
        ("SELECT Id FROM X WHERE", "unexpected token: '<EOF>'"),
        ("", "SOQL statements cannot be empty or null"),
        ("SELECT Id FROM X WHERE a = 1 AND b = 2 OR c = 3", "unexpected token: 'OR'"),
        ("SELECT Id FROM X WHERE a = 'open", "no viable alternative at character"),
        ("SELECT Id FROM X LIMIT 2.5", "ERROR at Row:1:Column:25"),
        ("SELECT Id,\nName FROM X WHERE a == 1", "ERROR at Row:2:Column:22"),
    ],
)  # fmt: skip
def test_parse_refuses_what_is_no_soql(soql: str, message: str) -> None:
    """A malformed query is refused with its place and what was not expected there."""
    with pytest.raises(Refused) as refused:
        parse(soql)
    assert refused.value.code == "MALFORMED_QUERY"
    assert message in refused.value.message


def test_path_shows_itself_as_it_is_written() -> None:
    """A path reads as in a query."""
    assert str(Path(("Account", "Name"))) == "Account.Name"
