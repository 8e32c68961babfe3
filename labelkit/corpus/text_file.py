"""Open text files that are read elsewhere than in a corpus, such as lists of words, as a corpus would open them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import TextIO, cast

from labelkit.corpus._files import file_errors, open_bytes


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a file of UTF-8 or UTF-16, which may be gzipped.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text, or, while it is read, in another encoding.
    """
    with (
        file_errors(path),
        TextIOWrapper(cast("BufferedReader", open_bytes(path)), encoding="utf-8-sig", newline="") as opened,
    ):
        yield opened
