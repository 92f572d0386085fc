"""SOQL: text to a tree. What the words mean is `query`'s business; here it is only whether a query is well formed."""

from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from crmsync.sandbox.salesforce.errors import Refused, malformed_query
from crmsync.sandbox.salesforce.syntax import Among, Both, Call, Compare, Literal, Negation, Ordering, Path, Query

LONGEST = 100_000  # characters

_GRAMMAR = r"""
start: query
query: "SELECT"i items "FROM"i NAME alias? where? group? order? limit? offset?
items: item ("," item)*
?item: path -> plain
     | call
     | "(" query ")" -> child
call: NAME "(" [path] ")" alias_of_call?
alias_of_call: NAME
alias: "AS"i? NAME
path: NAME ("." NAME)*
where: "WHERE"i condition
?condition: term | conjunction | disjunction
conjunction: term ("AND"i term)+
disjunction: term ("OR"i term)+
?term: "(" condition ")" | comparison | "NOT"i term -> negation
?comparison: path OPERATOR value -> compares
           | path "LIKE"i value -> likes
           | path "IN"i choice -> among
           | path "NOT"i "IN"i choice -> not_among
?choice: "(" value ("," value)* ")" -> listed
       | "(" query ")" -> semi_join
group: "GROUP"i "BY"i path ("," path)*
order: "ORDER"i "BY"i ordering ("," ordering)*
ordering: (path | call) DIRECTION? nulls?
nulls: "NULLS"i WHERE_NULLS
limit: "LIMIT"i WHOLE
offset: "OFFSET"i WHOLE
?value: STRING -> string
      | INSTANT -> instant
      | DAY -> day
      | NUMBER -> number
      | TRUE -> true
      | FALSE -> false
      | NULL -> null
      | COUNTED -> counted
      | NAME -> named

OPERATOR: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
DIRECTION.2: /(ASC|DESC)\b/i
WHERE_NULLS.2: /(FIRST|LAST)\b/i
TRUE.2: /TRUE\b/i
FALSE.2: /FALSE\b/i
NULL.2: /NULL\b/i
COUNTED.3: /[A-Z_]+:\d+/i
NAME: /[A-Za-z][A-Za-z0-9_]*/
STRING: /'(\\.|[^'\\])*'/s
INSTANT.3: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)/
DAY.2: /\d{4}-\d\d-\d\d(?!\d|T)/
WHOLE: /\d+/
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/i
%import common.WS
%ignore WS
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", propagate_positions=False)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class _Clause(tuple[str, Any]):
    """A named part of a query."""

    __slots__ = ()


def _unescaped(text: str, *, wild: bool) -> str:
    """A string literal without quotes and escapes; with `wild`, escaped % and _ stay escaped for LIKE."""
    made, letters = [], iter(text[1:-1])
    for letter in letters:
        if letter != "\\":
            made.append(letter)
            continue
        escaped = next(letters)
        made.append(_ESCAPES.get(escaped, f"\\{escaped}" if wild and escaped in "%_" else escaped))
    return "".join(made)


@v_args(inline=True)
class _Tree(Transformer[Token, Any]):
    def start(self, query: Query) -> Query:
        return query

    def query(self, items: list[Any], entity: Token, *clauses: _Clause) -> Query:
        made = Query(items, str(entity), entity.start_pos or 0)
        for name, value in clauses:
            setattr(made, name, value)
        return made

    def items(self, *items: Any) -> list[Any]:
        return list(items)

    def plain(self, path: Path) -> Path:
        return path

    def child(self, query: Query) -> Query:
        return query

    def call(self, name: Token, path: Path | None, alias: str | None = None) -> Call:
        return Call(name.upper(), path, alias)

    def alias_of_call(self, name: Token) -> str:
        return str(name)

    def alias(self, name: Token) -> _Clause:
        return _Clause(("alias", str(name)))

    def path(self, *names: Token) -> Path:
        return Path(tuple(str(name) for name in names), names[0].start_pos or 0)

    def where(self, condition: Any) -> _Clause:
        return _Clause(("where", condition))

    def conjunction(self, *conditions: Any) -> Both:
        return Both(conditions, every=True)

    def disjunction(self, *conditions: Any) -> Both:
        return Both(conditions, every=False)

    def negation(self, condition: Any) -> Negation:
        return Negation(condition)

    def compares(self, path: Path, operator: Token, value: Literal) -> Compare:
        return Compare(path, "!=" if operator == "<>" else str(operator), value)

    def likes(self, path: Path, value: Literal) -> Compare:
        return Compare(path, "LIKE", value)

    def among(self, path: Path, choice: Any) -> Among:
        return Among(path, choice)

    def not_among(self, path: Path, choice: Any) -> Among:
        return Among(path, choice, negated=True)

    def listed(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    def semi_join(self, query: Query) -> Query:
        return query

    def group(self, *paths: Path) -> _Clause:
        return _Clause(("group", list(paths)))

    def order(self, *keys: Ordering) -> _Clause:
        return _Clause(("order", list(keys)))

    def ordering(self, key: Path | Call, *more: Any) -> Ordering:
        words = [str(word).upper() for word in more]
        return Ordering(key, "DESC" in words, "LAST" in words)

    def nulls(self, where: Token) -> str:
        return str(where)

    def limit(self, number: Token) -> _Clause:
        return _Clause(("limit", int(number)))

    def offset(self, number: Token) -> _Clause:
        return _Clause(("offset", int(number)))

    def string(self, token: Token) -> Literal:
        return Literal("string", str(token))

    def instant(self, token: Token) -> Literal:
        return Literal("instant", str(token))

    def day(self, token: Token) -> Literal:
        return Literal("day", str(token))

    def number(self, token: Token) -> Literal:
        return Literal("number", float(token))

    def true(self, _: Token) -> Literal:
        return Literal("boolean", value=True)

    def false(self, _: Token) -> Literal:
        return Literal("boolean", value=False)

    def null(self, _: Token) -> Literal:
        return Literal("null", None)

    def counted(self, token: Token) -> Literal:
        return Literal("relative", token.upper())

    def named(self, token: Token) -> Literal:
        return Literal("relative", token.upper())


def text_of(literal: Literal, *, wild: bool = False) -> str:
    """The text of a string literal; `wild` keeps escaped % and _ escaped."""
    return _unescaped(literal.value, wild=wild)


def position(soql: str, at: int, message: str) -> str:
    """An error message with the place in the query that it is about."""
    before = soql[:at]
    column = at - (before.rfind("\n") + 1)
    line = soql.splitlines()[before.count("\n")] if soql else ""
    return f"\n{line}\n{' ' * column}^\nERROR at Row:{before.count(chr(10)) + 1}:Column:{column + 1}\n{message}"


def parse(soql: str) -> Query:
    """The tree of a query. Raises MALFORMED_QUERY."""
    if not soql.strip():
        raise malformed_query("SOQL statements cannot be empty or null")
    if len(soql) > LONGEST:
        raise Refused("QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {LONGEST} characters.")
    try:
        tree = _PARSER.parse(soql)
    except UnexpectedToken as wrong:
        if wrong.token.type == "$END":
            raise malformed_query("unexpected token: '<EOF>'") from None
        raise malformed_query(
            position(soql, wrong.token.start_pos or 0, f"unexpected token: '{wrong.token}'")
        ) from None
    except UnexpectedCharacters as wrong:
        place = cast(int, wrong.pos_in_stream)
        message = f"line {wrong.line}:{wrong.column - 1} no viable alternative at character '{soql[place]}'"
        raise malformed_query(position(soql, place, message)) from None
    made = _Tree().transform(tree)
    assert isinstance(made, Query)  # noqa: S101 - the grammar's start is a query
    return made
