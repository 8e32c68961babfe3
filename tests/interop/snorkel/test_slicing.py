"""Slicing under Snorkel and under the drop-in: the same records and frames, but for rows of an abstain."""

import importlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import labelkit as lk

PACKAGES = [pytest.param("snorkel", marks=pytest.mark.heavy), "labelkit.interop.snorkel"]

FRAME = pd.DataFrame({"num": [1, 50, 7, 99], "text": ["a", "bb", "ccc", "d"]}, index=[3, 1, 2, 0])


@pytest.fixture(params=PACKAGES)
def package(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def slicing(package):
    return importlib.import_module(f"{package}.slicing")


@pytest.fixture
def big(slicing):
    @slicing.slicing_function()
    def big(x):
        return x.num > 42

    return big


def minus_one(slicing, name="minus_one"):
    return slicing.SlicingFunction(name, f=lambda x: 1 if x.num > 42 else -1)


def test_the_decorator_makes_a_slicing_function(slicing, big):
    assert isinstance(big, slicing.SlicingFunction)
    assert repr(big) == "SlicingFunction big, Preprocessors: []"
    assert big(SimpleNamespace(num=50)) is True
    named = slicing.slicing_function(name="other", resources={"least": 3})(lambda x, least: x.num > least)
    assert named.name == "other"
    assert named(SimpleNamespace(num=4)) is True


def test_a_decorator_without_parentheses_is_an_error(slicing):
    with pytest.raises(ValueError, match="missing parentheses"):
        slicing.slicing_function(lambda x: True)


def test_preprocessors_run_before(package, slicing):
    preprocess = importlib.import_module(f"{package}.preprocess")

    @preprocess.preprocessor()
    def doubled(x):
        x.num = 2 * x.num
        return x

    @slicing.slicing_function(pre=[doubled])
    def big(x):
        return x.num > 42

    assert slicing.PandasSFApplier([big]).apply(FRAME, progress_bar=False)["big"].tolist() == [0, 1, 0, 1]
    assert FRAME["num"].tolist() == [1, 50, 7, 99]


@pytest.mark.parametrize("kind", ["points", "frame", "array"])
def test_the_records_have_a_field_for_each_slice(slicing, big, kind):
    other = minus_one(slicing)
    if kind == "array":
        first = slicing.SlicingFunction("first", f=lambda x: x[0] > 42)
        records = slicing.SFApplier([first]).apply(FRAME[["num"]].to_numpy(), progress_bar=False)
        assert records["first"].tolist() == [0, 1, 0, 1]
        return
    points = [SimpleNamespace(num=num) for num in FRAME["num"]]
    applier = slicing.SFApplier([big, other]) if kind == "points" else slicing.PandasSFApplier([big, other])
    records = applier.apply(points if kind == "points" else FRAME, progress_bar=False)
    assert isinstance(records, np.recarray)
    assert records.dtype.names == ("big", "minus_one")
    assert records.dtype["big"] == np.int64
    assert records.shape == (4,)
    assert records["big"].tolist() == records.big.tolist() == [0, 1, 0, 1]
    assert records["minus_one"].tolist() == [-1, 1, -1, 1]


@pytest.mark.parametrize("name", ["SFApplier", "PandasSFApplier"])
def test_faults_are_tolerated_and_counted_if_asked(slicing, name):
    fails = slicing.SlicingFunction("fails", f=lambda x: 1 / (x.num - 50) > 0)
    data = FRAME if name.startswith("Pandas") else [SimpleNamespace(num=num) for num in FRAME["num"]]
    applier = getattr(slicing, name)([fails])
    with pytest.raises(ZeroDivisionError):
        applier.apply(data, progress_bar=False)
    records, meta = applier.apply(data, progress_bar=False, fault_tolerant=True, return_meta=True)
    assert records["fails"].tolist() == [0, -1, 0, 1]
    assert dict(meta.faults) == {"fails": 1}


def test_the_repr_names_the_functions(slicing, big):
    assert repr(slicing.PandasSFApplier([big])) == "PandasSFApplier, LFs: ['big']"
    assert repr(slicing.SFApplier([big])) == "SFApplier, LFs: ['big']"


def test_two_functions_of_one_name_are_an_error(slicing, big):
    with pytest.raises(ValueError, match="names not unique"):
        slicing.SFApplier([big, big])


def test_the_rows_of_a_slice_keep_their_index(slicing, big):
    rows = slicing.slice_dataframe(FRAME, big)
    assert rows.index.tolist() == [1, 0]
    assert rows["text"].tolist() == ["bb", "d"]


def test_a_row_on_which_it_abstains_is_kept_by_snorkel_and_left_out_here(package, slicing):
    """Mended: Snorkel takes -1 for true, and keeps every row."""
    rows = slicing.slice_dataframe(FRAME, minus_one(slicing))
    assert rows["num"].tolist() == ([1, 50, 7, 99] if package == "snorkel" else [50, 99])


@pytest.mark.parametrize("path", ["slicing.sf.SlicingFunction", "slicing.sf.core.slicing_function"])
@pytest.mark.parametrize("more", ["slicing.apply.core.SFApplier", "slicing.monitor.slice_dataframe"])
def test_names_are_found_at_the_paths_of_snorkel(package, path, more):
    for dotted in (path, more, "slicing.apply.core.PandasSFApplier", "slicing.sf.nlp.NLPSlicingFunction"):
        module, _, name = dotted.rpartition(".")
        assert hasattr(importlib.import_module(f"{package}.{module}"), name)


def test_names_of_the_torch_part_say_what_to_use():
    pytest.importorskip("labelkit.interop.snorkel.slicing")
    for name in ("SliceAwareClassifier", "add_slice_labels", "convert_to_slice_tasks", "SliceCombinerModule"):
        with pytest.raises(ImportError, match=r"slice-aware nets.*\n.*summarize_slices"):
            exec(f"from labelkit.interop.snorkel.slicing import {name}", {})
    for module in ("utils", "sliceaware_classifier", "modules", "modules.slice_combiner"):
        with pytest.raises(ImportError, match="slice-aware nets"):
            exec(f"from labelkit.interop.snorkel.slicing.{module} import SliceCombinerModule", {})


def test_slices_are_scored_and_summarised_by_labelkit(slicing, big):
    membership = lk.apply_slices([big], FRAME)
    assert membership.names == ("big",)
