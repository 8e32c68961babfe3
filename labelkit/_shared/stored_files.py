"""Read back what labelkit has written: whatever a file holds, it is a value or one error, and no larger than it is.

A file may be cut off, damaged, changed by hand, or made to harm: a few kilobytes that unpack to many gigabytes, or a
header that claims them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labelkit._shared.unreadable import CODE, LET_READ, why_not_opened
from labelkit.exceptions import ArgumentError, KeywordError, LabelkitError

if TYPE_CHECKING:
    import pyarrow as pa

DIGEST_BYTES: Final = 16
"""Bytes of the digest of a file."""


def digest_of(path: Path) -> str:
    """Hash the bytes of a file."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def digest_of_bytes(content: bytes) -> str:
    """Hash what a file holds."""
    return blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


@contextmanager
def reading(path: str | Path, failure: str, error: type[LabelkitError], *, hint: str | None = None) -> Iterator[None]:
    """Raise an error of labelkit, in one line, for anything that goes wrong while a stored file is read.

    Parameters
    ----------
    path : path
    failure : str
        What is said of it, such as ``"holds no label model"``.
    error : type of LabelkitError
    hint : str, optional

    Examples
    --------
    >>> from labelkit.exceptions import MatrixError
    >>> with reading("votes.parquet", "cannot be read as a label matrix", MatrixError):
    ...     {}["classes"]
    Traceback (most recent call last):
        ...
    labelkit.exceptions.MatrixError: votes.parquet cannot be read as a label matrix: there is no 'classes' [LK506]
    """
    try:
        with np.errstate(invalid="raise"):  # a number that is none, in the place of one
            yield
    except PermissionError as cause:
        if isinstance(cause, LabelkitError):
            raise
        raise not_readable(path, cause, error) from cause
    except (Exception, RecursionError, MemoryError) as cause:
        if isinstance(cause, LabelkitError) and not isinstance(
            cause, KeywordError | ArgumentError
        ):  # these are of what was stored
            raise
        of_key = f"there is no {cause.args[0]!r}" if isinstance(cause, KeyError) and cause.args else str(cause)
        of_system = why_not_opened(cause) if isinstance(cause, OSError) else of_key
        reason = cause.message if isinstance(cause, LabelkitError) else of_system
        line = " ".join((reason or type(cause).__name__).split())[:300]
        raise error(f"{path} {failure}: {line}", hint=hint, code="LK506") from cause


def not_readable(path: str | Path, cause: PermissionError, error: type[LabelkitError]) -> LabelkitError:
    """Return the error of a file that is whole, as far as is known, and that this user may not read."""
    named = next((str(one) for one in (cause.filename,) if one is not None and str(one) != str(path)), None)
    is_elsewhere = named is not None and not Path(named).absolute().is_relative_to(Path(path).absolute())
    of_file = "" if named is None or is_elsewhere else f" ({named})"
    return error(
        f"{named if is_elsewhere else path} cannot be read: permission denied{of_file}", hint=LET_READ, code=CODE
    )


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ValueError
        If the file holds anything else.
    """
    return json_object(path.read_bytes(), path.name)


def json_object(content: bytes, name: str) -> dict[str, Any]:
    """Read a JSON object from the content of a file of that name.

    Raises
    ------
    ValueError
        If it holds anything else.
    """
    value = json.loads(content.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{name} holds no JSON object")  # noqa: TRY004 - the content of a file, not an argument
    return value


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns, without Arrow's data sets, which take a tenth of a second to import.

    Raises
    ------
    KeyError
        If it lacks a column.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - only for who asks

    with pq.ParquetFile(path) as file:
        table = file.read(columns=None if columns is None else list(columns))
        return table if columns is None else table.select(list(columns))


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays that ``numpy.savez`` wrote, each no larger than its part of the file.

    Raises
    ------
    ValueError
        If a member is compressed, is no array, holds objects, or claims another size than it has.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise ValueError(f"{member.filename} in {path.name} is compressed, which labelkit never writes")
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(file)
            n_values = 1
            for length in shape:
                n_values *= int(length)
            if dtype.hasobject or min(shape, default=0) < 0 or n_values * dtype.itemsize > member.file_size:
                raise ValueError(f"{member.filename} in {path.name} is not as large as it says")
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
