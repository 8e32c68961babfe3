"""Differences: what flipped between two matrices or runs, against definitions written out slowly, and on the edges."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import binomtest

import labelkit as lk
from labelkit.exceptions import GoldError, MatrixError, RunFolderError
from labelkit.runs.diff import _sides
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.outcomes import Fault
from tests._shared.test_markup import read

CLASSES = ["HAM", "SPAM", "EGGS"]


def matrix_of(votes, *, names=None, ids=None, prints=None):
    made = LabelMatrix.of(votes, names=names, classes=CLASSES, ids=ids)
    if prints is None:
        return made
    return replace(made, lfs=tuple(replace(lf, fingerprint=f) for lf, f in zip(made.lfs, prints, strict=True)))


@st.composite
def pairs(draw):
    """Two matrices of the same examples, of rules that partly have the same names, and gold."""
    n, m = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    before, after = rng.integers(-1, 3, (n, m)), rng.integers(-1, 3, (n, m))
    shift = draw(st.integers(0, 2))
    names = [f"lf{j}" for j in range(m)], [f"lf{j + shift}" for j in range(m)]
    ids = np.array([f"id{i}" for i in range(n)])
    gold = rng.integers(-1, 3, n)
    return matrix_of(before, names=names[0], ids=ids), matrix_of(after, names=names[1], ids=ids), gold


def flips_of(table):
    return {(row.lf, row.before, row.after): row.n for row in table.itertuples()}


def column_of(matrix, name):
    """The votes of a rule; of one that is not there, abstains."""
    return matrix[name].votes[:, 0] if name in matrix.names else np.full(len(matrix), -1)


# Laws -----------------------------------------------------------------------------------------------------------------


@given(pairs())
@settings(max_examples=80, deadline=None)
def test_the_tables_are_the_definitions_written_out(case):
    before, after, gold = case
    found = lk.diff(before, after, gold=gold)
    said = [*CLASSES, None]
    expected = {}
    for name in found.lfs.index:
        old, new = column_of(before, name), column_of(after, name)
        for a, b in zip(old, new, strict=True):
            if a != b:
                expected[name, said[a], said[b]] = expected.get((name, said[a], said[b]), 0) + 1
        row = found.lfs.loc[name]
        known = gold >= 0
        assert (row["votes_before"], row["votes_after"], row["flips"]) == (
            (old >= 0).sum(),
            (new >= 0).sum(),
            (old != new).sum(),
        )
        for when, votes in (("before", old), ("after", new)):
            given_, right = known & (votes >= 0), known & (votes == gold)
            assert row[f"gold_{when}"] == given_.sum()
            share = right.sum() / given_.sum() if given_.any() else np.nan
            assert row[f"precision_{when}"] == pytest.approx(share, nan_ok=True)
        states = {}
        for when, votes in (("before", old), ("after", new)):
            states[when] = np.select([~known, votes < 0, votes == gold], ["?", "none", "right"], "wrong")
        moves = {
            ("none", "right"): "newly_right",
            ("none", "wrong"): "newly_wrong",
            ("wrong", "right"): "wrong_to_right",
            ("right", "wrong"): "right_to_wrong",
            ("right", "none"): "lost_right",
            ("wrong", "none"): "lost_wrong",
        }
        for (was, becomes), move in moves.items():
            assert row[move] == ((states["before"] == was) & (states["after"] == becomes)).sum(), move
        assert row["right_gained"] == (known & (new == gold) & (old != gold)).sum()
        assert row["wrong_lost"] == (known & (old >= 0) & (old != gold) & ~((new >= 0) & (new != gold))).sum()
    assert flips_of(found.votes) == expected
    assert found.covered == (before.covered.sum(), after.covered.sum())
    for row in found.votes.itertuples():
        for name in row.ids:
            i = before.ids.tolist().index(name)
            assert (said[column_of(before, row.lf)[i]], said[column_of(after, row.lf)[i]]) == (row.before, row.after)


@given(pairs())
@settings(max_examples=40, deadline=None)
def test_nothing_differs_from_itself(case):
    before, _, gold = case
    same = lk.diff(before, before, gold=gold)
    assert same.empty
    assert len(same.votes) == same.lfs["flips"].sum() == same.only_before == same.only_after == 0
    assert "nothing differs" in str(same)


@given(pairs())
@settings(max_examples=60, deadline=None)
def test_the_way_back_mirrors_the_way_there(case):
    before, after, gold = case
    there, back = lk.diff(before, after, gold=gold), lk.diff(after, before, gold=gold)
    assert flips_of(there.votes) == {(lf, b, a): n for (lf, a, b), n in flips_of(back.votes).items()}
    assert there.covered == back.covered[::-1]
    mirrored = {"added": "removed", "removed": "added"}
    for name, row in there.lfs.iterrows():
        other = back.lfs.loc[name]
        assert row["status"] == mirrored.get(other["status"], other["status"])
        assert (row["votes_before"], row["right_gained"], row["wrong_gained"]) == (
            other["votes_after"],
            other["right_lost"],
            other["wrong_lost"],
        )
    samples = {(row.lf, row.before, row.after): row.ids for row in there.votes.itertuples()}
    assert samples == {(row.lf, row.after, row.before): row.ids for row in back.votes.itertuples()}


@given(pairs(), st.data())
@settings(max_examples=80, deadline=None)
def test_examples_are_matched_by_their_ids_in_any_order(case, data):
    before, after, gold = case
    rows = data.draw(st.permutations(range(len(after))))
    kept = rows[: data.draw(st.integers(1, len(rows)))]
    common = sorted(kept)
    expected = lk.diff(before[common], after[common], gold=gold[common])
    by_id = dict(zip(before.ids.tolist(), gold.tolist(), strict=True))
    found = lk.diff(before, after[kept], gold=by_id)
    assert flips_of(found.votes) == flips_of(expected.votes)
    assert (found.n_examples, found.only_before, found.only_after) == (len(kept), len(before) - len(kept), 0)
    pd.testing.assert_frame_equal(found.lfs, expected.lfs)


@given(pairs(), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_size_of_a_chunk_changes_nothing(case, rows):
    before, after, gold = case
    whole = lk.diff(before, after, gold=gold, sample=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sides, "CHUNK_ROWS", rows)
        found = lk.diff(before, after, gold=gold, sample=2)
    for name in ("lfs", "votes"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(whole, name))


# Rules, classes, gold -------------------------------------------------------------------------------------------------


def test_rules_are_the_same_changed_renamed_added_or_removed():
    before = matrix_of([[0, 1, 0, 1]], names=list("abcd"), prints=["1", "2", "3", "4"])
    after = matrix_of([[0, 1, 0, 1]], names=["a", "b", "cc", "e"], prints=["1", "x", "3", "5"])
    found = lk.diff(before, after)
    assert found.lfs["status"].to_dict() == {"a": "same", "b": "changed", "cc": "renamed", "d": "removed", "e": "added"}
    assert flips_of(found.votes) == {("d", "SPAM", None): 1, ("e", None, "SPAM"): 1}
    assert "c is called cc now" in str(found)
    assert not found.empty


def test_classes_are_matched_by_name():
    before = LabelMatrix.of([[0], [1]], classes=["HAM", "SPAM"])
    after = LabelMatrix.of([[1], [2]], classes=["NEW", "HAM", "SPAM"])
    found = lk.diff(before, after, gold=["HAM", "SPAM"])
    assert not len(found.votes)
    assert found.lfs.loc["lf0", "precision_after"] == 1.0
    assert "the classes were HAM, SPAM and are NEW, HAM, SPAM" in str(found)
    assert flips_of(lk.diff(before, LabelMatrix.of([[0], [0]], classes=["NEW", "HAM"])).votes) == {
        ("lf0", "HAM", "NEW"): 1,
        ("lf0", "SPAM", "NEW"): 1,
    }


def test_a_class_number_at_the_edge_of_a_byte_is_a_class():
    names = [f"c{i}" for i in range(127)]
    before = LabelMatrix.of([[126], [125]], classes=names)
    after = LabelMatrix.of([[125], [126]], classes=names[::-1])
    assert flips_of(lk.diff(before, after).votes) == {("lf0", "c126", "c1"): 1, ("lf0", "c125", "c0"): 1}


def test_a_fault_is_no_abstain():
    before = matrix_of([[-1], [-1]], names=["a"])
    after = replace(before, faults=(Fault(1, "a", 1, "ValueError", ""),))
    assert flips_of(lk.diff(before, after).votes) == {("a", None, "(failed)"): 1}


def test_a_label_where_there_was_none_did_not_become_right_by_another_label():
    before, after = matrix_of([[-1], [-1], [0], [1], [0], [2]]), matrix_of([[0], [1], [1], [0], [-1], [-1]])
    row = lk.diff(before, after, gold=[0, 0, 1, 1, 0, 1]).lfs.loc["lf0"]
    names = ("newly_right", "newly_wrong", "wrong_to_right", "right_to_wrong", "lost_right", "lost_wrong")
    assert [row[name] for name in names] == [1, 1, 1, 1, 1, 1]
    assert [row[name] for name in ("right_gained", "right_lost", "wrong_gained", "wrong_lost")] == [2, 2, 2, 2]


def test_gold_by_id_may_know_three_examples_but_not_none():
    before, after = matrix_of([[0], [1], [-1], [2]]), matrix_of([[1], [1], [1], [-1]])
    found = lk.diff(before, after, gold={0: "SPAM", 2: 1, 3: 2, 99: 0}).lfs.loc["lf0"]
    assert (found["gold_before"], found["gold_after"]) == (2, 2)
    assert (found["right_gained"], found["right_lost"], found["wrong_gained"], found["wrong_lost"]) == (2, 1, 0, 1)
    with pytest.raises(
        GoldError, match=r"gold names 1 .* that are not examples, such as 99 \[LK\d{3}\]\nHint: ids look like 0"
    ):
        lk.diff(before, after, gold=pd.Series({99: 0}))
    unknown = lk.diff(before, after, gold=pd.Series({0: -1}))
    assert np.isnan(unknown.lfs.loc["lf0", "precision_before"])
    assert "–" in str(unknown)


def test_mistakes_are_named():
    a, b = matrix_of([[0], [1]], ids=["a", "b"]), matrix_of([[0], [1], [1]], ids=["b", "c", "d"])
    with pytest.raises(MatrixError, match=r"no example in common: ids such as \['a', 'b'\] before and \['x'\] after"):
        lk.diff(a, matrix_of([[0]], ids=["x"]))
    with pytest.raises(MatrixError, match="no example in common"):
        lk.diff(a, matrix_of([[0], [1]]))
    with pytest.raises(MatrixError, match="the id 'b' names several"):
        lk.diff(a, matrix_of([[0], [1]], ids=["b", "b"]))
    with pytest.raises(GoldError, match="gold has 4 labels for 2 examples before and 3 after"):
        lk.diff(a, b, gold=[0, 1, 0, 1])
    with pytest.raises(GoldError, match="either side"):
        lk.diff(a, b[:2], gold=[0, 1])
    with pytest.raises(GoldError, match="class 7"):
        lk.diff(a, a, gold={"a": 7})
    with pytest.raises(GoldError, match="neither a file nor a column"):
        lk.diff(a, a, gold="nope")
    with pytest.raises(RunFolderError, match="no folder"):
        lk.diff(a, "nope")
    assert lk.diff(a, b, gold=[0, 1, 1]).lfs.loc["lf0", "gold_after"] == 1


def test_duplicate_ids_in_the_same_order_are_no_trouble():
    before, after = matrix_of([[0], [1]], ids=["a", "a"]), matrix_of([[0], [0]], ids=["a", "a"])
    assert flips_of(lk.diff(before, after).votes) == {("lf0", "SPAM", "HAM"): 1}


def test_matrices_without_examples_have_nothing_to_differ_in():
    empty = matrix_of(np.zeros((0, 1), int))
    assert lk.diff(empty, empty).empty
    assert "0 examples in both; covered: – -> –" in str(lk.diff(empty, empty))


# Runs -----------------------------------------------------------------------------------------------------------------

BEFORE = """
import labelkit as lk
asks = lk.keywords("subscribe", label=1).rule(name="asks")
praise = lk.keywords("love", label=0).rule(name="praise")
"""
AFTER = BEFORE.replace('"subscribe"', '"subscribe", "channel"')
ROWS = 3_000


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of two versions of a module over a corpus, in parts of other sizes, and one over part of it."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    words = np.array(["subscribe", "love", "channel", "hm", "so"])
    texts = [" ".join(words[row]) for row in rng.integers(0, 5, (ROWS, 2))]
    gold = [1 if "subscribe" in text or "channel" in text else 0 for text in texts]
    corpus = pd.DataFrame({"id": [f"r{i}" for i in range(ROWS)], "text": texts, "spam": gold})
    corpus.to_parquet(folder / "c.parquet")
    corpus.iloc[500:][::-1].to_parquet(folder / "part.parquet")
    corpus[["id", "spam"]].to_csv(folder / "gold.csv", index=False)
    (folder / "before.py").write_text(BEFORE)
    (folder / "after.py").write_text(AFTER)
    made = {"labels": ["HAM", "SPAM"], "model": "MajorityVote", "id": "id"}
    lk.run(folder / "before.py", folder / "c.parquet", folder / "a", batch_size=1024, **made)
    lk.run(folder / "after.py", folder / "c.parquet", folder / "b", batch_size=2048, **made)
    lk.run(folder / "after.py", folder / "part.parquet", folder / "c", batch_size=1024, **made)
    return folder


def test_two_runs_differ_in_votes_and_labels_as_their_matrices_do(runs):
    found = lk.diff(runs / "a", lk.RunFolder(runs / "b"), gold="spam")
    a, b = lk.RunFolder(runs / "a"), lk.RunFolder(runs / "b")
    pd.testing.assert_frame_equal(found.votes, lk.diff(a.matrix(), b.matrix()).votes)
    assert found.lfs["status"].to_dict() == {"asks": "changed", "praise": "same"}
    old, new = a.labels().hard(), b.labels().hard()
    said = ["HAM", "SPAM", None]
    for row in found.labels.itertuples():
        here = (old == said.index(row.before) - 3 * (row.before is None)) & (
            new == said.index(row.after) - 3 * (row.after is None)
        )
        assert row.n == here.sum()
        assert row.by == {"asks": row.n}
        assert row.without_a_vote == 0
        assert set(row.ids) <= set(a.labels().ids[here])
    assert found.labels["n"].sum() == (old != new).sum() > 0


def test_gold_says_what_became_of_the_labels(runs):
    found = lk.diff(runs / "a", runs / "b", gold="spam")
    a, b = lk.RunFolder(runs / "a").labels().hard(), lk.RunFolder(runs / "b").labels().hard()
    gold = pd.read_csv(runs / "gold.csv")["spam"].to_numpy()
    for when, labels in (("before", a), ("after", b)):
        row = found.gold.loc[when]
        assert (row["gold"], row["labeled"], row["right"]) == (ROWS, (labels >= 0).sum(), (labels == gold).sum())
        assert row["accuracy_low"] < row["accuracy"] <= row["accuracy_high"]
    gained, lost = ((b == gold) & (a != gold)).sum(), ((a == gold) & (b != gold)).sum()
    first = found.gold.iloc[0]
    assert (first["right_gained"], first["right_lost"]) == (gained, lost)
    both, new, gone = (a >= 0) & (b >= 0), (a < 0) & (b >= 0), (a >= 0) & (b < 0)
    there, back = (both & (a != gold) & (b == gold)).sum(), (both & (a == gold) & (b != gold)).sum()
    if there + back:
        assert first["p_value"] == pytest.approx(binomtest(int(back), int(there + back)).pvalue)
    else:
        assert np.isnan(first["p_value"])
    text = str(found)
    assert f"labeled before and after: {there:,} from wrong to right, {back:,} from right to wrong" in text
    right, wrong = (new & (b == gold)).sum(), (new & (b != gold)).sum()
    assert right + wrong > 0
    assert f"newly labeled: {right:,} right, {wrong:,} wrong" in text
    right, wrong = (gone & (a == gold)).sum(), (gone & (a != gold)).sum()
    assert f"no longer labeled: {right:,} that were right, {wrong:,} that were wrong" in text
    after = found.to_dict()["gold"][0]
    assert after["newly_right"] + after["wrong_to_right"] == after["right_gained"] == gained

    for given_ in (
        runs / "gold.csv",
        str(runs / "gold.csv"),
        gold,
        dict(zip([f"r{i}" for i in range(ROWS)], gold, strict=True)),
    ):
        pd.testing.assert_frame_equal(lk.diff(runs / "a", runs / "b", gold=given_).gold, found.gold)


def test_runs_over_different_corpora_are_compared_on_what_both_have(runs):
    found = lk.diff(runs / "b", runs / "c", gold=runs / "gold.csv")
    assert (found.n_examples, found.only_before, found.only_after) == (ROWS - 500, 500, 0)
    assert not len(found.votes)
    assert not len(found.labels)
    assert "the corpora differ: content: " in str(found)
    assert f"compared is what both have: {ROWS - 500:,} examples, matched by their ids" in str(found)
    back = lk.diff(runs / "c", runs / "b")
    assert (back.n_examples, back.only_before, back.only_after) == (ROWS - 500, 0, 500)


def test_a_run_and_a_matrix_differ_in_votes_alone(runs):
    found = lk.diff(runs / "a", lk.RunFolder(runs / "b").matrix())
    assert found.labels is None
    assert found.gold is None
    assert len(found.votes)


def test_the_faults_of_a_run_are_compared(tmp_path):
    rules = "import labelkit as lk\n@lk.labeling_function\ndef rule(text):\n    assert text != {!r}\n    return 1\n"
    texts = [f"t{i}" for i in range(2_000)]
    for name, bad in (("a", "t3"), ("b", "t1500")):
        (tmp_path / f"{name}.py").write_text(rules.format(bad))
        lk.run(
            tmp_path / f"{name}.py",
            texts,
            tmp_path / name,
            labels=2,
            on_fault="record",
            batch_size=1024,
            model="MajorityVote",
        )
    found = lk.diff(tmp_path / "a", tmp_path / "b")
    assert flips_of(found.votes) == {("rule", "(failed)", "1"): 1, ("rule", "1", "(failed)"): 1}
    assert found.votes["ids"].tolist() == [(3,), (1500,)]


def test_a_corpus_that_changed_since_the_run_is_not_asked_for_gold(tmp_path):
    corpus = pd.DataFrame({"text": ["love", "subscribe"], "spam": [0, 1]})
    corpus.to_parquet(tmp_path / "c.parquet")
    (tmp_path / "rules.py").write_text(BEFORE)
    lk.run(tmp_path / "rules.py", tmp_path / "c.parquet", tmp_path / "a", labels=2, model="MajorityVote")
    assert lk.diff(tmp_path / "a", tmp_path / "a", gold="spam").gold.loc["after", "right"] == 2
    corpus.iloc[::-1].to_parquet(tmp_path / "c.parquet")
    with pytest.raises(GoldError, match="has changed since the run"):
        lk.diff(tmp_path / "a", tmp_path / "a", gold="spam")
    with pytest.raises(
        GoldError,
        match="neither a file nor a column of the corpus of a run \\[LK323\\]\nHint: the columns are 'text', 'spam'",
    ):
        lk.diff(tmp_path / "a", tmp_path / "a", gold="gold")


def test_runs_over_other_corpora_without_ids_say_that_positions_are_compared(tmp_path):
    (tmp_path / "rules.py").write_text(BEFORE)
    for name, texts in (("a", ["love", "hm"]), ("b", ["hm", "love", "subscribe"])):
        lk.run(tmp_path / "rules.py", texts, tmp_path / name, labels=2, model="MajorityVote")
    assert "by their positions in the whole corpus, since they have no ids" in str(
        lk.diff(tmp_path / "a", tmp_path / "b")
    )


# What it looks like ---------------------------------------------------------------------------------------------------


def test_the_command_line_says_what_changed(runs):
    def labelkit(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "labelkit.cli", *arguments],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    done = labelkit("diff", runs / "a", runs / "b", "--gold", "spam")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(lk.diff(runs / "a", runs / "b", gold="spam"))
    assert "rules: 1 changed, 1 same" in done.stdout
    assert labelkit("diff", runs / "a", runs / "nope").returncode == 1


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=2, max_size=2, unique=True),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
@settings(max_examples=50, deadline=None)
def test_names_are_shown_and_never_run(classes, name):
    before, after = (LabelMatrix.of([[c]], names=[name], classes=classes, ids=[name]) for c in (0, 1))
    found = lk.diff(before, after)
    page = read(found._repr_html_())
    assert {tag for tag, _ in page.tags} <= {
        "div",
        "style",
        "p",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "bdi",
        "span",
    }
    assert not [key for _, attributes in page.tags for key in attributes if key != "class"]
    assert not set(str(found)) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160), 0x202E)}


def test_a_long_table_is_cut_and_says_so():
    names = [f"lf{j}" for j in range(60)]
    found = lk.diff(matrix_of(np.zeros((1, 60), int), names=names), matrix_of(np.ones((1, 60), int), names=names))
    assert str(found).count("... and 20 more") == 2
    assert found._repr_html_().count("... and 20 more") == 2
    assert len(found.votes) == 60


def test_gold_with_the_index_of_nothing_is_refused_beside_texts_of_its_numbers():
    matrix = lk.LabelMatrix.of([[1], [0], [1]], ids=np.array(["2", "0", "1"], dtype=object), names=["f"])
    gold = pd.Series([1, 1, 0])
    with pytest.raises(GoldError, match="in another order"):
        lk.diff(matrix, matrix, gold=gold)
    assert str(lk.diff(matrix, matrix, gold=gold.rename(index=str)))


def test_gold_in_an_array_of_names_of_classes_is_read_as_in_a_list():
    votes = np.array([[0, 1], [1, 1], [0, -1]] * 20)
    before = lk.LabelMatrix.of(votes, names=["x", "y"], classes=["a", "b"])
    after = lk.LabelMatrix.of(np.roll(votes, 1, axis=0), names=["x", "y"], classes=["a", "b"])
    names = ["a", "b", "a"] * 20
    expected = str(lk.diff(before, after, gold=names))
    assert str(lk.diff(before, after, gold=np.array(names, dtype=object))) == expected
    assert str(lk.diff(before, after, gold=np.array(names))) == expected
