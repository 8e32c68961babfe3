r"""Recognise what a file holds by its bytes: the name may say something else, and text may not be UTF-8.

>>> kind_of(b"PAR1\x15\x04"), kind_of(b"id,text\n") is None
(FileKind(name='Parquet', remedy='rename it to .parquet'), True)
>>> likely_encoding("id,text\n1,café\n".encode("cp1252")), likely_encoding("привет".encode("cp1251"))
('cp1252', None)
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

FIRST_BYTES: Final = 4_096
"""Bytes at the beginning of a file by which its kind is recognised."""

_MARKS: Final = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Beginnings of text in an encoding that they name without doubt."""

MOST_MARKS: Final = 0.25
"""Share of the letters of a text in a Western language that have an accent, at the most."""


class FileKind(NamedTuple):
    """A format that files are in, other than text.

    Parameters
    ----------
    name : str
    remedy : str
        How to make a corpus or a list of it.
    """

    name: str
    remedy: str


_WORKBOOK: Final = "save it as .xlsx, or its sheet as CSV, or give pandas.read_excel(path)"
_DATABASE: Final = FileKind("an SQLite database", "export it as CSV, or give pandas.read_sql(query, connection)")

_MAGIC: Final[tuple[tuple[bytes, FileKind], ...]] = (
    (b"PAR1", FileKind("Parquet", "rename it to .parquet")),
    (
        b"PK\x03\x04",
        FileKind("an Excel workbook or another ZIP archive", "rename a workbook to .xlsx, or unpack an archive"),
    ),
    (b"\xd0\xcf\x11\xe0", FileKind("an Excel workbook (.xls), or one that a password protects", _WORKBOOK)),
    (b"ARROW1", FileKind("Arrow IPC (Feather)", "rename it to .arrow")),
    (b"\xff\xff\xff\xff", FileKind("a stream of Arrow IPC", "rename it to .arrow")),
    (b"FEA1", FileKind("Feather, version 1", "write it again: pyarrow.feather.write_feather(table, path)")),
    (
        b"SQLite format 3",
        FileKind("an SQLite database", "export it as CSV, or give pandas.read_sql(query, connection)"),
    ),
    (b"%PDF", FileKind("a PDF document", "take its text out first")),
    (
        b"\x80\x04\x95",
        FileKind("a Python pickle", "write it as Parquet, or give pandas.read_pickle(path) if you trust its author"),
    ),
    (
        b"\x80\x05\x95",
        FileKind("a Python pickle", "write it as Parquet, or give pandas.read_pickle(path) if you trust its author"),
    ),
    (b"<!doctype html", FileKind("a web page", "download the file itself: a log-in page may have come in its place")),
    (b"<html", FileKind("a web page", "download the file itself: a log-in page may have come in its place")),
)

SUFFIX_REMEDIES: Final = {
    ".xls": _WORKBOOK,
    ".xlsb": _WORKBOOK,
    ".ods": _WORKBOOK,
    ".pkl": "write it as Parquet, or give pandas.read_pickle(path)",
    ".pickle": "write it as Parquet, or give pandas.read_pickle(path)",
    ".zip": "unpack it first",
    ".7z": "unpack it first",
    ".tar": "unpack it first",
    ".tgz": "unpack it first",
    ".db": _DATABASE.remedy,
    ".sqlite": _DATABASE.remedy,
    ".xml": "export it as CSV, or give pandas.read_xml(path)",
    ".html": "export it as CSV, or give pandas.read_html(path)[0]",
}
"""How to make a corpus of files that are not read, by suffix."""

_WORD: Final = re.compile(r"\w+")
_LETTERS: Final = re.compile(rb"[A-Za-z\x80-\xff]")
_MARKED: Final = re.compile(rb"[\x80-\xff]")


def kind_of(first: bytes) -> FileKind | None:
    """Return the format of a file that begins so; None for text, and whatever else is not known."""
    start = first.lstrip()[:16].lower()
    return next((kind for magic, kind in _MAGIC if first.startswith(magic) or start.startswith(magic)), None)


def marked_encoding(first: bytes) -> str | None:
    """Return the encoding that the byte order mark of a text names; None for UTF-8 and without one."""
    return next((encoding for mark, encoding in _MARKS.items() if first.startswith(mark)), None)


def likely_encoding(data: bytes) -> str | None:
    """Guess the encoding of text that is not UTF-8; None if several are as likely.

    UTF-16 has a zero in each ASCII character. Windows-1252, and its part Latin-1, are likely where few of the letters
    are accented, as in Western languages.
    """
    zeros = data.count(0)
    if zeros > len(data) // 4:
        return "utf-16-le" if data[1::2].count(0) >= zeros // 2 + zeros % 2 else "utf-16-be"
    if len(_MARKED.findall(data)) > MOST_MARKS * len(_LETTERS.findall(data)):
        return None
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return "cp1252"


def encoding_hint(data: bytes, path: Path, *, asks: bool = True) -> str:
    r"""Say in which encoding text that is not UTF-8 reads well, with a word of it, and how to read or convert it.

    Parameters
    ----------
    data : bytes
        A part of the text.
    path : Path
    asks : bool
        Whether an encoding could have been given.

    >>> encoding_hint(b"1,caf\xe9 au lait", Path("a.csv")).partition(";")[0]
    'it reads well as Windows-1252 (\'café\'): give encoding="cp1252"'
    """
    encoding = likely_encoding(data)
    name = encoding or "ENCODING"
    convert = f"iconv -f {name} -t utf-8 {quote(path.name)} > {quote('utf8-' + path.name)} converts it"
    if encoding is None:
        convert += ", where ENCODING is that of the program that wrote it (cp1252, cp1251, gb18030, shift_jis)"
    ways = f'give encoding="{name}"; or {convert}' if asks else f"{convert}; or save it as UTF-8"
    if encoding is None:
        return ways
    text = data.decode(encoding, errors="replace")
    word = next((word for word in _WORD.findall(text) if not word.isascii()), text.strip())[:40]
    shown = f"Windows-1252 ({word!r})" if encoding == "cp1252" else encoding.upper()
    return f"it reads well as {shown}: {ways}"
