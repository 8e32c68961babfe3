"""Train an end model on probabilistic labels: a scikit-learn pipeline from texts to classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from labelkit._shared.files import replaced, writing
from labelkit._shared.given_paths import given_path
from labelkit._shared.numbers import count, decimal, plural, share_with_bounds
from labelkit._shared.optional import optional
from labelkit._shared.seed_streams import seed_stream
from labelkit._shared.stored_files import read_json_object, reading
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit._version import __version__
from labelkit.corpus import open_corpus
from labelkit.corpus.made_rows import check_made_rows
from labelkit.corpus.rows_at import examples_at
from labelkit.end_models._judged_proba import (
    best_strength,
    cross_chosen,
    gold_folds,
    proba_by_content,
    proba_by_gold_alone,
    warn_of_copies,
)
from labelkit.end_models._pipelines import (
    STRENGTH,
    check_pipeline,
    class_proba,
    fit_pipelines,
    strengths_of,
    unfitted_pipeline,
)
from labelkit.end_models._texts_with_gold import BATCH_ROWS, texts_of, texts_with_gold
from labelkit.exceptions import GoldError, ModelError
from labelkit.label_models.evaluation import Evaluation
from labelkit.votes.given_labels import checked_labels
from labelkit.votes.gold_beside import gold_of_labels, warn_of_gold_beside_proba
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.labels_with_gold import none_without_gold
from labelkit.votes.probabilistic_labels import ProbabilisticLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from labelkit.corpus import Corpus
    from labelkit.votes.training_set import Rows, Weight

FEWEST_ROWS: Final = 10
"""Rows below which nothing is learned."""


class LabeledFolder(Protocol):
    """What is asked of a run folder."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """With the fingerprints of the run and of its label model."""

    def labels(self) -> ProbabilisticLabels:
        """Return the labels of all examples."""


@checks_keywords
@dataclass(frozen=True, eq=False, repr=False)
class EndModel(ShownResult):
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
        The version of labelkit, the digests of the corpus and of the labels, where the class prior of the labels came
        from, the strength, and, of labels of a run folder, the fingerprints of the run and of its label model.
    evaluations : dict of str to Evaluation
        Of all examples with gold, which this model did not learn from: ``"end model"``, ``"labels"``,
        ``"ContentLabelModel"`` if there are votes and, by cross-validation, ``"gold alone"``. Empty without gold.
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
            class_proba(self.pipeline, texts_of(batch.table.column(self.column)), len(self.class_names))
            for batch in opened.batches([self.column], BATCH_ROWS)
        ]
        return np.concatenate([np.zeros((0, len(self.class_names))), *parts])

    def predict(self, corpus: Any) -> NDArray[np.int64]:
        """Return the most probable class of the rows of a corpus."""
        return np.asarray(self.predict_proba(corpus).argmax(axis=1))

    def evaluate(self, corpus: Any, gold: Any) -> Evaluation:
        """Compare the most probable classes with gold, on the rows of a corpus that have some.

        Parameters
        ----------
        corpus : Corpus, frame, path or list
        gold : column, path, array-like, Series or dict by id
            Trusted classes, as :func:`labelkit.run` takes them; not those of rows that the model or its labels learned
            from.

        Raises
        ------
        GoldError
            If no row has gold, or it does not fit.
        """
        if gold is None:
            raise GoldError("there is no gold to judge the end model by", hint="evaluate(corpus, gold)", code="LK329")
        texts, truth, way = texts_with_gold(open_corpus(corpus), self.column, gold, self.class_names)
        proba = class_proba(self.pipeline, texts, len(self.class_names))
        warn_of_gold_beside_proba(proba, truth, self.class_names, lambda: way)
        return _evaluations({"end model": proba}, truth, self.class_names)["end model"]

    def save(self, path: str | Path) -> Path:
        """Write the model and its lineage to a folder, by skops (an extra); :func:`load_end_model` reads it.

        A model that stands there is replaced in one step: whoever stops this leaves the old one or the new one, whole.
        """
        folder = Path(path)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        data = optional("skops.io", extra="skops").dumps(self.pipeline)
        file = folder / f"pipeline-{blake2b(data, digest_size=8).hexdigest()}.skops"
        with replaced(file) as draft:
            draft.write_bytes(data)
        description = {
            "pipeline": file.name,
            "class_names": list(self.class_names),
            "column": self.column,
            "n_rows": self.n_rows,
            "lineage": self.lineage,
        }
        with replaced(folder / "end_model.json") as draft:
            draft.write_text(json.dumps(description, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for other in set(folder.glob("pipeline*.skops")) - {file}:
            with suppress(OSError):
                other.unlink()
        return folder

    def _page(self) -> ResultPage:
        head = f"End model of {self.column}, from {plural(self.n_rows, 'row')}"
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

    def __repr__(self) -> str:
        return f"EndModel({self.column} -> {', '.join(self.class_names[:6])}; {plural(self.n_rows, 'row')})"


@checks_keywords
def train_end_model(
    corpus: Any,
    labels: ProbabilisticLabels | LabeledFolder,
    *,
    column: str = "text",
    gold: Any = None,
    votes: Any = None,
    class_prior: Any = None,
    pipeline: Any = None,
    strength: float | Sequence[float] = STRENGTH,
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
    labels : ProbabilisticLabels or RunFolder
        Of a run folder, the labels are read, and its fingerprints go into the lineage.
    column : str
        The column of texts; a null counts as an empty text.
    gold : array-like, Series or dict by id, optional
        Trusted classes of some examples. They are left out of training, and judge the model, the labels, and a model
        that learned from the rest of the gold alone.
    votes : LabelMatrix or array-like of shape (n_examples, n_lfs), optional
        Of the same examples. With gold, :class:`~labelkit.ContentLabelModel` learns from them and the texts of the same
        rows as the end model, and is judged beside it.
    class_prior : array-like, dict or Series by class, or PriorEstimate, optional
        For that model, as it takes it.
    pipeline : sklearn Pipeline, optional
        From texts to classes; its last step gives probabilities and takes ``sample_weight``. If not given, TF-IDF of
        word 1-2-grams and logistic regression.
    strength : float or sequence of float
        ``C`` of the last step. Of several, the one with the least log-loss on gold is taken; the model is then judged
        by cross-validation: each fifth of the gold by the strength that the others choose. Labels cannot choose it,
        since what predicts them best is the best copy of the rules. Of a pipeline of the user, it is set only if
        several are given.
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
        If there are fewer than 10 rows to learn from, all of one class, no row has a text, or the pipeline cannot learn
        from the texts; if votes are of other examples or classes, or a class prior would have no effect; if several
        strengths have no gold to choose by; if gold is of examples that were made (:func:`labelkit.augment`), or of
        originals of which copies are learned.
    CorpusError
        If the corpus has other examples than the labels.

    Warns
    -----
    UserWarning
        If gold taught the label model: labels are then better on it than they are elsewhere. If more of the gold
        is of copies of texts that are learned from (in whatever case and punctuation) than these are of each other.
    """
    check_pipeline(pipeline)
    opened, (labels, origin) = open_corpus(corpus), _read_labels(labels)
    truth = np.full(len(labels), -1) if gold is None else gold_of_labels(gold, labels)
    _check_compared_prior(class_prior, is_compared=votes is not None and bool((truth >= 0).any()))
    _warn_of_taught_labels(labels, truth)
    judged, untaught = np.flatnonzero(truth >= 0), np.flatnonzero(truth < 0)
    strengths = strengths_of(pipeline, strength, has_gold=len(judged) > 0)
    matrix = None if votes is None else _votes_beside(votes, labels)
    is_left = len(untaught) > 0 if rows == "all" else bool(labels[untaught].is_covered.any())
    if len(judged) and labels.is_covered.any() and not is_left:
        raise none_without_gold()
    given = labels[untaught].training_set(rows=rows, weight=weight)
    chosen = np.arange(len(given.X))
    if len(chosen) > max_rows:
        chosen = np.sort(seed_stream("end model", random_state).choice(chosen, max_rows, replace=False))
    taught = untaught[given.X[chosen]]
    _check_rows(labels[taught])
    check_made_rows(opened, labels.examples, judged, taught, error=ModelError)
    texts, judged_texts = _read(opened, labels, taught, column), _read(opened, labels, judged, column)
    if not any(text.strip() for text in texts):
        raise ModelError(f"no row to learn from has a text in column {column!r}", hint="column=...", code="LK407")
    few = given._replace(X=chosen, y_soft=given.y_soft[chosen], weight=given.weight[chosen])
    pipelines = [unfitted_pipeline(pipeline, one) for one in strengths]
    fit_pipelines(pipelines, texts, few)
    by_strength = [class_proba(one, judged_texts, labels.n_classes) for one in pipelines]
    best = best_strength(by_strength, truth[judged])
    lineage = {
        "labelkit": __version__,
        "corpus": opened.fingerprint(),
        "labels": labels_digest(labels),
        "prior_source": labels.prior_source,
        "strength": strengths[best],
        **origin,
    }
    by_name = {}
    if len(judged):
        fold = gold_folds(judged_texts)
        by_name = {"end model": cross_chosen(by_strength, truth[judged], fold), "labels": labels[judged].proba}
    if len(judged) and matrix is not None:
        parts = (matrix[taught], texts), (matrix[judged], judged_texts)
        by_name["ContentLabelModel"] = proba_by_content(*parts, class_prior)
    if len(judged):
        blank = unfitted_pipeline(pipeline, STRENGTH if pipeline is None else None)  # gold chose the other strength
        alone = proba_by_gold_alone(blank, judged_texts, truth[judged], labels.n_classes, fold)
        by_name |= {} if alone is None else {"gold alone": alone}
        is_right = by_name["end model"].argmax(axis=1) == truth[judged]
        warn_of_copies(judged_texts, texts, is_right)
    evaluations = _evaluations(by_name, truth[judged], labels.class_names)
    return EndModel(pipelines[best], labels.class_names, column, len(chosen), lineage, evaluations)


