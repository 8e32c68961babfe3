"""The label matrix: what it refuses, how it is cut and put together, and that nothing is lost on the way to a file."""

from __future__ import annotations

import dataclasses
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse
from hypothesis import given, settings, strategies as st

import labelkit as lk
from labelkit.exceptions import MatrixError
from labelkit.label_models import LabelModel, MajorityVote
from labelkit.votes.label_matrix import LabelMatrix
from labelkit.votes.label_space import LabelSpace
from labelkit.votes.lf_info import LFInfo
from labelkit.votes.outcomes import FAULT, Fault
from labelkit.votes.probabilistic_labels import ProbabilisticLabels
from labelkit.votes.vote_patterns import VotePatterns


def same(one, other):
    assert one.votes.dtype == other.votes.dtype
    assert np.array_equal(one.votes, other.votes)
    assert (one.lfs, one.class_names, one.faults) == (other.lfs, other.class_names, other.faults)
    assert one.ids.tolist() == other.ids.tolist()


@st.composite
def matrices(draw, names=("a", "b", "id"), classes=("HAM", "SPAM", "é"), n_rows=None):
    n = draw(st.integers(0, 8)) if n_rows is None else n_rows
    n_classes = len(classes)
    votes = np.array(
        draw(
            st.lists(
                st.lists(st.integers(-1, n_classes - 1), min_size=len(names), max_size=len(names)),
                min_size=n,
                max_size=n,
            )
        )
    ).reshape(n, len(names))
    ids = np.arange(n) if draw(st.booleans()) else np.array([f"k{i}" for i in range(n)], dtype=object)
    cells = draw(st.sets(st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, len(names) - 1)))) if n else set()
    for row, column in cells:
        votes[row, column] = -1
    faults = tuple(Fault(r, names[c], ids[r], "ValueError", 'it\'s "bad"\n') for r, c in sorted(cells))
    infos = tuple(
        LFInfo(name, labels=(0, 1), group="ann", precision=0.9, doc="Says é.", columns=("text",)) for name in names
    )
    return LabelMatrix(votes, infos, tuple(classes), ids, faults)


MATRIX = LabelMatrix(
    np.array([[0, -1, 1], [-1, -1, -1], [1, 1, 0], [0, 1, 1]]),
    tuple(map(LFInfo, "abc")),
    ("HAM", "SPAM"),
    np.array(["w", "x", "y", "z"]),
    (Fault(0, "b", "w", "ValueError", "no"), Fault(3, "a", "z", "KeyError", "gone")),
)


# ------------------------------------------------------------------------------------------------- at the door


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ([[0, 2]], r"votes hold class 2, but there are 2 classes \(0 \.\. 1\)"),
        ([[0, -2]], r"votes hold -2, which is below ABSTAIN \(-1\)"),
        ([[0.5, 1]], r"votes are not whole numbers \[LK\d{3}\]\nHint: a vote is a class number, or -1"),
        ([[np.nan, 1]], r"votes hold NaN or infinity \[LK\d{3}\]\nHint: an abstain is -1"),
        ([[True, False]], "votes are of type bool, not integers"),
        ([["a", "b"]], "votes are of type <U1, not integers"),
        ([[None, 1]], r"votes hold NaN or infinity \[LK\d{3}\]\nHint: an abstain is -1"),
        ([[None, True]], "votes are of type object, not integers"),
        ([[None, "1"]], "votes are of type object, not integers"),
        ([0, 1], r"votes have shape \(2,\), not \(n_examples, n_lfs\)"),
    ],
)
def test_what_is_no_array_of_votes_is_refused_with_its_value(votes, message):
    with pytest.raises(MatrixError, match=message):
        LabelMatrix.of(np.array(votes), classes=2)


GAPS = pd.DataFrame([[0, None, 1], [1, 1, None]], columns=["a", "b", "c"])
FULL = GAPS.fillna(-1).astype(int)


