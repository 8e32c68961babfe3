"""What differs between the SQL engines: how they search for an expression, and what they call the types of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from labelkit._shared.optional import optional
from labelkit.interop.sql._regex_text import RegexStyle


@dataclass(frozen=True)
class SqlDialect:
    """An SQL engine.

    Parameters
    ----------
    name : str
        Also sqlglot's name of it.
    style : RegexStyle
    type_of : str
        The function that names the type of a column; empty if there is none that can be used in a query.
    types : mapping
        The engine's names of the types of Python's values.
    decimal : str
        The engine's name of a decimal, without its digits.
    reads_result : bool
        Whether an expression may read the columns of the result before it, where the table has no such column.
    heeds_case : bool
        Whether quoted names that differ in case are two columns.
    merges_steps : bool
        Whether the engine writes a subquery's expressions into the query around it, once for each use, unless the
        subquery has an OFFSET.
    most_expressions : int
        The number of compiled regular expressions that the engine keeps; of more, it compiles each anew for each row.
    longest_name, not_in_names : str
        The size of the longest name of a column, as ``"63 bytes"``, and the characters that none may hold.
    """

    name: str
    style: RegexStyle
    type_of: str = ""
    types: Mapping[type, tuple[str, ...]] = field(default_factory=dict)
    decimal: str = ""
    reads_result: bool = False
    heeds_case: bool = False
    merges_steps: bool = False
    most_expressions: int = 0
    longest_name: str = ""
    not_in_names: str = ""

    def same_names(self, name: str) -> str:
        """Return what is equal for names that would be one column."""
        return name if self.heeds_case else name.lower()

    def name_problem(self, name: str) -> str:
        """Return why no column of the engine may have a name; empty if it may."""
        size = len(name.encode(errors="replace")) if self.longest_name.endswith("bytes") else len(name)
        if self.longest_name and size > int(self.longest_name.split()[0]):
            return f"names of {self.name} have {self.longest_name} at most"
        forbidden = sorted(set(name) & {"\0", *self.not_in_names})
        return f"no name of {self.name} may hold {forbidden[0]!r}" if forbidden else "" if name else "it is empty"

    def string(self, text: str) -> Any:
        """Return a text as a literal, which no setting of the engine reads otherwise."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        if self.name != "postgres" or not re.search(r"[\\\r\n]", text):
            return exp.Literal.string(text)
        escaped = re.sub(r"[\\'\r\n]", lambda sign: _ESCAPED[sign[0]], text)
        return exp.Var(this=f"E'{escaped}'")  # as it is: a backslash in '...' depends on standard_conforming_strings

    def text(self, value: Any) -> Any:
        """Return a text whose characters are compared by their code points, whatever the collation of its column."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        match self.name:
            case "spark":
                return exp.cast(value, "TEXT")
            case "duckdb":
                return exp.Collate(this=exp.cast(value, "TEXT"), expression=exp.to_identifier("C", quoted=True))
            case "postgres":  # CONCAT keeps the spaces that end a value of character(n), and makes citext a text
                collated = exp.Collate(this=value, expression=exp.to_identifier("C", quoted=True))
                text = exp.Anonymous(this="CONCAT", expressions=[collated])
                liked = exp.paren(exp.Like(this=exp.paren(collated.copy()), expression=exp.Literal.string("")))
                return exp.Case().when(exp.not_(liked.is_(exp.null())), text)  # LIKE refuses an array
        return exp.Anonymous(this="COLLATE", expressions=[value, exp.Literal.string("")])

    def found(self, value: Any, expression: str) -> Any:
        """Return the condition that a regular expression is found in a text."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        pattern = self.string(expression)
        if self.name == "snowflake":  # REGEXP_LIKE compares the whole text there
            position = exp.func("REGEXP_INSTR", self.text(value), pattern)
            return exp.GT(this=position, expression=exp.Literal.number(0))
        return exp.RegexpLike(this=value if self.name == "duckdb" else self.text(value), expression=pattern)

    def type_is(self, value: Any, kind: type) -> Any:
        """Return the condition that a column holds values of a Python type; None if the engine cannot tell.

        None, too, for texts of PostgreSQL, which refuses a query that takes another value for one.
        """
        exp = optional("sqlglot.expressions", extra="sqlglot")
        if not self.type_of or (self.name == "postgres" and kind is str):
            return None
        name = self._type_name(value)
        named = exp.In(this=name, expressions=[exp.Literal.string(one) for one in self.types[kind]])
        if kind is not str:
            return named
        # A categorical column is text, too: ENUM('a', 'b'); so is one with a collation: string collate UNICODE
        prefix = exp.Literal.string("ENUM(" if self.name == "duckdb" else "string collate ")
        return exp.paren(exp.or_(named, exp.StartsWith(this=name.copy(), expression=prefix)))

    def is_number(self, value: Any) -> Any:
        """Return the condition that a column holds numbers or booleans; None if the engine cannot tell."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        if not self.type_of:
            return None
        name = self._type_name(value)
        names = [one for kind in (int, float, bool) for one in self.types[kind]]
        named = exp.In(this=name, expressions=[exp.Literal.string(one) for one in (*names, *_LARGE)])
        return exp.paren(exp.or_(named, exp.StartsWith(this=name.copy(), expression=exp.Literal.string(self.decimal))))

    def stopped(self, value: Any, reason: str) -> Any:
        """Return a condition that ends the query with an error: a reason, and the type of a column behind it."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        message = exp.Anonymous(this="CONCAT", expressions=[self.string(reason), self._type_name(value)])
        match self.name:
            case "duckdb":
                return exp.cast(exp.Anonymous(this="ERROR", expressions=[message]), "BOOLEAN")
            case "spark":
                return exp.cast(exp.Anonymous(this="RAISE_ERROR", expressions=[message]), "BOOLEAN")
        return exp.cast(message, "BOOLEAN")  # it is neither true nor false, and the error quotes it

    def _type_name(self, value: Any) -> Any:
        exp = optional("sqlglot.expressions", extra="sqlglot")
        if self.name != "postgres":
            return exp.Anonymous(this=self.type_of, expressions=[value.copy()])
        # With a NULL beside it, the value of a domain has the type below the domain.
        value = exp.Coalesce(this=value.copy(), expressions=[exp.null()])
        return exp.cast(exp.Anonymous(this=self.type_of, expressions=[value]), "TEXT")