@checks_keywords
def load_end_model(path: str | Path, *, trusted: str | Sequence[str] = ()) -> EndModel:
    """Read an end model that :meth:`EndModel.save` wrote, without its evaluations.

    Parameters
    ----------
    path : path
        The folder.
    trusted : str or sequence of str
        Types beside those that skops knows to be safe, such as ``"sklearn.tree._tree.Tree"`` of a forest, or a function
        of your own: loading them may run code of whoever wrote the file.

    Raises
    ------
    ModelError
        If the folder holds none, or a type that is not trusted.
    """
    names_trusted = [trusted] if isinstance(trusted, str) else list(trusted)
    folder = given_path(path, "an end model", ModelError, "end_model.save(folder) writes one: give the folder")
    with reading(folder, "holds no end model", ModelError, hint="end_model.save(folder) writes one"):
        description = read_json_object(folder / "end_model.json")
        file, skops = folder / description.get("pipeline", "pipeline.skops"), optional("skops.io", extra="skops")
        unknown = [name for name in skops.get_untrusted_types(file=file) if name not in names_trusted]
        if unknown:
            raise ModelError(
                f"the end model in {folder} has types that are not known to be safe: {', '.join(unknown)}",
                hint=f"load_end_model({str(path)!r}, trusted={unknown + names_trusted!r}), if you trust who wrote it",
            )
        pipeline = skops.load(file, trusted=names_trusted)
        names = tuple(description["class_names"])
        return EndModel(pipeline, names, description["column"], description["n_rows"], description["lineage"])


