r"""Read the bytes of text files: decompressed, and as UTF-8 whatever their encoding is.

What an encoding has no meaning for becomes the byte FF, which UTF-8 has no meaning for either: so readers find it in
its row, and report the row.

>>> b"caf\xe9 au lait".decode("ascii", INVALID).encode("utf-8", INVALID)
b'caf\xff au lait'
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from io import SEEK_SET, BufferedIOBase, BufferedReader, RawIOBase, UnsupportedOperation
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import pyarrow as pa

from labelkit.corpus._files import DataFile, readable
from labelkit.corpus.file_kinds import FIRST_BYTES, encoding_hint, kind_of, marked_encoding
from labelkit.exceptions import CorpusError

RECODED_BYTES: Final = 2**18
"""Bytes of a file that are decompressed or decoded together."""

INVALID: Final = "labelkit.invalid"
"""The name of the error handler of codecs."""


def _as_invalid(error: UnicodeError) -> tuple[str | bytes, int]:
    """Stand in for what cannot be decoded, or encoded."""
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    assert isinstance(error, UnicodeEncodeError)
    return b"\xff" * (error.end - error.start), error.end


codecs.register_error(INVALID, _as_invalid)


class Compression(NamedTuple):
    """A way in which files are compressed.

    Parameters
    ----------
    name : str
    suffix : str
    magic : bytes
        The first bytes.
    unpack : callable
        Opens a file of it for reading.
    """

    name: str
    suffix: str
    magic: bytes
    unpack: Callable[[Path], Any]


COMPRESSIONS: Final = (
    Compression("gzip", ".gz", b"\x1f\x8b\x08", lambda path: gzip.open(path, "rb")),  # noqa: SIM115 - the caller closes it
    Compression("Zstandard", ".zst", b"\x28\xb5\x2f\xfd", lambda path: pa.input_stream(path, compression="zstd")),
    Compression("bzip2", ".bz2", b"BZh", lambda path: bz2.open(path, "rb")),  # noqa: SIM115 - as above
    Compression("xz", ".xz", b"\xfd7zXZ\0", lambda path: lzma.open(path, "rb")),  # noqa: SIM115 - as above
)
"""How text files may be compressed, whatever their names say."""

PACKED_SUFFIXES: Final = tuple(one.suffix for one in COMPRESSIONS)


def unpacked_name(name: str) -> str:
    """Return the name of a file without the suffix of a compression, in lower case.

    >>> unpacked_name("A.CSV.gz"), unpacked_name("b.txt")
    ('a.csv', 'b.txt')
    """
    name = name.lower()
    return next((name.removesuffix(suffix) for suffix in PACKED_SUFFIXES if name.endswith(suffix)), name)


def open_bytes(file: DataFile, start: int = 0) -> BufferedIOBase:
    """Open a text file: decompressed, whatever its name is, and as UTF-8.

    Parameters
    ----------
    file : DataFile
    start : int
        The byte of the file to begin at; other than 0 only where :func:`bytes_around` returns some.

    Raises
    ------
    CorpusError
        If it is of a kind that is not text.
    """
    with ExitStack() as at_error:
        opened = at_error.enter_context(_unpacked(file))
        first = opened.peek(FIRST_BYTES)[:FIRST_BYTES]
        kind = kind_of(first)
        if kind is not None:
            raise CorpusError(f"{file.name!r} is not text but {kind.name}", hint=kind.remedy, code="LK212")
        encoding = file.encoding or marked_encoding(first)
        text = opened
        if encoding is not None and not _is_utf8(encoding):
            text = BufferedReader(_Recoded(file, opened, encoding, start), RECODED_BYTES)
        elif start:
            opened.seek(start)
        at_error.pop_all()
        return text


def bytes_around(file: DataFile, offset: int) -> tuple[bytes, bytes] | None:
    """Return the byte before an offset and the two from it on, of a text file that can be read from there.

    Its bytes mean the same there, whatever stands before them; None of others, and at the beginning.
    """
    with _unpacked(file) as opened:
        encoding = file.encoding or marked_encoding(opened.peek(FIRST_BYTES)[:FIRST_BYTES])
        is_plain = encoding is None or _is_utf8(encoding) or extends_ascii(encoding)
        if offset < 1 or isinstance(opened.raw, _Unpacked) or not is_plain:
            return None
        opened.seek(offset - 1)
        return opened.read(1), opened.read(2)


def line_ends(file: DataFile) -> tuple[bytes, bytes] | None:
    r"""Return how a text file writes ``\n`` and ``\r``; None of a compressed one."""
    with _unpacked(file) as opened:
        first = opened.peek(FIRST_BYTES)[:FIRST_BYTES]
        if isinstance(opened.raw, _Unpacked):
            return None
    encoding = codecs.lookup(file.encoding or marked_encoding(first) or "utf-8").name
    if encoding == "utf-8-sig":
        return b"\n", b"\r"
    if encoding in {"utf-16", "utf-32"}:  # whose own encoders write a byte order mark
        big = first.startswith((b"\xfe\xff", b"\0\0\xfe\xff")) if marked_encoding(first) else sys.byteorder == "big"
        encoding += "-be" if big else "-le"
    return "\n".encode(encoding), "\r".encode(encoding)


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}


def extends_ascii(encoding: str) -> bool:
    """Return whether each byte is a character by itself, and those of ASCII, and no others, are the ones of ASCII.

    >>> [name for name in ("latin-1", "cp1252", "utf-16", "shift_jis", "iso2022_jp", "cp500") if extends_ascii(name)]
    ['latin-1', 'cp1252']
    """
    decoder: Any = codecs.lookup(encoding).incrementaldecoder
    if getattr(decoder, "getstate", None) is not codecs.IncrementalDecoder.getstate:  # it has a state
        return False
    plain, others = bytes(range(128)), bytes(range(128, 256))
    try:
        same, decoded = plain.decode(encoding) == plain.decode("ascii"), others.decode(encoding, INVALID)
    except UnicodeError:
        return False
    return same and len(decoded) == len(others) and not any(character.isascii() for character in decoded)


def _unpacked(file: DataFile) -> BufferedReader:
    opened = file.path.open("rb")
    first = opened.peek(FIRST_BYTES)
    for compression in COMPRESSIONS:
        if first.startswith(compression.magic) or file.path.name.lower().endswith(compression.suffix):
            opened.close()
            return BufferedReader(_Unpacked(file, compression), RECODED_BYTES)
    return opened


class _Forward(RawIOBase):
    """Bytes that are computed from others, from the beginning on; an offset behind is reached by beginning again."""

    def __init__(self) -> None:
        self._ready, self._offset = b"", 0
        self._begin()

    def _begin(self) -> None:
        raise NotImplementedError

    def _more(self) -> bytes | None:
        """Return the next bytes, perhaps none yet; None at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the next bytes."""
        while not self._ready and (more := self._more()) is not None:
            self._ready = more
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready, self._offset = self._ready[size:], self._offset + size
        return size

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to an offset, through all bytes before it."""
        if whence != SEEK_SET:
            raise UnsupportedOperation("only offsets from the beginning")
        if offset < self._offset:
            self._ready, self._offset = b"", 0
            self._begin()
        while self._offset < offset and self.readinto(bytearray(min(RECODED_BYTES, offset - self._offset))):
            pass
        return self._offset

    def tell(self) -> int:
        """Return the number of bytes that were read."""
        return self._offset


