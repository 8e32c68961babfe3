"""Recognise numbers that are written with a decimal comma, and write the expression that reads them."""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa

from labelkit.corpus.corpus import Corpus
from labelkit.exceptions import CorpusError

LOOKED_AT: Final = 1_000
"""Rows whose values are looked at."""

_NUMBER: Final = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:[.\s]\d{3})+)(?:,\d+)?")
_FOR_CERTAIN: Final = re.compile(r",(?!\d{3}$)\d+$|[.\s]\d{3},\d+$|^[-+]?0,\d+$")
"""A comma that does not stand between thousands."""


def decimal_commas(corpus: Corpus, column: str, name: str) -> str | None:
    """Return the expression that makes numbers of the texts of a column; None if they have no decimal comma.

    Parameters
    ----------
    corpus : Corpus
        One that can be read only once is not read for this.
    column : str
    name : str
        What the expression calls a text.
    """
    if not corpus.is_repeatable or not pa.types.is_string(corpus.column_type(column)):
        return None
    try:
        batch = next(iter(corpus.batches([column], LOOKED_AT)), None)
    except CorpusError:  # a row that cannot be read
        return None
    texts = [] if batch is None else batch.table.column(0).drop_null().to_pylist()
    return expression_of(list(map(str.strip, texts)), name)


def expression_of(texts: list[str], name: str) -> str | None:
    """Return the expression that makes numbers of texts; None if they have no decimal comma.

    >>> expression_of(["3,5", "12"], "price")
    'float(price.replace(",", "."))'
    >>> expression_of(["1 234,50", "1.000"], "price")
    'float("".join(price.split()).replace(".", "").replace(",", "."))'
    >>> expression_of(["3,5", ""], "price")
    'float(price.replace(",", ".")) if price.strip() else None'
    >>> expression_of(["1,234", "12"], "price"), expression_of(["3,5 euros"], "price"), expression_of([], "price")
    (None, None, None)
    """
    n_texts, texts = len(texts), list(filter(None, texts))
    if not all(map(_NUMBER.fullmatch, texts)) or not any(map(_FOR_CERTAIN.search, texts)):
        return None
    joined = f'"".join({name}.split())' if any(map(re.compile(r"\s").search, texts)) else name
    grouped = '.replace(".", "")' if any("." in text for text in texts) else ""
    blank = f" if {name}.strip() else None" if len(texts) < n_texts else ""
    return f'float({joined}{grouped}.replace(",", ".")){blank}'
