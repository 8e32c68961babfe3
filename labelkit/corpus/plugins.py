"""Formats and stores of other packages: the base class of a reader, and the entry points by which it is found.

A package names a function under the group ``labelkit.sources``; the name of the entry point says what it opens:

- ``.xyz``: files with that suffix (the dot first), of which the path is given, or a file at an address that has its
  methods ``open("rb")``, ``name`` and ``stat()``;
- ``xyz://``: addresses that begin so;
- ``package.Class``: objects of that class (the module where it is written, or one that it is imported from).

The function takes what was given and returns a :class:`Source`. What labelkit itself reads, no package replaces. Entry
points are listed when something else is given, and imported when one of them fits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus._arrow_types import deliver, delivered_type
from labelkit.corpus._files import skip_rows
from labelkit.corpus._valid_text import checked_text
from labelkit.corpus.missing_columns import repeated_column
from labelkit.corpus.remote import RemoteFile
from labelkit.corpus.source import BadRows, FixedColumns
from labelkit.exceptions import CorpusError, LabelkitError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from labelkit.corpus.source import CorpusSource

GROUP: Final = "labelkit.sources"


@checks_keywords
class Source(FixedColumns, ABC):
    """A corpus of a kind that labelkit does not know: subclass it with :attr:`schema` and :meth:`batches`.

    An object of a subclass is a corpus, wherever one is taken; so is what an entry point opens
    (docs/how_to/sources.md). It is read several times, each time from its start.

    Attributes
    ----------
    name : str
        How messages call it; by default, the name of the class.
    path : Path or None
        The file that it reads, if it is one; it is named in the manifest of a run.
    n_rows : int or None
        The number of rows, if it is known before they are read.

    Examples
    --------
    >>> class Numbers(Source):
    ...     schema = pa.schema({"text": pa.string()})
    ...
    ...     def batches(self, columns):
    ...         yield pa.record_batch({"text": ["one", "two"]})
    >>> from labelkit.corpus import open_corpus
    >>> [batch.table.to_pylist() for batch in open_corpus(Numbers()).batches(["text"], 10)]
    [[{'text': 'one'}, {'text': 'two'}]]
    """

    path: Path | None = None
    n_rows: int | None = None
    frame_index = None
    splittable = False
    may_reject = True

    @property
    def name(self) -> str:
        """How messages call it."""
        return type(self).__name__ if self.path is None else str(self.path)

    @property
    @abstractmethod
    def schema(self) -> pa.Schema:
        """The columns with their Arrow types."""

    @abstractmethod
    def batches(self, columns: Sequence[str]) -> Iterable[pa.RecordBatch]:
        """Yield the rows from the first on, with at least the columns that are asked for; batches of any size.

        Raise :class:`~labelkit.exceptions.CorpusError` for what cannot be read.
        """

    def digest(self) -> str:
        """Return a text that changes with the rows, such as a hash or a version; empty if there is none.

        Without it, votes are not cached, and a run that was stopped begins anew.
        """
        return ""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(dict.fromkeys(self.schema.names))

    def column_type(self, column: str) -> pa.DataType:
        """Return the type in which a column is delivered."""
        if self.schema.names.count(column) > 1:
            raise repeated_column(column, self.name)
        return delivered_type(self.schema.field(column).type)

    def chunks(self, columns: Sequence[str], start: int, rows: int, bad: BadRows) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        """Deliver the rows from ``start`` on."""
        schema = pa.schema([(column, self.column_type(column)) for column in columns])
        return skip_rows(checked_text(self._delivered(schema), 0, bad), start)

    def _delivered(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for batch in self.batches(schema.names):
            lacking = set(schema.names) - set(getattr(getattr(batch, "schema", None), "names", ()))
            if lacking or not isinstance(batch, pa.RecordBatch):
                what = f"a batch without {', '.join(map(repr, sorted(lacking)))}" if lacking else type(batch).__name__
                raise CorpusError(f"{self.name}: its batches() gave {what}", hint="yield pyarrow.RecordBatch objects")
            arrays = [deliver(batch.column(field.name), field.type, field.name) for field in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def read(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """Raise NotImplementedError: it is read from its start alone."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Return the digest."""
        return self.digest()

    def content(self, column: str) -> str:
        """Return the digest, and the column."""
        return f"{self.digest()}/{column}" if self.digest() else ""


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    """List the entry points of all packages that are installed; once in a process."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - most corpora need no other package

    return tuple(entry_points(group=GROUP))


def opener_of(data: Any) -> Callable[[Any], CorpusSource] | None:
    """Return what a package has to open a path, an address or an object; None if there is none.

    Raises
    ------
    CorpusError
        If the package cannot be imported, or two packages open the same.
    """
    fitting = [entry for entry in _entry_points() if _fits(entry.name, data)]
    if not fitting:
        return None
    longest = max(len(entry.name) for entry in fitting)
    best = [entry for entry in fitting if len(entry.name) == longest]
    if len({entry.value for entry in best}) > 1:
        packages = " and ".join(sorted(map(_package, best)))
        raise CorpusError(f"{packages} both open {best[0].name}", hint="uninstall one of them")
    return _loaded(best[0])


def can_open(data: Any) -> bool:
    """Return whether a package says that it opens a path, an address or an object."""
    return any(_fits(entry.name, data) for entry in _entry_points())


def _fits(name: str, data: Any) -> bool:
    if isinstance(data, str):
        return name.endswith("://") and data.lower().startswith(name.lower())
    if isinstance(data, Path | RemoteFile):
        return name.startswith(".") and data.name.lower().endswith(name.lower())
    bases = {f"{base.__module__}.{base.__qualname__}" for base in type(data).__mro__}
    short = {f"{base.__module__.partition('.')[0]}.{base.__qualname__}" for base in type(data).__mro__}
    return name in bases | short


def _loaded(entry: EntryPoint) -> Callable[[Any], CorpusSource]:
    """Import what opens a source, and let its failures name the package."""
    package = _package(entry)
    try:
        function = entry.load()
    except Exception as error:
        raise _broken(package, entry, f"it cannot be imported: {type(error).__name__}: {error}") from error

    def opened(data: Any) -> CorpusSource:
        try:
            source = function(data)
        except LabelkitError:
            raise
        except Exception as error:
            raise _broken(package, entry, f"{type(error).__name__}: {error}") from error
        if not isinstance(source, Source):
            raise _broken(package, entry, f"it returned a {type(source).__name__}, and no labelkit.Source")
        return source

    return opened


def _package(entry: EntryPoint) -> str:
    return "a package" if entry.dist is None else f"the package {entry.dist.name!r}"


def _broken(package: str, entry: EntryPoint, reason: str) -> CorpusError:
    return CorpusError(
        f"{package} opens {entry.name} for labelkit ({entry.value}), and failed: {reason}",
        hint="update or uninstall it; other formats are read without it",
    )
