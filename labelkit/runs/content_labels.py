"""Label the examples of a run by a model that reads them beside their votes: a second and a third pass over the corpus.

The model learns from the patterns of all votes, and from the texts of a sample of the rows. Then the corpus is read
again, a part at a time, and each example is labeled by its votes and its text. The words that the texts are turned into
are weighed by the sample, and kept beside the model, so that ``why`` can read a text again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelkit._shared.files import replaced
from labelkit.corpus import Batch, Corpus
from labelkit.corpus.missing_columns import columns_listed
from labelkit.corpus.rows_at import read_rows
from labelkit.exceptions import CorpusChangedError, CorpusError, ModelError
from labelkit.label_models.taught_examples import without_note
from labelkit.runs.parts import covered_patterns, write_part
from labelkit.runs.provenance import REPEATING, model_fingerprint, run_fingerprint
from labelkit.runs.run_state import PatternLabels, Run
from labelkit.votes.label_matrix import LabelMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.end_models import CorpusFeatures
    from labelkit.label_models import ContentLabelModel, Evaluation
    from labelkit.label_models._seen_gold import JudgedGold
    from labelkit.votes.vote_patterns import VotePatterns

SAMPLED_ROWS: Final = 20_000
"""Covered rows that a model learns the content from; as many more have gold, at most."""

FEATURES: Final = "features.npz"
"""The file beside the label model that says how texts become features."""


def reads_examples(model: Any) -> bool:
    """Return whether a label model reads features of the examples."""
    return bool(getattr(model, "reads_examples", False))


def check_columns(model: Any, text_columns: Sequence[str], corpus: Corpus) -> tuple[str, ...]:
    """Return the columns that a label model reads.

    Raises
    ------
    ModelError
        If a model that reads texts has no column to read, or one that does not is given some.
    CorpusError
        If there is no such column, or the corpus can be read only once.
    """
    named = (text_columns,) if isinstance(text_columns, str) else tuple(text_columns)
    name = type(model).__name__
    if not reads_examples(model):
        if named:
            raise ModelError(
                f"{name} learns from votes alone, and does not read {', '.join(map(repr, named))}",
                hint="--model ContentLabelModel reads texts, too",
                code="LK412",
            )
        return ()
    columns = named or (("text",) if corpus.has_column("text") else ())
    if not columns:
        raise ModelError(
            f"{name} reads the examples, and it is not said in which column",
            hint=f"text_columns=... (--text-columns ...): the columns are {columns_listed(corpus.column_names)}",
            code="LK406",
        )
    for column in columns:
        corpus.column_type(column)
    if not corpus.is_repeatable:
        raise CorpusError(
            f"{name} reads the corpus again after the votes, and this one can be read only once",
            hint="write it to a file first",
            code="LK211",
        )
    return columns


@dataclass(frozen=True, eq=False)
class ContentLabeling:
    """Labels by votes and texts, of a run whose votes are finished.

    Parameters
    ----------
    run_ : Run
    patterns : VotePatterns
        Of all examples.
    places : list of ndarray
        Of each part, where its patterns are among those.
    """

    run_: Run
    patterns: VotePatterns
    places: list[NDArray[np.int32]]

    def fit(self, model: ContentLabelModel, votes: VotePatterns, *, teach: bool) -> CorpusFeatures:
        """Let a model learn from the votes of all examples, and from the texts of some.

        Parameters
        ----------
        model : ContentLabelModel
            Fitted in place.
        votes : VotePatterns
            The patterns, with gold if it teaches.
        teach : bool

        Returns
        -------
        CorpusFeatures
            Of the sample; they say how the texts of other rows are turned into numbers.
        """
        from labelkit.end_models import read_features  # noqa: PLC0415 - brings scikit-learn

        truth = self._truth() if teach else None
        rows = self._sample(truth)
        texts = read_rows(self.run_.corpus, rows, self.run_.text_columns, also=self._loaded).table
        features = read_features(texts, self.run_.text_columns)
        gold = None if truth is None else truth[rows]
        model.fit(self._votes_at(rows), features.values, gold, feature_names=features.names, patterns=votes)
        return features

    def save(self, model: ContentLabelModel, features: CorpusFeatures) -> str:
        """Write the model and how it reads texts, and return the fingerprint of both."""
        folder = self.run_.layout.model
        without_note(model).save(folder)
        features.save(folder / FEATURES)
        return model_fingerprint(folder)

    def label(
        self, model: ContentLabelModel, features: CorpusFeatures, fingerprint: str, workers: int
    ) -> tuple[NDArray[np.float64], Evaluation | None]:
        """Write the labels of each part.

        Returns
        -------
        (ndarray of shape (n_patterns, n_classes), Evaluation or None)
            The mean probabilities of the examples of each pattern, and how far labels agree with gold.
        """
        by_votes = model.base_.predict_pattern_proba(self.patterns)
        if not model.gate_.is_open:  # labels are exactly those of the votes
            self.run_.label(by_votes, self.patterns, self.places, workers, fingerprint)
            return by_votes, None if self.patterns.gold is None else model.base_.evaluate(self.patterns)
        run = run_fingerprint(self.run_.inputs.lasting)
        labels = PatternLabels.of(by_votes, self.patterns, model=fingerprint, run=run)
        sums, judged = np.zeros(by_votes.shape), []

        def label_part(batch: Batch) -> tuple[NDArray[np.int32], NDArray[np.float64], JudgedGold | None]:
            number = batch.start // self.run_.batch_rows
            matrix = self._part(number, batch)
            values = features.of_batch(batch.table)
            answer = model.label(matrix, values)
            pattern = self.places[number - self.run_.first_part][self.run_.parts.index(number)]
            ids = np.arange(batch.start, batch.start + len(batch)) if batch.ids is None else batch.ids
            with replaced(self.run_.layout.part("labels", number), one_of_many=True) as draft:
                table = labels.table_of_rows(ids, pattern, answer.proba, answer.is_covered)
                write_part(table, draft, repeating=REPEATING)
            return pattern, answer.proba, self._judged(model, matrix, values, batch)

        for pattern, proba, gold in _a_few_ahead(label_part, self._batches(), workers):
            for label, column in enumerate(proba.T):
                sums[:, label] += np.bincount(pattern, weights=column, minlength=len(sums))
            judged += [] if gold is None else [gold]
        means = sums / np.maximum(self.patterns.counts, 1)[:, None]
        return means, _evaluation(judged, model.class_names_)

    # The rows ---------------------------------------------------------------------------------------------------------

    @property
    def _loaded(self) -> list[str]:
        """The columns that were loaded for the votes: bad rows in any of them were left out."""
        gold = self.run_.gold
        also = [] if gold is None or gold.column is None else [gold.column]
        return list(dict.fromkeys([*self.run_.applier.plan.columns, *also]))

    def _batches(self) -> Iterator[Batch]:
        columns = list(dict.fromkeys([*self.run_.text_columns, *self._loaded]))
        return self.run_.corpus.batches(columns, self.run_.batch_rows)

    def _truth(self) -> NDArray[np.int64]:
        """Read the gold of all rows; -1 where unknown."""
        gold, names = self.run_.gold, self.patterns.class_names
        assert gold is not None
        return np.concatenate([gold.of(_with_gold_first(batch, gold.column), names) for batch in self._batches()])

    def _sample(self, truth: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Choose the rows that content is learned from: all of few, else covered ones, and those with gold."""
        covered = covered_patterns(self.patterns)
        parts = [covered[place][self.run_.parts.index(number)] for number, place in enumerate(self.places)]
        voted = np.concatenate(parts)
        if len(voted) <= 2 * SAMPLED_ROWS:
            return np.arange(len(voted))
        rng = np.random.default_rng(0)
        kinds = [np.flatnonzero(voted), *([] if truth is None else [np.flatnonzero(truth >= 0)])]
        drawn = [rng.choice(kind, min(len(kind), SAMPLED_ROWS), replace=False) for kind in kinds]
        return np.unique(np.concatenate(drawn))

    def _votes_at(self, rows: NDArray[np.int64]) -> LabelMatrix:
        """Read the votes on some rows, in ascending order."""
        matrices, start = [], 0
        for number in range(len(self.places)):
            n_rows = len(self.run_.parts.index(number))
            low, high = np.searchsorted(rows, [start, start + n_rows])
            if low < high:
                matrices.append(self._votes(number)[rows[low:high] - start])
            start += n_rows
        return LabelMatrix.concat(matrices)

    def _votes(self, number: int) -> LabelMatrix:
        file = self.run_.layout.part("votes", number)
        return LabelMatrix.from_arrow(pq.read_table(file), source=str(file))

    def _part(self, number: int, batch: Batch) -> LabelMatrix:
        """Read the votes on a batch.

        Raises
        ------
        CorpusChangedError
            If the corpus has other rows now.
        """
        matrix = self._votes(number)
        ids = pa.array(np.arange(batch.start, batch.start + len(batch))) if batch.ids is None else batch.ids
        if len(matrix) != len(batch) or not self.run_.parts.ids(number).combine_chunks().equals(ids):
            raise CorpusChangedError(
                f"{self.run_.corpus.name} has other rows than when its rules voted", hint="run it again"
            )
        return matrix

    def _judged(self, model: ContentLabelModel, matrix: LabelMatrix, values: Any, batch: Batch) -> JudgedGold | None:
        gold = self.run_.gold
        if gold is None:
            return None
        truth = gold.of(_with_gold_first(batch, gold.column), matrix.class_names)
        rows = np.flatnonzero(truth >= 0)
        return model.judged(matrix[rows], values[rows], truth[rows]) if len(rows) else None