@pytest.mark.parametrize("kind", ["Int8", "Int64", "Float64", "int64[pyarrow]", "category", object])
def test_votes_of_columns_that_may_hold_gaps_are_numbers(kind):
    matrix = LabelMatrix.of(FULL.astype(kind))
    assert matrix.votes.tolist() == FULL.to_numpy().tolist()
    assert matrix.names == ("a", "b", "c")


@pytest.mark.parametrize(
    "votes",
    [
        GAPS,
        GAPS.astype("Int64"),
        GAPS.astype("int64[pyarrow]"),
        pl.from_pandas(GAPS),
        pa.table(GAPS),
        GAPS.to_numpy(),
        GAPS.astype(object).to_numpy(),
        [[0, None, 1], [1, 1, None]],
    ],
    ids=lambda votes: type(votes).__name__,
)
def test_votes_with_gaps_are_refused_with_a_remedy_that_works(votes):
    with pytest.raises(MatrixError, match="votes hold NaN or infinity") as raised:
        LabelMatrix.of(votes)
    remedy = raised.value.hint.removeprefix("an abstain is -1: ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas 2, that it will no longer make numbers of objects
        filled = eval(remedy, {"frame": votes, "table": votes, "votes": votes, "pandas": pd})
    assert LabelMatrix.of(filled).votes.tolist() == FULL.to_numpy().tolist()


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, float])
def test_masked_votes_are_abstains(kind):
    """The values behind a mask are none: of gold they are not known, and a rule that has them did not vote."""
    masked = np.ma.masked_array(np.array([[0, 9, 1], [1, 1, 9]], dtype=kind), mask=[[0, 1, 0], [0, 0, 1]])
    matrix = LabelMatrix.of(masked)
    assert matrix.votes.tolist() == FULL.to_numpy().tolist()
    assert matrix.n_classes == 2
    gold = np.ma.masked_array([0, 9], mask=[False, True])
    fitted = MajorityVote().fit(masked, gold=gold)
    assert fitted.n_classes_ == 2
    assert np.array_equal(fitted.predict_proba(masked), MajorityVote().fit(matrix).predict_proba(matrix))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lfs": (LFInfo("a"),)}, "3 columns of votes, but 1 labeling functions"),
        ({"ids": np.arange(3)}, r"4 rows of votes, but ids of shape \(3,\)"),
        ({"lfs": tuple(map(LFInfo, "aba"))}, r"labeling functions share a name: \['a'\]"),
        ({"faults": (Fault(4, "a", 4, "E", ""),)}, "a fault of 'a' on row 4 is outside the matrix"),
        ({"faults": (Fault(0, "d", 4, "E", ""),)}, "a fault of 'd' on row 0 is outside the matrix"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    with pytest.raises(MatrixError, match=message):
        dataclasses.replace(MATRIX, **change)


def test_votes_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        MATRIX.votes[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        MATRIX.ids[0] = "q"


def test_an_array_that_a_matrix_was_made_of_can_change_without_changing_it():
    votes = np.array([[0, 1]], dtype=np.int8)
    matrix = LabelMatrix.of(votes)
    votes[0, 0] = 1
    assert matrix.votes.tolist() == [[0, 1]]


@pytest.mark.parametrize(("n_classes", "dtype"), [(2, np.int8), (127, np.int8), (128, np.int16), (200, np.int16)])
def test_votes_take_two_bytes_from_128_classes(n_classes, dtype):
    matrix = LabelMatrix.of([[n_classes - 1]])
    assert (matrix.dtype, matrix.n_classes, matrix.votes[0, 0]) == (dtype, n_classes, n_classes - 1)


def test_frames_and_sparse_matrices_are_votes():
    frame = pd.DataFrame({"a": [0, -1], "b": [1, 1]}, index=["x", "y"])
    matrix = LabelMatrix.of(frame)
    assert (matrix.names, matrix.ids.tolist(), matrix.votes.tolist()) == (("a", "b"), ["x", "y"], [[0, 1], [-1, 1]])
    sparse = scipy.sparse.csr_matrix(frame.to_numpy() + 1)
    assert LabelMatrix.of(sparse).votes.tolist() == matrix.votes.tolist()


def test_a_matrix_is_an_array_where_one_is_expected():
    assert (MATRIX == 0).shape == (4, 3) if isinstance(MATRIX == 0, np.ndarray) else np.asarray(MATRIX).shape == (4, 3)
    assert np.asarray(MATRIX) is MATRIX.votes or np.shares_memory(np.asarray(MATRIX), MATRIX.votes)
    assert np.asarray(MATRIX, dtype=float).dtype == float
    assert np.mean(MATRIX) == MATRIX.votes.mean()
    copied = np.array(MATRIX)
    copied[0, 0] = 1
    assert MATRIX.votes[0, 0] == 0


# ---------------------------------------------------------------------------------------------------- slicing


def test_labeling_functions_are_picked_by_name_with_their_faults():
    assert MATRIX["b"].votes.ravel().tolist() == [-1, -1, 1, 1]
    assert MATRIX[["c", "a"]].names == ("c", "a")
    assert MATRIX[["c", "a"]].faults == MATRIX.faults[1:]
    assert MATRIX[np.array(["c", "a"])].names == MATRIX[pd.Index(["c", "a"])].names == ("c", "a")


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (slice(1, 3), [1, 2]),
        (np.array([True, False, False, True]), [0, 3]),
        ([True, False, False, True], [0, 3]),
        ([3, 0, 3], [3, 0, 3]),
        (-1, [3]),
        (2, [2]),
        (np.array([], dtype=int), []),
        (pd.Series([False, True, True, False]), [1, 2]),
    ],
)
def test_examples_are_picked_with_their_ids_and_faults(rows, kept):
    part = MATRIX[rows]
    assert part.votes.tolist() == [MATRIX.votes[i].tolist() for i in kept]
    assert part.ids.tolist() == [MATRIX.ids[i] for i in kept]
    assert [(f.row, f.lf) for f in part.faults] == [
        (n, f.lf) for n, i in enumerate(kept) for f in MATRIX.faults if f.row == i
    ]


