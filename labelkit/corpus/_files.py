"""Open, decompress and hash files; shared by all readers of files."""

from __future__ import annotations

import codecs
import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from io import SEEK_SET, BufferedIOBase, BufferedReader, RawIOBase, UnsupportedOperation
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from labelkit._shared.threads import in_threads
from labelkit.corpus.file_kinds import FIRST_BYTES, GZIP, encoding_hint, kind_of, marked_encoding
from labelkit.exceptions import CorpusError

BLOCK_BYTES = 4 * 2**20
"""Bytes that are read and parsed together."""

DIGESTED_BYTES = 16 * BLOCK_BYTES
"""Bytes of a file that are hashed together."""

FINGERPRINT_DIGITS = 32
"""Hexadecimal digits of a fingerprint."""

LARGEST_ROW = 32 * 2**20
"""Bytes of the longest row of a text file that is accepted; a longer one is a quote left open, or a gzip bomb."""

RECODED_BYTES = 2**18
"""Bytes of a file in another encoding that are decoded together."""

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


def stamp_of(path: Path) -> FileStamp:
    """Return the stamp of a file, or of the files of a folder that are not hidden; empty if it is not there."""
    try:
        is_folder = path.is_dir()
        paths = sorted(p for p in path.iterdir() if not p.name.startswith((".", "_"))) if is_folder else [path]
        stats = [(str(one.absolute()), one.stat()) for one in paths]
    except (OSError, ValueError):  # ValueError: a text with a NUL, which is no path
        return FileStamp((), ())
    files = tuple((name, stat.st_size, stat.st_ino, stat.st_mtime_ns) for name, stat in stats)
    return FileStamp(files, tuple(stat.st_ctime_ns for _, stat in stats))


def open_bytes(path: Path) -> BufferedIOBase:
    """Open a text file; one that is gzipped is decompressed, also without ``.gz``, and UTF-16 is read as UTF-8.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text.
    """
    opened = path.open("rb")
    if path.suffix.lower() == ".gz" or opened.peek(len(GZIP)).startswith(GZIP):
        opened.close()
        opened = cast("BufferedReader", gzip.open(path, "rb"))  # noqa: SIM115 - the caller closes it
    first = opened.peek(FIRST_BYTES)[:FIRST_BYTES]
    kind = kind_of(first)
    if kind is not None:
        opened.close()
        raise CorpusError(f"{str(path)!r} is not text but {kind.name}", hint=kind.remedy)
    encoding = marked_encoding(first)
    return opened if encoding is None else BufferedReader(_Recoded(opened, encoding), RECODED_BYTES)


class _Recoded(RawIOBase):
    """A text file in another encoding, read as UTF-8; offsets are those of the UTF-8."""

    def __init__(self, source: BufferedIOBase, encoding: str) -> None:
        self._source, self._encoding = source, encoding
        self._rewind()

    def _rewind(self) -> None:
        self._source.seek(0)
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._ready, self._offset = b"", 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Decode the next bytes."""
        is_more = True
        while is_more and not self._ready:
            read = self._source.read(RECODED_BYTES)
            is_more = bool(read)
            self._ready = self._decoder.decode(read, final=not is_more).encode(errors="surrogatepass")
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready, self._offset = self._ready[size:], self._offset + size
        return size

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Decode up to an offset, from the beginning if it was passed already."""
        if whence != SEEK_SET:
            raise UnsupportedOperation("only offsets from the beginning")
        if offset < self._offset:
            self._rewind()
        while self._offset < offset and self.readinto(bytearray(min(RECODED_BYTES, offset - self._offset))):
            pass
        return self._offset

    def tell(self) -> int:
        """Return the number of bytes that were read."""
        return self._offset

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        super().close()


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Raise CorpusError with the path of the file where its gzip data or its UTF-16 is truncated or invalid."""
    try:
        yield
    except EOFError as error:
        raise CorpusError(f"{str(path)!r} is cut off: its gzip data ends too early", hint="copy it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise CorpusError(f"{str(path)!r} is not valid gzip: {error}", hint="rename it, or copy it again") from error
    except UnicodeDecodeError as error:
        reason = f"{error.reason} at byte {error.start}"
        hint = (
            "save it as UTF-8" if error.encoding.startswith(("utf-16", "utf-32")) else encoding_hint(error.object, path)
        )
        raise CorpusError(f"{str(path)!r} is not valid {error.encoding}: {reason}", hint=hint) from error


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


def fingerprint_files(paths: Sequence[Path]) -> str:
    """Hash the bytes of files; of several, also their names and sizes.

    Each file is hashed in pieces of a fixed size, in threads; the result is the hash of these hashes.
    """
    digest = sha256()
    for path in paths:
        size = path.stat().st_size
        if len(paths) > 1:
            digest.update(f"{path.name}\0{size}\0".encode(errors="surrogateescape"))
        for piece in in_threads(partial(_digest_piece, path), range(0, size, DIGESTED_BYTES)):
            digest.update(piece)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def fingerprint_of_first(path: Path, sizes: Sequence[int]) -> list[str]:
    """Hash the first bytes of a file, of each of some sizes, as :func:`fingerprint_files` does a file of that size."""
    whole, rest = max(sizes) // DIGESTED_BYTES, {size: size % DIGESTED_BYTES for size in sizes}
    pieces = in_threads(partial(_digest_piece, path), range(0, whole * DIGESTED_BYTES, DIGESTED_BYTES))
    digests = []
    for size in sizes:
        digest = sha256(b"".join(pieces[: size // DIGESTED_BYTES]))
        if rest[size]:
            digest.update(_digest_piece(path, size - rest[size], rest[size]))
        digests.append(digest.hexdigest()[:FINGERPRINT_DIGITS])
    return digests


def _digest_piece(path: Path, start: int, n_bytes: int = DIGESTED_BYTES) -> bytes:
    """Hash so many bytes of a file from ``start``; fewer at its end."""
    digest, left = sha256(), n_bytes
    buffer = memoryview(bytearray(2**20))
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while left and (size := file.readinto(buffer[:left])):
            digest.update(buffer[:size])
            left -= size
    return digest.digest()
