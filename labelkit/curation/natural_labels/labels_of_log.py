"""Hold the labels of the impressions of a log in a temporary database, and deliver them in several forms."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from labelkit._shared.files import replaced
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.corpus.corpus import Corpus
from labelkit.corpus.sources.lazy_frames import relation_reader
from labelkit.corpus.sources.spooled import SpooledSource, write_batches
from labelkit.curation.natural_labels.exposure import Exposure, exposure_of
from labelkit.curation.natural_labels.log_summary import LogSummary, column
from labelkit.curation.natural_labels.propensity import Propensities, check_weights, propensity_rows
from labelkit.curation.natural_labels.rates import SettledLabels, rates_of
from labelkit.curation.step import CurationStep
from labelkit.exceptions import AnalysisError
from labelkit.votes.given_class import given_class
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.lf_info import LFInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from labelkit.curation.natural_labels.targets import Target

NOTE: Final = "A label is what people did within the window, among what they were shown."


@checks_keywords
class NaturalLabels(ShownResult):
    """Labels of impressions by what people did; made by :func:`labelkit.natural_labels`.

    The labels are in a temporary database on disk, which goes with this value: nothing is in memory until it is asked
    for. Classes are 1 (acted), 0 (did not within the window) and -1 (not known yet).

    Attributes
    ----------
    actions : tuple of str
        The names of the labels.
    summary : LogSummary
        Counts of what the log holds and what was left out.
    propensities : Propensities or None
        By position; None without positions and randomised traffic.
    step : CurationStep
    """

    def __init__(
        self,
        connection: Any,
        summary: LogSummary,
        step: CurationStep,
        *,
        targets: tuple[Target, ...],
        as_of: int,
        columns: tuple[str, ...],
        propensities: Propensities | None,
        resources: ExitStack,
    ) -> None:
        self._connection, self._columns, self._as_of = connection, columns, as_of
        self._targets = {target.name: target for target in targets}
        self.summary, self.step, self.propensities = summary, step, propensities
        self._close = weakref.finalize(self, resources.close)

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the labels."""
        return tuple(self._targets)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of :meth:`table`."""
        return (*self._columns, *self.actions)

    def __len__(self) -> int:
        return self.summary.impressions

    def close(self) -> None:
        """Remove the temporary database; nothing can be read afterwards."""
        self._close()

    def _reader(self, query: str) -> pa.RecordBatchReader:
        """Compute a query, a batch at a time."""
        if not self._close.alive:
            raise AnalysisError("these natural labels were closed", hint="read what is needed before close()")
        return relation_reader(self._connection.cursor().sql(query))

    def _selected(self, columns: Sequence[str] | None) -> str:
        names = self.column_names if columns is None else tuple(columns)
        unknown = [name for name in names if name not in self.column_names]
        if unknown:
            raise AnalysisError(
                f"natural labels have no column {unknown[0]!r}; they have {', '.join(self.column_names)}",
                hint=f"keep=[{unknown[0]!r}] takes a column of the log over",
            )
        return ", ".join(map(column, names))

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a row for each impression, in the order of the log.

        Parameters
        ----------
        columns : list of str, optional
            By default all: ``id``, ``user``, ``item``, ``time``, ``position``, ``randomised``, ``propensity``, ``bot``,
            those of ``keep=``, and a column for each label, as far as the log has them.

        Raises
        ------
        AnalysisError
            If there is no such column.
        """
        return self._reader(f"SELECT {self._selected(columns)} FROM labels").read_all()  # noqa: S608 - quoted

    def to_parquet(self, path: str | Path, columns: Sequence[str] | None = None) -> Path:
        """Write the rows of :meth:`table` to a Parquet file, a batch at a time."""
        with replaced(Path(path)) as draft:
            self._write(draft, columns)
        return Path(path)

    def _write(self, path: Path, columns: Sequence[str] | None = None) -> None:
        reader = self._reader(f"SELECT {self._selected(columns)} FROM labels")  # noqa: S608 - as above
        write_batches(path, reader.schema, reader)

    def corpus(self) -> Corpus:
        """Return the impressions as a corpus, with the labels as columns, and named by their ids."""
        return Corpus(SpooledSource("natural labels", self._write), id="id")

    def gold(self, action: str | None = None, *, settled: bool = False) -> pd.Series[Any]:
        """Return the classes by id: 1, 0, and -1 where it is not known yet.

        Parameters
        ----------
        action : str, optional
            The label; the first by default.
        settled : bool
            Leave those unknown whose window has not passed, also if they were acted on: of these, positives alone are
            known, so that shares of classes would be too high.

        Returns
        -------
        pandas.Series of int8, indexed by id
        """
        import pandas as pd  # noqa: PLC0415 - only for who asks

        ids, classes = self._classes(action, settled=settled)
        return pd.Series(classes, index=pd.Index(ids, name="id"), name=self._label(action))

    def _classes(self, action: str | None, *, settled: bool = False) -> tuple[Any, Any]:
        label = self._label(action)
        value = f"CASE WHEN {self._settled(label)} THEN {column(label)} ELSE -1 END" if settled else column(label)
        table = self._reader(f"SELECT id, CAST({value} AS TINYINT) FROM labels").read_all()  # noqa: S608 - quoted
        return table.column(0).to_numpy(), table.column(1).to_numpy()

    def votes(
        self,
        action: str | None = None,
        *,
        precision: float | None = None,
        classes: Any = None,
        positive: Any = 1,
        negative: Any = 0,
        name: str | None = None,
    ) -> LabelMatrix:
        """Return the labels as the votes of one rule, to join with those of others.

        Parameters
        ----------
        action : str, optional
            The label; the first by default.
        precision : float in (0, 1), optional
            How often such a vote is thought to be right: prior knowledge for label models.
        classes : IntEnum or list of str, optional
            The classes of the votes; by default ``["no ACTION", "ACTION"]``.
        positive, negative : int, str, enum member or None
            The votes where people acted, and where they did not; None for no vote.
        name : str, optional
            Of the rule; the name of the label by default.

        Returns
        -------
        LabelMatrix, shape (n_impressions, 1)

        Examples
        --------
        >>> import labelkit as lk
        >>> natural = lk.natural_labels(lk.engagement_log(500).events, impression="impression", action="like", id="id")
        >>> matrix = natural.votes("like", precision=0.8)
        >>> matrix.names, matrix.lfs[0].precision
        (('like',), 0.8)
        """
        label = self._label(action)
        if precision is not None and not 0 < precision < 1:
            raise AnalysisError(f"precision={precision!r} is not between 0 and 1", hint="precision=0.8")
        space = LabelSpace.of([f"no {label}", label] if classes is None else classes)
        ids, kinds = self._classes(action)
        votes = np.full((len(ids), 1), -1, dtype=space.dtype)
        acted = given_class(positive, space.names, "positive", may_abstain=True)
        passed = given_class(negative, space.names, "negative", may_abstain=True)
        votes[kinds == 1, 0], votes[kinds == 0, 0] = acted, passed
        labels = tuple(sorted({acted, passed} - {-1}))
        info = LFInfo(name or label, labels=labels, precision=precision, kind="events", doc=self._targets[label].shown)
        return LabelMatrix(votes, (info,), space.names, ids)

    def examples(self, action: str | None = None, *, columns: Sequence[str] = (), unbiased: bool = False) -> pa.Table:
        """Return the impressions whose window has passed, with weights against position bias.

        Younger ones are left out, also those that were acted on already: among them, positives alone are known.

        A positive at a position that is examined with chance p has the weight 1 / p, others have 1. Sums of weights of
        positives are unbiased; a classifier that is trained so takes a rate r for about r / (1 + r (1 - p)), which
        is close where rates are low.

        Parameters
        ----------
        action : str, optional
            The label; the first by default.
        columns : list of str
            Further columns of :meth:`table`, such as features.
        unbiased : bool
            Give each positive a second row, with the label 0 and the weight 1 - 1 / p, which is negative. The expected
            log-loss is then that of labels without position bias (Saito et al. 2020); the estimator must take negative
            weights, as scikit-learn's ``LogisticRegression`` does.

        Returns
        -------
        pyarrow.Table
            ``id``, ``label`` (0 or 1), ``weight``, and the columns.

        Raises
        ------
        AnalysisError
            If a positive has no weight, or the log does not tell propensities and ``unbiased`` asks for them.

        References
        ----------
        Saito, Yaginuma, Nishino, Sakata, Nakata (2020), Unbiased Recommender Learning from Missing-Not-At-Random
        Implicit Feedback. https://doi.org/10.1145/3336191.3371783
        """
        label, more = self._label(action), "".join(f", {self._selected([name])}" for name in columns)
        weight = self._weight(label)
        if unbiased and self.propensities is None:
            raise AnalysisError(
                f"without propensities, nothing is known of a position bias. {' '.join(self.step.notes)}",
                hint="position= and randomised= name columns of the log; or propensities={1: 1.0, 2: 0.5}",
            )
        settled = self._settled(label)
        rows = f"SELECT id, {column(label)} AS label, {weight} AS weight{more} FROM labels WHERE {settled}"  # noqa: S608
        if unbiased:
            again = f"SELECT id, CAST(0 AS TINYINT) AS label, 1 - {weight} AS weight{more} FROM labels"  # noqa: S608
            rows = f"{rows} UNION ALL {again} WHERE {settled} AND {column(label)} = 1 AND {weight} <> 1"
        return self._reader(rows).read_all()

    def rows(self, action: str | None = None) -> pa.Table:
        """Return ``id``, ``label`` and ``weight`` of the impressions whose window has passed; see :meth:`examples`."""
        return self.examples(action)

    def rates(self, action: str | None = None, *, by: str | None = None) -> pd.DataFrame:
        """Estimate the rate of an action, as it is and corrected for position bias, with 95% intervals.

        Of the impressions whose window has passed.

        Parameters
        ----------
        action : str, optional
            The label; the first by default.
        by : str, optional
            A column of :meth:`table`: a rate for each of its values.

        Returns
        -------
        pandas.DataFrame
            ``impressions``, ``positives``, ``rate``, ``low``, ``high``; with propensities ``weighted_rate``,
            ``weighted_low`` and ``weighted_high``: the rate at the first position. Intervals allow for several
            impressions of a user, and for the error of estimated propensities; those of a single user are worth one
            impression, and have no weighted interval (NaN).

        Raises
        ------
        AnalysisError
            If a positive has no weight.
        """
        label = self._label(action)
        if by is not None:
            self._selected([by])
        weight = self._weight(label) if self.propensities is not None else None
        source = SettledLabels(self._connection.cursor(), column(label), self._settled(label), weight)
        return rates_of(source, by, self.propensities)

    def exposure(self, action: str | None = None, *, min_impressions: int = 20) -> Exposure:
        """Measure how unequally items are shown, and whether the good ones are shown more.

        Parameters
        ----------
        action : str, optional
            The label; the first by default.
        min_impressions : int
            Items with fewer impressions whose window has passed are left out of the correlation with quality.

        Returns
        -------
        Exposure
        """
        label = self._label(action)
        source = SettledLabels(self._connection.cursor(), column(label), self._settled(label), self._weight(label))
        return exposure_of(source, label, self.summary, min_impressions)

    def _settled(self, label: str) -> str:
        """Write the SQL of whether the window of an impression has passed."""
        return f"time <= make_timestamptz({self._as_of - self._targets[label].window})"

    def _weight(self, label: str) -> str:
        """Write the SQL of the weight of a row; raise AnalysisError if a positive has none."""
        if self.propensities is None:
            return "CAST(1 AS DOUBLE)"
        cursor = self._connection.cursor()
        acted = cursor.execute(
            f"SELECT position, count(*) FROM labels WHERE {column(label)} = 1 GROUP BY position ORDER BY position"  # noqa: S608
        ).fetchall()
        check_weights(self.propensities, dict(acted))
        return f"CASE WHEN {column(label)} = 1 THEN 1 / propensity ELSE 1 END"

    def _label(self, action: str | None) -> str:
        if action is None:
            return self.actions[0]
        if action not in self._targets:
            raise AnalysisError(f"there is no label {action!r}", hint=f"the labels are {', '.join(self.actions)}")
        return action

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the summary, the propensities, and the step."""
        frame = None if self.propensities is None else self.propensities.to_pandas().reset_index()
        return {
            "summary": self.summary.to_dict(),
            "propensities": None if frame is None else frame.to_dict("records"),
            "step": self.step.to_dict(),
        }

    def _page(self) -> ResultPage:
        heads = ["label", "positive", "negative", "unknown", "rate", "events"]
        events = {name: target.shown for name, target in self._targets.items()}
        labels = ResultTable(self.summary.label_rows(events), heads, align="<>>>><")
        tables = [labels]
        if self.propensities is not None:
            heads = ["position", "propensity", "interval", "randomised", "positive"]
            tables.append(ResultTable(propensity_rows(self.propensities), heads, align=">", title="Propensities"))
        return ResultPage(self.summary.lines(), tables, [NOTE, *self.step.notes])
