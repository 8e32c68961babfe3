"""Read the texts of a workbook as Excel shows them: a carriage return in a cell is ``_x000D_`` in the file.

References
----------
ECMA-376, Office Open XML, part 1, section 22.9.2.19 (ST_Xstring).
https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

from __future__ import annotations

import re
import zipfile
from typing import Any, Final

from labelkit._shared.optional import optional
from labelkit.corpus._files import DataFile, readable

_ESCAPED: Final = re.compile(r"_x(00[01][A-Fa-f]|005[Ff](?=_x[0-9A-Fa-f]{4}_))_")
"""A control character, and the underscore of a text that only looks like one. Other numbers stay as they are: openpyxl
writes ``tile_x1024_y`` as it is, though Excel shows a letter there."""

_UNDERSCORE: Final = b"x005F_"
"""The end of an underscore that is no beginning of such a number; openpyxl drops it from shared texts."""

_PIECE: Final = 2**20
"""Bytes that are searched at a time."""


def shown_text(text: str) -> str:
    r"""Decode the characters that are written as numbers.

    >>> shown_text("one_x000D_\ntwo"), shown_text("_x005F_x000D_"), shown_text("tile_x1024_y")
    ('one\r\ntwo', '_x000D_', 'tile_x1024_y')
    """
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x00" in text else text


def keep_underscores(file: DataFile, sheet: Any) -> None:
    """Give a sheet of openpyxl the texts that its cells share as they are in the file, where openpyxl changes them."""
    with zipfile.ZipFile(readable(file.path)) as archive:
        for name in archive.namelist():
            if name.lower().endswith("sharedstrings.xml") and _has_underscores(archive, name):
                with archive.open(name) as xml:
                    sheet._shared_strings = _shared_texts(xml)  # noqa: SLF001 - where openpyxl keeps them


def _has_underscores(archive: zipfile.ZipFile, name: str) -> bool:
    rest = b""
    with archive.open(name) as xml:
        while read := xml.read(_PIECE):
            if _UNDERSCORE in rest + read:
                return True
            rest = read[-len(_UNDERSCORE) :]
    return False


def _shared_texts(xml: Any) -> list[str]:
    """Read the table of texts, as openpyxl does but for one replacement."""
    functions, text = optional("openpyxl.xml.functions", extra="excel"), optional("openpyxl.cell.text", extra="excel")
    constants = optional("openpyxl.xml.constants", extra="excel")
    tag, texts = f"{{{constants.SHEET_MAIN_NS}}}si", []
    for _, node in functions.iterparse(xml):
        if node.tag == tag:
            texts.append(text.Text.from_tree(node).content)
            node.clear()
    return texts
