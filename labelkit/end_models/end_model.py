"""Train an end model on probabilistic labels: a scikit-learn pipeline from texts to classes."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from labelkit._shared.files import replaced
from labelkit._shared.numbers import count, decimal, share_with_bounds
from labelkit._shared.optional import optional
from labelkit._shared.stored_files import read_json_object, reading
from labelkit._shared.tables import ResultPage, ResultTable
from labelkit._shared.user_errors import stack_level
from labelkit._version import __version__
from labelkit.corpus import open_corpus
from labelkit.corpus.rows_at import examples_at
from labelkit.end_models.hashed_words import WORD
from labelkit.exceptions import ModelError
from labelkit.label_models.evaluation import Evaluation
from labelkit.votes.gold import aligned_gold
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus
    from labelkit.votes.training_set import Rows, Weight

FOLDS: Final = 5
"""Parts of the gold, each of which a model that learned from the others is judged on."""

FEWEST_ROWS: Final = 10
"""Rows below which nothing is learned."""

BATCH_ROWS: Final = 16_384
"""Rows of a corpus that are predicted at a time."""


@dataclass(frozen=True, eq=False, repr=False)
class EndModel:
    """A classifier of texts that learned from probabilistic labels.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        From texts to classes.
    class_names : tuple of str
    column : str
        The column of the corpus that it reads.
    n_rows : int
        Rows that it learned from.
    lineage : dict
        The version of labelkit, the digest of the corpus, where the class prior of the labels came from.
    evaluations : dict of str to Evaluation
        Of all examples with gold, which this model did not learn from: ``"end model"``, ``"labels"`` and, by
        cross-validation, ``"gold alone"``. Empty without gold.
    """

    pipeline: Any
    class_names: tuple[str, ...]
    column: str
    n_rows: int
    lineage: dict[str, Any]
    evaluations: dict[str, Evaluation] = field(default_factory=dict)

    def predict_proba(self, corpus: Any) -> NDArray[np.float64]:
        """Return class probabilities of the rows of a corpus; ndarray of shape (n_rows, n_classes)."""
        opened = open_corpus(corpus)
        parts = [
            _class_proba(self.pipeline, _texts(batch.table.column(self.column)), len(self.class_names))
            for batch in opened.batches([self.column], BATCH_ROWS)
        ]
        return np.concatenate([np.zeros((0, len(self.class_names))), *parts])

    def predict(self, corpus: Any) -> NDArray[np.int64]:
        """Return the most probable class of the rows of a corpus."""
        return np.asarray(self.predict_proba(corpus).argmax(axis=1))

    def save(self, path: str | Path) -> Path:
        """Write the model and its lineage to a folder, by skops (an extra); :func:`load_end_model` reads it."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        with replaced(folder / "pipeline.skops") as draft:
            optional("skops.io", extra="skops").dump(self.pipeline, draft)
        description = {
            "class_names": list(self.class_names),
            "column": self.column,
            "n_rows": self.n_rows,
            "lineage": self.lineage,
        }
        with replaced(folder / "end_model.json") as draft:
            draft.write_text(json.dumps(description, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return folder

    def _page(self) -> ResultPage:
        head = f"End model of {self.column}, from {count(self.n_rows)} rows"
        rows = [
            [
                name,
                count(one.n),
                share_with_bounds(one.accuracy, *one.accuracy_interval),
                decimal(one.f1_macro),
                decimal(one.log_loss),
            ]
            for name, one in self.evaluations.items()
        ]
        heads = ["on gold", "rows", "accuracy", "macro F1", "log-loss"]
        return ResultPage([head], [ResultTable(rows, heads, align="<>")] if rows else [])

    def __str__(self) -> str:
        return self._page().to_text()

    def __repr__(self) -> str:
        return f"EndModel({self.column} -> {', '.join(self.class_names[:6])}; {count(self.n_rows)} rows)"

    def _repr_html_(self) -> str:
        return self._page().to_html()


def train_end_model(
    corpus: Any,
    labels: ProbabilisticLabels,
    *,
    column: str = "text",
    gold: Any = None,
    pipeline: Any = None,
    rows: Rows = "covered",
    weight: Weight = "certainty",
    max_rows: int = 20_000,
    random_state: int = 0,
) -> EndModel:
    """Train a classifier on probabilistic labels, and judge it on gold that it did not learn from.

    Parameters
    ----------
    corpus : Corpus, frame, path or list
        That the labels are of; its rows are matched by name.
    labels : ProbabilisticLabels
    column : str
        The column of texts; a null counts as an empty text.
    gold : array-like, Series or dict by id, optional
        Trusted classes of some examples. They are left out of training, and judge the model, the labels, and a model
        that learned from the rest of the gold alone.
    pipeline : sklearn Pipeline, optional
        From texts to classes; its last step takes ``sample_weight``. If not given, TF-IDF of word 1-2-grams and
        logistic regression with ``C=10``. The strength is not chosen by how well labels are predicted: that picks the
        best copy of the rules.
    rows, weight
        As in :meth:`labelkit.ProbabilisticLabels.training_set`.
    max_rows : int
        A random sample of so many rows is learned from, which bounds time and memory.
    random_state : int

    Returns
    -------
    EndModel

    Raises
    ------
    ModelError
        If there are fewer than 10 rows to learn from, all of one class, or no row has a text.
    CorpusError
        If the corpus has other examples than the labels.

    Warns
    -----
    UserWarning
        If gold taught the label model: labels are then better on it than they are elsewhere.
    """
    opened = open_corpus(corpus)
    truth = np.full(len(labels), -1) if gold is None else aligned_gold(gold, labels.examples, labels.class_names)
    _warn_of_taught_labels(labels, truth)
    untaught = np.flatnonzero(truth < 0)
    given = labels[untaught].training_set(rows=rows, weight=weight)
    chosen = np.arange(len(given.X))
    if len(chosen) > max_rows:
        chosen = np.sort(np.random.default_rng(random_state).choice(chosen, max_rows, replace=False))
    _check_rows(labels[untaught[given.X[chosen]]])
    texts = _read(opened, labels, untaught[given.X[chosen]], column)
    few = given._replace(X=chosen, y_soft=given.y_soft[chosen], weight=given.weight[chosen])
    row, label, row_weight = few.by_class()
    fitted = _fitted(_unfitted(pipeline), texts, row, label, row_weight)
    lineage = {"labelkit": __version__, "corpus": opened.fingerprint(), "prior_source": labels.prior_source}
    judged = np.flatnonzero(truth >= 0)
    judged_texts = _read(opened, labels, judged, column) if len(judged) else []
    evaluations = _evaluations(fitted, _unfitted(pipeline), judged_texts, labels[judged], truth[judged])
    return EndModel(fitted, labels.class_names, column, len(chosen), lineage, evaluations)


def load_end_model(path: str | Path) -> EndModel:
    """Read an end model that :meth:`EndModel.save` wrote, without its evaluations.

    Raises
    ------
    ModelError
        If the folder holds none.
    """
    folder = Path(path)
    with reading(folder, "holds no end model", ModelError, hint="end_model.save(folder) writes one"):
        description = read_json_object(folder / "end_model.json")
        pipeline = optional("skops.io", extra="skops").load(folder / "pipeline.skops", trusted=[])
        names = tuple(description["class_names"])
        return EndModel(pipeline, names, description["column"], description["n_rows"], description["lineage"])


def _warn_of_taught_labels(labels: ProbabilisticLabels, truth: NDArray[np.int64]) -> None:
    if (truth >= 0).any() and "gold that the model was fitted with" in (labels.prior_source or ""):
        warnings.warn(
            "the label model was fitted with gold; if it is the same, labels and end model are judged too kindly. "
            "Hint: fit the label model without the gold that is to judge, or divide gold in two",
            stacklevel=stack_level(),
        )


def _check_rows(labels: ProbabilisticLabels) -> None:
    if len(labels) < FEWEST_ROWS:
        raise ModelError(f"{len(labels)} rows are too few to learn from", hint="at least 10; rows='all' takes all")
    classes = np.unique(labels.proba.argmax(axis=1))
    if len(classes) < 2:
        raise ModelError(
            f"all {len(labels):,} rows to learn from are labeled {labels.class_names[classes[0]]!r}",
            hint="write rules for the other classes",
        )


def _read(corpus: Corpus, labels: ProbabilisticLabels, rows: NDArray[np.int64], column: str) -> list[str]:
    texts = _texts(examples_at(corpus, labels.examples, rows, [column]).column(column))
    if not any(text.strip() for text in texts):
        raise ModelError(f"no row to learn from, or to judge, has a text in column {column!r}", hint="column=...")
    return texts


def _texts(column: Any) -> list[str]:
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _unfitted(pipeline: Any) -> Any:
    from sklearn.base import clone  # noqa: PLC0415 - only for who trains
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - the same
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - the same
    from sklearn.pipeline import Pipeline  # noqa: PLC0415 - the same

    if pipeline is not None:
        return clone(pipeline)
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORD, sublinear_tf=True)
    return Pipeline([("features", words), ("classifier", LogisticRegression(C=10, max_iter=200))])


def _fitted(
    pipeline: Any,
    texts: list[str],
    row: NDArray[np.int64],
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Any:
    """Fit the features to each text once, and the last step to a row for each class of a text."""
    features = pipeline[:-1].fit_transform(texts)
    pipeline[-1].fit(features[row], label, sample_weight=weight)
    return pipeline


def _class_proba(pipeline: Any, texts: list[str], n_classes: int) -> NDArray[np.float64]:
    proba = np.zeros((len(texts), n_classes))
    if texts:
        proba[:, pipeline.classes_] = pipeline.predict_proba(texts)
    return proba


def _evaluations(
    fitted: Any, unfitted: Any, texts: list[str], labels: ProbabilisticLabels, truth: NDArray[np.int64]
) -> dict[str, Evaluation]:
    """Judge the model, the labels, and a model that learned from the other gold alone, on the same examples."""
    if not texts:
        return {}
    by_name = {"end model": _class_proba(fitted, texts, labels.n_classes), "labels": labels.proba}
    alone = _by_gold_alone(unfitted, texts, truth, labels.n_classes)
    by_name |= {} if alone is None else {"gold alone": alone}
    every, ones = np.ones(len(truth), dtype=bool), np.ones(len(truth))
    return {
        name: Evaluation.of(
            proba=proba, gold=truth, weights=ones, covered=every, n_seen=0, class_names=labels.class_names
        )
        for name, proba in by_name.items()
    }


def _by_gold_alone(
    unfitted: Any, texts: list[str], truth: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64] | None:
    """Predict each part of the gold by a model of the other parts; None where a part leaves one class."""
    proba = np.zeros((len(texts), n_classes))
    fold = np.random.default_rng(0).permutation(len(texts)) % FOLDS
    for number in range(FOLDS):
        rest, held_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(np.unique(truth[rest])) < 2:
            return None
        taught = [texts[i] for i in rest.tolist()]
        model = _fitted(_unfitted(unfitted), taught, np.arange(len(rest)), truth[rest], np.ones(len(rest)))
        proba[held_out] = _class_proba(model, [texts[i] for i in held_out.tolist()], n_classes)
    return proba
