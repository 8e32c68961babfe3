"""The table of mended behaviour in docs/how_to/coming_from_snorkel.md, a test for each line: what Snorkel does, and the drop-in."""

from __future__ import annotations

import importlib
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.interop.snorkel.test_habits_of_users import PACKAGES, Package, many_votes, outcome

pytest.importorskip("snorkel")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore:Input has data type int64:FutureWarning"),
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning"),
]


def both(function):
    """Return the values under Snorkel and under the drop-in."""
    return tuple(function(Package(package)) for package in PACKAGES)


def test_rows_stay_in_the_order_of_the_frame():
    frame = pd.DataFrame({"num": [0, 1, 2, 3]}, index=[3, 1, 2, 0])

    def votes(get):
        rule = get("labeling.LabelingFunction")("num", vote_for_num)
        applied = get("labeling.apply.dask.PandasParallelLFApplier")([rule]).apply(
            frame, n_parallel=2, scheduler="threads"
        )
        return applied.ravel().tolist()

    assert both(votes) == ([3, 1, 2, 0], [0, 1, 2, 3])


def vote_for_num(x):
    return int(x.num)


def test_chained_preprocessors_keep_new_fields():
    frame = pd.DataFrame({"text": ["one two", "three"]})

    def votes(get):
        preprocessor = get("preprocess.Preprocessor")

        class Lower(preprocessor):
            def run(self, text):
                return {"lower": text.lower()}

        class Words(preprocessor):
            def run(self, lower):
                return {"words": lower.split()}

        first = Lower("lower")
        rule = get("labeling.LabelingFunction")("words", lambda x: len(x.words), pre=[first, Words("words", pre=[])])
        return get("labeling.PandasLFApplier")([rule]).apply(frame, progress_bar=False).ravel().tolist()

    theirs, ours = (outcome(votes, package) for package in PACKAGES)
    assert theirs[0] == "AttributeError"
    assert ours == ("value", [2, 1])


def test_what_a_rule_changes_stays_with_it():
    def votes(get):
        words = get("preprocess.preprocessor")(memoize=True)(split_words)

        def takes(x):
            return x.words.pop() == "b"

        lf = get("labeling.LabelingFunction")
        rules = [lf("takes", takes, pre=[words]), lf("counts", lambda x: len(x.words), pre=[words])]
        return get("labeling.LFApplier")(rules).apply([SimpleNamespace(text="a b")], progress_bar=False).tolist()

    assert both(votes) == ([[1, 1]], [[1, 2]])


def split_words(x):
    x.words = x.text.split()
    return x


def test_unknown_gold_is_not_wrong():
    votes, gold = np.array([[1, 0], [1, 1], [0, 1]]), np.array([1, -1, -1])

    def accuracies(get):
        analysis = get("labeling.LFAnalysis")(votes)
        return analysis.lf_summary(gold)["Emp. Acc."].round(2).tolist()

    theirs, ours = both(accuracies)
    assert theirs == [0.33, 0.0]
    assert ours == [1.0, 0.0]


def test_many_rules_give_probabilities():
    draw = np.random.default_rng(0)
    gold = draw.integers(0, 2, 60)
    votes = np.where(draw.random((60, 1_400)) < 0.7, gold[:, None], 1 - gold[:, None])

    def are_numbers(get):
        model = get("labeling.model.LabelModel")(2, verbose=False)
        model.fit(votes, n_epochs=2, seed=1, progress_bar=False)
        return bool(np.isfinite(model.predict_proba(votes)).all())

    assert both(are_numbers) == (False, True)


def test_rows_without_a_vote_abstain():
    votes, _ = many_votes()
    votes[:5] = -1

    def labels(get):
        model = get("labeling.model.LabelModel")(2, verbose=False)
        model.fit(votes, n_epochs=20, seed=1, class_balance=[0.2, 0.8], progress_bar=False)
        return model.predict(votes)[:5].tolist()

    assert both(labels) == ([1] * 5, [-1] * 5)


def test_generators_of_the_process_are_left_alone():
    def drawn(get):
        np.random.seed(0)  # noqa: NPY002 - the generator of the process is what is looked at
        get("labeling.model.LabelModel")(2, verbose=False).fit(many_votes()[0], n_epochs=2, seed=5, progress_bar=False)
        return float(np.random.random())  # noqa: NPY002 - the same

    theirs, ours = both(drawn)
    assert ours == np.random.RandomState(0).random_sample() != theirs


def test_a_fit_without_a_seed_is_repeated():
    def seed(get):
        get("labeling.model.LabelModel")(2, verbose=False).fit(many_votes()[0], n_epochs=1, progress_bar=False)
        return get("labeling.model.label_model.TrainConfig")().seed

    theirs, ours = both(seed)
    assert ours == 0
    assert 0 <= theirs < 1e6


def test_two_rules_are_enough():
    def fitted(get):
        votes = many_votes(n_rules=2)[0]
        model = get("labeling.model.LabelModel")(2, verbose=False)
        model.fit(votes, n_epochs=5, seed=0, progress_bar=False)
        return model.predict_proba(votes).shape

    theirs, ours = (outcome(fitted, package) for package in PACKAGES)
    assert theirs[0] == "ValueError"
    assert ours == ("value", (400, 2))