@pytest.mark.parametrize(
    "columns", ["b", ["b"], 1, [1], slice(1, 2), -2, np.array([False, True, False]), [False, True, False]]
)
def test_both_are_picked_at_once(columns):
    assert MATRIX[2:, columns].names == ("b",)
    assert MATRIX[2:, columns].votes.tolist() == [[1], [1]]


def test_an_unknown_name_is_refused_with_the_names_that_there_are():
    with pytest.raises(MatrixError, match=r"no labeling function is named 'd' \[LK\d{3}\]\nHint: there are a, b, c"):
        MATRIX["d"]
    with pytest.raises(
        MatrixError, match=r"matrix\['a', 'b'\] is neither rows .*\nHint: matrix\[\[\"short\", \"link\"\]\]"
    ):
        MATRIX["a", "b"]


# ------------------------------------------------------------------------------------------------ parts and wholes


@given(matrices(), st.integers(0, 8))
def test_parts_that_were_cut_concatenate_to_the_whole(matrix, cut):
    joined = LabelMatrix.concat([matrix[:cut], matrix[cut:]])
    assert np.array_equal(joined.votes, matrix.votes)
    assert [(f.row, f.lf) for f in joined.faults] == [(f.row, f.lf) for f in matrix.faults]
    if matrix.ids.dtype == object:
        same(joined, matrix)


def test_positions_go_on_where_matrices_without_ids_are_concatenated():
    part = LabelMatrix(np.array([[-1]]), (LFInfo("a"),), ("x", "y"), np.arange(1), (Fault(0, "a", 0, "E", ""),))
    whole = LabelMatrix.concat([part, part])
    assert whole.ids.tolist() == [0, 1]
    assert [(f.row, f.id) for f in whole.faults] == [(0, 0), (1, 1)]


