"""Short pieces of code as Snorkel's users write them: the same values, or the same exceptions, under both packages."""

from __future__ import annotations

import importlib
import logging
import pickle
import random
from enum import IntEnum
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.interop.snorkel.test_programs import check_equal

PACKAGES = "snorkel", "labelkit.interop.snorkel"
SCENARIOS = {}

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore:Input has data type int64:FutureWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Precision is ill-defined"),
    pytest.mark.filterwarnings("ignore:rule 'fraction' returned"),
]

TEXTS = pd.DataFrame({"text": ["Win money now", "see you", "", "win a win"], "num": [3, 20, -1, 7]}, index=[5, 2, 9, 0])
VOTES = np.array([[0, -1, 1], [1, 1, -1], [-1, -1, -1], [0, 0, 0], [-1, 1, 0], [1, -1, -1]])
GOLD = np.array([0, 1, 0, 0, 1, 1])


class Label(IntEnum):
    HAM = 0
    SPAM = 1


def scenario(function):
    """List a scenario: a function of a package's importer, which returns what is to be the same."""
    SCENARIOS[function.__name__] = function
    return function


class Package:
    """Import by dotted name from one of the packages."""

    def __init__(self, root):
        self._root = root

    def __call__(self, path):
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(f"{self._root}.{module}"), name)


def outcome(function, package):
    """Return the value, or the type of the exception and the beginning of its message."""
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 - Snorkel draws from it
    try:
        return "value", function(Package(package))
    except Exception as error:  # noqa: BLE001 - whatever is raised is compared
        return type(error).__name__, str(error)[:40]


# Rules ----------------------------------------------------------------------------------------------------------------


@scenario
def a_rule_is_called_on_points_of_any_kind(get):
    rule = get("labeling.LabelingFunction")("long", lambda x: 1 if len(x["text"]) > 5 else -1)
    points = [{"text": "so long a text"}, pd.Series({"text": "short"}), {"text": np.str_("also a long one")}]
    return [rule(point) for point in points]


@scenario
def votes_are_numbers_of_any_type(get):
    lf, returned = (
        get("labeling.LabelingFunction"),
        [Label.SPAM, True, np.bool_(False), 1.0, np.float32(0), np.int8(1), -1.0, -7],
    )
    rules = [lf(f"lf{i}", lambda x, value: value, resources={"value": value}) for i, value in enumerate(returned)]
    return get("labeling.PandasLFApplier")(rules).apply(TEXTS, progress_bar=False)


@scenario
def a_vote_above_the_classes_is_kept(get):
    rule = get("labeling.LabelingFunction")("seven", lambda x: 7)
    return get("labeling.LFApplier")([rule]).apply([1, 2], progress_bar=False)


@scenario
def a_fraction_is_cut(get):
    rule = get("labeling.LabelingFunction")("fraction", lambda x: 1.7)
    return get("labeling.LFApplier")([rule]).apply([1, 2], progress_bar=False)


@scenario
def none_is_no_vote(get):
    rule = get("labeling.LabelingFunction")("nothing", lambda x: None)
    return get("labeling.PandasLFApplier")([rule]).apply(TEXTS, progress_bar=False)


@scenario
def a_word_is_no_vote(get):
    rule = get("labeling.LabelingFunction")("word", lambda x: "SPAM")
    return get("labeling.PandasLFApplier")([rule]).apply(TEXTS, progress_bar=False)


@scenario
def a_faulty_rule_raises_its_own_exception(get):
    rule = get("labeling.LabelingFunction")("missing", lambda x: x.nothing_of_that_name)
    return get("labeling.PandasLFApplier")([rule]).apply(TEXTS, progress_bar=False)


