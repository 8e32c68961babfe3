"""Keep the texts of a table from being run as formulas by the spreadsheet that opens it.

A text that begins with a sign of a formula gets an apostrophe before it, by which spreadsheets know a text; so does one
in which only apostrophes come before that sign, so that :func:`restored` finds every text again. A negative number is
no formula, and stays, as a negative time does: columns of numbers, which a corpus of CSV holds as text, are read as
such again.

>>> harmless("=1+1"), harmless("'=1+1"), harmless("1+1"), harmless("-1.5"), harmless("-1+1")
("'=1+1", "''=1+1", '1+1', '-1.5', "'-1+1")
>>> harmless("-1 day, 23:59:55"), harmless("-00:05:00")
('-1 day, 23:59:55', '-00:05:00')
>>> restored("'=1+1"), restored("''=1+1"), restored("'tis")
('=1+1', "'=1+1", "'tis")

References
----------
OWASP, CSV Injection. https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA: Final = "'*[=+\\-@\\t\\r\\n＝＋－＠]"
"""Beginning of a text that a spreadsheet takes for a formula, in the syntax of both ``re`` and RE2."""

_NEGATIVE: Final = (
    r"-([0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?|inf"
    r"|([0-9]+ days?,? [+]?)?[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?)"
)
"""A negative number, or a negative time as Python and pandas write it, in the same syntax."""

_IS_FORMULA: Final = re.compile(_FORMULA)
_IS_NEGATIVE: Final = re.compile(_NEGATIVE)


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{text}" if _IS_FORMULA.match(text) and not _IS_NEGATIVE.fullmatch(text) else text


def restored(text: str) -> str:
    """Return the text of which :func:`harmless` made this one."""
    return text[1:] if text[:1] == "'" and _IS_FORMULA.match(text) else text


def harmless_column(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Apply :func:`harmless` to a column of texts; nulls stay."""
    import pyarrow.compute as pc  # noqa: PLC0415 - a summary needs no Arrow

    escaped = pc.replace_substring_regex(texts, rf"\A({_FORMULA})", r"'\1", max_replacements=1)
    return pc.if_else(pc.match_substring_regex(texts, rf"\A(?:{_NEGATIVE})\z"), texts, escaped)


def harmless_table(table: pa.Table) -> pa.Table:
    """Apply :func:`harmless` to the texts and the names of the columns of a table."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    is_text = [pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in table.schema.types]
    cells = [harmless_column(column) if of else column for column, of in zip(table.columns, is_text, strict=True)]
    return pa.table(cells, names=[harmless(name) for name in table.column_names])