def test_numbers_stay_numbers_where_ids_of_two_kinds_are_concatenated():
    numbers, strings = LabelMatrix.of([[0]], ids=[7]), LabelMatrix.of([[1]], ids=["a"])
    assert LabelMatrix.concat([numbers, strings]).ids.tolist() == [7, "a"]


@given(st.integers(0, 5).flatmap(lambda n: st.tuples(matrices(n_rows=n), matrices(names=("c", "d"), n_rows=n))))
def test_matrices_of_the_same_examples_join_and_come_apart_again(pair):
    left, right = pair
    right = dataclasses.replace(
        right, ids=left.ids, faults=tuple(dataclasses.replace(f, id=left.ids[f.row]) for f in right.faults)
    )
    joined = left.join(right)
    same(joined[list(left.names)], left)
    same(joined[list(right.names)], right)


def test_matrices_that_do_not_fit_are_refused():
    other = LabelMatrix.of([[0], [0], [0], [0]], names=["d"])
    with pytest.raises(MatrixError, match=r"the classes differ: \('HAM', 'SPAM'\) and \('0', '1'\)"):
        MATRIX.join(other)
    with pytest.raises(MatrixError, match=r"the examples differ \(4 and 4 rows\) \[LK\d{3}\]\nHint: apply both"):
        MATRIX.join(dataclasses.replace(other, class_names=MATRIX.class_names))
    with pytest.raises(MatrixError, match=r"share a name: \['a'\]"):
        MATRIX.join(MATRIX["a"])
    with pytest.raises(MatrixError, match=r"cannot be concatenated: \('d',\) and \('a', 'b', 'c'\)"):
        LabelMatrix.concat([MATRIX, other])
    with pytest.raises(MatrixError, match="nothing to concatenate"):
        LabelMatrix.concat([])


# ------------------------------------------------------------------------------------------------------- files


@settings(max_examples=40, deadline=None)
@given(matrices())
def test_a_matrix_comes_back_from_a_file_as_it_was(tmp_path_factory, matrix):
    path = tmp_path_factory.mktemp("saved") / "matrix.parquet"
    same(LabelMatrix.load(matrix.save(path)), matrix)
    assert [p.name for p in path.parent.iterdir()] == ["matrix.parquet"]


@pytest.mark.parametrize(
    "ids",
    [
        np.array(["2020-01-01", "2020-01-02"], "datetime64[us]"),
        np.array(["a", "bc"]),
        np.array([2**40, 5]),
        np.array([1.5, 2.5]),
    ],
)
def test_ids_and_faults_of_any_type_can_be_saved(tmp_path, ids):
    matrix = LabelMatrix(np.array([[-1], [1]]), (LFInfo("a"),), ("x", "y"), ids, (Fault(0, "a", ids[0], "E", "no"),))
    loaded = LabelMatrix.load(matrix.save(tmp_path / "m.parquet"))
    assert loaded.ids.tolist() == ids.tolist()
    assert (loaded.faults[0].row, loaded.faults[0].message) == (0, "no")


@pytest.mark.parametrize("names", [["id"], ["id", "example_id"], ["label", "covered"]])
def test_rules_may_have_any_name(tmp_path, names):
    matrix = LabelMatrix.of(np.zeros((2, len(names)), int), names=names)
    assert LabelMatrix.load(matrix.save(tmp_path / "m.parquet")).names == tuple(names)
    assert len(set(pq.read_schema(tmp_path / "m.parquet").names)) == len(names) + 1