class _Unpacked(_Forward):
    """A compressed file, read as what was compressed."""

    def __init__(self, file: DataFile, compression: Compression) -> None:
        self._file, self._compression = file, compression
        self._source: Any = None
        super().__init__()

    def _begin(self) -> None:
        if self._source is not None:
            self._source.close()
        self._source = self._compression.unpack(readable(self._file.path))

    def _more(self) -> bytes | None:
        """Decompress the next bytes."""
        kind, name = self._compression.name, self._file.name
        try:
            return cast("bytes", self._source.read(RECODED_BYTES)) or None
        except EOFError as error:
            raise CorpusError(
                f"{name!r} is cut off: its {kind} data ends too early", hint="copy it again", code="LK219"
            ) from error
        except (OSError, lzma.LZMAError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if "runcated" in str(error):
                cut = f"{name!r} is cut off: its {kind} data ends too early"
                raise CorpusError(cut, hint="copy it again", code="LK219") from error
            message = f"{name!r} is not valid {kind}: {error}"
            raise CorpusError(message, hint="rename it, or copy it again", code="LK219") from error

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        super().close()


class _Recoded(_Forward):
    """A text file in another encoding, read as UTF-8; offsets are those of the UTF-8."""

    def __init__(self, file: DataFile, source: BufferedIOBase, encoding: str, start: int = 0) -> None:
        self._file, self._source, self._encoding, self._start = file, source, encoding, start
        super().__init__()

    def _begin(self) -> None:
        self._source.seek(self._start)
        self._decoder = codecs.getincrementaldecoder(self._encoding)(INVALID)
        self._at_end = False

    def _more(self) -> bytes | None:
        """Decode the next bytes."""
        if self._at_end:
            return None
        read = self._source.read(RECODED_BYTES)
        self._at_end = not read
        try:
            return self._decoder.decode(read, final=self._at_end).encode("utf-8", INVALID)
        except UnicodeError as error:  # of a codec that takes no error handler
            message = f"{self._file.name!r} cannot be read as {self._encoding}: {error}"
            raise CorpusError(message, hint="name the encoding that it was written in", code="LK212") from error

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        super().close()


def encoding_name(file: DataFile) -> str:
    """Return what the text of a file is not, where it cannot be decoded."""
    return file.encoding or "UTF-8"


def not_in_encoding(data: bytes, file: DataFile) -> str:
    """Return what to do about text that cannot be decoded."""
    if file.encoding is None:
        return encoding_hint(data, Path(file.name), asks=file.asks)
    return 'name the encoding that it was written in: encoding="..."'
