"""Figures of ``suggest``: how often the precision by gold holds, how far agreement is from it, and what is proposed.

    python -m tests.benchmarks.honesty.suggestions --repeats 100

Texts are of two classes (30% of them spam), made of words with known frequencies in each class: six words of each class,
three of which are looked for by rules; thirty words that are as frequent in both, of which ten are very frequent, and
more so in spam, whose texts are longer; and one word, ``offer``, that follows a rule's word and else stands anywhere. The
true precision of a word is counted in 400,000 texts. ``wrong`` is the share of runs that propose a word without lift.
"""

from functools import cache
from typing import Any

import numpy as np

import labelkit as lk
from tests.benchmarks.honesty.table import interval_row, main, row

SPAM_WORDS, HAM_WORDS = (
    ("prize", "claim", "subscribe", "free", "winner", "cash"),
    ("song", "voice", "lyrics", "melody", "singer", "album"),
)
FREQUENT, PLAIN = tuple(f"the{i}" for i in range(10)), tuple(f"word{i}" for i in range(20))
WORDS = (*SPAM_WORDS, *HAM_WORDS, *FREQUENT, *PLAIN, "offer")
WITHOUT_LIFT = {*FREQUENT, *PLAIN}
PRIOR = 0.3
MANY = 400_000


def texts_with_words(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the classes of texts, and which words stand in them; shapes (n,) and (n, n_words)."""
    truth = (rng.random(n) < PRIOR).astype(int)
    of_class = np.linspace(0.25, 0.05, 6)  # frequencies of a class's words in its texts
    in_other = np.array([0.001, 0.004, 0.002, 0.02, 0.01, 0.005])
    ham = np.concatenate([in_other, of_class, np.full(10, 0.3), np.full(20, 0.03), [0.02]])
    spam = np.concatenate([of_class, in_other, np.full(10, 0.5), np.full(20, 0.03), [0.02]])
    has = rng.random((n, len(WORDS))) < np.where(truth[:, None] == 1, spam, ham)
    has[:, -1] |= has[:, WORDS.index("prize")] & (rng.random(n) < 0.7)
    return truth, has


@cache
def true_precision() -> dict[tuple[str, int], float]:
    """The share of the texts with each word that are of each class."""
    truth, has = texts_with_words(MANY, np.random.default_rng(1))
    return {(w, c): float((truth[has[:, j]] == c).mean()) for j, w in enumerate(WORDS) for c in (0, 1)}


def rows(repeats: int, random_state: int) -> list[dict[str, Any]]:
    """Simulate suggestions with gold of some examples, and with gold of all."""
    rng = np.random.default_rng(random_state)
    settings = ((4_000, 100, None), (4_000, 400, None), (4_000, 4_000, None), (4_000, 400, (0, 1)))
    return [figures for n, n_gold, between in settings for figures in suggestion_rows(n, n_gold, between, repeats, rng)]


def suggestion_rows(
    n: int, n_gold: int, between: tuple[int, int] | None, repeats: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Simulate one setting: a row for the precision by gold, one for the agreement, one for what is proposed."""
    runs = [_suggested(n, n_gold, between, rng) for _ in range(repeats)]
    items = [item for run in runs for item in run]
    truth = [true_precision()[item.words, item.number] for item in items]
    kind = "to cover" if between is None else "between"
    untrue = np.mean([any(item.words in WITHOUT_LIFT for item in run) for run in runs])
    useful = np.mean([any(item.words not in WITHOUT_LIFT for item in run) for run in runs])
    figures = [
        interval_row(
            f"{kind}, {name}",
            n,
            n_gold,
            truth,
            *np.array([[getattr(i, f"{name}{end}") for i in items] for end in ("", "_low", "_high")]),
        )
        for name in ("precision", "agreement")
    ]
    return [*figures, row(f"{kind}, words with lift", n, n_gold, right=useful, wrong=untrue)]


def _suggested(n: int, n_gold: int, between: tuple[int, int] | None, rng: np.random.Generator) -> lk.Suggestions:
    truth, has = texts_with_words(n, rng)
    texts = [" ".join(WORDS[j] for j in np.flatnonzero(words)) for words in has]
    rules = [lk.keywords(w, label=c).rule(name=w) for c, words in ((1, SPAM_WORDS), (0, HAM_WORDS)) for w in words[:3]]
    matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(texts)
    gold = np.where(rng.permutation(n) < n_gold, truth, -1)
    return lk.suggest(matrix, texts, gold=gold, between=between, max_words=1)


if __name__ == "__main__":
    main(rows)
