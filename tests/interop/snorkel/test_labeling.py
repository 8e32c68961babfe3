"""Rules, preprocessors and appliers: the same results as Snorkel's, where it is installed."""

from __future__ import annotations

import enum
import importlib
import inspect
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labelkit.exceptions import LabelkitError
from tests.interop.snorkel.packages import OURS, THEIRS, Package


class Vote(enum.IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


@pytest.fixture(params=["labelkit.interop.snorkel", pytest.param("snorkel", marks=pytest.mark.heavy)])
def package(request):
    pytest.importorskip(request.param)
    return Package(request.param)


@pytest.fixture
def snorkel():
    pytest.importorskip("snorkel")
    return THEIRS


FRAME = pd.DataFrame(
    {
        "text": ["free money", "hello there", "FREE", "see my channel", "nice song", ""],
        "likes": [1, 20, 3, 4, 50, 6],
        "share": [0.1, np.nan, 0.3, 0.4, 0.5, 0.6],
        "tags": [["a"], [], ["b", "a"], None, ["c"], ["a"]],
        "a b": list("uvwxyz"),
        "count": range(6),
    },
    index=[5, 3, 1, 0, 2, 4],
)
BODIES = {
    "attribute": lambda x: 1 if "free" in x.text.lower() else -1,
    "item": lambda x: 0 if x["likes"] > 5 else -1,
    "item with a space": lambda x: 1 if x["a b"] > "w" else -1,
    "bool": lambda x: x.likes > 5,
    "numpy bool": lambda x: np.bool_(x.likes > 5),
    "float": lambda x: 1.0 if x.share > 0.3 else -1.0,
    "float that is cut off": lambda x: x.share * 4,
    "nan": lambda x: float("nan"),
    "enum": lambda x: Vote.SPAM if "free" in x.text else Vote.ABSTAIN,
    "numpy integer": lambda x: np.int8(x.likes % 3 - 1),
    "below -1": lambda x: -5,
    "array of one": lambda x: np.array(1) if x.likes > 5 else np.array(-1),
    "name": lambda x: x.name,
    "isinstance": lambda x: int(isinstance(x, pd.Series)),
    "to_dict": lambda x: len(x.to_dict()),
    "iteration": lambda x: len(list(x)),
    "get": lambda x: x.get("zz", 2),
    "in": lambda x: int("text" in x),
    "length": len,
    "missing value": lambda x: int(pd.isna(x.share)),
    "type of integers": lambda x: int(type(x.likes) is int),
    "list": lambda x: len(x.tags or []),
    "method of the name of a field": lambda x: int(x.count()),
    "isna of the row": lambda x: int(x.isna().sum()),
    "index": lambda x: list(x.index).index("share"),
    "iloc": lambda x: x.iloc[1],
    "series of strings": lambda x: int(x.astype(str).str.len().sum()),
    "write": lambda x: setattr(x, "text", "q") or len(x.text),
    "copied": lambda x: len(x.copy()),
}
FAULTY = {
    "missing attribute": (lambda x: x.nothing, AttributeError),
    "missing item": (lambda x: x["nothing"], KeyError),
    "none": (lambda x: None, TypeError),
    "division": (lambda x: 1 // 0, ZeroDivisionError),
    "text": (lambda x: "SPAM", TypeError),
    "truth of a row": (lambda x: 1 if x else 0, ValueError),
}


def applied(package, body, frame=FRAME, **options):
    lf = package.labeling.labeling_function(name="f")(body)
    return package.labeling.PandasLFApplier([lf]).apply(frame, progress_bar=False, **options)


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:rule 'f' returned")
@pytest.mark.parametrize("kind", BODIES)
def test_a_rule_over_a_frame_votes_as_in_snorkel(kind, snorkel):
    L, expected = (applied(package, BODIES[kind]) for package in (OURS, snorkel))
    assert L.tolist() == expected.tolist()
    assert L.dtype == expected.dtype


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:rule 'f' returned")
@pytest.mark.parametrize("kind", BODIES)
def test_a_rule_over_points_votes_as_in_snorkel(kind, snorkel):
    if kind == "name":
        pytest.skip("the rule reads what a frame alone has")

    def vote(package):
        lf = package.labeling.LabelingFunction("f", BODIES[kind])
        points = [row for _, row in FRAME.iterrows()]
        return package.labeling.LFApplier([lf]).apply(points, progress_bar=False).tolist()

    assert vote(OURS) == vote(snorkel)


@pytest.mark.parametrize("kind", FAULTY)
def test_the_exception_of_a_rule_is_raised_as_it_is(kind, package):
    body, error = FAULTY[kind]
    with pytest.raises(error):
        applied(package, body)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", FAULTY)
def test_faults_are_tolerated_as_in_snorkel(kind, snorkel):
    body, error = FAULTY[kind]
    if error is TypeError:
        for package in (OURS, snorkel):
            with pytest.raises(TypeError):
                applied(package, body, fault_tolerant=True)
        return
    (L, meta), (expected, counted) = (
        applied(package, body, fault_tolerant=True, return_meta=True) for package in (OURS, snorkel)
    )
    assert L.tolist() == expected.tolist()
    assert meta.faults == counted.faults == {"f": 6}


@pytest.mark.parametrize("kind", ["namespace", "dict", "object", "array", "image", "string"])
def test_data_points_of_every_kind(kind, package):
    points, body = {
        "namespace": ([SimpleNamespace(n=1), SimpleNamespace(n=9)], lambda x: 1 if x.n > 5 else -1),
        "dict": ([{"n": 1}, {"n": 9}], lambda x: 1 if x["n"] > 5 else -1),
        "object": ([Point(1), Point(9)], lambda x: 1 if x.n > 5 else -1),
        "array": (np.array([[1], [9]]), lambda x: 1 if x[0] > 5 else -1),
        "image": (np.array([np.zeros((2, 2)), np.full((2, 2), 9)]), lambda x: 1 if x.mean() > 5 else -1),
        "string": (["a", "bcd"], lambda x: 1 if len(x) > 2 else -1),
    }[kind]
    lf = package.labeling.labeling_function(name="f")(body)
    L = package.labeling.LFApplier([lf]).apply(points, progress_bar=False)
    assert L.tolist() == [[-1], [1]]


class Point:
    def __init__(self, n):
        self.n = n


def test_a_generator_has_no_length(package):
    lf = package.labeling.LabelingFunction("f", lambda x: x)
    assert package.labeling.LFApplier([lf]).apply(iter([1, -1, 2]), progress_bar=False).tolist() == [[1], [-1], [2]]


def test_resources_and_preprocessors_reach_the_rule(package):
    @package.preprocess.preprocessor()
    def lower(x):
        x.text = x.text.lower()
        return x

    @package.labeling.labeling_function(name="rule", resources={"words": {"free"}}, pre=[lower])
    def lf(x, words):
        return 1 if words & set(x.text.split()) else -1

    assert repr(lf) == "LabelingFunction rule, Preprocessors: [LambdaMapper lower, Pre: []]"
    assert lf(SimpleNamespace(text="FREE")) == 1
    L = package.labeling.PandasLFApplier([lf]).apply(FRAME, progress_bar=False)
    assert L.ravel().tolist() == [1, -1, 1, -1, -1, -1]
    assert FRAME.text.iloc[2] == "FREE"


def test_misuse_is_refused_with_the_same_words(package):
    with pytest.raises(ValueError, match="missing parentheses"):
        package.labeling.labeling_function(lambda x: 1)
    with pytest.raises(ValueError, match="missing parentheses"):
        package.preprocess.preprocessor(lambda x: x)
    lf = package.labeling.LabelingFunction("f", lambda x: 1)
    with pytest.raises(ValueError, match="not unique"):
        package.labeling.LFApplier([lf, lf])
    none = package.preprocess.LambdaPreprocessor("none", lambda x: None)
    with pytest.raises(ValueError, match="should not return None"):
        package.labeling.LabelingFunction("f", lambda x: 1, pre=[none])(SimpleNamespace())
    with pytest.raises(ValueError, match="n_parallel should be >= 2"):
        package.labeling__apply__dask.PandasParallelLFApplier([lf]).apply(FRAME, n_parallel=1)


def test_points_of_another_number_than_their_length(package):
    """A dict iterates over its keys; some collections count what they do not hand out."""

    class Lying(list):
        def __len__(self):
            return 7

    lf = package.labeling.LabelingFunction("f", len)
    apply = package.labeling.LFApplier([lf]).apply
    assert apply({"a": 1, "bb": 2}, progress_bar=False).tolist() == [[1], [2]]
    assert apply(Lying(["a", "bb"]), progress_bar=False).tolist() == [[1], [2]]
    assert apply([], progress_bar=False).shape == (0, 1)


def test_a_subclass_may_change_how_a_rule_is_called(package):
    class Twice(package.labeling.LabelingFunction):
        def _preprocess_data_point(self, x):
            return 2 * x

    class Never(package.labeling.LabelingFunction):
        def __call__(self, x):
            return -1

    lfs = [Twice("twice", lambda x: x), Never("never", lambda x: x)]
    assert package.labeling.LFApplier(lfs).apply([1, 2], progress_bar=False).tolist() == [[2, -1], [4, -1]]


def test_an_applier_of_ones_own_collects_votes_by_row(package):
    class Reversed(package.labeling__apply__core.BaseLFApplier):
        def apply(self, points):
            core = package.labeling__apply__core
            caller = core._FunctionCaller(fault_tolerant=False)
            rows = [core.apply_lfs_to_data_point(x, i, self._lfs, caller) for i, x in enumerate(reversed(points))]
            return self._numpy_from_row_data(rows)

    lfs = [package.labeling.LabelingFunction("f", lambda x: x), package.labeling.LabelingFunction("g", lambda x: -1)]
    assert Reversed(lfs).apply([0, -1, 2]).tolist() == [[2, -1], [-1, -1], [0, -1]]


def test_a_subclass_may_ask_for_a_record_array(package):
    class Applier(package.labeling.LFApplier):
        _use_recarray = True

    lf = package.labeling.LabelingFunction("f", lambda x: x)
    S = Applier([lf]).apply([1, 0, -1], progress_bar=False)
    assert (S["f"].tolist(), S.dtype.names) == ([1, 0, -1], ("f",))


def test_progress_is_shown_unless_it_is_turned_off(package, capfd):
    lf = package.labeling.LabelingFunction("f", lambda x: 1)
    package.labeling.LFApplier([lf]).apply([1, 2], progress_bar=False)
    assert capfd.readouterr().err == ""
    package.labeling.LFApplier([lf]).apply([1, 2])
    assert "2" in capfd.readouterr().err


def test_more_rows_than_a_chunk():
    frame = pd.DataFrame({"n": np.arange(20_000)})
    lf = OURS.labeling.LabelingFunction("f", lambda x: x.n % 3 - 1)
    L = OURS.labeling.PandasLFApplier([lf]).apply(frame, progress_bar=False)
    assert L.ravel().tolist() == (frame.n % 3 - 1).tolist()
    few = OURS.labeling.PandasLFApplier([lf]).apply(frame[:0], progress_bar=False)
    assert few.shape == (0, 1)


def test_rows_without_a_vote_are_left_out(package):
    y = np.array([[0.1, 0.9], [0.5, 0.5]])
    X, probabilities = package.labeling.filter_unlabeled_dataframe(FRAME[:2], y, np.array([[-1, 1], [-1, -1]]))
    assert (X.index.tolist(), probabilities.tolist()) == ([5], [[0.1, 0.9]])


MODULES = [
    *("labeling", "labeling.lf", "labeling.lf.core", "labeling.lf.nlp", "labeling.lf.nlp_spark", "labeling.utils"),
    *("labeling.analysis", "labeling.apply.core", "labeling.apply.pandas", "labeling.apply.dask"),
    *("labeling.apply.spark", "preprocess", "preprocess.core", "preprocess.nlp", "preprocess.spark", "map", "map.core"),
    *("map.spark", "types"),
]


@pytest.mark.heavy
@pytest.mark.parametrize("module", MODULES)
def test_names_and_signatures_are_snorkels(module, snorkel):
    pytest.importorskip("pyspark")
    theirs = getattr(snorkel, module.replace(".", "__"))
    here = getattr(OURS, module.replace(".", "__"))
    for name, value in vars(theirs).items():
        if name.startswith("_") or not is_of(value, theirs):
            continue
        mine = getattr(here, name)
        assert parameters(mine) == parameters(value), name
        if inspect.isclass(value):
            for method in ("apply", "__call__", *(m for m in vars(value) if not m.startswith("_"))):
                if callable(getattr(value, method, None)):
                    assert parameters(getattr(mine, method)) == parameters(getattr(value, method)), (name, method)


def is_of(value, module):
    """Tell if a module, or a package by what it exports, is the place of a value."""
    place = str(getattr(value, "__module__", ""))
    return place == module.__name__ or (hasattr(module, "__path__") and place.startswith(module.__name__))


def parameters(function):
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", ["MultitaskClassifier", "cross_entropy_with_probs", "DictDataset"])
def test_the_torch_part_says_that_it_is_out(name):
    with pytest.raises(LabelkitError, match="trains nets with torch") as raised:
        exec(f"from labelkit.interop.snorkel.classification import {name}", {})
    assert "train_end_model" in str(raised.value)
    with pytest.raises(LabelkitError, match="trains nets with torch"):
        importlib.import_module("labelkit.interop.snorkel.classification.data")


def test_importing_it_loads_nothing_heavy():
    code = (
        "import sys, labelkit.interop.snorkel.labeling, labelkit.interop.snorkel.preprocess.nlp\n"
        "print({'pandas', 'scipy', 'sklearn', 'spacy', 'torch', 'dask', 'tqdm'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
