"""Say beside each label where it came from: the votes for it, the label model that weighed them, and the run.

Files of labels have a column ``votes``: for each example, a list of ``{rule, label}``, in the order of the rules (rules
that abstained or failed are not in it). Their metadata has ``labelkit.model``, the fingerprint of the fitted model, and
``labelkit.run``, that of all that the votes were made of; ``labelkit history`` shows both for each version. No labelkit
is needed to read this::

    select id, label, list_transform(votes, lambda vote: vote.rule) from 'run/labels/*.parquet'
    select value from parquet_kv_metadata('run/labels/*.parquet') where key = 'labelkit.model'
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.arrow_arrays import arrow_array, text_array
from labelkit._shared.stored_files import read_parquet
from labelkit._shared.threads import blocks, in_threads
from labelkit.rules.inspection.fingerprint import fingerprint
from labelkit.runs.run_inputs import LASTING
from labelkit.votes.distinct_rows import BLOCK_ROWS
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.votes.vote_patterns import VotePatterns

COLUMN: Final = "votes"
"""The column of the votes for an example."""

REPEATING: Final = (f"{COLUMN}.list.element.rule", f"{COLUMN}.list.element.label")
"""The columns of the file that hold a few values again and again."""

MODEL_KEY: Final = b"labelkit.model"
RUN_KEY: Final = b"labelkit.run"


def votes_by_pattern(patterns: VotePatterns) -> pa.ListArray:
    """List the votes of each pattern, to be picked for each example by its pattern.

    >>> from labelkit.votes.label_matrix import LabelMatrix
    >>> matrix = LabelMatrix.of([[0, -1], [-1, -1], [0, 1]], names=["short", "link"], classes=["HAM", "SPAM"])
    >>> [[(vote["rule"], vote["label"]) for vote in votes] for votes in votes_by_pattern(matrix.patterns).to_pylist()]
    [[], [('short', 'HAM')], [('short', 'HAM'), ('link', 'SPAM')]]
    """
    outcomes = patterns.outcomes
    pieces = in_threads(lambda rows: _votes(outcomes[rows]), blocks(len(outcomes), BLOCK_ROWS))
    nothing = (
        np.zeros(0, np.int16),
        outcomes[:0, 0] if outcomes.shape[1] else np.zeros(0, np.int8),
        np.zeros(0, np.int32),
    )
    columns, classes, counts = (np.concatenate(parts) for parts in zip(nothing, *pieces, strict=True))
    offsets = np.zeros(len(outcomes) + 1, dtype=np.int32)
    np.cumsum(counts, out=offsets[1:])
    rules = pa.DictionaryArray.from_arrays(arrow_array(columns), text_array(patterns.names))
    labels = pa.DictionaryArray.from_arrays(arrow_array(classes), text_array(patterns.class_names))
    return pa.ListArray.from_arrays(
        arrow_array(offsets), pa.StructArray.from_arrays([rules, labels], ["rule", "label"])
    )


def _votes(outcomes: NDArray[Any]) -> tuple[NDArray[np.int16], NDArray[Any], NDArray[np.int32]]:
    """Return the rule and the class of each vote of a block of patterns, and the number of votes of each pattern."""
    by_row = np.ascontiguousarray(outcomes)
    voted = by_row > ABSTAIN
    places = np.flatnonzero(voted)
    columns = (places % max(outcomes.shape[1], 1)).astype(np.int16)
    return columns, by_row.ravel()[places], voted.sum(axis=1, dtype=np.int32)


def run_fingerprint(inputs: Mapping[str, Any]) -> str:
    """Hash all that the votes of a run were made of, as its manifest keeps it."""
    return fingerprint(json.dumps({name: inputs[name] for name in LASTING}, sort_keys=True))


def model_fingerprint(folder: Path) -> str:
    """Hash the files of a fitted label model."""
    digest = blake2b(digest_size=8)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class LabelOrigin:
    """Where the labels of a table came from; made by :meth:`labelkit.RunFolder.origins`.

    Attributes
    ----------
    model : str
        The fingerprint of the label model; empty where the file does not say.
    run : str
        The fingerprint of all that the votes were made of.
    ids : pyarrow.ChunkedArray
    votes : pyarrow.ChunkedArray of list of {rule, label}
    """

    model: str
    run: str
    ids: pa.ChunkedArray
    votes: pa.ChunkedArray

    @classmethod
    def read(cls, file: Path) -> LabelOrigin:
        """Read the origins in a file of labels.

        Raises
        ------
        KeyError
            If it has none: a run of an earlier labelkit wrote it.
        """
        table = read_parquet(file, columns=["id", COLUMN])
        metadata = table.schema.metadata or {}
        model, run = (metadata.get(key, b"").decode() for key in (MODEL_KEY, RUN_KEY))
        return cls(model, run, table.column("id"), table.column(COLUMN))

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[Any, dict[str, str]]]:
        """Iterate over the ids of the examples, with the label that each rule voted for, by its name."""
        for id_, votes in zip(self.ids.to_pylist(), self.votes.to_pylist(), strict=True):
            yield id_, {vote["rule"]: vote["label"] for vote in votes}
