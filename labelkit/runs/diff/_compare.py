"""The one function: it pairs the examples, counts what flipped, and puts the counts into tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from labelkit._shared.markup import FAILED
from labelkit._shared.numbers import plural, wilson_interval
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import MatrixError
from labelkit.runs.diff._corpora import corpus_differences
from labelkit.runs.diff._gold import note_on_gold_of_runs, pair_gold
from labelkit.runs.diff._sides import FolderSide, Pairing, Side, pair, side_of
from labelkit.runs.diff._tally import DiffTally, Layout, Paired
from labelkit.runs.diff.difference import Difference
from labelkit.runs.one_version import one_version
from labelkit.runs.run_folder import RunFolder, reading_run
from labelkit.votes.gold import GoldCounts, count_gold
from labelkit.votes.gold_beside import warn_of_gold_beside_votes
from labelkit.votes.gold_coding import MOST_PATTERNS, classes_of_most
from labelkit.votes.label_space import ABSTAIN, LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.named_by import matched_by
from labelkit.votes.outcomes import FAULT

MOVES: Final = (
    *("right_gained", "right_lost", "wrong_gained", "wrong_lost"),
    *("newly_right", "newly_wrong", "wrong_to_right", "right_to_wrong", "lost_right", "lost_wrong"),
)
"""The outcomes of a vote or a label that gold judges."""

UNJUDGED: Final = (
    "gold taught the label model {}, so that labels are not judged by gold here: "
    "`labelkit summarize` has the cross-fitted accuracy of each run"
)
"""The note where labels are not judged."""


@checks_keywords
def diff(
    a: Any,
    b: Any,
    *,
    gold: Any = None,
    map_label: Mapping[Any, str | int | None] | None = None,
    sample: int = 5,
    random_state: int = 0,
) -> Difference:
    """Say what changed from one label matrix or run to another.

    Parameters
    ----------
    a, b : LabelMatrix, array-like, DataFrame, RunFolder or path of a run folder
        Before and after. Examples are matched by their ids, rules and classes by their names.
    gold : array-like, Series or dict by id, column of the run's corpus, or path of a file of ids and labels, optional
        Trusted labels of some examples, to judge the change by. False: do not, and do not name the gold of the runs.
    map_label : mapping of value to name or number of a class, optional
        As :func:`labelkit.run` takes it.
    sample : int
        How many ids to give of each kind of flip.
    random_state : int
        Of that sample.

    Returns
    -------
    Difference
        Tables of rules, of votes that flipped, and of labels that flipped (where both are runs).

    Raises
    ------
    MatrixError
        If these are no votes, have no example in common, or are to be matched by ids that name several examples.
    RunFolderError
        If a path is no run folder.
    GoldError
        If gold does not fit.

    Examples
    --------
    >>> change = diff([[0, -1], [1, 1]], [[0, 1], [1, -1]])
    >>> change.votes[["lf", "before", "after", "n", "ids"]].values.tolist()
    [['lf1', None, '1', 1, (0,)], ['lf1', '1', None, 1, (1,)]]
    """
    if sample < 0:
        raise MatrixError(f"sample={sample} is not a number of ids", hint="sample=5")
    folders = [str(getattr(one, "path", one)) for one in (a, b) if isinstance(one, str | Path | RunFolder)]
    with reading_run(" or ".join(folders)) if folders else nullcontext():
        sides = side_of(a), side_of(b)
        with one_version(*(side.folder for side in sides if isinstance(side, FolderSide))):
            change = _difference(sides, None if gold is False else gold, map_label, sample, random_state)
            on_gold = note_on_gold_of_runs(sides) if gold is None else None
            return change if on_gold is None else replace(change, notes=(*change.notes, on_gold))


def _difference(
    sides: tuple[Side, Side],
    gold: Any,
    map_label: Mapping[Any, str | int | None] | None,
    sample: int,
    random_state: int,
) -> Difference:
    pairing = pair(*sides)
    taught = [when for when, side in zip(("before", "after"), sides, strict=True) if side.taught and gold is not None]
    layout = _layout(pairing.before, pairing.after)
    truth = None if gold is None else pair_gold(gold, sides, pairing, layout.class_names, map_label)
    tally = DiffTally(layout, sample=sample, random_state=random_state)
    beside_gold = _VotesBesideGold(len(layout.class_names))
    for before, after in pairing.chunks():
        true_classes = None if truth is None else truth.of(before, after).astype(layout.recode.dtype)
        tally.add(before, after, true_classes)
        if true_classes is not None:
            beside_gold.add(layout.recode[after.outcomes], true_classes)
    if truth is not None:
        votes, counts = beside_gold.counted()
        warn_of_gold_beside_votes(votes, counts, layout.class_names, lambda: truth.source.way, can_map=True)
    labeled = pairing.before.labeled and pairing.after.labeled
    notes = [*_notes(pairing, tally.n_examples), *(UNJUDGED.format(" and ".join(taught)) for _ in taught[:1])]
    on_gold = None if truth is None else truth.note(tally.n_gold)
    notes += [on_gold] if on_gold is not None else []
    return Difference(
        lfs=_lf_table(pairing, tally, judged=truth is not None, labeled=labeled),
        votes=_vote_table(tally),
        labels=_label_table(tally) if labeled else None,
        gold=_gold_table(tally) if labeled and truth is not None and not taught else None,
        n_examples=tally.n_examples,
        only_before=pairing.only_before,
        only_after=pairing.only_after,
        covered=(tally.covered[0], tally.covered[1]),
        class_names=layout.class_names,
        notes=tuple(notes),
    )


class _VotesBesideGold:
    """The votes of examples with gold: all of them if they are few, else the class that most votes of each name."""

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self._rows: list[tuple[NDArray[Any], NDArray[np.int64]]] = []
        self._table = np.zeros((n_classes + 1, n_classes), dtype=np.int64)  # the last row is of no class

    def add(self, outcomes: NDArray[Any], true_classes: NDArray[Any]) -> None:
        """Add some examples."""
        has_gold = true_classes >= 0
        votes, truth = outcomes[has_gold], true_classes[has_gold].astype(np.int64)
        if self._table.sum() <= MOST_PATTERNS:
            self._rows.append((votes, truth))
        voted = classes_of_most(votes, self.n_classes)
        self._table += count_gold(np.where(voted < 0, self.n_classes, voted), truth, self.n_classes + 1, self.n_classes)

    def counted(self) -> tuple[NDArray[Any], GoldCounts]:
        """Return the votes, and gold by their rows."""
        if not self._rows or self._table.sum() > MOST_PATTERNS:
            return np.append(np.arange(self.n_classes), ABSTAIN)[:, None], GoldCounts.of_table(self._table)
        votes, truth = (np.concatenate(columns) for columns in zip(*self._rows, strict=True))
        return votes, GoldCounts.of_examples(np.arange(len(truth)), truth, self.n_classes)


def _layout(before: Side, after: Side) -> Layout:
    """Every rule and class of either side, those of the first before those that are new."""
    renamed = _renamed(before, after)
    old, new = [renamed.get(lf.name, lf.name) for lf in before.lfs], [lf.name for lf in after.lfs]
    names = tuple(dict.fromkeys([*old, *new]))
    classes = tuple(dict.fromkeys([*before.class_names, *after.class_names]))
    return Layout(
        names=names,
        before=tuple(old.index(name) if name in old else None for name in names),
        after=tuple(new.index(name) if name in new else None for name in names),
        recode=np.array([*map(classes.index, after.class_names), FAULT, ABSTAIN], dtype=LabelSpace(classes).dtype),
        same_classes=after.class_names == classes,
        class_names=classes,
    )


def _notes(pairing: Pairing, n_examples: int) -> list[str]:
    """Return notes on the limits of the numbers."""
    before, after = pairing.before, pairing.after
    notes = []
    if before.class_names != after.class_names:
        notes.append(f"the classes were {', '.join(before.class_names)} and are {', '.join(after.class_names)}")
    differences = corpus_differences(before.corpus, after.corpus, named=(before.named_by, after.named_by))
    if differences:
        how = matched_by(before.named_by, after.named_by)
        notes.append(f"the corpora differ: {'; '.join(differences)}")
        notes.append(f"compared is what both have: {plural(n_examples, 'example')}, matched by {how}")
    return [*notes, *(f"{old} is called {new} now" for old, new in _renamed(before, after).items())]


def _renamed(before: Side, after: Side) -> dict[str, str]:
    """The new name of each rule that goes on under another, as its fingerprint tells."""
    kept = {lf.name for lf in before.lfs} & {lf.name for lf in after.lfs}
    gone, come = ([lf for lf in side.lfs if lf.fingerprint and lf.name not in kept] for side in (before, after))
    counts = Counter(lf.fingerprint for lf in [*gone, *come])
    names = {lf.fingerprint: lf.name for lf in come}
    return {lf.name: names[lf.fingerprint] for lf in gone if lf.fingerprint in names and counts[lf.fingerprint] == 2}


# Tables ---------------------------------------------------------------------------------------------------------------


def _lf_table(pairing: Pairing, tally: DiffTally, *, judged: bool, labeled: bool) -> pd.DataFrame:
    """A row for each rule."""
    renamed = _renamed(pairing.before, pairing.after)
    old = {renamed.get(lf.name, lf.name): lf for lf in pairing.before.lfs}
    new = {lf.name: lf for lf in pairing.after.lfs}
    names = tally.layout.names
    columns: dict[str, Any] = {
        "status": [_status(old.get(name), new.get(name)) for name in names],
        "votes_before": tally.votes[:, 0],
        "votes_after": tally.votes[:, 1],
        "flips": tally.moves.sum(axis=1),
    }
    if labeled:
        columns["label_flips"] = tally.by.sum(axis=1)
    if judged:
        columns |= _judged(tally.paired)
    return pd.DataFrame(columns, index=pd.Index(names, name="lf", dtype=object))


def _status(old: LFInfo | None, new: LFInfo | None) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    if old.name != new.name:
        return "renamed"
    if not old.fingerprint or not new.fingerprint:
        return "without a version"
    return "same" if old.fingerprint == new.fingerprint else "changed"


def _judged(paired: list[Paired]) -> dict[str, Any]:
    """Judge each rule by gold."""
    columns: dict[str, Any] = {}
    for when, side in (("before", 0), ("after", 1)):
        right = np.array([pairs.right[side] for pairs in paired], dtype=np.int64)
        given = right + np.array([pairs.wrong[side] for pairs in paired], dtype=np.int64)
        columns[f"gold_{when}"] = given
        columns |= {f"precision{bound}_{when}": share for bound, share in _share(right, given).items()}
    for name in MOVES:
        columns[name] = [getattr(pairs, name) for pairs in paired]
    return columns


def _share(right: NDArray[np.int64], given: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """A share with Wilson's interval; NaN of nothing."""
    low, high = wilson_interval(right, given)
    return {"": right / np.where(given > 0, given, np.nan), "_low": low, "_high": high}


