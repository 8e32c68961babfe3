"""Hints at code that changes a column of a frame, in the words of the library that it is of."""

from __future__ import annotations

import pyarrow as pa

PANDAS, POLARS = "a pandas frame", "a polars frame"
"""The names that the corpora of frames have."""


def text_hint(corpus_name: str, column: str, kind: pa.DataType) -> str:
    """Return how a column that holds something else becomes text.

    >>> text_hint(POLARS, "zip code", pa.int64())
    "make text of it: df = df.cast({'zip code': pl.String})"
    """
    is_plain = not pa.types.is_nested(kind) and not pa.types.is_binary(kind) and not pa.types.is_large_binary(kind)
    if is_plain and corpus_name == PANDAS:
        return f"make text of it: df[{column!r}] = df[{column!r}].map(str, na_action='ignore')"
    if is_plain and corpus_name == POLARS:
        return f"make text of it: df = df.cast({{{column!r}: pl.String}})"
    word = annotation_of(kind)
    if word is None or not column.isidentifier():
        return "write a @labeling_function, or make text of it in a @column"
    return (
        f"make text of it in the rule's module, @column def {column}_text({column}: {word}): return str({column}), and "
        f"name that in the rule, column='{column}_text'"
    )


def number_hint(corpus_name: str, column: str) -> str | None:
    """Return how a column of a frame that holds text becomes numbers; None for what is no frame.

    >>> number_hint(PANDAS, "n")
    "make numbers of it: df['n'] = pd.to_numeric(df['n'])"
    """
    if corpus_name == PANDAS:
        return f"make numbers of it: df[{column!r}] = pd.to_numeric(df[{column!r}])"
    if corpus_name == POLARS:
        return f"make numbers of it: df = df.cast({{{column!r}: pl.Float64}})"
    return None


def one_type_hint(corpus_name: str, column: str) -> str:
    """Return how a column of values of several types becomes one of text."""
    if corpus_name == PANDAS:
        return text_hint(PANDAS, column, pa.string())
    if corpus_name == POLARS:
        texts = f"[None if value is None else str(value) for value in df[{column!r}]]"
        return f"make text of it: df = df.with_columns(pl.Series({column!r}, {texts}))"
    return "make the column of one type, or build such values in a @column"


def id_hint(corpus_name: str, column: str | None, kind: pa.DataType) -> str:
    """Return how a column of ids becomes text or whole numbers, of which pandas made floats where some were missing.

    >>> id_hint(PANDAS, "id", pa.float64())
    "make whole numbers of them: df['id'] = df['id'].astype('Int64')"
    >>> id_hint(POLARS, "id", pa.date32())
    "make text of them: df = df.cast({'id': pl.String})"
    """
    is_float = pa.types.is_floating(kind)
    hint = f"make {'whole numbers' if is_float else 'text'} of them"
    if corpus_name == PANDAS:
        call = "astype('Int64')" if is_float else "map(str)"
        return f"{hint}: df[{column!r}] = df[{column!r}].{call}"
    if corpus_name == POLARS:
        return f"{hint}: df = df.cast({{{column!r}: pl.{'Int64' if is_float else 'String'}}})"
    return f"{hint} where the corpus is written, or name no column of ids"


def rows_left_out(corpus_name: str, column: str | None) -> str:
    """Return how rows without a value are left out.

    >>> rows_left_out(PANDAS, "id"), rows_left_out("a list", "id")
    ("leave such rows out (df.dropna(subset=['id']))", 'leave such rows out')
    """
    code = {PANDAS: f"df.dropna(subset=[{column!r}])", POLARS: f"df.drop_nulls({column!r})"}.get(corpus_name)
    return "leave such rows out" if code is None else f"leave such rows out ({code})"


def annotation_of(kind: pa.DataType) -> str | None:
    """Return the annotation of a parameter that reads a type of Arrow; None if there is none in one word."""
    words = ((pa.types.is_boolean, "bool"), (pa.types.is_integer, "int"), (pa.types.is_floating, "float"))
    return next((word for is_kind, word in words if is_kind(kind)), None)
