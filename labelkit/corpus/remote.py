"""Open files at addresses (``s3://bucket/data.csv``, ``https://...``) by fsspec, with the methods of a path.

Nothing is downloaded as a whole: text is read by blocks, Parquet by the ranges that are needed. What stands in a
listing (size, time, entity tag) is the stamp by which a file that was written again is noticed, and, where the store
gives an entity tag, the fingerprint of its content.

Options of a store, such as keys and the address of its server, are taken from where its own tools take them: the
environment (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS``), its configuration files,
or that of fsspec (``FSSPEC_S3_ENDPOINT_URL``).
"""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, Final

from labelkit._shared.optional import optional
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.secrets import from_environment, masked, secrets_of, without_secrets
from labelkit.corpus._files import BLOCK_BYTES
from labelkit.exceptions import CorpusError, LabelkitError, MissingExtraError

ATTEMPTS: Final = 3
"""How often a block is asked for before a connection that breaks is an error."""

_ADDRESS: Final = re.compile(r"[a-zA-Z][\w+.-]*(?:::[a-zA-Z][\w+.-]*)*://")
_DATABASE: Final = re.compile(r"(postgres\w*|mysql|mariadb|sqlite|duckdb|mssql|oracle)(\+\w+)?://", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"([?&]sig=)[^&]+")
_STATUS: Final = re.compile(r"\b(401|403|404|410|416|429|5\d\d)\b")
_ETAGS: Final = ("ETag", "etag", "md5Hash", "content_md5")
_TIMES: Final = ("LastModified", "mtime", "last_modified", "updated", "created", "Last-Modified")


def is_address(data: Any) -> bool:
    """Return whether a text is the address of a file or of files, and no path.

    >>> is_address("s3://bucket/a.csv"), is_address("a.csv"), is_address("see https://example.org")
    (True, False, False)
    """
    return isinstance(data, str) and _ADDRESS.match(data) is not None and len(data.split()) == 1