def _p_value(pairs: Paired) -> float:
    """Probability of as uneven a split of the labels that went from wrong to right and back, if each way was as likely.

    Examples that have a label on one side alone are left out: no label was better or worse there.

    References
    ----------
    McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages.
    https://doi.org/10.1007/BF02295996
    """
    there, back = pairs.wrong_to_right, pairs.right_to_wrong
    return min(1.0, 2 * float(bdtr(min(there, back), there + back, 0.5))) if there + back else float("nan")


def _vote_table(tally: DiffTally) -> pd.DataFrame:
    """A row for each rule and kind of flip."""
    rows = [
        (name, _said(tally, old), _said(tally, new), n, tally.samples.ids(j, kind))
        for j, name in enumerate(tally.layout.names)
        for old, new, kind, n in tally.kinds(tally.moves[j])
    ]
    return _table(rows, ["lf", "before", "after", "n", "ids"])


def _label_table(tally: DiffTally) -> pd.DataFrame:
    """A row for each kind of flip of a label, with the rules whose votes flipped there."""
    rows = []
    for old, new, kind, n in tally.kinds(tally.label_moves):
        by = {tally.layout.names[j]: int(tally.by[j, kind]) for j in np.argsort(-tally.by[:, kind], kind="stable")}
        moved = {name: count for name, count in by.items() if count}
        ids = tally.samples.ids(None, kind)
        rows.append((_said(tally, old), _said(tally, new), n, int(tally.unmoved[kind]), moved, ids))
    return _table(rows, ["before", "after", "n", "without_a_vote", "by", "ids"])


