"""Open text files that are read elsewhere than in a corpus, such as lists of words, as a corpus would open them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import TextIO, cast

from labelkit.corpus._byte_streams import open_bytes, unpacked_name
from labelkit.corpus._files import BLOCK_BYTES, DataFile
from labelkit.corpus.file_kinds import encoding_hint
from labelkit.corpus.open_files import by_suffix
from labelkit.exceptions import CorpusError

__all__ = ["DataFile", "needed_encoding", "open_text", "unpacked_name"]


@contextmanager
def open_text(path: Path, encoding: str | None = None) -> Iterator[TextIO]:
    """Open a file of UTF-8 or UTF-16, or of another encoding that is given, which may be compressed.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text, or, while it is read, in another encoding.
    """
    source = cast("BufferedReader", open_bytes(DataFile(path, encoding, asks=False)))
    with TextIOWrapper(source, encoding="utf-8-sig", newline="") as opened:
        try:
            yield opened
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{str(path)!r} is not valid {error.encoding}: {error.reason} at byte {error.start}",
                hint=encoding_hint(error.object, path, asks=False),
                code="LK212",
            ) from error


def needed_encoding(path: Path, encoding: str | None) -> str | None:
    """Return the encoding of a file that stands beside a corpus of some encoding: None if it is UTF-8, or no text."""
    kind = by_suffix(path.name)
    if encoding is None or kind is None or "encoding" not in kind.options:
        return None
    try:
        with open_text(path) as opened:
            while opened.read(BLOCK_BYTES):
                pass
    except CorpusError:
        return encoding
    return None
