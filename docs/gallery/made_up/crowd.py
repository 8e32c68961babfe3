"""Answers of a crowd: the mood of hotel reviews, by workers who are careful, quick, lazy or confused."""

from random import Random

import pandas as pd

MOODS = ("bad", "mixed", "good")
SHARES = (25, 25, 50)


def _careful(truth: str, skill: float, rng: Random) -> str:
    """Be right as often as the skill says; take a neighbour else, since nobody calls a good review bad."""
    place = MOODS.index(truth)
    neighbours = [MOODS[other] for other in (place - 1, place + 1) if 0 <= other < len(MOODS)]
    return truth if rng.random() < skill else rng.choice(neighbours)


def _lazy(_truth: str, _skill: float, rng: Random) -> str:
    """Answer "good" nearly always, without a look."""
    return "good" if rng.random() < 0.9 else rng.choice(MOODS)


def _random(_truth: str, _skill: float, rng: Random) -> str:
    """Answer at random."""
    return rng.choice(MOODS)


def _swapped(truth: str, skill: float, rng: Random) -> str:
    """Take the scale the wrong way round."""
    return {"bad": "good", "good": "bad"}.get(truth, truth) if rng.random() < skill else rng.choice(MOODS)


HABITS = {"careful": (18, _careful), "lazy": (6, _lazy), "random": (4, _random), "swapped": (2, _swapped)}


def answers(n_reviews: int, per_review: int = 5, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Make a long table of answers (``review``, ``worker``, ``mood``), and the truth by review."""
    rng = Random(seed)
    workers = [(f"{kind}_{i:02d}", habit) for kind, (n, habit) in HABITS.items() for i in range(n)]
    skills = {name: rng.uniform(0.6, 0.95) for name, _ in workers}
    reviews = [f"review{number:04d}" for number in range(n_reviews)]
    truth = pd.Series(rng.choices(MOODS, SHARES, k=n_reviews), index=reviews, name="mood")
    rows = [
        (review, name, habit(truth[review], skills[name], rng))
        for review in reviews
        for name, habit in rng.sample(workers, per_review)
    ]
    return pd.DataFrame(rows, columns=["review", "worker", "mood"]), truth