def test_a_file_that_is_no_matrix_is_refused_with_its_path(tmp_path):
    with pytest.raises(MatrixError, match=r"no.parquet cannot be read as a label matrix"):
        LabelMatrix.load(tmp_path / "no.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "plain.parquet")
    with pytest.raises(MatrixError, match=r"plain.parquet holds no label matrix \[LK\d{3}\]\nHint: LabelMatrix.of"):
        LabelMatrix.load(tmp_path / "plain.parquet")
    labels = ProbabilisticLabels(np.array([[0.5, 0.5]]), np.array([True]), np.array([0]), np.array(["a"]), ("x", "y"))
    with pytest.raises(MatrixError, match="holds no label matrix"):
        LabelMatrix.load(labels.save(tmp_path / "labels.parquet"))
    with pytest.raises(MatrixError, match="holds no probabilistic labels"):
        ProbabilisticLabels.load(LabelMatrix.of([[0]], names=["label"]).save(tmp_path / "m.parquet"))


# ------------------------------------------------------------------------------------------------ what is known


def test_a_fault_is_told_from_an_abstain_in_outcomes_and_patterns():
    assert MATRIX.outcomes[0].tolist() == [0, FAULT, 1]
    assert MATRIX.patterns.outcomes.min() == FAULT
    assert MATRIX.patterns.votes.min() == -1
    assert np.array_equal(
        MATRIX.patterns.votes[MATRIX.pattern_index], np.where(MATRIX.outcomes == FAULT, -1, MATRIX.votes)
    )


def test_covered_examples_have_a_vote():
    assert MATRIX.covered.tolist() == [True, False, True, True]


def test_a_matrix_shows_its_size_coverage_and_faults():
    assert repr(MATRIX) == "LabelMatrix(4 examples x 3 labeling functions, 2 classes, 75.0% covered, 2 faults)"
    assert repr(MATRIX[:0]) == "LabelMatrix(0 examples x 3 labeling functions, 2 classes, empty)"


def test_a_matrix_shows_itself_in_a_notebook_with_names_escaped():
    shown = LabelMatrix.of(np.zeros((12, 1), int), names=["<b>"], classes=["<i>", "x"])._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "&lt;i&gt;" in shown
    assert "... and 2 more examples" in shown


def test_a_frame_of_votes_has_names_and_ids():
    frame = MATRIX.to_pandas()
    assert (list(frame.columns), list(frame.index), frame.index.name) == (["a", "b", "c"], ["w", "x", "y", "z"], "id")


def test_an_info_survives_json():
    info = LFInfo("a", labels=(0, 1), columns=("text",), precision=0.5)
    assert LFInfo.from_dict(info.to_dict()) == info


def test_a_label_space_can_be_made_of_the_classes():
    assert LabelSpace.of(MATRIX.class_names).names == ("HAM", "SPAM")


def test_patterns_that_were_saved_merge_to_those_of_the_whole(tmp_path):
    random = np.random.default_rng(3)
    whole = LabelMatrix.of(random.integers(-1, 3, (500, 6)), classes=["a", "b", "c"])
    parts = [whole[rows].patterns for rows in (slice(0, 100), slice(100, 350), slice(350, 500))]
    paths = [part.save(tmp_path / f"{i}.parquet") for i, part in enumerate(parts)]
    merged = VotePatterns.merge(VotePatterns.load(path) for path in reversed(paths))
    assert np.array_equal(merged.outcomes, whole.patterns.outcomes)
    assert np.array_equal(merged.counts, whole.patterns.counts)
    assert merged.lfs == whole.lfs
    known = VotePatterns(merged.outcomes, merged.counts, merged.lfs, merged.class_names, np.ones((len(merged), 3), int))
    assert np.array_equal(VotePatterns.load(known.save(tmp_path / "gold.parquet")).gold, known.gold)
    with pytest.raises(MatrixError, match="holds no vote patterns"):
        VotePatterns.load(whole.save(tmp_path / "matrix.parquet"))


# As an array ----------------------------------------------------------------------------------------------------------

VOTES = np.array([[0, -1, 1], [1, 1, -1], [0, -1, -1], [1, 0, 1]])

AS_AN_ARRAY = {
    "==": lambda votes: votes == 1,
    "!=": lambda votes: votes != -1,
    ">": lambda votes: votes > 0,
    "== itself": lambda votes: votes == votes,  # noqa: PLR0124 - what is tested
    "+": lambda votes: votes + 1,
    "1 +": lambda votes: 1 + votes,
    "*": lambda votes: votes * 2.5,
    "-": lambda votes: -votes,
    "@": lambda votes: votes @ np.ones(3),
    "mean": lambda votes: votes.mean(),
    "np.mean": lambda votes: np.mean(votes, axis=0),
    "sum": lambda votes: votes.sum(axis=1),
    "any": lambda votes: (votes == 1).any(axis=1),
    "max": lambda votes: votes.max(),
    "T": lambda votes: votes.T,
    "tolist": lambda votes: votes.tolist(),
    "astype": lambda votes: votes.astype(float),
    "np.where": lambda votes: np.where(votes == -1, 9, votes),
    "np.unique": np.unique,
    "np.maximum": lambda votes: np.maximum(votes, 0),
    "reduce": np.add.reduce,
    "size": lambda votes: votes.size,
    "in": lambda votes: [1 in votes, 7 in votes],
    "concatenate": lambda votes: np.concatenate([votes, votes]),
}


@pytest.mark.parametrize("operation", AS_AN_ARRAY.values(), ids=AS_AN_ARRAY)
def test_a_matrix_computes_as_the_array_of_its_votes(operation):
    result = operation(LabelMatrix.of(VOTES))
    assert not isinstance(result, LabelMatrix)
    assert np.array_equal(result, operation(VOTES))


def test_a_mask_of_rows_picks_examples_and_one_of_votes_is_refused():
    matrix = LabelMatrix.of(VOTES)
    assert np.array_equal(matrix[(matrix != -1).all(axis=1)].votes, VOTES[3:])
    with pytest.raises(MatrixError, match=r"matrix\.votes\[mask\]"):
        matrix[matrix == 1]


def test_votes_are_never_changed_in_place():
    matrix = LabelMatrix.of(VOTES)
    with pytest.raises(MatrixError, match="cannot be changed"):
        matrix += 1
    with pytest.raises(ValueError, match="read-only"):
        matrix.fill(0)
    assert np.array_equal(matrix.votes, VOTES)


def test_a_matrix_is_told_apart_by_identity_and_has_no_other_attributes():
    matrix = LabelMatrix.of(VOTES)
    assert {matrix: 1}[matrix] == 1
    assert np.array_equal(pickle.loads(pickle.dumps(matrix)).votes, VOTES)
    with pytest.raises(AttributeError, match="'LabelMatrix' object has no attribute 'voters'"):
        matrix.voters  # noqa: B018 - looking it up is the test
    with pytest.raises(ValueError, match="ambiguous"):
        bool(matrix == matrix)  # noqa: PLR0124 - what is tested


@pytest.mark.filterwarnings("ignore:Input has data type:FutureWarning")  # of SciPy, about a call of Snorkel's
def test_snorkel_analyses_a_matrix_as_the_array():
    labeling = pytest.importorskip("snorkel.labeling")
    rng = np.random.default_rng(0)
    votes, gold = rng.integers(-1, 3, (2_000, 5)), rng.integers(0, 3, 2_000)
    matrix = LabelMatrix.of(votes)
    expected = labeling.LFAnalysis(votes).lf_summary(Y=gold)
    pd.testing.assert_frame_equal(labeling.LFAnalysis(matrix).lf_summary(Y=gold), expected)


def test_the_model_of_snorkel_learns_from_a_matrix_as_from_the_array():
    pytest.importorskip("torch")
    model = pytest.importorskip("snorkel.labeling.model").LabelModel
    votes = np.random.default_rng(0).integers(-1, 2, (500, 5))
    first, second = (model(cardinality=2, verbose=False) for _ in range(2))
    first.fit(votes, n_epochs=20, seed=1, progress_bar=False)
    second.fit(LabelMatrix.of(votes), n_epochs=20, seed=1, progress_bar=False)
    assert np.array_equal(first.predict_proba(votes), second.predict_proba(LabelMatrix.of(votes)))


# Long tables ----------------------------------------------------------------------------------------------------------

ANSWERS = pd.DataFrame(
    {"task": [7, 7, 9, 4], "worker": ["bob", "ann", "bob", "cem"], "label": ["cat", "dog", "dog", None]}
)


@pytest.mark.parametrize(
    "form",
    [lambda column: column, list, np.array, pa.array, pl.Series],
    ids=["Series", "list", "NumPy", "Arrow", "polars"],
)
def test_a_long_table_is_read_by_its_columns(form):
    matrix = LabelMatrix.from_long(*(form(ANSWERS[name]) for name in ANSWERS))
    assert (matrix.names, matrix.class_names, matrix.ids.tolist()) == (("bob", "ann", "cem"), ("cat", "dog"), [7, 9, 4])
    assert matrix.votes.tolist() == [[0, 1, -1], [1, -1, -1], [-1, -1, -1]]


def test_a_long_table_gives_the_matrix_of_its_pivot():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.integers(-1, 4, (50, 6)), columns=list("uvwxyz"), index=[f"t{i}" for i in range(50)])
    long = wide.rename_axis("task").reset_index().melt("task", var_name="worker", value_name="label")
    long = long[long["label"] >= 0].sample(frac=1, random_state=0)
    matrix = LabelMatrix.from_long(long["task"], long["worker"], long["label"])
    assert matrix.to_pandas().loc[wide.index, list(wide.columns)].astype(int).equals(wide.rename_axis("id"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 1], ["a", "a"], [0, 1]), "worker 'a' answers the task 1 more than once, on rows 0 and 1"),
        (([1, None], ["a", "a"], [0, 1]), "row 1 has no task"),
        (([1, 2], ["a", None], [0, 1]), "row 1 has no worker"),
        (([1], ["a", "b"], [0, 1]), "different lengths: {'task': 1"),
        (([1], ["a"], [0.5]), "the column of answers holds 0.5, which is not a class"),
        ((ANSWERS["task"], ANSWERS["worker"][::-1], ANSWERS["label"]), "Series with different indexes"),
    ],
)
def test_a_long_table_that_does_not_fit_together_is_refused(columns, message):
    with pytest.raises(MatrixError, match=message):
        LabelMatrix.from_long(*columns)


