"""Describe a labeling function to label models and statistics; the description travels with the votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from labelkit._shared.unknown_keywords import checks_keywords


@checks_keywords
@dataclass(frozen=True)
class LFInfo:
    """A description of a labeling function for models and statistics; it travels with the votes.

    Parameters
    ----------
    name : str
    labels : tuple of int, optional
        The classes that it can vote for, where its declaration says so.
    group : str, optional
        The person or source that it comes from.
    precision : float, optional
        How often its votes are thought to be right, in (0, 1): prior knowledge for label models.
    trusted : bool
        Whether its author vouches for it.
    kind : str
        How the vote is made: ``"keywords"``, ``"regex"``, ``"lookup"``, ``"condition"``, ``"python"``, ``"batch"``,
        ``"model"``, ``"similarity"``, ``"prompt"``.
    columns : tuple of str
        The columns that it reads.
    fingerprint : str
        Changes when what it does changes.
    doc : str
        The first paragraph of its docstring.
    levels : int
        How finely it says how sure it is of a vote; 0 if it does not.
    """

    name: str
    labels: tuple[int, ...] | None = None
    group: str | None = None
    precision: float | None = None
    trusted: bool = False
    kind: str = "python"
    columns: tuple[str, ...] = ()
    fingerprint: str = ""
    doc: str = ""
    levels: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The description as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LFInfo:
        """The inverse of :meth:`to_dict`."""
        fields = dict(values)
        fields["labels"] = None if fields.get("labels") is None else tuple(fields["labels"])
        fields["columns"] = tuple(fields.get("columns") or ())
        return cls(**fields)
