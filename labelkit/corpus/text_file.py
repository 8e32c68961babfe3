"""Open text files that are read elsewhere than in a corpus, such as lists of words, as a corpus would open them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any, Final, TextIO, cast

from labelkit.corpus._byte_streams import open_bytes, unpacked_name
from labelkit.corpus._files import BLOCK_BYTES, DataFile
from labelkit.corpus._mistaken_utf8 import warn_of_utf8
from labelkit.corpus.file_kinds import encoding_hint
from labelkit.corpus.open_files import by_suffix
from labelkit.exceptions import CorpusError, LabelkitError

__all__ = ["DataFile", "EncodedPath", "encoding_beside", "hint_for_gold", "open_text", "unpacked_name"]


@contextmanager
def open_text(path: Path, encoding: str | None = None) -> Iterator[TextIO]:
    """Open a file of UTF-8 or UTF-16, or of another encoding that is given, which may be compressed.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text, or, while it is read, in another encoding.
    """
    file = DataFile(path, encoding, asks=False)
    source = cast("BufferedReader", open_bytes(file))
    warn_of_utf8(file)
    with TextIOWrapper(source, encoding="utf-8-sig", newline="") as opened:
        try:
            yield opened
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{str(path)!r} is not valid {error.encoding}: {error.reason} at byte {error.start}",
                hint=encoding_hint(error.object, path, asks=False),
                code="LK212",
            ) from error


class EncodedPath(str):
    """The path of a file of gold, as it was given, with the encoding that was given for it.

    >>> EncodedPath.of("gold.csv", "cp1252").encoding
    'cp1252'
    """

    __slots__ = ("encoding",)
    encoding: str

    @classmethod
    def of(cls, path: str, encoding: str) -> EncodedPath:
        """Join a path and an encoding."""
        encoded = cls(path)
        encoded.encoding = encoding
        return encoded


def encoding_beside(path: Path, reading: Mapping[str, Any], given: object = None) -> str | None:
    """Return the encoding of a file of gold beside a corpus that is read so: its own, if one was given.

    Else that of the corpus; None if the file is UTF-8, or no text. ``given`` may be an :class:`EncodedPath`.
    """
    own_encoding = getattr(given, "encoding", None)
    gold_encoding, encoding = own_encoding or reading.get("gold_encoding"), reading.get("encoding")
    kind = by_suffix(path.name)
    if kind is None or "encoding" not in kind.options:
        return None
    if gold_encoding is not None or encoding is None:
        return None if gold_encoding is None else str(gold_encoding)
    try:
        with open_text(path) as opened:
            while opened.read(BLOCK_BYTES):
                pass
    except CorpusError:
        return str(encoding)
    return None


def hint_for_gold(error: LabelkitError, path: Path, option: str = "gold_encoding") -> str | None:
    """Return the hint of an error in reading a file of gold, without what only a corpus can do."""
    ways = [way for way in (error.hint or "").split("; ") if not _OF_A_CORPUS.search(way)]
    hint = "; ".join(ways) or (None if error.hint is None else "mend the row in the file, or take it out")
    if hint is None or option == "encoding":
        return hint
    match = _ENCODING.search(hint)
    in_python = "" if match is None else f'; or give labelkit.read_gold({str(path)!r}, encoding="{match[1]}")'
    return _ENCODING.sub(rf'{option}="\1"', hint) + in_python


_OF_A_CORPUS: Final = re.compile(r"on_bad_row=|types=|\bannotate |@column")
"""Words of what a corpus can do about a row, and gold, which has no rules and takes no such option, cannot."""

_ENCODING: Final = re.compile(r'(?<![\w"])encoding="([^"]*)"')
