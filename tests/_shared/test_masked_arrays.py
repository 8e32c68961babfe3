"""What a mask hides is missing, wherever a value a row is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError

CLASSES = np.array([0] * 40 + [1] * 40)
HIDDEN = np.arange(80) % 4 == 0
MASKED = np.ma.masked_array(CLASSES, mask=HIDDEN)
MISSING = [None if hidden else int(value) for value, hidden in zip(CLASSES, HIDDEN, strict=True)]


def test_groups_and_classes_that_are_masked_are_missing():
    frame = pd.DataFrame({"text": [f"text {row}" for row in range(80)]})
    for masked, missing in ((MASKED, MISSING), (MASKED.astype(str), [None if v is None else str(v) for v in MISSING])):
        split = [lk.split(frame, {"train": 0.5, "test": 0.5}, stratify=given).counts for given in (masked, missing)]
        assert split[0] == split[1]
        before = [lk.balance(given).counts_before.tolist() for given in (masked, missing)]
        assert before == [[30, 30], [30, 30]]


def test_a_masked_weight_is_none():
    votes = CLASSES[:, None]
    for weights in (np.ma.masked_array(np.ones(80), mask=HIDDEN), [None if hidden else 1.0 for hidden in HIDDEN]):
        with pytest.raises(LabelkitError, match="the weight of the gold row 0 is nan"):
            lk.MajorityVote().fit(votes).evaluate(votes, CLASSES, weights=weights)
