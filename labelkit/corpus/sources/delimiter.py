"""Find the delimiter of a CSV file by its first rows."""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple

from labelkit.corpus.sources._csv_rows import csv_rows

OTHER_DELIMITERS: Final = ";\t|,"
"""Delimiters that a file has in place of the one that its name says; spreadsheets of many countries write ``;``."""

COMPARED_ROWS: Final = 100
"""Rows that another delimiter must split alike."""

MOST_ROWS: Final = 0.9
"""The share of the first rows that a delimiter splits as it splits the header, if it is that of the file."""


class FoundDelimiter(NamedTuple):
    """The delimiter of a file, and those that would split its first rows as well."""

    sign: str
    others: tuple[str, ...] = ()


def found_delimiter(data: bytes, usual: str) -> FoundDelimiter:
    r"""Find the delimiter by the first rows: texts hold the other ones, also in the header.

    If the usual one splits the header, another one is taken that splits most rows as it splits the header, if the usual
    one does not; or if it gives more fields; or as many, and in the header a space follows each of the usual one, as in
    a text. If the header is one field, another one has to split all rows alike. Empty fields at the end of the header
    name nothing, and do not count.

    >>> found_delimiter(b"Name, first;Text\nA, B;hello\n", ",")
    FoundDelimiter(sign=';', others=())
    >>> found_delimiter(b"a;b,c\n1;2,3\n", ","), found_delimiter(b"a,b\n1,2;3\n", ",")
    (FoundDelimiter(sign=',', others=(';',)), FoundDelimiter(sign=',', others=()))
    """
    by_sign = {sign: _HeaderSplit.of(data, sign) for sign in dict.fromkeys(usual + OTHER_DELIMITERS)}
    split = by_sign.pop(usual)
    if split.n_fields == 1:
        alike = [sign for sign, one in by_sign.items() if one.is_table and one.share == 1]
        return FoundDelimiter(max(alike, key=lambda sign: by_sign[sign].n_fields, default=usual))
    fitting = [sign for sign, one in by_sign.items() if one.is_table and one.share >= MOST_ROWS]
    if not fitting:
        return FoundDelimiter(usual)
    best = max(fitting, key=lambda sign: (by_sign[sign].n_fields, by_sign[sign].share))
    other = by_sign[best]
    if split.share < MOST_ROWS:
        is_better = other.share > split.share
    elif other.n_fields != split.n_fields:
        is_better = other.n_fields > split.n_fields
    else:
        is_better = split.spaced and not other.spaced
        if not is_better and split.spaced == other.spaced:
            return FoundDelimiter(usual, (best,))
    return FoundDelimiter(best if is_better else usual)


class _HeaderSplit(NamedTuple):
    """How a delimiter splits the first rows of a file."""

    n_fields: int
    """Of the header, without the empty ones at its end, which spreadsheets write for columns that were emptied."""
    is_table: bool
    """Whether the header is several names; the first may be empty, as an index is written, and the last ones."""
    share: float
    """Of the rows, those with as many fields as the header."""
    spaced: bool
    """Whether a space follows each delimiter of the header."""

    @classmethod
    def of(cls, data: bytes, delimiter: str) -> _HeaderSplit:
        """Split the first rows."""
        rows = [row.fields for row in islice(csv_rows(data, delimiter), COMPARED_ROWS) if row.closed]
        if not rows:
            return cls(1, is_table=False, share=0.0, spaced=False)
        header = rows[0]
        share = sum(len(row) == len(header) for row in rows) / len(rows)
        n_fields = max((place for place, name in enumerate(header, start=1) if name), default=1)
        others = header[1:n_fields]
        spaced = all((name or b"").startswith(b" ") for name in others)
        return cls(n_fields, n_fields > 1 and all(others), share, spaced)


def is_table(data: bytes) -> bool:
    """Return whether the first rows are split alike by one of the usual delimiters."""
    whole = data[: data.rfind(b"\n") + 1] or data
    splits = (_HeaderSplit.of(whole, sign) for sign in OTHER_DELIMITERS)
    return any(split.is_table and split.share == 1 for split in splits)
