"""Mappers and preprocessors: Snorkel's behaviour, and what is mended of it."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.interop.snorkel.packages import OURS, THEIRS, Package

FRAME = pd.DataFrame({"text": ["One two", "three"], "n": [1, 2]}, index=["a", "b"])


@pytest.fixture(params=["labelkit.interop.snorkel", pytest.param("snorkel", marks=pytest.mark.heavy)])
def package(request):
    pytest.importorskip(request.param)
    return Package(request.param)


@pytest.fixture
def snorkel():
    pytest.importorskip("snorkel")
    return THEIRS


def words_mapper(package, **options):
    class Words(package.map.Mapper):
        def run(self, text):
            return {"words": text.split(), "lower": text.lower()}

    return Words("words", **options)


def points():
    return {
        "namespace": SimpleNamespace(text="One two", n=1),
        "series": FRAME.iloc[0],
        "object": Thing("One two"),
    }


class Thing:
    def __init__(self, text):
        self.text = text


@pytest.mark.parametrize("kind", points())
def test_a_mapper_adds_fields_to_a_copy(kind, package):
    point = points()[kind]
    mapped = words_mapper(package)(point)
    assert (mapped.words, mapped.lower, mapped.text) == (["One", "two"], "one two", "One two")
    assert type(mapped) is type(point)
    assert not hasattr(point, "words")


def test_fields_may_be_renamed(package):
    class Halves(package.map.Mapper):
        def run(self, whole):
            return {"left": whole[:3], "right": whole[3:], "other": 0}

    mapper = Halves("halves", {"whole": "text"}, {"left": "first", "right": "rest"})
    mapped = mapper(SimpleNamespace(text="abcdef"))
    assert vars(mapped) == {"text": "abcdef", "first": "abc", "rest": "def"}


def test_run_must_have_names(package):
    class Bad(package.map.Mapper):
        def run(self, *args):
            return {}

    class Worse(package.map.Mapper):
        def run(self, **kwargs):
            return {}

    with pytest.raises(ValueError, match=r"should not have \*args"):
        Bad("bad")
    with pytest.raises(ValueError, match=r"should not have \*\*kwargs"):
        Worse("worse")
    with pytest.raises(NotImplementedError):
        package.map.Mapper("none", {}, {})(SimpleNamespace())
    with pytest.raises(NotImplementedError):
        package.map.BaseMapper("none", [], memoize=False)(SimpleNamespace())


def test_a_mapper_may_return_none(package):
    assert package.map.LambdaMapper("none", lambda x: None, memoize=True)(SimpleNamespace(a=1)) is None


@pytest.mark.parametrize("kind", points())
def test_results_are_remembered_by_value(kind, package):
    calls = []

    @package.map.lambda_mapper(memoize=True)
    def noted(x):
        calls.append(x.text)
        x.lower = x.text.lower()
        return x

    first = noted(points()[kind])
    again = noted(points()[kind])
    assert (first.lower, again.lower) == ("one two", "one two")
    assert len(calls) == (2 if kind == "object" else 1)  # objects are remembered by their identity
    noted.reset_cache()
    noted(points()[kind])
    assert len(calls) == (3 if kind == "object" else 2)


def test_results_are_remembered_by_a_key(package):
    calls = []

    @package.map.lambda_mapper(memoize=True, memoize_key=lambda x: x.n)
    def noted(x):
        calls.append(x.n)
        return x

    for text in "ab":
        noted(SimpleNamespace(n=1, text=text))
    assert calls == [1]


HASHABLE = {
    "integer": 7,
    "text": "a",
    "tuple": (1, [2]),
    "list": [1, [2, 3]],
    "dict": {"a": [1], "b": {"c": 2}},
    "namespace": SimpleNamespace(a=[1], b={"c": 2}),
    "array": np.arange(3),
    "series": pd.Series({"a": 1, "b": [2]}),
    "series with a name": pd.Series({"a": 1, "b": [2]}, name="other"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("kind", HASHABLE)
def test_keys_are_snorkels(kind, snorkel):
    assert OURS.map__core.get_hashable(HASHABLE[kind]) == snorkel.map__core.get_hashable(HASHABLE[kind])


def test_what_has_no_key_is_refused(package):
    with pytest.raises(ValueError, match="has no hashing proxy"):
        package.map__core.get_hashable({1, 2})
    assert not package.map__core.is_hashable([1])


def test_a_row_has_the_key_of_its_series():
    from labelkit.interop.snorkel._series_rows import rows_of

    key = OURS.map__core.get_hashable
    for row, (_, series) in zip(rows_of(FRAME), FRAME.iterrows(), strict=True):
        assert key(row) == key(series)


def test_rows_of_spark_are_made_anew(package):
    pytest.importorskip("pyspark")
    from pyspark.sql import Row

    mapper = package.map__spark.make_spark_mapper(words_mapper(package))
    mapped = mapper(Row(text="One two"))
    assert (mapped.lower, mapped.text) == ("one two", "One two")


# Mended ---------------------------------------------------------------------------------------------------------------


def chained_votes(package):
    pre = package.preprocess

    @pre.preprocessor()
    def lower(x):
        x.lower = x.text.lower()
        return x

    @pre.preprocessor(memoize=True)
    def words(x):
        x.words = x.lower.split()
        return x

    lf = package.labeling.LabelingFunction("f", lambda x: len(x.words) + x.lower.islower(), pre=[lower, words])
    return package.labeling.PandasLFApplier([lf]).apply(FRAME, progress_bar=False).ravel().tolist()


@pytest.mark.heavy
def test_snorkel_loses_fields_of_chained_preprocessors(snorkel):
    with pytest.raises(AttributeError, match="lower"):
        chained_votes(snorkel)


def test_fields_of_chained_preprocessors_are_kept():
    assert chained_votes(OURS) == [3, 2]


def test_they_are_kept_on_series_too():
    lower = OURS.preprocess.LambdaPreprocessor("lower", lambda x: setattr(x, "lower", [x.text.lower()]) or x)
    also = OURS.preprocess.LambdaPreprocessor("also", lambda x: x.lower.append("more") or x, pre=[])
    first = lower(FRAME.iloc[0])
    assert also(first).lower == ["one two", "more"]
    assert first.lower == ["one two"]


def leaking_votes(package, points_of):
    @package.preprocess.preprocessor(memoize=True)
    def words(x):
        x.words = ["a", "b"]
        return x

    first = package.labeling.LabelingFunction(
        "first", lambda x: len([x.words.pop(), setattr(x, "text", "")]), pre=[words]
    )
    second = package.labeling.LabelingFunction("second", lambda x: len(x.words) + 10 * len(x.text), pre=[words])
    return [lf(points_of) for lf in (first, second)]


@pytest.mark.heavy
@pytest.mark.parametrize("kind", points())
def test_snorkel_hands_the_same_object_to_all_rules(kind, snorkel):
    assert leaking_votes(snorkel, points()[kind]) == [2, 1]


@pytest.mark.parametrize("kind", [*points(), "row"])
def test_a_rule_sees_nothing_of_what_another_does(kind):
    from labelkit.interop.snorkel._series_rows import rows_of

    point = next(rows_of(FRAME)) if kind == "row" else points()[kind]
    assert leaking_votes(OURS, point) == [2, 72]


def test_what_cannot_be_copied_is_shared():
    class Model:
        def __deepcopy__(self, memo):
            raise TypeError("cannot be copied")

        def __reduce__(self):
            raise TypeError("cannot be pickled")

    model = Model()
    load = OURS.preprocess.LambdaPreprocessor("load", lambda x: setattr(x, "model", model) or x, memoize=True)
    use = OURS.preprocess.LambdaPreprocessor("use", lambda x: x)
    lf = OURS.labeling.LabelingFunction("f", lambda x: int(x.model is model), pre=[load, use])
    assert OURS.labeling.PandasLFApplier([lf]).apply(FRAME, progress_bar=False).ravel().tolist() == [1, 1]


def parallel_votes(package):
    frame = pd.DataFrame({"n": np.arange(10) % 4}, index=[5, 3, 1, 0, 2, 4, 9, 8, 7, 6])
    lf = package.labeling.LabelingFunction("f", lambda x: x.n)
    apply = package.labeling__apply__dask.PandasParallelLFApplier([lf]).apply
    return apply(frame, n_parallel=3, scheduler="synchronous").ravel().tolist()


@pytest.mark.heavy
def test_snorkel_gives_parallel_votes_in_the_order_of_the_index(snorkel):
    assert parallel_votes(snorkel) != (np.arange(10) % 4).tolist()


def test_parallel_votes_are_in_the_order_of_the_rows():
    pytest.importorskip("dask")
    assert parallel_votes(OURS) == (np.arange(10) % 4).tolist()


def test_votes_of_processes_are_those_of_one():
    dd = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"text": ["a", "b b", "c c c"] * 4})
    lfs = [OURS.labeling.LabelingFunction(f"of {k}", lambda x, k=k: len(x.text.split()) - k) for k in (1, 2)]
    expected = OURS.labeling.PandasLFApplier(lfs).apply(frame, progress_bar=False).tolist()
    dask_module = OURS.labeling__apply__dask
    assert dask_module.PandasParallelLFApplier(lfs).apply(frame).tolist() == expected
    L = dask_module.DaskLFApplier(lfs).apply(dd.from_pandas(frame, npartitions=2), scheduler="threads")
    assert L.tolist() == expected


@pytest.fixture
def pipeline(tmp_path):
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "pipeline")
    return str(tmp_path / "pipeline")


def spacy_lfs(package, pipeline):
    nlp = package.labeling__lf__nlp
    one = nlp.NLPLabelingFunction("one", lambda x: len(x.doc), language=pipeline)
    two = nlp.nlp_labeling_function(name="two", language=pipeline, text_field="title")(lambda x: len(x.doc) * 10)
    return [one, two]


@pytest.mark.heavy
def test_snorkel_has_one_configuration_of_spacy(snorkel, pipeline, monkeypatch):
    with pytest.raises(ValueError, match="already configured with different parameters"):
        spacy_lfs(snorkel, pipeline)
    monkeypatch.delattr(snorkel.labeling__lf__nlp.NLPLabelingFunction, "_nlp_config")


def test_rules_may_have_configurations_of_spacy_of_their_own(pipeline):
    one, two = spacy_lfs(OURS, pipeline)
    same, _ = spacy_lfs(OURS, pipeline)
    point = SimpleNamespace(text="a b", title="c")
    assert (one(point), two(point)) == (2, 10)
    assert one._nlp_config.nlp is same._nlp_config.nlp
    assert len(one._nlp_config.nlp._cache) == 1


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # of Dask, about Snorkel
def test_snorkel_calls_rules_of_spacy_with_rows_of_dask_that_are_none(snorkel, pipeline, monkeypatch):
    dd = pytest.importorskip("dask.dataframe")
    nlp = snorkel.labeling__lf__nlp
    monkeypatch.delattr(nlp.NLPLabelingFunction, "_nlp_config", raising=False)
    lf = nlp.NLPLabelingFunction("one", lambda x: len(x.doc), language=pipeline)
    monkeypatch.delattr(nlp.NLPLabelingFunction, "_nlp_config")
    frame = dd.from_pandas(pd.DataFrame({"text": ["a b", "c"]}), npartitions=2)
    with pytest.raises(ValueError, match="Metadata inference failed"):
        snorkel.labeling__apply__dask.DaskLFApplier([lf]).apply(frame, scheduler="synchronous")


@pytest.mark.heavy  # for its time: each process imports spaCy
def test_rules_of_spacy_run_in_processes(pipeline):
    pytest.importorskip("snorkel")
    dd = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"text": ["a b", "c", "d e f"], "title": ["x", "y z", ""]})
    lfs = spacy_lfs(OURS, pipeline)
    expected = OURS.labeling.PandasLFApplier(lfs).apply(frame, progress_bar=False).tolist()
    assert expected == [[2, 10], [1, 20], [3, 0]]
    assert (
        OURS.labeling__apply__dask.DaskLFApplier(lfs).apply(dd.from_pandas(frame, npartitions=2)).tolist() == expected
    )


def test_a_pipeline_that_has_no_place_travels_with_its_rule(pipeline, monkeypatch):
    import spacy

    monkeypatch.setattr(spacy, "load", lambda name, disable: spacy.util.load_model(pipeline))
    nlp = OURS.preprocess__nlp
    sent = pickle.dumps(nlp.SpacyPreprocessor("text", "doc", language="of no place"))
    monkeypatch.undo()
    nlp._pipelines.clear()
    received = pickle.loads(sent)
    assert len(list(received(SimpleNamespace(text="All of it. And more.")).doc.sents)) == 2
