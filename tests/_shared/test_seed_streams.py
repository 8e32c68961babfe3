"""A seed gives each use random numbers of its own, and what is no seed is refused everywhere alike."""

import numpy as np
import pytest

import labelkit as lk
from labelkit._shared.seed_streams import seed_stream
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import AnalysisError, CorpusError

FRAME = {"id": [f"e{i}" for i in range(40)], "text": [f"text {i}" for i in range(40)]}
CLASSES = [0, 1] * 20
MATRIX = lk.LabelMatrix.of(
    np.random.default_rng(0).integers(-1, 2, (40, 4)),
    names=["a", "b", "c", "d"],
    classes=["HAM", "SPAM"],
    ids=FRAME["id"],
)
X = np.arange(80.0).reshape(40, 2)

CALLS = {
    "sample": lambda seed: lk.sample(FRAME, 5, id="id", random_state=seed),
    "split": lambda seed: lk.split(FRAME, {"a": 0.5, "b": 0.5}, id="id", random_state=seed),
    "balance": lambda seed: lk.balance(CLASSES, random_state=seed),
    "resample_features": lambda seed: lk.resample_features(X, CLASSES, random_state=seed),
    "find_slices": lambda seed: lk.find_slices(FRAME, np.eye(2)[CLASSES], CLASSES, id="id", random_state=seed),
    "augment": lambda seed: lk.augment(FRAME, lk.drop_words(), id="id", random_state=seed),
    "mixup": lambda seed: lk.mixup(X, np.eye(2)[CLASSES], random_state=seed),
    "view": lambda seed: lk.view(MATRIX, FRAME, random_state=seed),
    "suggest": lambda seed: lk.suggest(MATRIX, FRAME, random_state=seed),
    "diff": lambda seed: lk.diff(MATRIX, MATRIX, random_state=seed),
    "compare": lambda seed: lk.compare(MATRIX, gold=CLASSES, random_state=seed),
    "hard": lambda seed: lk.MajorityVote().fit(MATRIX).label(MATRIX).hard(ties="random", random_state=seed),
    "fit_clusters": lambda seed: lk.fit_clusters(FRAME, column="text", n_clusters=2, random_state=seed),
    "triplets": lambda seed: lk.TripletModel(random_state=seed).fit(MATRIX),
    "snorkel": lambda seed: lk.SnorkelLabelModel(random_state=seed).fit(MATRIX),
    "next_to_label": lambda seed: lk.next_to_label(np.array(CLASSES)[:, None], n=5, random_state=seed),
}


def test_uses_streams_and_seeds_are_apart():
    drawn = [
        seed_stream(use, *seeds).integers(2**62)
        for use in ("sample", "balance")
        for seeds in ((0, 0), (1, 0), (0, 1), (1, 1))
    ]
    assert len(set(drawn)) == len(drawn)
    assert seed_stream("sample", np.int64(3)).integers(2**62) == seed_stream("sample", 3).integers(2**62)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, True])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_seed_is_refused(name, seed):
    with pytest.raises(AnalysisError, match=r"random_state=.* is no whole number from 0"):
        CALLS[name](seed)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", None, True])
def test_so_are_seeds_of_corpora(seed):
    rules = lk.collect([lk.keywords("a", label=1).rule(name="a")], labels=["HAM", "SPAM"])
    for call in (
        lambda: lk.load_comments(5, random_state=seed),
        lambda: lk.load_posts(5, random_state=seed),
        lambda: lk.engagement_log(50, random_state=seed),
        lambda: check_rules(rules, FRAME, sample=5, random_state=seed),
    ):
        with pytest.raises(CorpusError, match=r"random_state=.* is no whole number from 0"):
            call()


def test_large_seeds_are_seeds_of_every_library():
    texts = {"text": [f"{word} {word}s and more" for word in ("apple", "river", "stone", "cloud") for _ in range(10)]}
    assert len(lk.fit_clusters(texts, column="text", n_clusters=2, random_state=2**40).sizes) == 2