def shown_address(address: str) -> str:
    """Return an address without its secrets.

    >>> shown_address("https://bob:hunter2@example.org/a.csv?X-Amz-Signature=0f3a&v=2")
    'https://bob:***@example.org/a.csv?X-Amz-Signature=***&v=2'
    """
    scheme, rest = address.split("://", 1)
    place, slash, way = rest.partition("/")
    way, mark, query = way.partition("?")
    return _SIGNATURE.sub(r"\1***", f"{masked(f'{scheme}://{place}')}{slash}{way}{masked(mark + query)}")


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file at an address.

    Parameters
    ----------
    address : str
        As it was given, or listed, with references to environment variables.
    size : int or None
        In bytes, as it was listed.
    tag : str
        What the store says changes with the content; empty if it says nothing.
    time : str
        Of the last change, as it was listed.
    """

    address: str
    size: int | None = field(default=None, compare=False)
    tag: str = field(default="", compare=False)
    time: str = field(default="", compare=False)

    def __str__(self) -> str:
        return shown_address(self.address)

    @property
    def name(self) -> str:
        """The name of the file, without what stands before and behind it in the address."""
        way = self.address.split("://", 1)[1]
        return PurePosixPath(way.partition("?")[0] if _is_http(self.address) else way).name

    @property
    def suffix(self) -> str:
        """The suffix of the name."""
        return Path(self.name).suffix

    def absolute(self) -> RemoteFile:
        """Return the file itself."""
        return self

    def is_file(self) -> bool:
        """Return True: it was listed."""
        return True

    def stat(self) -> SimpleNamespace:
        """Return size and times as they were listed; the entity tag stands for the inode."""
        stamp = zlib.crc32(self.time.encode())
        size = 2**62 if self.size is None else self.size
        return SimpleNamespace(st_size=size, st_ino=zlib.crc32(self.tag.encode()), st_mtime_ns=stamp, st_ctime_ns=0)

    def content_key(self) -> str | None:
        """Return what changes with the content; None if only reading tells, empty if even that costs too much."""
        if self.tag and not self.tag.startswith("W/"):
            return f"{self.tag}/{self.size}"
        return "" if self.size is None or _is_http(self.address) else None

    def open(self, _mode: str = "rb", buffering: int = BLOCK_BYTES) -> Any:
        """Open it for reading, by blocks; without buffering, by the ranges that are asked for."""
        raw = _RemoteBytes(self)
        return raw if buffering == 0 else BufferedReader(raw, BLOCK_BYTES)


class _RemoteBytes(RawIOBase):
    """The bytes of a remote file; a range that a connection breaks off is asked for again."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self._offset = 0
        self._streams = False
        self._opened: Any = None
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the offset."""
        return self._offset

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to an offset; nothing is read."""
        if whence == SEEK_END and self._file.size is None:
            raise CorpusError(
                f"{str(self._file)!r} is read from its end, and its server does not say how long it is",
                hint="download it first",
            )
        start = {SEEK_SET: 0, SEEK_CUR: self._offset, SEEK_END: self._file.size or 0}[whence]
        self._offset = start + offset
        return self._offset

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, up to the end of the file."""
        with remote_errors(self._file.address):
            for attempt in range(ATTEMPTS):
                try:
                    read = self._read(len(buffer))
                    break
                except FileNotFoundError:
                    raise
                except Exception as error:
                    self._forget()
                    if _lacks_ranges(error) and not self._streams:
                        self._streams = True
                    elif attempt == ATTEMPTS - 1 or _STATUS.search(str(error)):
                        raise
        buffer[: len(read)] = read
        self._offset += len(read)
        return len(read)

    def _read(self, size: int) -> bytes:
        """Read at the offset; a server that gives no ranges is read from the beginning to there."""
        if self._opened is None:
            system, path = system_of(self._file.address)
            options = {"block_size": 0} if self._streams else {"cache_type": "none"}
            self._opened, self._at = system.open(path, "rb", **options), 0
            self._streams = self._streams or not self._opened.seekable()
        if not self._streams:
            self._opened.seek(self._offset)
            return bytes(self._opened.read(size))
        if self._offset < self._at:
            self._forget()
            return self._read(size)
        while self._at < self._offset and (skipped := self._opened.read(min(BLOCK_BYTES, self._offset - self._at))):
            self._at += len(skipped)
        read = b""
        while len(read) < size and (part := self._opened.read(size - len(read))):
            read += part
        self._at += len(read)
        if len(read) < size and self._file.size is not None and self._at < self._file.size:
            raise ConnectionError(f"the connection ended after {self._at:,} of {self._file.size:,} bytes")
        return read

    def _forget(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            _close(opened)

    def close(self) -> None:
        """Close the connection."""
        self._forget()
        super().close()


def _close(opened: Any) -> None:
    try:
        opened.close()
    except Exception:  # noqa: BLE001 - a broken connection cannot be closed either
        return


def _lacks_ranges(error: Exception) -> bool:
    """Return whether a server sent all of a file where a part was asked for."""
    return isinstance(error, ValueError) and ("range" in str(error).lower() or "more bytes" in str(error))


# Listings -------------------------------------------------------------------------------------------------------------


def remote_files(given: str, is_read: Callable[[RemoteFile], bool]) -> list[RemoteFile]:
    """List the file, the files of the folder, or those that a pattern matches, as they are now.

    Raises
    ------
    CorpusError
        If there is none, or the store cannot be reached or does not let it be read.
    """
    with remote_errors(given):
        system, path = system_of(given)
        system.invalidate_cache()
        if is_remote_pattern(given):
            listed = _listed(system, system.glob(path, detail=True).values())
            return _some(given, listed, "no file matches")
        if not (_is_http(given) and not path.endswith("/")):
            about = system.info(path)
            if about["type"] == "directory":
                entries = [entry for entry in system.ls(path, detail=True) if isinstance(entry, Mapping)]
                return _some(
                    given, list(filter(is_read, _listed(system, entries))), "there are no files of examples in"
                )
            return [_file(given, about)]
        return [_file(given, system.info(path))]


@contextmanager
def local_copy(address: str) -> Iterator[Path]:
    """Give a copy of a file at an address, under its own name, while the block lasts.

    Raises
    ------
    CorpusError
        If there is no such file, several, or it cannot be read.
    """
    files = remote_files(address, lambda _: True)
    if len(files) != 1:
        raise CorpusError(f"{shown_address(address)!r} is {len(files):,} files", hint="give the address of one file")
    with scratch_folder() as folder:
        path = folder / (files[0].name or "file")
        with files[0].open() as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy, BLOCK_BYTES)
        yield path


def is_remote_pattern(address: str) -> bool:
    """Return whether an address is a pattern; a question mark begins the query of a web address."""
    return any(sign in address.split("://", 1)[1] for sign in ("*[" if _is_http(address) else "*?["))


def _listed(system: Any, entries: Any) -> list[RemoteFile]:
    files = [
        _file(system.unstrip_protocol(entry["name"]), entry) for entry in entries if entry.get("type") != "directory"
    ]
    return sorted(file for file in files if file.name and not file.name.startswith((".", "_")))


def _some(given: str, files: list[RemoteFile], message: str) -> list[RemoteFile]:
    if not files:
        raise CorpusError(
            f"{message} {shown_address(given)!r}", hint="check the address; ** stands for any folders in a pattern"
        )
    return files


def _file(address: str, about: Mapping[str, Any]) -> RemoteFile:
    tag = next((str(about[key]).strip('"') for key in _ETAGS if about.get(key)), "")
    time = next((str(about[key]) for key in _TIMES if about.get(key)), "")
    size = about.get("size")
    return RemoteFile(address, None if size is None else int(size), tag, time)


def _is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def system_of(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it."""
    fsspec = optional("fsspec", extra="remote")
    try:
        system, path = fsspec.core.url_to_fs(from_environment(address))
    except ImportError as error:
        scheme = address.split("://", 1)[0]
        package = next((word for word in ("s3fs", "gcsfs", "adlfs", "aiohttp", "ossfs") if word in str(error)), None)
        extra = package is None or package in {"s3fs", "aiohttp"}
        raise MissingExtraError(
            f"{scheme}:// needs the package {package or 'of its store'}, which is not installed",
            hint="pip install 'labelkit[remote]'" if extra else f"pip install {package}",
        ) from error
    except ValueError as error:
        if "not known" not in str(error):
            raise
        raise CorpusError(
            f"{shown_address(address)!r}: no store of such a name is known",
            hint="ask a database by a query: --query, --url; in Python, lk.SqlQuery(query, address)"
            if _DATABASE.match(address)
            else "s3://, gs://, abfs://, https://, memory:// are, and others of fsspec",
        ) from error
    return system, path


