"""What differs between the SQL engines: how they search for an expression, and what they call the types of values."""

from __future__ import annotations

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
    heeds_case : bool
        Whether quoted names that differ in case are two columns.
    """

    name: str
    style: RegexStyle
    type_of: str = ""
    types: Mapping[type, tuple[str, ...]] = field(default_factory=dict)
    heeds_case: bool = False

    def same_names(self, name: str) -> str:
        """Return what is equal for names that would be one column."""
        return name if self.heeds_case else name.lower()

    def found(self, value: Any, expression: str) -> Any:
        """Return the condition that a regular expression is found in a text."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        pattern = exp.Literal.string(expression)
        if self.name == "snowflake":  # REGEXP_LIKE compares the whole text there
            return exp.GT(this=exp.func("REGEXP_INSTR", value, pattern), expression=exp.Literal.number(0))
        return exp.RegexpLike(this=value, expression=pattern)

    def type_is(self, value: Any, kind: type) -> Any:
        """Return the condition that a column holds values of a Python type; None if the engine cannot tell."""
        exp = optional("sqlglot.expressions", extra="sqlglot")
        if not self.type_of:
            return None
        name: Any = exp.Anonymous(this=self.type_of, expressions=[value])
        if self.name == "postgres":
            name = exp.cast(name, "TEXT")
        named = exp.In(this=name, expressions=[exp.Literal.string(one) for one in self.types[kind]])
        if self.name == "duckdb" and kind is str:  # a categorical column is text, too: ENUM('a', 'b')
            return exp.paren(exp.or_(named, exp.StartsWith(this=name.copy(), expression=exp.Literal.string("ENUM("))))
        return named


def _types(integers: str, floats: str, boolean: str, text: str) -> dict[type, tuple[str, ...]]:
    names = (integers, floats, boolean, text)
    return dict(zip((int, float, bool, str), (tuple(one.split(",")) for one in names), strict=True))


_DUCKDB: Final = _types(
    "TINYINT,SMALLINT,INTEGER,BIGINT,HUGEINT,UTINYINT,USMALLINT,UINTEGER,UBIGINT", "FLOAT,DOUBLE", "BOOLEAN", "VARCHAR"
)
_POSTGRES: Final = _types(
    "smallint,integer,bigint", "real,double precision", "boolean", "text,character varying,character"
)
_SPARK: Final = _types("tinyint,smallint,int,bigint", "float,double", "boolean", "string")

DIALECTS: Final = {
    dialect.name: dialect
    for dialect in (
        SqlDialect("duckdb", RegexStyle(), "TYPEOF", _DUCKDB),
        SqlDialect("spark", RegexStyle(), "TYPEOF", _SPARK),
        SqlDialect("bigquery", RegexStyle()),
        SqlDialect("postgres", RegexStyle("digits", "^", "$", first=1), "PG_TYPEOF", _POSTGRES, heeds_case=True),
        SqlDialect("snowflake", RegexStyle("itself", "^", "$", "(")),
    )
}
"""The engines by name. The votes are held to labelkit's on DuckDB, PostgreSQL and Spark; the others were not run."""