@scenario
def faults_are_counted(get):
    lf = get("labeling.LabelingFunction")
    rules = [lf("first", lambda x: {3: 1}[x.num]), lf("second", lambda x: 0), lf("third", lambda x: 1 // (x.num - 20))]
    votes, meta = get("labeling.PandasLFApplier")(rules).apply(
        TEXTS, progress_bar=False, fault_tolerant=True, return_meta=True
    )
    return votes, dict(meta.faults), type(meta).__name__, meta._fields


@scenario
def no_faults_are_no_entries(get):
    rule = get("labeling.LabelingFunction")("zero", lambda x: 0)
    _, meta = get("labeling.LFApplier")([rule]).apply([1], progress_bar=False, return_meta=True)
    return dict(meta.faults), meta.faults["other"]


@scenario
def exits_are_not_tolerated(get):
    def leave(x):
        raise KeyboardInterrupt

    rule = get("labeling.LabelingFunction")("leave", leave)
    try:
        get("labeling.LFApplier")([rule]).apply([1], progress_bar=False, fault_tolerant=True)
    except KeyboardInterrupt:
        return "interrupted"


@scenario
def parentheses_are_missed(get):
    return get("labeling.labeling_function")(lambda x: 1)


@scenario
def names_are_unique(get):
    rule = get("labeling.LabelingFunction")("same", lambda x: 1)
    return get("labeling.PandasLFApplier")([rule, rule])


@scenario
def appliers_show_their_rules(get):
    lf = get("labeling.labeling_function")
    rules = [lf(name="a")(lambda x: 1), lf()(votes_above)]
    return [repr(get(f"labeling.{kind}")(rules)) for kind in ("LFApplier", "PandasLFApplier")], repr(rules)


def votes_above(x):
    """Vote for long texts."""
    return 1 if len(x.text) > 5 else -1


@scenario
def a_rule_of_a_module_is_pickled(get):
    rule = get("labeling.LabelingFunction")("above", votes_above)
    again = pickle.loads(pickle.dumps(rule))
    return again.name, again(SimpleNamespace(text="a long text"))


@scenario
def rows_are_series(get):
    def odd(x):
        copied = x.copy()
        copied["more"] = 1
        return int(
            isinstance(x, pd.Series) and "text" in x and x.get("none", 5) == 5 and len(x) == 2 and copied["more"]
        )

    def named(x):
        return 1 if x.name == 9 else 0

    def summed(x):
        return int(sum(1 for _ in x) + len(x.to_dict()) + len(x.index) == 6)

    def typed(x):
        return int(type(x.num).__name__ in ("int", "int64"))

    lf = get("labeling.LabelingFunction")
    rules = [lf(one.__name__, one) for one in (odd, named, summed, typed)]
    return get("labeling.PandasLFApplier")(rules).apply(TEXTS, progress_bar=False)


@scenario
def numbers_alone_are_of_one_type(get):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 2.0]})
    rule = get("labeling.LabelingFunction")("type", lambda x: int(isinstance(x.a, float)))
    return get("labeling.PandasLFApplier")([rule]).apply(frame, progress_bar=False)


@scenario
def missing_values_reach_the_rule(get):
    frame = pd.DataFrame({"text": ["a", None], "n": [1.0, np.nan]})
    lf = get("labeling.LabelingFunction")
    rules = [lf("text", lambda x: int(x.text is None or x.text != x.text)), lf("n", lambda x: int(x.n != x.n))]
    return get("labeling.PandasLFApplier")(rules).apply(frame, progress_bar=False)


@scenario
def columns_with_the_names_of_methods(get):
    frame = pd.DataFrame({"name": ["x", "y"], "size": [1, 2], "count": [3, 4], "two words": [5, 6]})
    lf = get("labeling.LabelingFunction")
    rules = [
        lf("size", lambda x: int(x["size"])),
        lf("attribute", lambda x: int(x.size == 4)),
        lf("count", lambda x: int(callable(x.count))),
        lf("words", lambda x: int(x["two words"])),
        lf("name", lambda x: int(x.name in (0, 1))),
    ]
    return get("labeling.PandasLFApplier")(rules).apply(frame, progress_bar=False)


@scenario
def dates_and_categories(get):
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2021-05-05"]), "kind": pd.Categorical(["a", "b"])})
    lf = get("labeling.LabelingFunction")
    rules = [lf("year", lambda x: x.day.year - 2020), lf("kind", lambda x: "ab".index(x.kind))]
    return get("labeling.PandasLFApplier")(rules).apply(frame, progress_bar=False)


@scenario
def rules_of_a_frame_without_rows_of_their_kind(get):
    rule = get("labeling.LabelingFunction")("none", lambda x: -1)
    return get("labeling.PandasLFApplier")([rule]).apply(TEXTS, progress_bar=False)