@contextmanager
def remote_errors(address: str, doing: str = "read") -> Iterator[None]:
    """Raise what a store raises as CorpusError, in one line, with the address and without secrets."""
    try:
        yield
    except LabelkitError:
        raise
    except Exception as raised:  # noqa: BLE001 - each store has errors of its own
        error = _cause_of(raised, address)
        if isinstance(error, FileNotFoundError):
            raise CorpusError(
                f"there is nothing at {shown_address(address)!r}",
                hint="check the bucket, the folder and the name",
                code="LK201",
            ) from None
        kind = type(error).__name__
        plain = " ".join(str(error).split())
        message = without_secrets(plain, secrets_of(address))[:300] or kind
        raise CorpusError(f"{shown_address(address)!r} cannot be {doing}: {message}", hint=_hint(kind, plain)) from None


def _cause_of(error: Exception, address: str) -> BaseException:
    """Return what went wrong: fsspec says of whatever a web server answers that there is no file."""
    cause = error.__cause__
    is_hidden = isinstance(error, FileNotFoundError) and _is_http(address) and cause is not None
    return cause if is_hidden and cause is not None and getattr(cause, "status", None) not in {404, 410} else error


def _hint(kind: str, message: str) -> str:
    """Return what to do about an error of a store."""
    if "Credentials" in kind or "credentials" in message:
        return "give the store its keys, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
    status = _STATUS.search(message)
    if kind == "PermissionError" or (status and status[1] in {"401", "403"}):
        return "check the keys in the environment, and that they may read it; a signed address may have expired"
    if status and status[1] in {"404", "410"}:
        return "check the bucket, the folder and the name"
    return "check the network and the address of the server; run it again: what was done is kept"