_ESCAPED: Final = {"\\": "\\\\", "'": "''", "\r": "\\r", "\n": "\\n"}


def _types(integers: str, floats: str, boolean: str, text: str) -> dict[type, tuple[str, ...]]:
    names = (integers, floats, boolean, text)
    return dict(zip((int, float, bool, str), (tuple(one.split(",")) for one in names), strict=True))


_LARGE: Final = ("HUGEINT", "UHUGEINT")
"""Integers of DuckDB that are decimals elsewhere: no look-up of a whole number finds them, and ranges do."""

_DUCKDB: Final = _types(
    "TINYINT,SMALLINT,INTEGER,BIGINT,UTINYINT,USMALLINT,UINTEGER,UBIGINT", "FLOAT,DOUBLE", "BOOLEAN", "VARCHAR,JSON"
)
_POSTGRES: Final = _types("smallint,integer,bigint", "real,double precision", "boolean", "text")
_SPARK: Final = _types("tinyint,smallint,int,bigint", "float,double", "boolean", "string")

DIALECTS: Final = {
    dialect.name: dialect
    for dialect in (
        SqlDialect("duckdb", RegexStyle(folds_pairs=True), "TYPEOF", _DUCKDB, "DECIMAL(", reads_result=True),
        SqlDialect("spark", RegexStyle(), "TYPEOF", _SPARK, "decimal(", reads_result=True),
        SqlDialect(
            "bigquery",
            RegexStyle(folds_pairs=True),
            longest_name="300 characters",
            not_in_names='!"$()*,./;?@[\\]^`{}~',
        ),
        SqlDialect(
            "postgres",
            RegexStyle("digits", "^", "$", first=1),
            "PG_TYPEOF",
            _POSTGRES,
            "numeric",
            heeds_case=True,
            merges_steps=True,
            most_expressions=30,
            longest_name="63 bytes",
        ),
        SqlDialect("snowflake", RegexStyle("itself", "^", "$", "("), longest_name="255 characters", reads_result=True),
    )
}
"""The engines by name. The votes are held to labelkit's on DuckDB, PostgreSQL and Spark; the others were not run."""
