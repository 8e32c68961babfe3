"""An update that keeps its label model counts the new rows alone, and says what is of all rows all the same."""

import json

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.analysis.counts import VoteTally

RULES = """
import labelkit as lk

free = lk.keywords("free", "win", label=1).rule(name="free")
short = lk.regex("^.{0,9}$", label=0).rule(name="short")
ask = lk.keywords("how", "why", label=2).rule(name="ask")

@lk.labeling_function
def digits(text):
    return 1 if any(letter.isdigit() for letter in text) else None

@lk.labeling_function
def third(text):
    return 2 if int(text.split()[-1]) % 3 == 0 else None
"""
WORDS = ["free money", "how", "win 1", "hello you", "why", "nothing to see", "free", "7"]


def frame_of(n, *, gold):
    rng = np.random.default_rng(n)
    texts = [f"{WORDS[rng.integers(8)]} {rng.choice(['1', '2', '3', 'x'], p=[0.4, 0.3, 0.29, 0.01])}" for _ in range(n)]
    frame = pd.DataFrame({"key": range(n), "text": texts})
    return frame.assign(gold=np.where(rng.random(n) < 0.1, rng.integers(0, 3, n), -1)) if gold else frame


@pytest.mark.parametrize("gold", [False, True])
@pytest.mark.parametrize("counted_before", [True, False])
@pytest.mark.parametrize("steps", [(3000, 3100, 4200), (1000, 1001), (700, 1024, 1025)])
def test_the_summary_and_the_manifest_are_those_of_all_rows(tmp_path, monkeypatch, steps, counted_before, gold):
    frame = frame_of(max(steps), gold=gold)
    (tmp_path / "rules.py").write_text(RULES)
    settings = {"labels": ["A", "B", "C"], "batch_size": 1024, "report": False, "progress": False, "id": "key"}
    settings |= {"on_fault": "record", "gold": "gold" if gold else None, "cache": False}
    with monkeypatch.context() as before:
        if not counted_before:  # an earlier labelkit counted nothing for an update
            before.setattr(VoteTally, "to_dict", lambda _: {})
        lk.run(tmp_path / "rules.py", write(tmp_path, frame[: steps[0]]), tmp_path / "run", **settings)
    for n in steps[1:]:
        corpus = write(tmp_path, frame[:n])
        lk.run(tmp_path / "rules.py", corpus, tmp_path / "run", update=True, keep_model=True, **settings)
    run = lk.RunFolder(tmp_path / "run")
    assert run.manifest["examples"] == len(run.matrix()) == steps[-1]
    assert run.manifest["covered"] == int((run.matrix().votes >= 0).any(axis=1).sum())
    assert run.manifest["patterns"] == len(run.patterns())
    model, patterns = run.model(), run.patterns()
    stated = lk.summarize(patterns, model=model).frame
    counted = run.summary
    bounds = [name for name in stated if name.startswith("model_precision_")]
    pd.testing.assert_frame_equal(counted.drop(columns=bounds), stated.drop(columns=bounds), check_exact=True)
    if gold:
        judged = frame[: steps[-1]].query("gold >= 0")
        evaluation = model.evaluate(run.matrix(), dict(zip(judged["key"].astype(str), judged["gold"], strict=True)))
        assert run.manifest["evaluation"] == json.loads(json.dumps(evaluation.to_dict()))
        assert run.manifest["gold_labels"]["matched"] == len(judged)


def write(folder, frame):
    """Write a corpus that grows at its end."""
    (folder / "corpus").mkdir(exist_ok=True)
    frame.to_csv(folder / "corpus" / "rows.csv", index=False)
    return folder / "corpus"