@scenario
def rows_of_an_array(get):
    lf = get("labeling.LabelingFunction")
    rules = [lf("mean", lambda x: int(x.mean() > 1)), lf("first", lambda x: int(x[0]))]
    return get("labeling.LFApplier")(rules).apply(np.arange(12).reshape(4, 3) % 4, progress_bar=False)


@scenario
def images(get):
    rule = get("labeling.LabelingFunction")("bright", lambda x: int(x.max() > 200))
    return get("labeling.LFApplier")([rule]).apply(np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3) * 3, progress_bar=False)


# Preprocessors --------------------------------------------------------------------------------------------------------


@scenario
def preprocessors_run_in_order(get):
    made = get("preprocess.preprocessor")

    @made()
    def plus(x):
        x.num += 1
        return x

    @made(pre=[plus])
    def times(x):
        x.num *= 10
        return x

    rule = get("labeling.labeling_function")(name="big", pre=[times, plus])(lambda x: int(x.num == 41))
    point = SimpleNamespace(num=3)
    return rule(point), point.num, repr(rule), repr(times)


@scenario
def a_preprocessor_that_returns_nothing(get):
    made = get("preprocess.preprocessor")(name="nothing")(lambda x: None)
    return get("labeling.LabelingFunction")("rule", lambda x: 1, pre=[made])(SimpleNamespace(num=1))


@scenario
def memoised_points_are_computed_once(get):
    seen = []

    @get("preprocess.preprocessor")(memoize=True)
    def noted(x):
        seen.append(x.num)
        x.double = 2 * x.num
        return x

    points = [SimpleNamespace(num=one) for one in (1, 2, 1, 2, 3)]
    doubled = [noted(point).double for point in points]
    before = list(seen)
    noted.reset_cache()
    noted(points[0])
    return doubled, before, seen


@scenario
def the_key_of_memoisation(get):
    seen = []

    @get("preprocess.preprocessor")(memoize=True, memoize_key=lambda x: x.num % 2)
    def noted(x):
        seen.append(x.num)
        return x

    return [noted(SimpleNamespace(num=one)).num for one in (1, 3, 2)], seen


@scenario
def mappers_rename_fields(get):
    class Split(get("map.Mapper")):
        def __init__(self):
            super().__init__("split", {"words": "text"}, {"first": "head", "rest": "tail"})

        def run(self, words):
            first, *rest = words.split()
            return {"first": first, "rest": rest, "unused": 1}

    point = SimpleNamespace(text="one two three")
    split = Split()(point)
    return split.head, split.tail, hasattr(split, "unused"), hasattr(point, "head")


@scenario
def fields_are_read_off_run(get):
    class Total(get("preprocess.Preprocessor")):
        def run(self, a, b):
            return {"total": a + b}

    return Total("total")(SimpleNamespace(a=1, b=2)).total


@scenario
def run_takes_no_args(get):
    class Wrong(get("map.Mapper")):
        def run(self, *args):
            return {}

    return Wrong("wrong")


@scenario
def run_takes_no_kwargs(get):
    class Wrong(get("map.Mapper")):
        def run(self, **kwargs):
            return {}

    return Wrong("wrong")


@scenario
def a_field_is_missed(get):
    class Total(get("map.Mapper")):
        def run(self, nothing):
            return {}

    return Total("total")(SimpleNamespace(a=1))


@scenario
def hashable_proxies(get):
    proxy = get("map.core.get_hashable")
    nested = SimpleNamespace(a=[1, {"b": np.arange(3)}], c="text")
    return [
        proxy(nested) == proxy(SimpleNamespace(**vars(nested))),
        proxy([1, [2]]),
        proxy((1, [2])),
        proxy({"a": [1]}),
    ]


@scenario
def no_hashable_proxy(get):
    return get("map.core.get_hashable")({1, 2})


@scenario
def a_mapper_of_frames(get):
    made = get("map.lambda_mapper")(name="upper")(lambda x: x.__class__({**x.to_dict(), "text": x.text.upper()}))
    return list(made(TEXTS.iloc[0]).items()), TEXTS.iloc[0].text


# Analysis -------------------------------------------------------------------------------------------------------------


