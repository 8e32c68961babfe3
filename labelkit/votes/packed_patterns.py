"""Distinct rows of votes as they lie in files: sorted keys, with the number of examples that show each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labelkit.votes.distinct_rows import Fields, pack, unpack
from labelkit.votes.outcomes import CODE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PackedPatterns:
    """Distinct rows of votes, packed.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n_words, n_patterns)
        Ascending, as :func:`labelkit.votes.distinct_rows.pack` makes them.
    fields : Fields
        How they are packed.
    counts : ndarray of int64, shape (n_patterns,)
    gold : ndarray of int64, shape (n_patterns, n_classes), optional
    """

    keys: NDArray[np.uint64]
    fields: Fields
    counts: NDArray[np.int64]
    gold: NDArray[np.int64] | None

    def packed(self, fields: Fields) -> NDArray[np.uint64]:
        """Return the keys as other fields pack them: a rule may have failed, or voted, in some parts alone."""
        return self.keys if fields == self.fields else pack(self._rows(), fields)

    def tightly(self) -> PackedPatterns:
        """Return the same, packed as the values that occur need it, whatever the rules might vote."""
        rows = self._rows()
        fields = Fields.of(rows)
        return PackedPatterns(pack(rows, fields), fields, self.counts, self.gold)

    def _rows(self) -> NDArray[Any]:
        kind = CODE if self.fields.high.max(initial=0) > np.iinfo(np.int16).max else np.int16
        return unpack(self.keys, self.fields, kind)