def _with_gold_first(batch: Batch, column: str | None) -> Batch:
    """Return a batch with the column of gold alone."""
    return batch if column is None else Batch(batch.start, batch.ids, batch.table.select([column]))


def _evaluation(judged: Sequence[JudgedGold], class_names: tuple[str, ...]) -> Evaluation | None:
    if not judged:
        return None
    return type(judged[0]).joined(judged).evaluation(class_names)


def _a_few_ahead(function: Callable[[Batch], Any], batches: Iterator[Batch], workers: int) -> Iterator[Any]:
    """Call a function on each batch in threads, with no more batches in memory than there are threads and one."""
    with ThreadPoolExecutor(workers, thread_name_prefix="labelkit") as pool:
        waiting: deque[Future[Any]] = deque()
        for batch in batches:
            waiting.append(pool.submit(function, batch))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def saved_features(folder: Path) -> CorpusFeatures:
    """Read how the label model of a run reads texts.

    Raises
    ------
    ModelError
        If its folder does not say it.
    """
    from labelkit.end_models.features import load_features  # noqa: PLC0415 - brings scikit-learn

    if not (folder / FEATURES).is_file():
        raise ModelError(f"{folder} does not say how texts become features", hint="run it again", code="LK408")
    return load_features(folder / FEATURES)