@scenario
def summaries(get):
    analysis = get("labeling.LFAnalysis")(VOTES)
    return (
        analysis.lf_summary(),
        analysis.lf_summary(GOLD),
        analysis.lf_summary(GOLD, est_weights=np.array([0.1, 0.5, 1])),
    )


@scenario
def summaries_of_named_rules(get):
    rules = [get("labeling.LabelingFunction")(name, lambda x: 1) for name in ("c", "a", "b")]
    return get("labeling.LFAnalysis")(VOTES, rules).lf_summary(GOLD)


@scenario
def a_rule_too_few(get):
    rules = [get("labeling.LabelingFunction")(name, lambda x: 1) for name in "ca"]
    return get("labeling.LFAnalysis")(VOTES, rules)


@scenario
def statistics_of_all(get):
    analysis = get("labeling.LFAnalysis")(VOTES)
    return analysis.label_coverage(), analysis.label_overlap(), analysis.label_conflict()


@scenario
def statistics_of_rules(get):
    analysis = get("labeling.LFAnalysis")(VOTES)
    return (
        analysis.lf_coverages(),
        analysis.lf_overlaps(),
        analysis.lf_overlaps(normalize_by_coverage=True),
        analysis.lf_conflicts(),
        analysis.lf_conflicts(normalize_by_overlaps=True),
        analysis.lf_polarities(),
    )


@scenario
def rules_and_gold(get):
    analysis = get("labeling.LFAnalysis")(VOTES)
    return analysis.lf_empirical_accuracies(GOLD), analysis.lf_empirical_probs(GOLD, 2)


@scenario
def a_rule_that_never_votes(get):
    votes = np.column_stack([VOTES, np.full(6, -1)])
    analysis = get("labeling.LFAnalysis")(votes)
    return analysis.lf_summary(), analysis.lf_overlaps(normalize_by_coverage=True)


@scenario
def three_classes_without_abstains(get):
    votes = np.array([[2, 0, 1], [2, 2, 1], [0, 1, 1]])
    return get("labeling.LFAnalysis")(votes).lf_summary(np.array([2, 2, 1]))


@scenario
def unlabeled_rows_are_left_out(get):
    frame = pd.DataFrame({"text": list("abcdef")}, index=range(10, 16))
    kept, gold = get("labeling.filter_unlabeled_dataframe")(frame, GOLD, VOTES)
    return kept, gold


@scenario
def buckets(get):
    found = get("analysis.get_label_buckets")(GOLD, VOTES[:, 0].reshape(-1, 1))
    return {tuple(int(one) for one in key): rows for key, rows in found.items()}


@scenario
def buckets_of_two_lengths(get):
    return get("analysis.get_label_buckets")(GOLD, GOLD[:3])


@scenario
def instances(get):
    take = get("analysis.get_label_instances")
    return take((1, 1), np.arange(12).reshape(6, 2), GOLD, VOTES[:, 1]), take((5, 1), GOLD, GOLD, VOTES[:, 1])


@scenario
def instances_of_too_few_labels(get):
    return get("analysis.get_label_instances")((1, 1, 0), GOLD, GOLD, GOLD)


@scenario
def instances_of_other_rows(get):
    return get("analysis.get_label_instances")((1, 1), GOLD[:2], GOLD, GOLD)


@scenario
def all_metrics(get):
    predicted, proba = np.array([0, 1, 1, 0, 0, -1]), np.linspace(0.1, 0.9, 12).reshape(6, 2)
    names = ["accuracy", "coverage", "f1_micro", "f1_macro", "matthews_corrcoef", "roc_auc"]
    return {name: get("analysis.metric_score")(GOLD, predicted, proba, metric=name) for name in names}


@scenario
def binary_metrics(get):
    predicted, score = np.array([0, 1, 1, 0, 0, 1]), get("analysis.metric_score")
    names = {"precision": {}, "recall": {"pos_label": 0}, "f1": {}, "fbeta": {"beta": 2}}
    return {name: score(GOLD, predicted, metric=name, **more) for name, more in names.items()}


@scenario
def filtered_metrics(get):
    predicted = np.array([0, 1, 1, 0, -1, -1])
    return get("analysis.metric_score")(GOLD, predicted, filter_dict={"preds": [-1], "golds": [1]})


