"""Show a result to a person: as lines of a terminal, and as HTML in a notebook, from the same cells.

A result is laid out once, as a :class:`ResultPage` of lines and tables of texts; a :class:`ShownResult` renders that
page by its ``__str__`` and its ``_repr_html_``, so that both show the same numbers. Columns are aligned by the cells
that their texts take in a terminal, whatever their script; texts are made harmless (:mod:`labelkit._shared.markup`).

>>> table = ResultTable([["link", "1,200"], ["日本", "7"]], heads=["rule", "votes"], align="<>")
>>> print(ResultPage(["2 rules"], [table]).to_text())
2 rules
rule  votes
link  1,200
日本      7
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from labelkit._shared.markup import Chip, Code, cells_of, plain
from labelkit._shared.unknown_keywords import checks_keywords

if TYPE_CHECKING:
    import pandas as pd

Cell: TypeAlias = str | Chip | Code
"""A cell of a table: a text, the name of a class, or source text."""

WIDTH: Final = 110
"""Cells of a line in a terminal."""

LINE_WIDTH: Final = 10_000
"""Cells of a sentence, which a terminal may break into several lines."""

FIRST_ROWS: Final = 10
"""Rows of a value of many examples that a notebook shows."""

HTML_LENGTH: Final = 600
"""Characters of a cell in a notebook."""

GAP: Final = "  "
"""Between two columns in a terminal."""


@dataclass(frozen=True)
class ResultTable:
    """Rows of cells under heads.

    Parameters
    ----------
    rows : sequence of sequences of Cell
    heads : sequence of str
        Empty for a table without heads.
    align : str
        ``<`` or ``>`` for each column; columns beyond its end are aligned as the last one.
    title : str
        Shown above the table, after an empty line in a terminal.
    more : str
        Shown below the table, if rows were left out.
    head_column : int or None
        Column that names the rows.
    cell_width : int
        Most cells of one cell in a terminal.
    indent : str
        Stands before each line in a terminal.
    """

    rows: Sequence[Sequence[Cell]]
    heads: Sequence[str] = ()
    align: str = "<"
    title: str = ""
    more: str = ""
    head_column: int | None = 0
    cell_width: int = WIDTH
    indent: str = ""

    def is_right(self, column: int) -> bool:
        """Tell whether a column is aligned to the right."""
        return self.align[min(column, len(self.align) - 1)] == ">"

    def lines(self) -> list[str]:
        """Lay the table out for a terminal."""
        table = [*([self.heads] if self.heads else []), *self.rows]
        cells = [[plain(str(cell), self.cell_width) for cell in row] for row in table]
        widths = [max(map(cells_of, column)) for column in zip(*cells, strict=True)]
        rows = [
            GAP.join(padded(cell, widths[i], ">" if self.is_right(i) else "<") for i, cell in enumerate(row))
            for row in cells
        ]
        title = ["", self.title] if self.title else []
        return [*title, *(f"{self.indent}{row}".rstrip() for row in rows), *([self.more] if self.more else [])]


@dataclass(frozen=True)
class ResultPage:
    """A result as it is shown: lines, tables below them, and lines at the end.

    Parameters
    ----------
    lead : sequence of str
    tables : sequence of ResultTable
        Those without rows are left out.
    notes : sequence of str
    """

    lead: Sequence[str] = ()
    tables: Sequence[ResultTable] = ()
    notes: Sequence[str] = ()

    def to_text(self) -> str:
        """Render the page for a terminal."""
        tables = [line for table in self.tables if table.rows for line in table.lines()]
        lead, notes = ([plain(line, LINE_WIDTH) for line in lines] for lines in (self.lead, self.notes))
        return "\n".join([*lead, *tables, *notes])

    def to_html(self) -> str:
        """Render the page for a notebook."""
        from labelkit._shared.templates import rendered  # noqa: PLC0415 - only a notebook needs Jinja2

        return rendered("_shared/result.html.jinja", result=self, length=HTML_LENGTH)


class ShownResult:
    """A result that shows itself by its page: in a terminal by ``print``, in a notebook as HTML."""

    def _page(self) -> ResultPage:
        raise NotImplementedError

    def __str__(self) -> str:
        return self._page().to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._page().to_html()


class _Framed(Protocol):
    @property
    def frame(self) -> pd.DataFrame: ...


@checks_keywords
class HasFrame:
    """A result that is a table: its ``frame``."""

    def to_pandas(self: _Framed) -> pd.DataFrame:
        """Return a copy of ``frame``, to be changed or kept.

        Returns
        -------
        DataFrame
        """
        return self.frame.copy()


def padded(text: str, width: int, align: Literal["<", ">"] = "<") -> str:
    """Fill a text with spaces up to a number of cells of a terminal.

    >>> padded("日本", 6), padded("7", 3, ">")
    ('日本  ', '  7')
    """
    room = " " * (width - cells_of(text))
    return room + text if align == ">" else text + room