def _check_compared_prior(class_prior: Any, *, is_compared: bool) -> None:
    """Refuse a class prior where the model that takes it is not judged: it would have no effect."""
    if class_prior is not None and not is_compared:
        raise ModelError(
            "class_prior is of ContentLabelModel, which is judged beside the end model by votes and gold alone",
            hint="give votes= and gold=; the prior of the labels is that of their model: LabelModel(class_prior=...)",
        )


def _warn_of_taught_labels(labels: ProbabilisticLabels, truth: NDArray[np.int64]) -> None:
    if (truth >= 0).any() and labels.learned_from_gold:
        warn(
            "the label model was fitted with gold; if it is the same, labels and end model are judged too kindly. "
            "Hint: fit the label model without the gold that is to judge, or divide gold in two",
            code="LK330",
        )


def _check_rows(labels: ProbabilisticLabels) -> None:
    if len(labels) < FEWEST_ROWS:
        raise ModelError(
            f"{len(labels)} rows are too few to learn from", hint="at least 10; rows='all' takes all", code="LK407"
        )
    classes = np.unique(labels.proba.argmax(axis=1))
    if len(classes) < 2:
        raise ModelError(
            f"all {len(labels):,} rows to learn from are labeled {labels.class_names[classes[0]]!r}",
            hint="write rules for the other classes",
            code="LK407",
        )