@scenario
def a_filter_of_an_unknown_key(get):
    return get("analysis.metric_score")(GOLD, GOLD, filter_dict={"labels": [1]})


@scenario
def an_unknown_metric(get):
    return get("analysis.metric_score")(GOLD, GOLD, metric="f2")


@scenario
def a_metric_without_its_input(get):
    return get("analysis.metric_score")(GOLD, GOLD, metric="roc_auc")


@scenario
def f1_of_three_classes(get):
    return get("analysis.metric_score")(np.array([0, 2, 1]), np.array([0, 2, 1]), metric="f1")


@scenario
def auc_of_three_classes(get):
    return get("analysis.metric_score")(GOLD, probs=np.ones((6, 3)) / 3, metric="roc_auc")


@scenario
def gold_that_is_no_integer(get):
    return get("analysis.metric_score")(np.array([0.5, 1]), np.array([0, 1]))


@scenario
def scores_that_are_rounded_as_arrays_are(get):
    analysis = get("labeling.LFAnalysis")(VOTES)
    shares = [analysis.label_coverage(), analysis.label_overlap(), analysis.label_conflict()]
    shares.append(get("analysis.metric_score")(GOLD, VOTES[:, 0], metric="coverage"))
    return [share.round(2).item() for share in shares]


@scenario
def an_averaged_f1_takes_no_positive_label(get):
    return get("analysis.metric_score")(GOLD, GOLD, metric="f1_micro", pos_label=0)


@scenario
def an_averaged_f1_takes_no_beta(get):
    return get("analysis.metric_score")(GOLD, GOLD, metric="f1_macro", beta=2)


@scenario
def probabilities_of_one_row_as_a_vector(get):
    return get("utils.probs_to_preds")(np.array([0.2, 0.8]))


@scenario
def scorers(get):
    made = get("analysis.Scorer")
    scorer = made(
        ["accuracy", "f1"],
        custom_metric_funcs={"n": lambda golds, preds, probs: len(golds), "two": lambda *_: {"a": 1, "b": 2}},
    )
    return scorer.score(GOLD, np.array([0, 1, 1, 0, 0, 1])), made(["accuracy"], abstain_label=None).score(GOLD, -GOLD)


@scenario
def a_scorer_of_nothing(get):
    return get("analysis.Scorer")(["accuracy"]).score(np.array([]), np.array([]))


@scenario
def a_scorer_of_unknown_metrics(get):
    return get("analysis.Scorer")(["accuracy", "g1"])


# Arrays ---------------------------------------------------------------------------------------------------------------

PROBA = np.array([[0.5, 0.5], [0.2, 0.8], [0.5, 0.5], [0.5 + 1e-6, 0.5 - 1e-6], [1.0, 0.0]])


@scenario
def ties(get):
    labels = get("utils.probs_to_preds")
    return [labels(PROBA), labels(PROBA, "abstain"), labels(PROBA, "random", tol=1e-9), labels(PROBA, "true-random")]


@scenario
def an_unknown_policy(get):
    return get("utils.probs_to_preds")(PROBA, "first")


@scenario
def one_class(get):
    return get("utils.probs_to_preds")(np.ones((3, 1)))


@scenario
def labels_as_probabilities(get):
    return get("utils.preds_to_probs")(np.array([[0], [2]]), 3), get("utils.preds_to_probs")(np.array([1, 0]), 2)


@scenario
def abstains_as_probabilities(get):
    return get("utils.preds_to_probs")(np.array([1, -1]), 2)


@scenario
def integers(get):
    convert = get("utils.to_int_label_array")
    return convert(np.array([[1.0], [2.0]])), convert(np.array([3.0])), convert(np.ones((2, 3)), flatten_vector=False)


@scenario
def integers_of_no_rows(get):
    convert = get("utils.to_int_label_array")
    return convert(np.zeros((0, 1))), convert(np.zeros(0)), convert(np.zeros((2, 1, 1))), convert(np.array(3))


@scenario
def integers_of_a_table(get):
    return get("utils.to_int_label_array")(np.ones((2, 3)))


@scenario
def filters(get):
    labels = {"golds": GOLD, "preds": VOTES[:, 0], "probs": None}
    return get("utils.filter_labels")(labels, {"golds": [0], "preds": [-1]})


