# ruff: noqa: NPY002 - what is compared are the numbers of the global state
"""Augmentation under Snorkel and under the drop-in: the same sequences, data points and frames."""

import importlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

PACKAGES = [pytest.param("snorkel", marks=pytest.mark.heavy), "labelkit.interop.snorkel"]

FRAME = pd.DataFrame({"num": [1, 2, 3], "text": ["a", "b", "c"]}, index=[5, 1, 9])

POLICIES = {
    "ApplyAllPolicy(2)": [[], [0, 1]],
    "ApplyAllPolicy(3, n_per_original=2, keep_original=False)": [[0, 1, 2], [0, 1, 2]],
    "ApplyAllPolicy(0)": [[], []],
    "ApplyOnePolicy()": [[], [0]],
    "ApplyOnePolicy(2, False)": [[0], [0]],
    "ApplyEachPolicy(3)": [[], [0], [1], [2]],
    "ApplyEachPolicy(2, keep_original=False)": [[0], [1]],
    "MeanFieldPolicy(2, 3, p=[0, 1])": [[], [1, 1, 1]],
    "MeanFieldPolicy(2, sequence_length=2, p=[1, 0], n_per_original=2, keep_original=False)": [[0, 0], [0, 0]],
    "RandomPolicy(1, sequence_length=2)": [[], [0, 0]],
}


