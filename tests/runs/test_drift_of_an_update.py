"""Drift of an update is that of its new examples; examples that are in both sets are told."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit.runs._new_examples import SharedExamples

RULES = """
import labelkit as lk
win = lk.keywords("win", label=1).rule(name="win")
hi = lk.keywords("hi", label=0).rule(name="hi")
"""
SETTINGS = {"labels": ["HAM", "SPAM"], "report": False, "progress": False, "cache": False}


def rows(n, share, start, seed=0):
    rng = np.random.default_rng(seed + start)
    texts = np.where(rng.random(n) < share, "win a prize", np.where(rng.random(n) < 0.5, "hi you", "other"))
    language = np.where(np.arange(n) % 2, "de", "en")
    return pd.DataFrame({"id": [f"c{i}" for i in range(start, start + n)], "text": texts, "language": language})


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return tmp_path / "rules.py"


def updated(rules, old, new, **options):
    """Make a run of old rows, and update it with new ones."""
    corpus, out = rules.parent / "corpus.csv", rules.parent / "run"
    old.to_csv(corpus, index=False)
    lk.run(rules, corpus, out, **SETTINGS, **options)
    pd.concat([old, new]).to_csv(corpus, index=False)
    lk.run(rules, corpus, out, update=True, **SETTINGS, **options)
    return f"{out}@1", str(out)


@pytest.mark.parametrize("by", [None, "language"])
def test_of_an_update_the_new_examples_alone_are_compared(rules, tmp_path, by):
    old, new = rows(2_500, 0.3, 0), rows(820, 0.27, 2_500)
    before, after = updated(rules, old, new, id="id")
    new.to_csv(tmp_path / "new.csv", index=False)
    alone = lk.apply_to_folder(rules, tmp_path / "new.csv", tmp_path / "alone", id="id", labels=["HAM", "SPAM"])
    found, expected = lk.drift(before, after, by=by), lk.drift(before, alone, by=by)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    note = "compared with the 820 new examples alone: by their ids, all 2,500 before are among the 3,320 after"
    assert found.notes == (note,)
    assert note in str(found)


def test_what_old_rows_hide_is_found(rules):
    before, after = updated(rules, rows(2_500, 0.3, 0), rows(820, 0.26, 2_500, seed=3), id="id")
    share = lk.drift(before, after).frame.set_index(["rule", "what"]).loc[("win", "coverage")]
    assert share["n_after"] == 820
    assert share["after"] < 0.28


def test_ids_may_be_the_labels_of_a_frame_and_numbers(rules, tmp_path):
    frame = rows(900, 0.3, 0).set_index(pd.Index(range(5_000, 5_900)))[["text"]]
    runs = [lk.run(rules, frame[:n], tmp_path / f"run{n}", **SETTINGS).path for n in (600, 900)]
    assert lk.drift(*runs).frame["n_after"].max() == 300
    matrices = [lk.RunFolder(run).matrix() for run in runs]
    assert lk.drift(*matrices).frame["n_after"].max() == 300


def test_examples_in_both_are_told_with_their_number(rules, tmp_path):
    for name, part in (("a", rows(600, 0.3, 0)), ("b", pd.concat([rows(600, 0.3, 0)[500:], rows(300, 0.3, 600)]))):
        part.to_csv(tmp_path / f"{name}.csv", index=False)
        lk.run(rules, tmp_path / f"{name}.csv", tmp_path / name, id="id", **SETTINGS)
    told = r"100 of the 400 examples after are among the 600 before, too, .* \[LK314\]"
    with pytest.warns(UserWarning, match=told):
        assert lk.drift(tmp_path / "a", tmp_path / "b").frame["n_after"].max() == 400
    with pytest.warns(UserWarning, match=r"600 of the 600 examples after are among the 600 before"):
        assert not lk.drift(tmp_path / "a", tmp_path / "a").drifted


def test_rows_without_ids_are_known_by_nothing(rules):
    before, after = updated(rules, rows(300, 0.3, 0), rows(100, 0.3, 300))
    with pytest.warns(UserWarning, match=r"versions of one run, whose examples have no ids.*\[LK314\]"):
        assert lk.drift(before, after).frame["n_after"].max() == 400


def test_positions_are_no_ids():
    votes = np.where(np.random.default_rng(0).random((900, 2)) < 0.3, 1, -1)
    whole, other = lk.LabelMatrix.of(votes, classes=2), lk.LabelMatrix.of(votes[::-1], classes=2)
    assert lk.drift(whole[:300], other).notes == ()
    assert lk.drift(whole[100:400], other[100:600]).notes == ()  # of which rows were taken
    of_ids = lk.drift(whole[100:400], whole[100:600])
    assert of_ids.notes[0].startswith("compared with the 200 new examples alone")


@pytest.mark.parametrize("most_held", [7, 100, 10**6])
@pytest.mark.parametrize("kind", [str, int])
def test_a_share_of_the_keys_in_memory_at_a_time_gives_the_same(kind, most_held):
    rng = np.random.default_rng(1)
    before, after = rng.choice(2_000, 600, replace=False), rng.choice(2_000, 900, replace=False)

    def parts(values):
        return lambda: (pa.array([kind(one) for one in part.tolist()]) for part in np.array_split(values, 7))

    shared = SharedExamples(parts(before), parts(after), most_held=most_held)
    assert (shared.n_before, shared.n_after) == (600, 900)
    assert shared.n_shared == len(set(before) & set(after))
    assert np.array_equal(np.concatenate(list(shared.new_rows())), ~np.isin(after, before))