def _gold_table(tally: DiffTally) -> pd.DataFrame:
    """Accuracy of the labels, before and after, and the changes of the same examples."""
    pairs = tally.label_pairs
    right = np.array(pairs.right)
    given = right + np.array(pairs.wrong)
    columns: dict[str, Any] = {"gold": tally.n_gold, "labeled": given, "right": right}
    columns |= {f"accuracy{bound}": share for bound, share in _share(right, given).items()}
    columns |= {name: getattr(pairs, name) for name in MOVES}
    columns["p_value"] = _p_value(pairs)
    return pd.DataFrame(columns, index=pd.Index(["before", "after"], name="labels"))


def _said(tally: DiffTally, outcome: int) -> str | None:
    return {FAULT: FAILED, ABSTAIN: None}.get(outcome) if outcome < 0 else tally.layout.class_names[outcome]


def _table(rows: list[tuple[Any, ...]], names: list[str]) -> pd.DataFrame:
    """A frame whose columns of names and ids are of objects, also where it is empty."""
    columns: dict[str, Any] = {}
    for i, name in enumerate(names):
        values = [row[i] for row in rows]
        counted = name in {"n", "without_a_vote"}
        columns[name] = np.array(values, dtype=np.int64) if counted else pd.Series(values, dtype=object)
    return pd.DataFrame(columns)