@pytest.mark.parametrize("names", [["task", "worker", "label"], ["item_id", "AnnotatorID", "Answer"]])
def test_a_long_table_is_no_frame_of_votes(names):
    frame = pd.DataFrame([[1, 2, 0], [1, 3, 1]], columns=names)
    for read in (LabelMatrix.of, lk.MajorityVote().fit, lk.summarize):
        with pytest.raises(MatrixError, match="from_long"):
            read(frame)


def test_votes_in_a_frame_of_another_library_keep_the_names_of_the_rules():
    votes = {"a": [0, 1], "b": [1, -1]}
    for frame in (pd.DataFrame(votes), pl.DataFrame(votes), pa.table(votes)):
        assert (LabelMatrix.of(frame).names, LabelMatrix.of(frame).votes.tolist()) == (("a", "b"), [[0, 1], [1, -1]])


def test_a_blank_answer_of_a_long_table_is_none():
    matrix = LabelMatrix.from_long(["t", "t", "u", "u"], ["a", "b", "a", "b"], ["yes", "", " ", "no"])
    assert matrix.class_names == ("no", "yes")
    assert matrix.votes.tolist() == [[1, -1], [-1, 0]]


@pytest.mark.parametrize("name", ["id", "ID", "comment_id", "index"])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("ids", [[7, 8, 9], [2, 0, 1], ["a", "b", "c"]])
def test_a_column_of_ids_is_no_rule(name, library, ids):
    with pytest.raises(MatrixError, match=f"the column '{name}' holds ids, such as {ids[0]!r}, and not votes"):
        LabelMatrix.of(library({name: ids, "link": [0, 1, -1]}))


