"""Recognise labels that labelkit wrote, where somebody gives them as gold: a model is then judged by itself.

Labels in memory, exports, runs and the predictions of bundles have the columns ``label``, ``covered`` and a probability
``p_<class>`` for each class; exports have ``confidence``, too. A list or a column of labels alone does not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from labelkit._shared.user_errors import warn

LABEL_COLUMNS: Final = ("label", "class")
"""Columns of a table of labels that hold a class: its number or its name."""

BESIDE: Final = ("covered", "confidence", "by_default")
"""Columns that stand beside them; one of these, with the probabilities of two classes, tells."""

PROBABILITY: Final = "p_"
"""Begins the columns of probabilities."""

MOST_SHOWN: Final = 5
"""Columns that a warning names."""

REMEDY: Final = "if people have corrected these labels, keep id and label alone, of the rows that they have looked at"


def written_columns(columns: Sequence[str], label: str) -> list[str]:
    """Return the columns by which a table is one of labels that labelkit wrote; empty if it is none.

    Parameters
    ----------
    columns : sequence of str
        Those of the table.
    label : str
        The one that is taken as gold; another one than labelkit writes was added by somebody.

    Examples
    --------
    >>> written_columns(["id", "label", "confidence", "covered", "p_HAM", "p_SPAM"], "label")
    ['confidence', 'covered', 'p_HAM', 'p_SPAM']
    >>> written_columns(["id", "label", "confidence"], "label")
    []
    >>> written_columns(["id", "label", "covered", "p_HAM", "p_SPAM", "gold"], "gold")
    []
    """
    if label not in LABEL_COLUMNS:
        return []
    beside = [name for name in columns if name in BESIDE]
    shares = [name for name in columns if name.startswith(PROBABILITY) and len(name) > len(PROBABILITY)]
    return beside + shares if beside and len(shares) > 1 else []


def warn_of_written_labels(place: str, columns: Sequence[str], label: str) -> None:
    """Warn if the gold of a table is labels that labelkit wrote.

    Parameters
    ----------
    place : str
        The table, for people.
    columns, label
        As in :func:`written_columns`.
    """
    telltale = written_columns(columns, label)
    if telltale:
        more = ", ..." if len(telltale) > MOST_SHOWN else ""
        warn_of_own_labels(place, f"it has the columns {', '.join(telltale[:MOST_SHOWN])}{more}")


def warn_of_own_labels(place: str, reason: str, remedy: str = REMEDY) -> None:
    """Warn that gold looks like labels of a model."""
    warn(
        f"{place} looks like labels that labelkit wrote, no gold: {reason}. Accuracy against labels of a model says "
        f"how far two models agree, not how right labels are. Hint: give what people answered; {remedy}",
        code="LK339",
    )