def test_each_configuration_has_its_pipeline(tmp_path, monkeypatch):
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "en")
    language = str(tmp_path / "en")

    def votes(get):
        made = get("labeling.lf.nlp.nlp_labeling_function")
        texts = made(language=language)(lambda x: len(x.doc))
        titles = made(name="titles", language=language, text_field="title")(lambda x: len(x.doc))
        point = SimpleNamespace(text="one two", title="one")
        return texts(point), titles(point)

    nlp = importlib.import_module("snorkel.labeling.lf.nlp")
    monkeypatch.delattr(nlp.NLPLabelingFunction, "_nlp_config", raising=False)
    theirs, ours = (outcome(votes, package) for package in PACKAGES)
    assert theirs[0] == "ValueError"
    assert ours == ("value", (2, 1))


def test_abstaining_is_not_in_the_slice():
    frame = pd.DataFrame({"num": [1, 2, 3]})

    def rows(get):
        rule = get("slicing.SlicingFunction")("two", lambda x: 1 if x.num == 2 else -1)
        return get("slicing.slice_dataframe")(frame, rule).num.tolist()

    assert both(rows) == ([1, 2, 3], [2])


def test_rules_are_tried_on_no_rows_but_the_users():
    frame = pd.DataFrame({"text": ["one two", "three four"]})

    def votes(get):
        rule = get("labeling.LabelingFunction")("second", second_word)
        applier = get("labeling.apply.dask.PandasParallelLFApplier")([rule])
        return applier.apply(frame, n_parallel=2, scheduler="threads").ravel().tolist()

    theirs, ours = (outcome(votes, package) for package in PACKAGES)
    assert theirs[0] == "ValueError"
    assert ours == ("value", [3, 4])


def second_word(x):
    return len(x.text.split()[1])


def test_votes_are_read_alike_in_all_places():
    votes = np.array([[0, -1], [-1, 1], [1, 1]])

    def coverages(get):
        forms = votes, np.where(votes == -1, -2, votes), np.where(votes == -1, np.nan, votes)
        voter = get("labeling.model.MajorityLabelVoter")()
        return (
            [get("labeling.LFAnalysis")(one).lf_coverages().round(2).tolist() for one in forms],
            outcome(lambda get: voter.predict(votes.astype(np.uint8)).tolist(), get._root),
        )

    theirs, ours = both(coverages)
    assert theirs[0] == [[0.67, 0.67], [1.0, 1.0], [1.0, 1.0]]
    assert theirs[1][0] == "IndexError"
    assert ours == ([[0.67, 0.67]] * 3, ("value", [0, 1, 1]))


def test_gold_of_one_row_is_no_gold_of_all():
    def accuracies(get):
        return (
            get("labeling.LFAnalysis")(np.array([[1], [0], [1]]))
            .lf_empirical_accuracies(np.array([1]))
            .round(2)
            .tolist()
        )

    theirs, ours = (outcome(accuracies, package) for package in PACKAGES)
    assert theirs == ("value", [0.67])
    assert ours == ("ValueError", "Y has 1 labels, but L has 3 rows")


def test_a_frame_is_no_list_of_its_columns():
    def vote(get):
        rule = get("labeling.LabelingFunction")("long", lambda x: int(len(x) > 3))
        return get("labeling.LFApplier")([rule]).apply(pd.DataFrame({"text": ["a"] * 5}), progress_bar=False).tolist()

    theirs, ours = (outcome(vote, package) for package in PACKAGES)
    assert theirs == ("value", [[1]])
    assert ours[0] == "TypeError"


def test_instances_are_taken_by_position():
    x = pd.Series(["a", "b", "c"], index=[2, 0, 1])

    def instances(get):
        return list(get("analysis.get_label_instances")((1,), x, np.array([1, 1, 0])))

    theirs, ours = both(instances)
    assert theirs == ["b", "c"]
    assert ours == ["a", "b"]


def test_what_is_probably_a_mistake_is_warned_of():
    def summarized(get):
        rules = [get("labeling.LabelingFunction")("rule", lambda x: 1 / x)]
        votes = get("labeling.LFApplier")(rules).apply([1, 0, 3], progress_bar=False, fault_tolerant=True)
        return votes.tolist()

    def warned(package):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            votes = summarized(Package(package))
        return votes, [code for one in caught for code in re.findall(r"LK4\d\d", str(one.message))]

    theirs, ours = map(warned, PACKAGES)
    assert theirs == ([[1], [-1], [0]], [])
    assert ours == (theirs[0], ["LK417", "LK419"])


def test_a_policy_that_there_is_not_is_refused_without_ties_too():
    def labels(get):
        try:
            return get("utils.probs_to_preds")(np.array([[0.3, 0.7]]), tie_break_policy="abstian").tolist()
        except ValueError as error:
            return str(error)

    assert both(labels) == ([1], "tie_break_policy=abstian policy not recognized.")
