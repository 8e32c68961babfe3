"""Name, hash and watch files; shared by all readers of files."""

from __future__ import annotations

import struct
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from labelkit._shared.threads import in_threads

T = TypeVar("T")

BLOCK_BYTES = 4 * 2**20
"""Bytes that are read and parsed together."""

DIGESTED_BYTES = 16 * BLOCK_BYTES
"""Bytes of a file that are hashed together."""

SETTLED_SECONDS = 3.0
"""After so many seconds without a change, the next change gives a file another time, on any file system."""

FINGERPRINT_DIGITS = 32
"""Hexadecimal digits of a fingerprint."""

LARGEST_ROW = 32 * 2**20
"""Bytes of the longest row of a text file that is accepted; a longer one is a quote left open, or a gzip bomb."""

BOM = b"\xef\xbb\xbf"
"""Byte order mark, which some programs write at the beginning of UTF-8."""


@dataclass(frozen=True)
class FileStamp:
    """The size and times of files, by which a file that was written again is told.

    Parameters
    ----------
    files : tuple of (path, bytes, inode, time of modification in ns)
    changed : tuple of int
        When each was last changed in any way, its attributes included, in ns.
    """

    files: tuple[tuple[str, int, int, int], ...]
    changed: tuple[int, ...]

    @property
    def latest(self) -> float:
        """The latest of the times, in seconds."""
        return max((*self.changed, *(file[-1] for file in self.files)), default=0) / 1e9


def stamp_of(paths: Sequence[Path]) -> FileStamp:
    """Return the stamp of files; empty if one is not there."""
    try:
        stats = [(str(one.absolute()), one.stat()) for one in paths]
    except (OSError, ValueError):  # ValueError: a text with a NUL, which is no path
        return FileStamp((), ())
    files = tuple((name, stat.st_size, stat.st_ino, stat.st_mtime_ns) for name, stat in stats)
    return FileStamp(files, tuple(stat.st_ctime_ns for _, stat in stats))


@dataclass(frozen=True)
class DataFile:
    """A file of examples, or of a list.

    Parameters
    ----------
    path : Path
        Where its bytes are.
    encoding : str, optional
        That of its text, if it was given; else UTF-8, or what its first bytes name.
    shown : str, optional
        The name of what was copied into it, such as ``standard input``; it is no file of the user then.
    asks : bool
        Whether an encoding could have been given where the file is read, so that an error may ask for it.
    held : object
        What keeps a copy there.
    """

    path: Path
    encoding: str | None = None
    shown: str | None = None
    asks: bool = True
    held: Any = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path) if self.shown is None else self.shown

    @property
    def place(self) -> Path | None:
        """The path, if it is a file of the user."""
        return self.path if self.shown is None else None

    def absolute(self) -> DataFile:
        """The same file, from whichever folder it is opened."""
        return replace(self, path=self.path.absolute())

    def digest(self, *options: Any) -> str:
        """Hash the bytes, and the options that say what they mean, of those that were given."""
        given = [option for option in (self.encoding, *options) if option is not None]
        content = fingerprint_files([self.path])
        return content if not given else sha256(f"{content}{given}".encode()).hexdigest()[:FINGERPRINT_DIGITS]


def is_remote(path: Any) -> bool:
    """Return whether a file is at an address, with the methods of a path that readers use."""
    return not isinstance(path, Path)


def readable(path: Any) -> Any:
    """Return what a library opens that takes a path or an open file: the latter of a file that is elsewhere."""
    return path.open("rb", buffering=0) if is_remote(path) else path


@contextmanager
def closed_after(items: Iterable[T]) -> Iterator[Iterable[T]]:
    """Close a generator behind the block that reads from it, and with it the file that it holds open.

    Without this, the file is open for as long as the error is kept that ended the block: in a notebook, until the next
    one. Windows lets nobody mend an open file.
    """
    try:
        yield items
    finally:
        if isinstance(items, Generator):
            items.close()


def skip_rows(chunks: Iterator[pa.RecordBatch], n_rows: int) -> Iterator[pa.RecordBatch]:
    """Drop the first rows of a stream of batches."""
    for chunk in chunks:
        if n_rows < chunk.num_rows:
            yield chunk.slice(n_rows)
        n_rows = max(n_rows - chunk.num_rows, 0)


def is_utf8(data: bytes | memoryview) -> bool:
    """Check that bytes are valid UTF-8; Arrow does so ten times as fast as decoding them.

    >>> is_utf8("é".encode()), is_utf8("é".encode()[:1]), is_utf8(b"")
    (True, False, True)
    """
    offsets = pa.py_buffer(struct.pack("=qq", 0, len(data)))
    array = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        array.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def fingerprint_files(paths: Sequence[Any]) -> str:
    """Hash the bytes of files; of several, also their names and sizes.

    Each file is hashed in pieces of a fixed size, in threads; the result is the hash of these hashes.
    """
    digest = sha256()
    for path in paths:
        key = path.content_key() if is_remote(path) else None
        if key == "":
            return ""
        if key is not None:
            digest.update(f"{key}\0".encode())
            continue
        stamp = stamp_of([path])
        size = path.stat().st_size
        if len(paths) > 1:
            digest.update(f"{path.name}\0{size}\0".encode(errors="surrogateescape"))
        for piece in in_threads(partial(_piece, path, stamp, size), range(0, size, DIGESTED_BYTES)):
            digest.update(piece)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def fingerprint_of_first(path: Path, sizes: Sequence[int]) -> list[str]:
    """Hash the first bytes of a file, of each of some sizes, as :func:`fingerprint_files` does a file of that size."""
    stamp, whole = stamp_of([path]), max(sizes) // DIGESTED_BYTES * DIGESTED_BYTES
    pieces = in_threads(partial(_piece, path, stamp, whole), range(0, whole, DIGESTED_BYTES))
    digests = []
    for size in sizes:
        digest = sha256(b"".join(pieces[: size // DIGESTED_BYTES]))
        if size % DIGESTED_BYTES:
            digest.update(_piece(path, stamp, size, size - size % DIGESTED_BYTES))
        digests.append(digest.hexdigest()[:FINGERPRINT_DIGITS])
    return digests


def _piece(path: Path, stamp: FileStamp, stop: int, start: int) -> bytes:
    """Hash the piece of a file that begins at ``start`` and ends at ``stop`` at the latest; if it is settled, once."""
    settled = bool(stamp.files) and time.time() - stamp.latest > SETTLED_SECONDS
    return (_digest_kept if settled else _digest_piece)(path, stamp, start, min(DIGESTED_BYTES, stop - start))


def _digest_piece(path: Path, _stamp: FileStamp, start: int, n_bytes: int) -> bytes:
    """Hash so many bytes of a file from ``start``; fewer at its end."""
    digest, left = sha256(), n_bytes
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while left and (size := file.readinto(buffer[:left])):
            digest.update(buffer[:size])
            left -= size
    return digest.digest()


_digest_kept = lru_cache(maxsize=4096)(_digest_piece)
"""The same, kept: a run and its update hash their corpus as a whole, and its files one by one."""