def test_a_rule_that_is_called_as_ids_are_is_one():
    frame = pd.DataFrame({"id": [0, 1, 1], "has_id": [-1, 0, 1], "link": [0, 1, -1]})
    assert LabelMatrix.of(frame).names == ("id", "has_id", "link")


def test_a_table_of_a_matrix_is_not_taken_for_votes_alone():
    matrix = LabelMatrix.of([[0, 1], [1, -1]], names=["a", "b"], classes=["x", "y", "z"])
    with pytest.raises(MatrixError, match=r"Hint: LabelMatrix.from_arrow\(table\)"):
        LabelMatrix.of(matrix.to_arrow())
    with pytest.raises(MatrixError, match="ids and descriptions beside the votes"):
        LabelModel().fit(matrix.to_arrow())
    assert LabelMatrix.from_arrow(matrix.to_arrow()).class_names == ("x", "y", "z")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_unsigned_votes_are_votes(dtype):
    votes = np.array([[0, 1], [2, 2], [1, 0]], dtype=dtype)
    same(LabelMatrix.of(votes), LabelMatrix.of(votes.astype(np.int64)))
    stored = scipy.sparse.csr_array(np.array([[0, 1], [3, 3], [2, 0]], dtype=dtype))
    same(LabelMatrix.of(stored), LabelMatrix.of([[-1, 0], [2, 2], [1, -1]]))
    assert MajorityVote().fit(stored).predict(stored).tolist() == [0, 2, 1]
    assert LabelMatrix.from_long([1, 1, 2], ["a", "b", "a"], np.array([0, 1, 2], dtype=dtype)).n_classes == 3
    with pytest.raises(MatrixError, match="which an abstain, -1, becomes there"):
        LabelMatrix.of(np.array([[0, -1]]).astype(dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64])