def _read_labels(labels: ProbabilisticLabels | LabeledFolder) -> tuple[ProbabilisticLabels, dict[str, str]]:
    """Return labels, and the fingerprints of the run that they are of."""
    if isinstance(labels, ProbabilisticLabels) or not hasattr(labels, "manifest"):
        return checked_labels(labels), {}
    manifest = labels.manifest
    return labels.labels(), {"run": manifest["run_fingerprint"], "label_model": manifest["model_fingerprint"]}


def _votes_beside(votes: Any, labels: ProbabilisticLabels) -> LabelMatrix:
    """Return the votes of the examples of labels, in their order."""
    matrix = votes if isinstance(votes, LabelMatrix) else LabelMatrix.of(votes, classes=list(labels.class_names))
    if tuple(matrix.class_names) != tuple(labels.class_names):
        raise ModelError(
            f"the votes are of the classes {', '.join(matrix.class_names[:6])}, and the labels of "
            f"{', '.join(labels.class_names[:6])}",
            hint="votes= are those that the labels were made of",
        )
    if len(matrix) != len(labels):
        raise ModelError(
            f"the votes are of {len(matrix):,} examples, and the labels of {len(labels):,}",
            hint="votes= are those that the labels were made of",
        )
    places = matrix.examples.order(labels.examples, what="the votes", error=ModelError)
    return matrix if places is None else matrix[places]


def _read(corpus: Corpus, labels: ProbabilisticLabels, rows: NDArray[np.int64], column: str) -> list[str]:
    return texts_of(examples_at(corpus, labels.examples, rows, [column]).column(column)) if len(rows) else []


def _evaluations(
    by_name: Mapping[str, NDArray[np.float64]], truth: NDArray[np.int64], class_names: tuple[str, ...]
) -> dict[str, Evaluation]:
    every, ones = np.ones(len(truth), dtype=bool), np.ones(len(truth))
    return {
        name: Evaluation.of(proba=proba, gold=truth, weights=ones, covered=every, n_seen=0, class_names=class_names)
        for name, proba in by_name.items()
    }


def labels_digest(labels: ProbabilisticLabels) -> str:
    """Digest the ids and the probabilities of labels, a piece at a time."""
    digest = blake2b(repr(labels.class_names).encode(), digest_size=16)
    for start in range(0, len(labels), BATCH_ROWS):
        piece = labels[start : start + BATCH_ROWS]
        digest.update(json.dumps(piece.ids.tolist(), default=str).encode())
        digest.update(np.ascontiguousarray(piece.proba).tobytes())
    return digest.hexdigest()
