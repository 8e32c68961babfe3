"""Open text files that are read elsewhere than in a corpus, such as lists of words, as a corpus would open them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import TextIO, cast

from labelkit.corpus._byte_streams import open_bytes, unpacked_name
from labelkit.corpus._files import DataFile
from labelkit.corpus.file_kinds import encoding_hint
from labelkit.exceptions import CorpusError

__all__ = ["DataFile", "open_text", "unpacked_name"]


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a file of UTF-8 or UTF-16, which may be compressed.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text, or, while it is read, in another encoding.
    """
    source = cast("BufferedReader", open_bytes(DataFile(path, asks=False)))
    with TextIOWrapper(source, encoding="utf-8-sig", newline="") as opened:
        try:
            yield opened
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{str(path)!r} is not valid UTF-8: {error.reason} at byte {error.start}",
                hint=encoding_hint(error.object, path, asks=False),
            ) from error