def test_statistics_take_unsigned_votes_and_gold(dtype):
    votes, gold = np.array([[0, 1], [1, 1]], dtype=dtype), np.array([0, 1], dtype=dtype)
    summary = lk.summarize(votes, gold=gold).frame
    assert summary["correct"].tolist() == [2, 1, 3]
    assert MajorityVote().fit(votes).score(votes, gold) == 0.5


@pytest.mark.parametrize("given", [LabelMatrix.of([[0], [1]]), MajorityVote().fit([[0], [1]]).label([[0], [1]])])
def test_a_mask_with_missing_values_is_refused(given):
    with pytest.raises(MatrixError, match=r"the mask has missing values(.|\n)*fillna"):
        given[pd.Series([True, None], dtype="boolean")]
    assert len(given[pd.Series([True, False], dtype="boolean")]) == 1


def test_ids_in_the_place_of_positions_are_told_how_to_choose_rows():
    frame = pd.DataFrame({"a": [0, 1, -1]}, index=[100, 101, 102])
    matrix = lk.LabelMatrix.of(frame, classes=2)
    labels = lk.MajorityVote().fit(matrix).label(matrix)
    for rows in (np.array([100, 101]), [0, 101], 100, -4):
        for chosen_from in (matrix, labels):
            with pytest.raises(IndexError, match=r"there is no row -?\d+ among 3: .*matrix\[pandas.Index\(ids\)\]"):
                chosen_from[rows]
    assert matrix[pd.Index([100, 101])].ids.tolist() == labels[pd.Index([100, 101])].ids.tolist() == [100, 101]
