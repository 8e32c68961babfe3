"""Find the examples of one set that another has too, by their ids; what is left of an update are its new examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa

from labelkit._shared.stored_files import read_parquet
from labelkit.corpus.distinct_ids import are_in, id_keys
from labelkit.runs.folder_parts import matrices_of
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.storage import stored_ids
from labelkit.votes.vote_patterns import VotePatterns

if TYPE_CHECKING:
    from numpy.typing import NDArray

IdParts: TypeAlias = Callable[[], Iterator[pa.ChunkedArray | pa.Array]]
"""Returns all ids, in parts; may be called again."""

MOST_HELD: Final = 2**22
"""Keys of ids in memory, 32 MB: of more ids, a share is compared after the other."""

MOST_MERGED: Final = 64
"""Tables of the patterns of parts that are merged at a time."""

_SCATTER: Final = np.uint64(0x9E3779B97F4A7C15)
"""Odd; the high bits of the product tell to which share a key belongs."""


class SharedExamples:
    """The examples of a set that are in another one, too.

    Parameters
    ----------
    before, after : callable
    most_held : int
        Keys in memory.

    Attributes
    ----------
    n_before, n_after, n_shared : int

    Examples
    --------
    >>> shared = SharedExamples(lambda: iter([pa.array(["a", "b"])]), lambda: iter([pa.array(["a"]), pa.array(["c"])]))
    >>> shared.n_before, shared.n_after, shared.n_shared, [part.tolist() for part in shared.new_rows()]
    (2, 2, 1, [[False], [True]])
    """

    def __init__(self, before: IdParts, after: IdParts, *, most_held: int = MOST_HELD) -> None:
        self.n_before, self._lengths = sum(map(len, before())), [len(part) for part in after()]
        self.n_after = sum(self._lengths)
        self._shared = [np.zeros(-(-length // 8), dtype=np.uint8) for length in self._lengths]  # a bit an example
        n_shares = max(1, -(-self.n_before // most_held))
        for share in range(n_shares):
            held = np.sort(np.concatenate([_of_share(id_keys(ids), share, n_shares) for ids in before()]))
            for part, ids in enumerate(after()):
                self._shared[part] |= np.packbits(are_in(held, id_keys(ids)))
        self.n_shared = int(sum(np.unpackbits(bits).sum(dtype=np.int64) for bits in self._shared))

    def new_rows(self) -> Iterator[NDArray[np.bool_]]:
        """Yield a mask for each part of the set: True for the examples that it alone has."""
        for bits, length in zip(self._shared, self._lengths, strict=True):
            yield ~np.unpackbits(bits, count=length).astype(np.bool_)


def _of_share(keys: NDArray[np.uint64], share: int, n_shares: int) -> NDArray[np.uint64]:
    return keys if n_shares == 1 else keys[((keys * _SCATTER) >> np.uint64(40)) % np.uint64(n_shares) == share]


def shared_examples(before: Any, after: Any, *, most_held: int = MOST_HELD) -> SharedExamples | None:
    """Compare the ids of two runs or matrices; None where positions may stand for the ids of one."""
    if not (_has_ids(before) and _has_ids(after)) and not _have_votes_alike(before, after):
        return None
    if _are_texts(before) != _are_texts(after):
        return None
    return SharedExamples(_ids(before), _ids(after), most_held=most_held)


def _has_ids(side: Any) -> bool:
    if isinstance(side, LabelMatrix):
        index = side.frame_index
        return len(side) > 0 and (side.ids.dtype.kind not in "iu" or (index is not None and index.ids is not None))
    if not isinstance(side, RunFolder) or not side.manifest["examples"]:
        return False
    if side.manifest["corpus"].get("id") is not None:
        return True
    index = side.frame_index(int(side.manifest["examples"]))
    return index is not None and index.ids is not None


def _have_votes_alike(before: Any, after: Any) -> bool:
    """Tell ids that are numbers from positions of rows that were chosen: the same example has the same votes."""
    if not isinstance(before, LabelMatrix) or not isinstance(after, LabelMatrix):
        return False
    sides = before, after
    if any(not len(side) or side.ids.dtype.kind not in "iu" or side.examples.are_positions for side in sides):
        return False
    _, old, new = np.intersect1d(before.ids, after.ids, return_indices=True)
    names = [name for name in before.names if name in after.names]
    if not len(old) or not names:
        return False
    return bool(np.array_equal(before[names].votes[old], after[names].votes[new]))


def _are_texts(side: Any) -> bool:
    return not pa.types.is_integer(next(_ids(side)()).type)


def _ids(side: RunFolder | LabelMatrix) -> IdParts:
    if isinstance(side, RunFolder):
        return lambda: (read_parquet(file, ["id"]).column(0) for file in side.layout.parts("votes"))
    return lambda: iter([stored_ids(side.ids)])


def new_patterns(folder: RunFolder, new_rows: Iterator[NDArray[np.bool_]]) -> VotePatterns:
    """Return the vote patterns of some examples of a run, part by part."""
    merged: list[VotePatterns] = []
    for (_, votes), new in zip(matrices_of(folder), new_rows, strict=True):
        merged.append(replace(votes[new].patterns, gold=None))
        if len(merged) == MOST_MERGED:
            merged = [VotePatterns.merge(merged)]
    return VotePatterns.merge(merged)
