"""Update a run whose corpus was written again, as new gold in a column of it does, where its rules vote as before.

A file that was written again may hold anything. The ids prove that its first examples are those of the run, and the
votes that nothing has changed of what a rule would see: all rules vote on all rows, and each vote is held against the
stored one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from labelkit._shared.events import log_event
from labelkit._shared.files import remove
from labelkit._shared.numbers import plural
from labelkit.corpus.sources.spark_frame import SparkCorpus
from labelkit.exceptions import CorpusError
from labelkit.runs.run_corpus import are_chosen, check_reading, if_only_gold, takes_new_gold
from labelkit.runs.stored_votes import StoredVotes
from labelkit.runs.update import Update, kept_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from labelkit.runs.run_folder import RunFolder
    from labelkit.runs.run_state import Run


def what_stays(run_: Run, old: RunFolder, damaged: Callable[[], list[str]]) -> Update | WrittenAgain | None:
    """Find out what of a finished run stays; None if all rules vote on all rows, whatever these are.

    Parameters
    ----------
    run_ : Run
    old : RunFolder
    damaged : callable
        As in :meth:`Update.of`.

    Raises
    ------
    CorpusError
        If rows that were voted on have changed, or it cannot be known whether they have.
    """
    try:
        return Update.of(run_, old, damaged)
    except CorpusError as error:
        if error.code != "LK216":
            raise
        check_reading(run_.corpus, old.manifest["corpus"])
        return WrittenAgain.of(run_, old, error)


@dataclass(frozen=True)
class WrittenAgain:
    """What the votes on a corpus that was written again are to be.

    Parameters
    ----------
    old : RunFolder
        The run before.
    rules : tuple of str
        Those that are as they were.
    error : CorpusError
        What there is to say if they vote otherwise.
    """

    old: RunFolder
    rules: tuple[str, ...]
    error: CorpusError

    @classmethod
    def of(cls, run_: Run, old: RunFolder, error: CorpusError) -> Self:
        """Return what is to be compared.

        Raises
        ------
        CorpusError
            The one that is given, if gold was no column of the corpus, a rule reads that column, or the examples have
            no ids.
        """
        key, batch_rows = old.manifest["corpus"]["id"], old.manifest["batch_rows"]
        in_order = run_.batch_rows == batch_rows and not isinstance(run_.corpus, SparkCorpus)
        in_order = in_order and StoredVotes.of(old).are_in_order
        if not (in_order and run_.corpus.id == key and takes_new_gold(old.manifest)) or are_chosen(run_.corpus):
            raise error
        return cls(old, kept_rules(run_, old.manifest, {fault.lf for fault in old.faults}), error)

    def check(self, run_: Run, n_rows: int) -> None:
        """Compare the ids and the votes of the old examples with the stored ones.

        Raises
        ------
        CorpusError
            If one differs; what was voted on so far is removed.
        """
        n_old = int(self.old.manifest["examples"])
        gone = f"it has {plural(n_rows, 'row')} now, of {n_old}" if n_rows < n_old else ""
        difference = gone or self._difference(run_, n_old)
        if difference:
            remove(run_.layout.folder)
            error, hint = self.error, (self.error.hint or "").removeprefix(if_only_gold(self.old.manifest))
            raise CorpusError(f"{error.message}, and {difference}", hint=hint, code=error.code) from None
        log_event(
            "written_again",
            f"the corpus was written again; its first {plural(n_old, 'example')} have the votes that they had",
            examples=n_old,
        )

    def _difference(self, run_: Run, n_old: int) -> str:
        """Say what the first difference is; empty if there is none."""
        before, names = StoredVotes.of(self.old), list(self.rules)
        now = StoredVotes(tuple(run_.layout.parts("votes")), run_.batch_rows)
        for start in range(0, n_old, run_.batch_rows):
            stop = min(start + run_.batch_rows, n_old)
            old_ids, old_votes = before.rows(start, stop, names)
            new_ids, new_votes = now.rows(start, stop, names)
            for old_id, new_id in zip(old_ids.to_pylist(), new_ids.to_pylist(), strict=True):
                if old_id != new_id:
                    return f"the example {new_id!r} stands where {old_id!r} stood"
            other = old_votes.votes != new_votes.votes
            if old_votes.confidence is not None and new_votes.confidence is not None:
                other |= old_votes.confidence != new_votes.confidence
            if other.any():
                row, j = np.argwhere(other)[0]
                return f"rule {names[j]!r} votes otherwise on the example {old_ids[int(row)].as_py()!r}"
        return ""