# Voters and slices ----------------------------------------------------------------------------------------------------


@scenario
def voters(get):
    majority, constant = get("labeling.model.MajorityLabelVoter")(3), get("labeling.model.MajorityClassVoter")(2)
    constant.fit(np.array([0.5, 0.5]))
    some = majority.predict(VOTES), majority.predict(VOTES, tie_break_policy="random")
    return majority.predict_proba(VOTES), *some, constant.predict_proba(VOTES), constant.predict(VOTES)


@scenario
def a_voter_of_too_few_classes(get):
    return get("labeling.model.MajorityLabelVoter")(2).predict(np.array([[2, 2, 1]]))


@scenario
def random_voters(get):
    return get("labeling.model.RandomVoter")(2).predict_proba(VOTES).shape


@scenario
def scores_of_a_voter(get):
    voter = get("labeling.model.MajorityLabelVoter")()
    return voter.score(VOTES, GOLD, ["accuracy", "coverage"]), voter.score(VOTES, GOLD, tie_break_policy="random")


@scenario
def slices(get):
    made = get("slicing.slicing_function")
    short, some = made(name="short")(lambda x: len(x.text) < 5), made(resources={"least": 7})(above)
    rows = get("slicing.PandasSFApplier")([short, some]).apply(TEXTS, progress_bar=False)
    return rows["short"], rows.above, rows.dtype.names, get("slicing.slice_dataframe")(TEXTS, short), repr(short)


def above(x, least):
    """Find large numbers."""
    return x.num >= least


@scenario
def slices_of_points(get):
    points = [SimpleNamespace(num=one) for one in (1, 9)]
    rule = get("slicing.SlicingFunction")("nine", lambda x: x.num == 9)
    return get("slicing.SFApplier")([rule]).apply(points, progress_bar=False)["nine"]


@scenario
def slices_without_parentheses(get):
    return get("slicing.slicing_function")(above)


@scenario
def scores_by_slice(get):
    rule = get("slicing.SlicingFunction")("nine", lambda x: x > 2)
    rows = get("slicing.SFApplier")([rule]).apply(list(range(6)), progress_bar=False)
    scorer, proba = get("analysis.Scorer")(["accuracy"]), np.stack([1 - GOLD, GOLD], axis=1)
    predicted = np.array([0, 1, 1, 1, 1, 0])
    return scorer.score_slices(rows, GOLD, predicted, proba), scorer.score_slices(
        rows, GOLD, predicted, proba, as_dataframe=True
    )


@scenario
def scores_by_slices_of_other_rows(get):
    rule = get("slicing.SlicingFunction")("nine", lambda x: x > 2)
    rows = get("slicing.SFApplier")([rule]).apply(list(range(6)), progress_bar=False)
    return get("analysis.Scorer")(["accuracy"]).score_slices(rows, GOLD[:2], GOLD, GOLD)


# Augmentation ---------------------------------------------------------------------------------------------------------


@scenario
def policies(get):
    module = "augmentation."
    made = [
        get(module + "ApplyAllPolicy")(3, n_per_original=2),
        get(module + "ApplyEachPolicy")(2, keep_original=False),
        get(module + "ApplyOnePolicy")(n_per_original=2, keep_original=False),
    ]
    return [policy.generate_for_example() for policy in made], [policy.n for policy in made]


@scenario
def certain_policies(get):
    return get("augmentation.MeanFieldPolicy")(2, sequence_length=3, p=[0, 1], n_per_original=2).generate_for_example()


@scenario
def random_policies(get):
    sequences = get("augmentation.RandomPolicy")(4, sequence_length=2, n_per_original=3).generate_for_example()
    return [len(one) for one in sequences], all(0 <= one < 4 for some in sequences for one in some)


@scenario
def an_abstract_policy(get):
    return get("augmentation.policy.core.Policy")(2).generate_for_example()


@scenario
def transformed_points(get):
    class Square(get("augmentation.TransformationFunction")):
        def __init__(self):
            super().__init__("square", {"n": "num"}, {"n": "num"})

        def run(self, n):
            return None if n == 2 else {"n": n * n}

    points = [SimpleNamespace(num=one, other=[1]) for one in (1, 2, 3)]
    applier = get("augmentation.TFApplier")([Square()], get("augmentation.ApplyOnePolicy")())
    batches = [[point.num for point in batch] for batch in applier.apply_generator(points, batch_size=2)]
    return [point.num for point in applier.apply(points, progress_bar=False)], batches, [point.num for point in points]


