"""A seed gives each use random numbers of its own, and what is no seed is refused everywhere alike."""

import numpy as np
import pytest

import labelkit as lk
from labelkit._shared.seed_streams import seed_stream
from labelkit.exceptions import AnalysisError

FRAME = {"id": [f"e{i}" for i in range(40)], "text": [f"text {i}" for i in range(40)]}
CLASSES = [0, 1] * 20
X = np.arange(80.0).reshape(40, 2)

CALLS = {
    "sample": lambda seed: lk.sample(FRAME, 5, id="id", random_state=seed),
    "split": lambda seed: lk.split(FRAME, {"a": 0.5, "b": 0.5}, id="id", random_state=seed),
    "balance": lambda seed: lk.balance(CLASSES, random_state=seed),
    "resample_features": lambda seed: lk.resample_features(X, CLASSES, random_state=seed),
    "find_slices": lambda seed: lk.find_slices(FRAME, np.eye(2)[CLASSES], CLASSES, id="id", random_state=seed),
    "augment": lambda seed: lk.augment(FRAME, lk.drop_words(), id="id", random_state=seed),
    "mixup": lambda seed: lk.mixup(X, np.eye(2)[CLASSES], random_state=seed),
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
