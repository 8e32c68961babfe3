"""Keep a run folder at an address of fsspec: read what stands there, and write a finished folder to it.

The files have the names that they have in a local folder. A reader takes a run for whole by its manifest, which fits
the digests in the note of its version. So whoever writes removes the manifest before anything is overwritten, and
writes it last. Writers exclude each other by an object that is made only if it is not there, where the store can do
that, and each checks that what it replaces is what it began from.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

from labelkit._shared.addresses import parts_of_address
from labelkit._shared.files import is_running
from labelkit._shared.stored_files import digest_of_bytes
from labelkit.exceptions import CorpusError, RunFolderError
from labelkit.runs._version_names import MANIFEST, NOTE, VERSIONS

WRITER: Final = ".labelkit-writer.json"
"""Object that a writer holds while it uploads."""

LEASE: Final = 15 * 60.0
"""Seconds after which a writer that says nothing is taken for gone; a live one says every minute that it is there."""

RENEWAL: Final = 60.0
TRANSFERS: Final = 8
"""Files that are sent or fetched at once."""

BLOCK_BYTES: Final = 8 * 2**20

IN_PARTS: Final = ("votes", "labels")
"""Folders of files that are fetched when they are asked for."""

_OF_ROOT: Final = ("file", "local", "memory")


class PlaceChangedError(RunFolderError):
    """Somebody else has written to a place since a run for it began."""

    code = "LK507"


def address_of(path: str | Path) -> str | None:
    """Return the address that a text or a path stands for, one slash of which a path has lost; None for a path.

    >>> address_of(Path("s3://bucket/runs/first/")), address_of("memory://a"), address_of("runs/first")
    ('s3://bucket/runs/first', 'memory:///a', None)
    """
    parts = parts_of_address(path)
    if parts is None:
        return None
    scheme, place = parts
    slashes = ":///" if scheme.rsplit("::", 1)[-1] in _OF_ROOT else "://"
    return f"{scheme}{slashes}{re.sub('/+', '/', place).rstrip('/')}"


@dataclass(frozen=True)
class StoredState:
    """What a run is known by: the note of its version, and its manifest.

    Parameters
    ----------
    note : bytes
        Empty for a run of an earlier labelkit.
    manifest : bytes
    """

    note: bytes
    manifest: bytes

    @classmethod
    def of_folder(cls, folder: Path) -> StoredState | None:
        """Read it from a local folder; None if there is no finished run."""
        try:
            manifest = (folder / MANIFEST).read_bytes()
        except OSError:
            return None
        note = folder / NOTE
        return cls(note.read_bytes() if note.is_file() else b"", manifest)

    @property
    def key(self) -> str:
        """Digest of both."""
        return digest_of_bytes(self.note + self.manifest)

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """The digest of each file that the note lists."""
        return noted_digests(self.note)

    @property
    def is_whole(self) -> bool:
        """Whether the manifest is the one that the note lists."""
        return not self.note or self.digests.get(MANIFEST) == digest_of_bytes(self.manifest)


def noted_digests(note: bytes) -> dict[str, str]:
    """Return the digests in the note of a version; none if it cannot be read."""
    try:
        files = json.loads(note)["files"]
        return {str(name): str(digest) for name, digest in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


@dataclass(frozen=True)
class RemotePlace:
    """The place of a run folder at an address.

    Parameters
    ----------
    address : str
        With references to environment variables, if it has any.
    """

    address: str
    _renewed: list[float] = field(default_factory=lambda: [0.0], compare=False, repr=False)

    @classmethod
    def at(cls, path: str | Path) -> RemotePlace | None:
        """Return the place that a path stands for; None if it is a local one.

        Raises
        ------
        RunFolderError
            If it is a web address.
        """
        address = address_of(path)
        if address is not None and address.lower().startswith(("http://", "https://")):
            raise RunFolderError(
                f"{str(cls(address))!r} is a web address, where no run folder can be listed or written",
                hint="give the address of a store, such as s3://bucket/runs/first, or a local folder",
            )
        return None if address is None else cls(address)

    def __str__(self) -> str:
        from labelkit.corpus.remote import shown_address  # noqa: PLC0415 - a local run needs no corpus

        return shown_address(self.address)

    @property
    def name(self) -> str:
        """The last name of the address."""
        return PurePosixPath(self.address.split("://", 1)[1]).name

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from labelkit.corpus.remote import system_of  # noqa: PLC0415 - as above

        system, path = system_of(self.address)
        return system, str(path).rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._opened[1]}/{name}"

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Raise what goes wrong in a store as RunFolderError, without secrets."""
        from labelkit.corpus.remote import remote_errors  # noqa: PLC0415 - as above

        try:
            with remote_errors(self.address, doing=doing):
                yield
        except CorpusError as error:
            raise RunFolderError(error.message, hint=error.hint, code=error.code) from None

    def listing(self) -> dict[str, int]:
        """Return the size in bytes of each file, by its path in the folder; the object of a writer apart."""
        with self._errors("read"):
            system, root = self._opened
            system.invalidate_cache()
            try:
                entries = system.find(root, detail=True)
            except FileNotFoundError:
                return {}
            names = {name[len(root) :].lstrip("/"): int(entry.get("size") or 0) for name, entry in entries.items()}
            return {name: size for name, size in names.items() if name and name != WRITER}

    def _bytes(self, name: str) -> bytes | None:
        with self._errors("read"):
            try:
                return bytes(self._opened[0].cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def state(self) -> StoredState | None:
        """Read what stands there; None if there is no manifest."""
        note, manifest = self._bytes(NOTE) or b"", self._bytes(MANIFEST)
        return None if manifest is None else StoredState(note, manifest)

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file to a local path, in blocks."""
        with (
            self._errors("read"),
            self._opened[0].open(self._path(name), "rb", block_size=BLOCK_BYTES) as source,
            to.open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy, BLOCK_BYTES)

    def put(self, name: str, path: Path) -> None:
        """Write a local file, in blocks."""
        system, target = self._opened[0], self._path(name)
        with self._errors("written"):
            try:
                file = system.open(target, "wb", block_size=BLOCK_BYTES)
            except FileNotFoundError:  # a store with folders
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
                file = system.open(target, "wb", block_size=BLOCK_BYTES)
            with file, path.open("rb") as source:
                shutil.copyfileobj(source, file, BLOCK_BYTES)

    def _remove(self, names: Iterable[str]) -> None:
        with self._errors("written"):
            for name in names:
                with suppress(FileNotFoundError):
                    self._opened[0].rm_file(self._path(name))

    # Writers ----------------------------------------------------------------------------------------------------------

    def writer(self) -> dict[str, Any] | None:
        """Return the note of who writes there, or was stopped while it did; None if nobody does."""
        note = self._bytes(WRITER)
        if note is None:
            return None
        with suppress(ValueError):
            value = json.loads(note)
            if isinstance(value, dict):
                return value
        return {}

    def check_free(self) -> None:
        """Refuse a place that somebody else writes.

        Raises
        ------
        RunFolderError
        """
        writer = self.writer()
        if writer is not None and not _is_gone(writer):
            raise RunFolderError(
                f"another run writes to {str(self)!r}: process {writer.get('pid')} on {writer.get('host')}",
                hint="wait until it is done",
                code="LK502",
            )

    @contextmanager
    def _writing(self, key: str) -> Iterator[bool]:
        """Hold the place; tells whether this goes on with an upload that was stopped. An error leaves it held."""
        system = self._opened[0]
        before = self.writer()
        if before is not None:
            self.check_free()
            self._remove([WRITER])
        try:
            with self._errors("written"):
                self._make_folder()
                system.pipe_file(self._path(WRITER), _note(key), mode="create")
        except RunFolderError:
            self.check_free()
            raise
        self._renewed[0] = time.monotonic()
        yield before is not None and before.get("to") == key
        self._remove([WRITER])

    def _make_folder(self) -> None:
        """Make the folder in a store that has folders; others make none."""
        system, root = self._opened
        if "file" in system.protocol:
            system.makedirs(root, exist_ok=True)

    def _renew(self, key: str) -> None:
        if time.monotonic() - self._renewed[0] >= RENEWAL:
            self._renewed[0] = time.monotonic()
            with self._errors("written"):
                self._opened[0].pipe_file(self._path(WRITER), _note(key))

    def send(self, folder: Path, base: str) -> None:
        """Write a finished folder, its manifest last.

        Parameters
        ----------
        folder : Path
        base : str
            Key of the state that it replaces; empty if there was none.

        Raises
        ------
        PlaceChangedError
            If something else stands there now.
        RunFolderError
            If another run writes there, or the store refuses.
        """
        new = StoredState.of_folder(folder)
        if new is None:
            raise RunFolderError(f"{str(folder)!r} holds no finished run")
        with self._writing(new.key) as goes_on:
            there = self.state()
            key = "" if there is None else there.key
            if key not in (new.key, base) and not (there is None and goes_on):
                self._remove([WRITER])
                raise PlaceChangedError(
                    f"{str(self)!r} was written by somebody else while this run was made",
                    hint="give the command again: it begins from what stands there now",
                )
            if key != new.key:
                self._send(folder, new)

    def _send(self, folder: Path, new: StoredState) -> None:
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        there = self.listing()
        same = self._unchanged(files, there, new)
        last = [name for name in (NOTE, MANIFEST) if name in files]
        rest = [name for name in files if name not in {*same, *last}]

        def put(name: str) -> None:
            self._renew(new.key)
            self.put(name, files[name])

        each_at_once(put, [name for name in rest if name not in there])
        self._remove([MANIFEST])
        each_at_once(put, [name for name in rest if name in there])
        self._remove(name for name in there if name not in files)
        for name in last[:-1]:
            put(name)
        self._check_sizes({name: path.stat().st_size for name, path in files.items() if name != MANIFEST})
        put(MANIFEST)

    def _unchanged(self, files: Mapping[str, Path], there: Mapping[str, int], new: StoredState) -> set[str]:
        """Find the files that stand there already with the same bytes."""
        before = noted_digests(self._bytes(NOTE) or b"")
        sure = {name for name, digest in new.digests.items() if before.get(name) == digest}
        for note in [name for name in files if name.startswith(f"{VERSIONS}/") and name.endswith(f"/{NOTE}")]:
            if note in there and self._bytes(note) == files[note].read_bytes():
                top = note.removesuffix(NOTE)
                sure |= {name for name in files if name.startswith(top)}
        return {name for name in sure if name in files and there.get(name) == files[name].stat().st_size}

    def _check_sizes(self, wanted: Mapping[str, int]) -> None:
        there = self.listing()
        wrong = [name for name, size in wanted.items() if there.get(name) != size]
        if wrong:
            raise RunFolderError(
                f"{str(self)!r} did not keep what was written: {', '.join(wrong[:3])}",
                hint="give the command again: it sends the finished run again",
                code="LK512",
            )


def each_at_once(function: Callable[[str], None], names: list[str]) -> None:
    """Call a function on each name, several at once: what is waited for is the store."""
    if names:
        with ThreadPoolExecutor(min(TRANSFERS, len(names)), thread_name_prefix="labelkit") as pool:
            list(pool.map(function, names))


def _note(key: str) -> bytes:
    note = {"host": socket.gethostname(), "pid": os.getpid(), "time": time.time(), "to": key}
    return json.dumps({**note, "nonce": secrets.token_hex(8)}, sort_keys=True).encode()


def _is_gone(writer: Mapping[str, Any]) -> bool:
    """Return whether a writer was stopped: its process has ended, is this one, or has said nothing for long."""
    pid, renewed = writer.get("pid"), writer.get("time")
    if not isinstance(pid, int) or not isinstance(renewed, int | float) or time.time() - renewed >= LEASE:
        return True
    return writer.get("host") == socket.gethostname() and (pid == os.getpid() or not is_running(pid))
