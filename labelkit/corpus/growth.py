"""Tell whether a corpus is an earlier one with more rows behind it, by the bytes of its files or the rows of its frame.

>>> check_growth([("a.csv", 3, "x")], [("a.csv", 3, "x"), ("b.csv", 9, "y")], lambda *_: "")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from labelkit._shared.written_lists import names_and_more
from labelkit.corpus._byte_streams import line_ends
from labelkit.corpus._files import DataFile, fingerprint_of_first, is_remote
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.source import RowPlace
from labelkit.exceptions import CorpusError

FileRecord: TypeAlias = tuple[str, int, str]
"""The name of a file, its bytes, and their digest."""

GROWING: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
"""Suffixes of files of lines: rows that are appended leave the bytes before them as they are."""

MOST_NAMES: Final = 3
"""Files that a message names."""

_known: WeakKeyDictionary[Corpus, list[FileRecord]] = WeakKeyDictionary()
"""Records that were made, so that files are not read once more."""

ANEW: Final = (
    "force=True (--force) makes the run anew, over all rows, and drops its versions and its certificate; "
    "or make one beside it, out='other' (--out other)"
)

REWRITTEN: Final = "a value of an old row is another, in any column, or the file was saved in another way"
"""What may have happened to a file of which only the bytes are known."""


def file_sizes(corpus: Corpus) -> list[tuple[str, int]]:
    """Return the files of a corpus with their bytes, in order; none for what is not of files of this machine."""
    return [(name, path.stat().st_size) for name, path in _named_files(corpus).items()]


def file_records(corpus: Corpus) -> list[FileRecord]:
    """Return the files of a corpus with their digests, in order; none for what is not of files of this machine."""
    files = _named_files(corpus)
    return _known.get(corpus) or [
        (name, size, fingerprint_of_first(files[name], [size])[0]) for name, size in file_sizes(corpus)
    ]


def _named_files(corpus: Corpus) -> dict[str, Path]:
    """Name the files of a corpus: one by its name, those of a folder by their paths in it, others by their paths."""
    files = corpus.files
    if corpus.stamp is None or any(map(is_remote, files)):
        return {}
    if corpus.path is not None and files == (corpus.path,):
        return {files[0].name: files[0]}
    folder = corpus.path if corpus.path is not None and corpus.path.is_dir() else None
    names = [(path.absolute() if folder is None else path.relative_to(folder)).as_posix() for path in files]
    return dict(zip(names, files, strict=True))


def grown_records(corpus: Corpus, before: Sequence[FileRecord]) -> list[FileRecord]:
    """Return the files of a corpus, once it is sure that it has the rows of an earlier one, and more behind them.

    Parameters
    ----------
    corpus : Corpus
        Of files.
    before : sequence of (name, bytes, digest)
        The files of the earlier one.

    Raises
    ------
    CorpusError
        If rows of the earlier one were changed, moved or removed.
    """
    paths = _named_files(corpus)
    heads: dict[str, str] = {}
    records: list[FileRecord] = []
    sizes = {name: size for name, (_, size, _) in _paired(before, list(paths)).items()}
    for name, path in paths.items():
        size = path.stat().st_size
        head = sizes.get(name, size)
        digests = fingerprint_of_first(path, [head, size] if head < size else [size])
        heads[name] = digests[0]
        records.append((name, size, digests[-1]))
    _known[corpus] = records
    ends_a_line = partial(_ends_a_line, encoding=corpus.reading.get("encoding"))
    check_growth(before, records, lambda name, size: heads[name] if ends_a_line(paths[name], size) else "")
    return records


def check_growth(before: Sequence[FileRecord], now: Sequence[FileRecord], head: Callable[[str, int], str]) -> None:
    """Hold the files of a corpus against those of an earlier one.

    Files are the same by their names. Where these have changed (one file became two, a folder became a list), they are
    the same by their place and content.

    Parameters
    ----------
    before, now : sequence of (name, bytes, digest)
    head : function
        From a name and a number of bytes to the digest of that beginning of the file, which ends a line; else empty.

    Raises
    ------
    CorpusError
        If the earlier rows are not the first of those now; it names the files.
    """
    pairs = _paired(before, [name for name, *_ in now])
    last = before[-1] if before else None
    for name, size, digest in now:
        if name not in pairs:
            continue
        old = pairs[name]
        old_name, old_size, old_digest = old
        if (digest, size) == (old_digest, old_size):
            continue
        grows = size > old_size and name.lower().endswith(GROWING)
        if not grows or head(name, old_size) != old_digest:
            raise _changed(*_other_content(old, name, before, now))
        if old != last or len(now) > len(before):
            raise _changed(f"{old_name!r} has more rows, and other files stand behind it")
    gone = [old[0] for old in before if old not in pairs.values()]
    if gone:
        raise _changed(*_in_another_format(gone, [name for name, *_ in now]))
    names_before, names_now = [name for name, *_ in before], [name for name, *_ in now]
    if set(names_before) <= set(names_now):
        _check_order(names_before, names_now)


def _check_order(before: Sequence[str], now: Sequence[str]) -> None:
    """Check that the files of before come first, in their order."""
    for old_name, name in zip(before, now, strict=False):
        if old_name != name and name in before:
            raise _changed(f"the rows of {old_name!r} stand behind those of {name!r} now")
        if old_name != name:
            raise _changed(f"the new file {name!r} stands before old ones, whose rows would move")


def _paired(before: Sequence[FileRecord], names: Sequence[str]) -> dict[str, FileRecord]:
    """Return the earlier file of each file that has one: of the same name if all names are there, else of its place."""
    old_names = [name for name, *_ in before]
    if set(old_names) <= set(names):
        return dict(zip(old_names, before, strict=True))
    return {name: old for name, old in zip(names, before, strict=False) if _kind(name) == _kind(old[0])}


def _kind(name: str) -> list[str]:
    """Return the suffixes of a file, which decide how it is read."""
    return Path(name).suffixes


def _other_content(
    old: FileRecord, name: str, before: Sequence[FileRecord], now: Sequence[FileRecord]
) -> tuple[str, str]:
    """Say what became of an earlier file in whose place a file of another content stands, and how that may come."""
    old_name = old[0]
    moved = next((record[0] for record in now if record[1:] == old[1:]), None)
    if moved is not None and Path(name).name == Path(old_name).name:
        return f"the rows of {old_name!r} stand in {moved!r} now", ""
    if moved is not None:
        return f"the rows of {old_name!r} stand behind those of {name!r} now", ""
    if Path(name).name == Path(old_name).name:
        return f"{old_name!r} was written again", f"{REWRITTEN}; "
    there = {record[0] for record in now}, {record[1:] for record in now}
    return _gone([one[0] for one in before if one[0] not in there[0] and one[1:] not in there[1]]), ""


def _in_another_format(gone: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """Say which files are gone, and of a file of another format in their place, why its rows are not the old ones."""
    kinds = {Path(name).suffix.lower() for name in gone}
    other = next((name for name in names if Path(name).suffix.lower() not in kinds), None)
    if other is None:
        return _gone(gone), ""
    return (
        f"{_gone(gone)}, and the rows of {Path(other).name!r}, in another format, cannot be known to be the same",
        f"keep the old files, and save new rows as {Path(gone[0]).suffix} files behind them; ",
    )


def _gone(names: Sequence[str]) -> str:
    return f"{names_and_more(map(repr, names), MOST_NAMES)} {'is' if len(names) == 1 else 'are'} gone"


def _ends_a_line(path: Path, size: int, encoding: str | None) -> bool:
    """Return True if a line ends before an offset of a text file, or at it."""
    ends = line_ends(DataFile(path, encoding))
    if ends is None:
        return False
    width = len(ends[0])
    with path.open("rb") as file:
        file.seek(max(size - width, 0))
        around = file.read(2 * width)
    return size == 0 or (size % width == 0 and (around[:width] in ends or around[width:] in ends))


def _changed(what: str, why: str = "") -> CorpusError:
    behind = "new rows stand behind old ones: as lines at the end of the file, or as files named to come last"
    return CorpusError(f"the rows that were voted on have changed: {what}", hint=f"{why}{behind}; {ANEW}", code="LK216")


def place_of_new_rows(before: Sequence[FileRecord], now: Sequence[FileRecord], n_rows: int) -> RowPlace:
    """Return where the rows behind the first ones begin, of files that were held against the earlier ones.

    >>> place_of_new_rows([("a.csv", 3, "x")], [("a.csv", 9, "y")], 1)
    RowPlace(row=1, file=0, offset=3)
    >>> place_of_new_rows([("a.csv", 3, "x")], [("a.csv", 3, "x"), ("b.csv", 9, "y")], 1)
    RowPlace(row=1, file=1, offset=0)
    """
    last = len(before) - 1
    has_grown = now[last][1] > before[last][1]
    return RowPlace(n_rows, last, before[last][1]) if has_grown else RowPlace(n_rows, last + 1, 0)
