"""What one step of making a training set did: the operation, its parameters, and the counts before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from labelkit._shared.plain_values import plain_value
from labelkit._version import __version__

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class CurationStep:
    """A step of making a training set, as a data set keeps it in its manifest.

    Attributes
    ----------
    operation : str
        The public function, such as ``"split"``.
    parameters : mapping of str to value
        What it was called with, as plain values; data is named, not copied.
    seed : int or None
        The random state; None where nothing is drawn.
    before, after : mapping of str to int
        Counts of rows: ``rows``, and one for each class, part or slice; of a class that is itself called ``rows``,
        ``class rows``.
    notes : tuple of str
        What a reader of the data card has to know: warnings, what was left out and why.
    version : str
        The version of labelkit.

    Examples
    --------
    >>> step = CurationStep("split", {"by": "author"}, seed=0, before={"rows": 10}, after={"train": 8, "test": 2})
    >>> step.to_dict()["after"]
    {'train': 8, 'test': 2}
    """

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    seed: int | None = None
    before: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    after: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    version: str = __version__

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain values, for JSON."""
        return {
            "operation": self.operation,
            "parameters": plain_value(dict(self.parameters)),
            "seed": self.seed,
            "before": {name: int(rows) for name, rows in self.before.items()},
            "after": {name: int(rows) for name, rows in self.after.items()},
            "notes": list(self.notes),
            "version": self.version,
        }


@runtime_checkable
class Curated(Protocol):
    """What a function of curation returns: rows to take over into a data set, and the step that made them.

    ``rows()`` has a column ``id``, the ids of the examples (an example that is drawn twice stands there twice), and of
    these columns those that the step sets: ``split`` (name of a part), ``weight`` (float), ``slices`` (list of names),
    ``label`` (class) and ``proba`` (list of float). Rows that are made, not chosen, have ids of their own, the values
    of their columns, ``made_from`` (id of the example they were made of) and ``made_by`` (name of the transformation).
    """

    @property
    def step(self) -> CurationStep:
        """What was done."""
        ...

    def rows(self) -> pa.Table:
        """Return the rows, with the columns that the step sets."""
        ...
