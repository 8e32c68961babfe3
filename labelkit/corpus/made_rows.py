"""Rows that were made of others: the columns that mark them, and the refusal to judge a model on them.

An augmented data set names the original of each made row in ``made_from``. A model that is judged on made rows, or on
originals of which it learned copies, is judged too kindly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

from labelkit.corpus.rows_at import examples_at
from labelkit.exceptions import LabelkitError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.corpus.corpus import Corpus
    from labelkit.votes.example_names import ExampleNames

MADE_FROM: Final = "made_from"
"""Column: the id of the example that a row was made of; null in originals."""

MADE_BY: Final = "made_by"
"""Column: the names of the transformations that made a row."""


def check_made_rows(
    corpus: Corpus,
    examples: ExampleNames,
    judged: NDArray[np.int64],
    taught: NDArray[np.int64],
    *,
    error: type[LabelkitError],
) -> None:
    """Refuse gold on made rows, and on originals of which a model learns copies.

    Parameters
    ----------
    corpus : Corpus
    examples : ExampleNames
        Of the labels.
    judged, taught : ndarray of int64
        The rows that judge the model, and those that it learns from.
    error : type of LabelkitError

    Raises
    ------
    LabelkitError
        If there is such a row; the message names it.
    """
    if not len(judged) or not corpus.has_column(MADE_FROM):
        return
    sources = [one for one in _made_from(corpus, examples, judged) if one is not None]
    if sources:
        raise error(
            f"{len(sources):,} of the {len(judged):,} rows with gold were made of others, such as one of "
            f"{sources[0]!r}: a model is judged on originals alone",
            hint="give gold of originals",
            code="LK330",
        )
    copied = _first_in(_made_from(corpus, examples, taught), set(map(str, examples.ids[judged].tolist())))
    if copied is not None:
        raise error(
            f"the example {copied!r} has gold, and rows made of it are learned from: a model would be judged on "
            "examples that it learned copies of",
            hint="augment(..., evaluation=gold) makes none of them",
            code="LK330",
        )


def _made_from(corpus: Corpus, examples: ExampleNames, rows: NDArray[np.int64]) -> list[Any]:
    return list(examples_at(corpus, examples, rows, [MADE_FROM]).column(MADE_FROM).to_pylist())


def _first_in(names: Iterable[Any], wanted: Collection[str]) -> Any:
    return next((name for name in names if name is not None and str(name) in wanted), None)
