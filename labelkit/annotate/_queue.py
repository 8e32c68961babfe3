"""Choose which example each annotator is asked about next.

Examples come in one order for all. Who answers gets the first that still needs an answer, that he has not answered, and
that nobody else is looking at; then those that he skipped; and at last those that somebody else was given and has not
answered, who may have closed the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from labelkit.annotate.answer_log import KeptAnswer
from labelkit.corpus.worker_answers import agreed_labels

Latest = dict[tuple[Any, str, bool], KeptAnswer]
"""The latest answers, as :class:`~labelkit.annotate.answer_log.AnswerLog` has them."""


class TaskQueue:
    """The examples to ask about, and how many answers each needs.

    Parameters
    ----------
    items : sequence of ids
        In the order in which they are asked about.
    double : float
        The share of them that two people answer, evenly spread.
    truth : bool
        Whether one answer that stands for all is needed for each, whoever gives it.

    Examples
    --------
    >>> queue = TaskQueue(["a", "b", "c", "d"], double=0.5)
    >>> [queue.wanted(item) for item in "abcd"]
    [1, 2, 1, 2]
    >>> queue.next_for("ann", {}), queue.next_for("bob", {}), queue.next_for("cid", {})
    ('a', 'b', 'b')
    """

    def __init__(self, items: Sequence[Any], *, double: float = 0.0, truth: bool = False) -> None:
        self.items = tuple(items)
        self._truth = truth
        self._wanted = {
            item: 1 + (math.floor((place + 1) * double + 1e-9) > math.floor(place * double + 1e-9))
            for place, item in enumerate(self.items)
        }
        self._given: dict[str, Any] = {}
        self._gone_back_to: dict[str, Any] = {}

    def __contains__(self, item: object) -> bool:
        return item in self._wanted

    def wanted(self, item: Any) -> int:
        """Return how many answers an example needs."""
        return self._wanted[item]

    def next_for(self, annotator: str, answers: Latest) -> Any:
        """Give an annotator the next example; None if nothing is left for him."""
        n_labeled = self._n_labeled(answers.values())
        looked_at: dict[Any, int] = {}
        for who, item in self._given.items():
            if who != annotator:
                looked_at[item] = looked_at.get(item, 0) + 1
        wanted = self._needed(answers)
        open_items = [item for item in self.items if n_labeled.get(item, 0) < wanted[item]]
        skipped, elsewhere = [], []
        for item in open_items:
            ours = answers.get((item, annotator, self._truth))
            if ours is None or ours.status == "changed":
                if n_labeled.get(item, 0) + looked_at.get(item, 0) < wanted[item]:
                    return self._hand_out(annotator, item)
                elsewhere.append(item)
            elif ours.status == "skipped":
                skipped.append((ours.when, item))
        if skipped:
            return self._hand_out(annotator, min(skipped, key=lambda pair: pair[0])[1])
        return self._hand_out(annotator, elsewhere[0] if elsewhere else None)

    def before(self, annotator: str, present: Any, answers: Iterable[KeptAnswer]) -> Any:
        """Go back to what an annotator answered last, or before what he went back to; None if there is none.

        An example that was handed out is none that he went back to, also if he skipped it before.
        """
        ours = [one for one in answers if one.truth is self._truth and one.item in self and one.status != "changed"]
        items = [one.item for one in sorted(ours, key=lambda one: one.when)]  # those of one moment keep their order
        is_back = present in items and self._gone_back_to.get(annotator) == present
        earlier = items[: items.index(present)] if is_back else [item for item in items if item != present]
        if not earlier:
            return None
        self._gone_back_to[annotator] = self._given[annotator] = earlier[-1]
        return earlier[-1]

    def n_done(self, answers: Latest) -> int:
        """Count the examples that have as many answers as they need."""
        n_labeled = self._n_labeled(answers.values())
        return sum(n_labeled.get(item, 0) >= wanted for item, wanted in self._needed(answers).items())

    def _needed(self, answers: Latest) -> dict[Any, int]:
        """Return how many answers each example needs: one more where those that should decide are tied."""
        if not self._truth:
            return self._wanted
        given = list(answers.values())
        n_labeled, tied = self._n_labeled(given), tied_items(given)
        return {item: n_labeled[item] + 1 if item in tied else wanted for item, wanted in self._wanted.items()}

    def _hand_out(self, annotator: str, item: Any) -> Any:
        self._gone_back_to.pop(annotator, None)
        if item is None:
            self._given.pop(annotator, None)
        else:
            self._given[annotator] = item
        return item

    def _n_labeled(self, answers: Iterable[KeptAnswer]) -> dict[Any, int]:
        counts: dict[Any, int] = {}
        for answer in answers:
            if answer.status == "labeled" and answer.truth is self._truth:
                counts[answer.item] = counts.get(answer.item, 0) + 1
        return counts


def disputed_items(answers: Iterable[KeptAnswer]) -> list[Any]:
    """List the examples whose answers differ, or are unsure, or whose decisions are tied, the most answers first.

    Those that were decided since stand among them: they are done.
    """
    labels: dict[Any, list[str | None]] = {}
    answers = list(answers)
    for answer in answers:
        if not answer.truth and answer.status in {"labeled", "unsure"}:
            labels.setdefault(answer.item, []).append(answer.label)
    several = {item: given for item, given in labels.items() if len(set(given)) > 1 or None in given}
    several |= {item: labels.get(item, []) for item in tied_items(answers)}
    return sorted(several, key=lambda item: -len(several[item]))


def unsure_items(answers: Iterable[KeptAnswer]) -> set[Any]:
    """Return the examples of which somebody is unsure, and on which the labels do not differ."""
    answers = list(answers)
    given: dict[Any, set[str | None]] = {}
    for answer in answers:
        if not answer.truth and answer.status in {"labeled", "unsure"}:
            given.setdefault(answer.item, set()).add(answer.label)
    return {item for item, labels in given.items() if None in labels and len(labels) < 3} - tied_items(answers)


def tied_items(answers: Iterable[KeptAnswer]) -> set[Any]:
    """Return the examples of which several people decided, as many for one label as for another."""
    return _of_truths(answers, decided=False)


def decided_items(answers: Iterable[KeptAnswer]) -> set[Any]:
    """Return the examples of which somebody decided, without a tie."""
    return _of_truths(answers, decided=True)


def _of_truths(answers: Iterable[KeptAnswer], *, decided: bool) -> set[Any]:
    truths = [answer.as_worker_answer() for answer in answers if answer.truth and answer.status == "labeled"]
    labels = agreed_labels(truths)
    return {truth.example for truth in truths if (truth.example in labels) is decided}
