"""What a run does after its votes: fit a label model, and label all examples by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkit._shared.files import link_or_copy
from labelkit.analysis.counts import VoteTally, tallied
from labelkit.corpus import Corpus
from labelkit.exceptions import RunFolderError
from labelkit.runs.content_labels import ContentLabeling, check_columns, reads_examples
from labelkit.runs.manifest import saved_model
from labelkit.runs.run_state import Run, StageTimes
from labelkit.runs.teaching import write_taught

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from labelkit.label_models import Evaluation
    from labelkit.votes.vote_patterns import VotePatterns


@dataclass(frozen=True)
class LabelStage:
    """What a run does after its votes.

    Parameters
    ----------
    model : label model
    teach : bool
        Whether gold teaches the model.
    report : bool
        Whether to write the report.
    kept : dict, optional
        The version of the run and the number of its examples that the model was fitted to, if it is kept from there.
    text_columns : str or sequence of str
        The columns that the model reads.
    taught : Path, optional
        Where it is written which examples taught the model, if it is kept.
    """

    model: Any
    teach: bool
    report: bool
    kept: dict[str, int] | None = None
    text_columns: str | Sequence[str] = ()
    taught: Path | None = None

    def columns_of(self, corpus: Corpus) -> tuple[str, ...]:
        """Return the columns of a corpus that the model reads.

        Raises
        ------
        ModelError, CorpusError
            If there is none, no such one, or the model reads none.
        RunFolderError
            If the model is kept of an earlier version, and reads the examples.
        """
        if self.kept is not None and reads_examples(self.model):
            raise RunFolderError(
                f"{type(self.model).__name__} cannot be kept: it weighs the words of the texts that it learned from",
                hint="without keep_model=True (--keep-model), it is fitted again",
                code="LK412",
            )
        return check_columns(self.model, self.text_columns, corpus)

    def label(
        self,
        run_: Run,
        patterns: VotePatterns,
        places: list[NDArray[np.int32]],
        times: StageTimes,
        *,
        workers: int,
    ) -> tuple[VoteTally, Evaluation | None]:
        """Fit the model if it is not kept, and write it and the labels of each part.

        Parameters
        ----------
        run_ : Run
        patterns : VotePatterns
            Of the parts that are to be labeled.
        places : list of ndarray
            Of each part, where its patterns are among those.
        times : StageTimes
        workers : int

        Returns
        -------
        (VoteTally, Evaluation or None)
            The counts of these patterns, and how far labels agree with gold, if a pattern alone does not tell.
        """
        self._note_taught(run_)
        # Gold evaluates the rules; the model is fitted without it, unless it is to teach.
        votes = patterns if self.teach else replace(patterns, gold=None)
        if reads_examples(self.model):
            proba, evaluation = self._label_by_content(ContentLabeling(run_, patterns, places), votes, times, workers)
            return tallied(patterns, proba), evaluation
        predict = self.model.predict_pattern_proba if self.kept else self.model.fit_predict_pattern_proba
        proba = predict(votes)
        times.note("fit")
        run_.label(proba, patterns, places, workers, saved_model(run_.layout, self.model))
        times.note("labels")
        return tallied(patterns, proba), None

    def _note_taught(self, run_: Run) -> None:
        if self.teach and not self.kept:
            write_taught(run_.layout, run_.parts.rows_with_gold())
        elif self.taught is not None and self.taught.is_file():
            link_or_copy(self.taught, run_.layout.taught)

    def _label_by_content(
        self, labeling: ContentLabeling, votes: VotePatterns, times: StageTimes, workers: int
    ) -> tuple[NDArray[np.float64], Evaluation | None]:
        features = labeling.fit(self.model, votes, teach=self.teach)
        times.note("fit")
        fingerprint = labeling.save(self.model, features)
        answer = labeling.label(self.model, features, fingerprint, workers)
        times.note("labels")
        return answer
