"""Look at each annotator beside the others: agreement, time, and answers that were given without looking."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from labelkit._shared.numbers import wilson_interval
from labelkit.annotate.answers import Answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ANSWERS: Final = 20
"""An annotator with fewer answers is not judged."""

LEVEL: Final = 0.001
"""Greatest probability, over all annotators together, that one who looks is said not to."""

HARDLY: Final = 0.25
"""Part of the agreement beyond chance that there could be: an annotator who surely has less is named."""

ERRORS: Final = 2.0
"""Standard errors by which that is sure."""

FAST: Final = 1 / 3
"""An annotator whose median time is below this part of the others' median is said to be too fast."""


@dataclass(frozen=True)
class AnnotatorAgreement:
    """One annotator beside the others.

    Attributes
    ----------
    name : str
    n_answers : int
    n_shared : int
        Answers to examples that others answer, too.
    agreement : float
        The share of the others' answers on those examples that are the same; ``low`` and ``high`` are Wilson's interval
        of as many examples.
    low, high : float
    most_frequent : str
        The class that the annotator gives most, with its ``share``.
    share : float
    seconds : float
        Median time for an answer; NaN if not known.
    warnings : tuple of str
        Why the answers may be worthless; empty if nothing says so.
    """

    name: str
    n_answers: int
    n_shared: int
    agreement: float
    low: float
    high: float
    most_frequent: str
    share: float
    seconds: float
    warnings: tuple[str, ...]


def look_at_annotators(answers: Answers, confidence: float) -> Iterator[AnnotatorAgreement]:
    """Look at each annotator beside the others."""
    counts, n_classes = answers.counts(), len(answers.class_names)
    others = counts[answers.item].copy()
    others[np.arange(len(answers)), answers.label] -= 1
    n_others = others.sum(axis=1)
    same = others[np.arange(len(answers)), answers.label]
    alike = np.divide(same, n_others, where=n_others > 0, out=np.zeros(len(answers)))
    medians = {
        place: float(np.median(times))
        for place in range(len(answers.annotators))
        if len(times := answers.seconds[(answers.annotator == place) & np.isfinite(answers.seconds)])
    }
    for place, name in enumerate(answers.annotators):
        ours = np.flatnonzero(answers.annotator == place)
        if not len(ours):
            continue
        shared = ours[n_others[ours] > 0]
        given = np.bincount(answers.label[ours], minlength=n_classes)
        share = float(alike[shared].mean()) if len(shared) else math.nan
        low, high = wilson_interval(float(alike[shared].sum()), len(shared), confidence=confidence)
        warned = [
            *_all_alike(given, others[shared], _of_others(counts, answers, ours), answers),
            *_too_fast(place, len(ours), medians),
            *_by_chance(answers.label[shared], others[shared]),
        ]
        yield AnnotatorAgreement(
            name=name,
            n_answers=len(ours),
            n_shared=len(shared),
            agreement=share,
            low=float(low),
            high=float(high),
            most_frequent=answers.class_names[int(given.argmax())],
            share=float(given.max() / len(ours)),
            seconds=medians.get(place, math.nan),
            warnings=tuple(warned),
        )


def _of_others(counts: NDArray[np.int64], answers: Answers, ours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the answers by class without those of an annotator; shape (n_examples, n_classes)."""
    rest = counts.copy()
    rest[answers.item[ours], answers.label[ours]] -= 1
    return rest


def _all_alike(
    given: NDArray[np.int64], others: NDArray[np.int64], rest: NDArray[np.int64], answers: Answers
) -> Iterator[str]:
    """Find an annotator who gives one class alone, where the others make that improbable.

    Where one of the others says another class, a second one says the first class as often as two of them differ so;
    without two of them, every second time.
    """
    label = int(given.argmax())
    if given.sum() < LEAST_ANSWERS or given.max() < given.sum() or not len(others):
        return
    n = rest.sum(axis=1)
    rest, n = rest[n > 1], n[n > 1]
    elsewhere = n - rest[:, label]
    differs = (float(elsewhere @ (rest[:, label] / (n - 1))) + 1) / (float(elsewhere.sum()) + 2)
    says_too = others[:, label] / others.sum(axis=1)
    if np.log(says_too + (1 - says_too) * differs).sum() < math.log(LEVEL / len(answers.annotators)):
        yield f"answers {answers.class_names[label]} always, and others do not"


def _too_fast(place: int, n_answers: int, medians: dict[int, float]) -> Iterator[str]:
    """Find an annotator whose median time is far below the others'."""
    others = [seconds for other, seconds in medians.items() if other != place]
    if n_answers >= LEAST_ANSWERS and place in medians and others and medians[place] < FAST * np.median(others):
        yield f"takes {medians[place]:.1f} s for an answer, where others take {np.median(others):.1f} s"


def _by_chance(label: NDArray[np.int64], others: NDArray[np.int64]) -> Iterator[str]:
    """Find an annotator whose answers agree with the others' hardly more than the same answers in another order.

    Mean and variance over all orders are those of Hoeffding (1951), https://doi.org/10.1214/aoms/1177729545. Whether an
    annotator who reaches that little of the agreement beyond chance hits an example is random, too: of a rare class,
    few of them count.
    """
    n = len(label)
    if n < LEAST_ANSWERS:
        return
    shares = others / others.sum(axis=1, keepdims=True)
    given = np.bincount(label, minlength=shares.shape[1]) / n
    by_chance, likeliest = shares.mean(axis=0), shares.argmax(axis=1)
    apart = shares[np.arange(n), label] - by_chance[label]
    residual = shares - (shares @ given)[:, None] - by_chance + by_chance @ given
    of_order = n * float((residual**2 @ given).sum()) / (n - 1)
    possible = shares[np.arange(n), likeliest] - by_chance[likeliest]
    of_hits = HARDLY * (1 - HARDLY) * float(possible @ possible)
    best = float(possible.sum())
    if best > 1e-9 and apart.sum() + ERRORS * math.sqrt(of_order + of_hits) < HARDLY * best:
        yield "agrees with others hardly more than by chance"