@pytest.fixture(params=PACKAGES)
def package(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def augmentation(package):
    return importlib.import_module(f"{package}.augmentation")


@pytest.fixture
def tfs(augmentation):
    @augmentation.transformation_function()
    def squared(x):
        x.num = x.num**2
        return x

    @augmentation.transformation_function()
    def small_only(x):
        if x.num > 2:
            return None
        x.num = -x.num
        return x

    return [squared, small_only]


def points():
    return [SimpleNamespace(num=num) for num in (1, 2, 3)]


def numbers(made):
    return [point.num for point in made]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_sequences_of_a_policy(augmentation, policy):
    made = eval(f"augmentation.{policy}")
    assert made.generate_for_example() == POLICIES[policy]
    assert made.n_per_original == len(POLICIES[policy]) - made.keep_original


def test_the_base_of_policies_has_no_sequence(package):
    policy = importlib.import_module(f"{package}.augmentation.policy.core").Policy(2)
    assert (policy.n, policy.n_per_original, policy.keep_original) == (2, 1, True)
    with pytest.raises(NotImplementedError):
        policy.generate_for_example()


@pytest.mark.parametrize("seed", range(5))
def test_after_a_seed_of_numpy_the_sequences_are_those_of_snorkel(augmentation, seed):
    np.random.seed(seed)
    expected = [np.random.choice(4, size=3, p=[0.1, 0.2, 0.3, 0.4]).tolist() for _ in range(20)]
    np.random.seed(seed)
    policy = augmentation.MeanFieldPolicy(4, 3, p=[0.1, 0.2, 0.3, 0.4])
    assert [policy.generate() for _ in range(20)] == expected
    assert all(type(number) is int for number in policy.generate())


def test_the_sequences_of_snorkel_follow_from_what_other_code_seeds(augmentation, package):
    """Mended: with ``seed=``, a policy draws from numbers of its own, and leaves those of others alone."""
    options = {} if package == "snorkel" else {"seed": 3}
    policy = augmentation.RandomPolicy(10, sequence_length=8, **options)
    np.random.seed(0)
    first = policy.generate()
    np.random.seed(0)
    before = np.random.get_state()[1].tolist()
    second = policy.generate()
    assert (second == first) == (package == "snorkel")
    assert (np.random.get_state()[1].tolist() == before) == (package != "snorkel")
    if package != "snorkel":
        again = augmentation.RandomPolicy(10, sequence_length=8, seed=3)
        assert [again.generate(), again.generate()] == [first, second]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("ApplyAllPolicy(2)", [1, -1, 2, 4, 3, 9]),
        ("ApplyAllPolicy(2, keep_original=False)", [-1, 4, 9]),
        ("ApplyEachPolicy(2)", [1, 1, -1, 2, 4, -2, 3, 9]),
        ("ApplyEachPolicy(2, keep_original=False)", [1, -1, 4, -2, 9]),
        ("ApplyOnePolicy(2)", [1, 1, 1, 2, 4, 4, 3, 9, 9]),
        ("MeanFieldPolicy(2, 2, p=[1, 0])", [1, 1, 2, 16, 3, 81]),
    ],
)
def test_a_list_of_points_is_augmented(augmentation, tfs, policy, expected):
    given = points()
    applier = augmentation.TFApplier(tfs, eval(f"augmentation.{policy}"))
    assert numbers(applier.apply(given, progress_bar=False)) == expected
    assert numbers(given) == [1, 2, 3]
    for size in (1, 2, 3, 9):
        batches = list(applier.apply_generator(given, size))
        assert len(batches) == -(-3 // size)
        assert [num for batch in batches for num in numbers(batch)] == expected
    frame = augmentation.PandasTFApplier(tfs, eval(f"augmentation.{policy}")).apply(FRAME, progress_bar=False)
    assert frame["num"].tolist() == expected
    assert frame["num"].dtype == np.int64


def test_the_rows_of_a_frame_keep_their_index_and_types(augmentation, tfs):
    made = augmentation.PandasTFApplier(tfs, augmentation.ApplyEachPolicy(2)).apply(FRAME, progress_bar=False)
    assert made.index.tolist() == [5, 5, 5, 1, 1, 1, 9, 9]
    assert made.columns.tolist() == ["num", "text"]
    assert made["text"].tolist() == list("aaabbbcc")
    assert FRAME["num"].tolist() == [1, 2, 3]


def test_a_frame_is_augmented_in_batches(augmentation, tfs):
    applier = augmentation.PandasTFApplier(tfs, augmentation.ApplyEachPolicy(2, keep_original=False))
    whole = applier.apply(FRAME, progress_bar=False)
    batches = list(applier.apply_generator(FRAME, 2))
    assert [len(batch) for batch in batches] == [4, 1]
    pd.testing.assert_frame_equal(pd.concat(batches), whole)


def test_batches_that_divide_the_rows_end_in_an_error_of_pandas_in_snorkel(package, augmentation, tfs):
    """Mended: there is no batch behind the last row."""
    applier = augmentation.PandasTFApplier(tfs, augmentation.ApplyAllPolicy(2))
    batches = applier.apply_generator(FRAME, 3)
    assert len(next(batches)) == 6
    if package == "snorkel":
        with pytest.raises(ValueError, match="No objects to concatenate"):
            next(batches)
    else:
        assert list(batches) == []


def test_where_nothing_is_made_the_frame_is_empty(package, augmentation):
    """Mended: in Snorkel, this is an error of pandas."""
    never = augmentation.transformation_function()(lambda x: None)
    applier = augmentation.PandasTFApplier([never], augmentation.ApplyOnePolicy(keep_original=False))
    if package == "snorkel":
        with pytest.raises(ValueError, match="No objects to concatenate"):
            applier.apply(FRAME, progress_bar=False)
    else:
        made = applier.apply(FRAME, progress_bar=False)
        assert (len(made), made.columns.tolist()) == (0, ["num", "text"])


def test_a_transformation_of_a_class_takes_fields(augmentation):
    class Doubled(augmentation.TransformationFunction):
        def __init__(self):
            super().__init__("doubled", {"value": "num"}, {"twice": "double"})

        def run(self, value):
            return {"twice": 2 * value}

    (point,) = augmentation.TFApplier([Doubled()], augmentation.ApplyOnePolicy(keep_original=False)).apply(
        [SimpleNamespace(num=4)], progress_bar=False
    )
    assert point == SimpleNamespace(num=4, double=8)


def test_transformations_may_be_memoised_and_have_names(augmentation, package):
    calls = []

    @augmentation.transformation_function(name="noted", memoize=True)
    def note(x):
        calls.append(x.num)
        return x

    augmentation.TFApplier([note], augmentation.ApplyOnePolicy(3)).apply(points(), progress_bar=False)
    assert calls == [1, 2, 3]
    tf = importlib.import_module(f"{package}.augmentation.tf")
    assert isinstance(tf.LambdaTransformationFunction("a", f=lambda x: x), tf.BaseTransformationFunction)
    assert note.name == "noted"


def test_the_repr_names_the_policy_and_the_transformations(augmentation, tfs):
    shown = "TFApplier, Policy: ApplyAllPolicy, TFs: ['squared', 'small_only']"
    assert repr(augmentation.TFApplier(tfs, augmentation.ApplyAllPolicy(2))) == shown


@pytest.mark.parametrize("name", ["TFApplier", "PandasTFApplier"])
def test_two_transformations_of_one_name_are_an_error(augmentation, tfs, name):
    with pytest.raises(ValueError, match="names not unique"):
        getattr(augmentation, name)([tfs[0], tfs[0]], augmentation.ApplyAllPolicy(2))


@pytest.mark.parametrize(
    "dotted",
    [
        *("apply.core.BaseTFApplier", "apply.core.TFApplier", "apply.pandas.PandasTFApplier", "policy.core.Policy"),
        *("policy.core.ApplyEachPolicy", "policy.sampling.RandomPolicy", "tf.TransformationFunction"),
    ],
)
def test_names_are_found_at_the_paths_of_snorkel(package, dotted):
    module, _, name = dotted.rpartition(".")
    assert hasattr(importlib.import_module(f"{package}.augmentation.{module}"), name)
