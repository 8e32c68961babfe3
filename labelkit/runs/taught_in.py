"""Read which examples taught the label model of a run, by ids that say so in other runs, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.stored_files import read_parquet
from labelkit.label_models.taught_examples import NAMES, TaughtExamples, note_taught
from labelkit.runs.one_version import one_version
from labelkit.runs.teaching import is_taught, taught_rows
from labelkit.votes.named_by import NamedBy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from labelkit.runs.run_folder import RunFolder


def noting_taught(model: Any, run: RunFolder) -> Any:
    """Return the label model of a run; which examples taught it is read when it is asked for."""
    if is_taught(model):
        note_taught(model, partial(taught_in, run))
    return model


def taught_in(run: RunFolder) -> TaughtExamples | None:
    """Return the examples that taught the label model of a run; None if that is not known."""
    key, rows = key_of_ids(run), taught_rows(run)
    return None if key is None or rows is None else TaughtExamples.of([(key, ids_at(run, rows))])


def key_of_ids(folder: RunFolder) -> str | None:
    """Return the key of the ids of examples (see :class:`TaughtExamples`); None if they say nothing elsewhere."""
    corpus = folder.manifest["corpus"]
    if corpus["id"] is not None:
        return NAMES
    index = folder.frame_index(folder.manifest["examples"])
    if index is not None and index.ids is not None and not NamedBy.of_index(index).is_counted:
        return NAMES
    return corpus.get("fingerprint") or None


def ids_at(folder: RunFolder, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Read the ids of some examples of a folder."""
    return np.asarray(pa.chunked_array([*ids_of_parts(folder)]).to_numpy()[rows])


def ids_of_parts(folder: RunFolder) -> Iterator[pa.Array]:
    """Iterate over the ids of the examples of a folder, a part at a time."""
    with one_version(folder):
        files = folder.layout.parts("votes")
        name = pq.read_schema(files[0]).names[0]
        for file in files:
            yield read_parquet(file, [name]).column(0).combine_chunks()