@scenario
def transformed_frames(get):
    made = get("augmentation.transformation_function")

    @made()
    def louder(x):
        x.text = x.text.upper()
        return x if x.text else None

    applier = get("augmentation.PandasTFApplier")([louder], get("augmentation.ApplyOnePolicy")(keep_original=False))
    frame = applier.apply(TEXTS, progress_bar=False)
    return (
        frame,
        frame.dtypes.astype(str).to_dict(),
        [len(one) for one in applier.apply_generator(TEXTS, 3)],
        repr(applier),
    )


@scenario
def transformations_of_one_name(get):
    made = get("augmentation.transformation_function")(name="same")(lambda x: x)
    return get("augmentation.TFApplier")([made, made], get("augmentation.ApplyAllPolicy")(2))


@scenario
def transformations_without_parentheses(get):
    return get("augmentation.transformation_function")(lambda x: x)


# Label models ---------------------------------------------------------------------------------------------------------


def many_votes(n=400, n_rules=6, n_classes=2, seed=0):
    draw = np.random.default_rng(seed)
    gold = draw.integers(0, n_classes, n)
    noisy = np.where(draw.random((n, n_rules)) < 0.75, gold[:, None], draw.integers(0, n_classes, (n, n_rules)))
    return np.where(draw.random((n, n_rules)) < 0.6, noisy, -1), gold


@scenario
def a_label_model_of_three_classes(get):
    votes, gold = many_votes(n_classes=3)
    model = get("labeling.model.LabelModel")(3, verbose=False)
    model.fit(votes, n_epochs=60, seed=1, class_balance=[0.2, 0.3, 0.5], progress_bar=False)
    covered = (votes != -1).any(axis=1)
    scores = model.score(votes[covered], gold[covered], ["accuracy", "f1_macro"])
    return model.predict_proba(votes), model.get_weights(), scores


@scenario
def a_label_model_with_other_settings(get):
    votes, gold = many_votes(seed=2)
    model = get("labeling.model.LabelModel")(2, verbose=False)
    model.fit(
        votes, Y_dev=gold[:50], n_epochs=40, lr=0.05, l2=0.1, optimizer="sgd", lr_scheduler="linear", prec_init=0.6,
        seed=4, progress_bar=False,
    )  # fmt: skip
    return model.get_conditional_probs(), model.predict(votes, tie_break_policy="random")


@scenario
def a_label_model_of_a_constant_matrix(get):
    model = get("labeling.model.LabelModel")(2, verbose=False)
    model.fit(np.full((10, 4), -1), n_epochs=5, progress_bar=False)
    return model.predict(np.full((10, 4), -1))


@scenario
def a_class_balance_of_other_classes(get):
    get("labeling.model.LabelModel")(2, verbose=False).fit(
        many_votes()[0], class_balance=[0.2, 0.3, 0.5], progress_bar=False
    )


@scenario
def an_unknown_setting(get):
    get("labeling.model.LabelModel")(2, verbose=False).fit(many_votes()[0], epochs=5, progress_bar=False)


@scenario
def an_unknown_optimizer(get):
    get("labeling.model.LabelModel")(2, verbose=False).fit(many_votes()[0], optimizer="best", progress_bar=False)


@scenario
def votes_above_the_cardinality(get):
    get("labeling.model.LabelModel")(2, verbose=False).fit(many_votes(n_classes=3)[0], progress_bar=False)


@scenario
def made_up_matrices(get):
    P, Y, L = get("synthetic.synthetic_data.generate_simple_label_matrix")(50, 4, 2)
    return P.shape, Y.shape, L.shape, sorted(np.unique(L).tolist())


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_users_write_does_the_same(name, caplog):
    pytest.importorskip("snorkel")
    caplog.set_level(logging.CRITICAL)
    theirs, ours = (outcome(SCENARIOS[name], package) for package in PACKAGES)
    assert ours[0] == theirs[0], f"{ours}, not {theirs}"
    check_equal(ours[1], theirs[1], tolerance=1e-3)
