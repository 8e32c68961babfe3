"""Read the examples that annotators are asked about: a random sample, those that a file lists, or some by their ids.

They stay in memory, as they were when the page was opened: what people answer is about these texts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.seed_streams import seed_stream
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.corpus import BATCH_ROWS, Batch, Corpus
from labelkit.corpus.gold_ids import column_values, ids_of_file
from labelkit.corpus.open_corpus import open_corpus
from labelkit.exceptions import CorpusError, GoldError
from labelkit.votes.alignment import RowNames, object_array, shown_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

ID: Final = "(id)"
"""The column of the ids in memory; not among the names of a corpus."""

PROBABILITY_COLUMNS: Final = ("inclusion_probability", "probability", "pi")
"""Names that the column of the inclusion probabilities may have in a list of examples."""

WEIGHT_COLUMNS: Final = ("weight", "weights")
"""The same for their reciprocals."""

CLUSTER_COLUMN: Final = "cluster"
"""The column of the group that an example was drawn with, in a sample of whole groups."""

ID_COLUMNS: Final = ("item", "row", "example_id", "id", "position")
"""Names that the column of the ids may have, after that of the corpus."""


@dataclass(frozen=True, eq=False)
class AskedExamples:
    """Examples, in the order in which people are asked about them.

    Attributes
    ----------
    table : pyarrow.Table
        Their columns, and the ids as the column :data:`ID`.
    probabilities : ndarray of shape (n,)
        How probable it was that each was chosen; NaN where that is not known, so that nothing is estimated from them.
    sample : str
        How they were chosen, in words.
    in_groups : bool
        Whether whole groups were drawn, whose examples are alike: the estimates on the page would be too sure.
    """

    table: pa.Table
    probabilities: NDArray[np.float64]
    sample: str
    in_groups: bool = False

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def ids(self) -> list[Any]:
        """The ids, as Python objects."""
        ids: list[Any] = self.table.column(ID).to_pylist()
        return ids

    @cached_property
    def places(self) -> dict[Any, int]:
        """The place of each id."""
        return {item: place for place, item in enumerate(self.ids)}

    @cached_property
    def corpus(self) -> Corpus:
        """The examples as a corpus, named by their ids."""
        return open_corpus(self.table, id=ID)

    def row(self, place: int, columns: Sequence[str]) -> dict[str, Any]:
        """Return some columns of an example."""
        return {name: self.table.column(name)[place].as_py() for name in columns}

    def content(self, place: int, columns: Sequence[str]) -> str:
        """Digest some columns of an example, and name them: other columns may be shown another time."""
        shown = json.dumps(self.row(place, columns), default=str, sort_keys=True)
        digest = blake2b(shown.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"{digest} {json.dumps(sorted(columns))}"

    def has_content(self, place: int, content: str) -> bool:
        """Return whether an example holds what a digest is of; True where that cannot be known."""
        columns = digested_columns(content)
        there = set(self.table.column_names)
        return not columns or not there.issuperset(columns) or self.content(place, columns) == content

    def shuffled(self, random_state: int) -> AskedExamples:
        """Return those that were drawn at random in a random order: the first that are answered are a sample, too.

        Those among them that were chosen otherwise keep their places.
        """
        order = np.arange(len(self))
        drawn = np.flatnonzero(np.isfinite(self.probabilities))
        order[drawn] = drawn[seed_stream("annotate", random_state).permutation(len(drawn))]
        return replace(self, table=self.table.take(pa.array(order)), probabilities=self.probabilities[order])


def digested_columns(content: str) -> list[str]:
    """Return the columns that a digest of an example is of.

    >>> digested_columns('00ff ["text"]'), digested_columns("")
    (['text'], [])
    """
    try:
        columns = json.loads(content.partition(" ")[2] or "[]")
    except ValueError:  # as somebody may have written it
        return []
    return [name for name in columns if isinstance(name, str)] if isinstance(columns, list) else []


def draw_examples(corpus: Corpus, n: int, columns: Sequence[str], random_state: int) -> AskedExamples:
    """Draw examples at random, each set of ``n`` with the same probability; all, if there are not more.

    Raises
    ------
    CorpusError
        If the corpus is empty, or can be read only once.
    """
    chosen = corpus.chosen(RowChoice(sample=n, random_state=random_state), columns)
    table = _joined(chosen, [_with_ids(batch, None) for batch in chosen.batches(columns, BATCH_ROWS)], columns)
    n_rows = table.num_rows
    if not n_rows:
        raise CorpusError(f"{corpus.name} has no examples", hint="give a corpus with rows", code="LK204")
    n_whole = chosen.n_whole or n_rows
    sample = f"{n_rows:,} of {n_whole:,} at random (seed {random_state})"
    _check_ids(table, corpus)
    return AskedExamples(table, np.full(n_rows, n_rows / n_whole), sample).shuffled(random_state)


def listed_examples(corpus: Corpus, path: Path, columns: Sequence[str], random_state: int) -> AskedExamples:
    """Read the examples that a file lists by their ids, such as one of a sampler.

    Those with an inclusion probability (or a weight, its reciprocal) are asked about in a random order; those without,
    which were not drawn at random, stay at their places in the file.

    Raises
    ------
    GoldError
        If the file names no examples, one twice, or one that the corpus does not have; or if a probability is none.
    """
    listed = open_corpus(path)
    names = listed.column_names
    key = next((name for name in (corpus.id, *ID_COLUMNS) if name is not None and name in names), None)
    if key is None:
        raise GoldError(
            f"{path} has the columns {', '.join(names)}, and none that names the examples",
            hint=f"call it {corpus.id or 'row'!r}",
            code="LK327",
        )
    given = next((name for name in (*PROBABILITY_COLUMNS, *WEIGHT_COLUMNS) if name in names), None)
    batches = [batch.table for batch in listed.batches([key, *([given] if given else [])], BATCH_ROWS)]
    values = [value for batch in batches for value in batch.column(0).to_pylist()]
    are_text = corpus.has_ids and pa.types.is_string(corpus.id_type)
    ids = ids_of_file(object_array(values), path, are_text=are_text, place_of=listed.place_of)
    if not RowNames(ids).is_unique:
        raise GoldError(
            f"{path} names {RowNames(ids).repeated()!r} twice", hint="keep one row an example", code="LK325"
        )
    probabilities = np.full(len(ids), math.nan)
    if given is not None:
        shares = [value for batch in batches for value in batch.column(1).to_pylist()]
        probabilities = _probabilities(shares, given, listed)
    found_examples = examples_by_id(corpus, ids, columns)
    missing = [name for name in ids.tolist() if name not in found_examples.places]
    if missing or not len(ids):
        raise GoldError(
            f"{path} names {missing[0]!r}, which is no example of {corpus.name} ({len(missing):,} of {len(ids):,} are "
            "not)"
            if missing
            else f"{path} names no examples",
            hint="give the corpus that the list was made of, with the same id= (--id)",
            code="LK321",
        )
    order = pa.array([found_examples.places[name] for name in ids.tolist()])
    in_groups = CLUSTER_COLUMN in names
    words = f"whole groups, listed in {path.name}" if in_groups else f"listed in {path.name}"
    asked = AskedExamples(found_examples.table.take(order), probabilities, words, in_groups)
    return asked.shuffled(random_state)


def _probabilities(values: Iterable[Any], column: str, listed: Corpus) -> NDArray[np.float64]:
    """Read inclusion probabilities, or weights; NaN for what was not drawn at random."""
    numbers = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    with np.errstate(divide="ignore"):
        shares = 1 / numbers if column in WEIGHT_COLUMNS else numbers
    bad = np.flatnonzero(~np.isnan(numbers) & ~((shares > 0) & (shares <= 1 + 1e-9)))
    if len(bad):
        raise GoldError(
            f"{listed.place_of(int(bad[0]))}: {column} is {float(numbers[bad[0]])!r}, with which no example is drawn",
            hint="a probability is above 0 and at most 1; a weight is one divided by it",
            code="LK332",
        )
    return np.minimum(shares, 1.0)


def examples_by_id(corpus: Corpus, ids: NDArray[Any], columns: Sequence[str]) -> AskedExamples:
    """Read the examples with some ids, in the order of the corpus; ids that it does not have are left out."""
    wanted = RowNames(ids)
    batches = [_with_ids(batch, wanted) for batch in corpus.batches(columns, BATCH_ROWS)] if len(ids) else []
    table = _joined(corpus, batches, columns)
    _check_ids(table, corpus)
    return AskedExamples(table, np.full(table.num_rows, math.nan), "by id")


def check_same_examples(corpus: Corpus, answered: Sequence[Any], columns: Sequence[str], path: Path) -> AskedExamples:
    """Read the examples that were answered already.

    Raises
    ------
    GoldError
        If the corpus has none of them.
    """
    read = examples_by_id(corpus, object_array(answered), columns)
    if answered and not len(read):
        first = next(iter(corpus.batches([], BATCH_ROWS)))
        ids = np.arange(first.start, first.start + len(first)) if first.ids is None else column_values(first.ids)
        raise GoldError(
            f"{path} holds answers to other examples: it names {shown_names(object_array(answered))}, and those of "
            f"{corpus.name} are {shown_names(ids)}",
            hint="give the corpus that was answered, with the same id= (--id), or choose another file: out= (--out)",
        )
    return read


def _check_ids(table: pa.Table, corpus: Corpus) -> None:
    """Refuse ids by which an answer cannot be kept."""
    ids = table.column(ID).to_pylist()
    if len(set(ids)) < len(ids):
        twice = next(item for item in ids if ids.count(item) > 1)
        raise CorpusError(f"{corpus.name} has the id {twice!r} twice", hint="an id names one example", code="LK205")


def _with_ids(batch: Batch, wanted: RowNames | None) -> pa.Table:
    """Return the rows of a batch that are wanted, with their ids as a column."""
    ids = pa.array(np.arange(batch.start, batch.start + len(batch))) if batch.ids is None else batch.ids
    table = pa.table(dict(zip([*batch.table.schema.names, ID], [*batch.table.columns, ids], strict=True)))
    if wanted is None:
        return table
    return table.filter(pa.array(wanted.positions(object_array(ids.to_pylist())) >= 0))


def _joined(corpus: Corpus, parts: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
    if parts:
        return pa.concat_tables(parts).combine_chunks()
    fields = [(name, corpus.column_type(name)) for name in columns]
    return pa.schema([*fields, (ID, corpus.id_type)]).empty_table()
