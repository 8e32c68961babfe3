"""Carry with a label model which examples taught it, so that labels that it makes elsewhere are not proved by these.

A model that learned from patterns of votes knows of no example. Who counted the gold says which examples it was of; the
note is saved with the model, and is void once the model is fitted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from labelkit._shared.files import replaced
from labelkit._shared.stored_files import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

NAMES: Final = ""
"""The key of ids that name an example in every corpus; that of positions is the fingerprint of theirs."""

FILE: Final = "taught.parquet"
ATTRIBUTE: Final = "_taught_examples"


@dataclass(frozen=True, eq=False)
class TaughtExamples:
    """Ids of the examples whose gold taught a model.

    Parameters
    ----------
    ids : mapping of str to pyarrow.Array of string
        By the corpus whose positions they are; :data:`NAMES` for ids that are names.
    """

    ids: Mapping[str, pa.Array]

    @classmethod
    def of(cls, parts: Iterable[tuple[str, Any]]) -> Self:
        """Take the ids of several corpora, each with its key.

        >>> taught = TaughtExamples.of([("", np.array([3, 5])), ("", np.array([7]))])
        >>> taught.among("", np.array([5, 6, 7])).tolist(), taught.among("51af", np.array([5]))
        ([True, False, True], None)
        """
        import pyarrow as pa  # noqa: PLC0415 - only for who asks

        by_key: dict[str, list[Any]] = {}
        for key, ids in parts:
            by_key.setdefault(key, []).append(_texts(ids))
        return cls({key: pa.concat_arrays(ids) for key, ids in by_key.items()})

    def among(self, key: str, ids: Any) -> NDArray[np.bool_] | None:
        """Tell which examples of a corpus taught the model; None if it learned from none that has such ids.

        Parameters
        ----------
        key : str
        ids : array, shape (n_examples,)

        Returns
        -------
        ndarray of bool, shape (n_examples,), or None
        """
        import pyarrow.compute as pc  # noqa: PLC0415 - only for who asks

        if key not in self.ids or (NAMES in self.ids and len(self.ids) > 1):
            return None
        return np.asarray(pc.is_in(_texts(ids), value_set=self.ids[key]).to_numpy(zero_copy_only=False))

    def write(self, folder: Path) -> None:
        """Write them beside a saved model."""
        import pyarrow as pa  # noqa: PLC0415 - only for who asks
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        keys = [pa.array([key] * len(ids), pa.string()) for key, ids in self.ids.items()]
        columns = [pa.chunked_array(keys, pa.string()), pa.chunked_array([*self.ids.values()], pa.string())]
        with replaced(folder / FILE) as draft:
            pq.write_table(pa.table(columns, names=["corpus", "id"]), draft, compression="zstd")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read what stands beside a saved model; None if nothing does."""
        import pyarrow.compute as pc  # noqa: PLC0415 - only for who asks

        if not (folder / FILE).is_file():
            return None
        table = read_parquet(folder / FILE, ["corpus", "id"])
        keys, ids = table.column("corpus"), table.column("id")
        return cls.of((key, ids.filter(pc.equal(keys, key))) for key in keys.unique().to_pylist())


def note_taught(model: Any, taught: TaughtExamples | Callable[[], TaughtExamples | None] | None) -> None:
    """Note in a fitted model which examples taught it, or a function that says it; None if that is not known."""
    setattr(model, ATTRIBUTE, (taught, _fit_of(model)))


def taught_by(model: Any) -> TaughtExamples | None:
    """Return the examples that taught a model; None if that is not known, or it was fitted again since."""
    taught, of_fit = getattr(model, ATTRIBUTE, (None, None))
    if of_fit is not _fit_of(model):
        return None
    examples: TaughtExamples | None = taught() if callable(taught) else taught
    return examples


def without_note(model: Any) -> Any:
    """Return a model without the note, as a run writes it, which has a file of its own for that."""
    if not hasattr(model, ATTRIBUTE):
        return model
    model = copy(model)
    delattr(model, ATTRIBUTE)
    return model


def _fit_of(model: Any) -> Any:
    """Return an object that each fit makes anew."""
    return getattr(getattr(model, "base_", model), "seen_proba_", None)


def _texts(ids: Any) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 - only for who asks

    array = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array.cast(pa.string())
