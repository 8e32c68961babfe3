"""Coefficients of agreement equal published ones and those of other packages; who does not look is named."""

import json
import math
from datetime import timedelta

import krippendorff
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score

import labelkit as lk
from labelkit.annotate import _coefficients as coefficients
from labelkit.annotate._jackknife import jackknifed
from labelkit.annotate._pairs import AnswerPairs
from labelkit.exceptions import AnalysisError, GoldError

NONE = None

KRIPPENDORFF = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    "C": [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
}
"""Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: alpha is .743, ordinal .815."""

FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
"""The worked example of https://en.wikipedia.org/wiki/Fleiss%27_kappa: ten subjects, fourteen raters, kappa .210."""


def long(table):
    """Rows of a long table, from lists of labels by annotator."""
    return [
        {"item": item, "annotator": who, "label": label}
        for who, labels in table.items()
        for item, label in enumerate(labels)
    ]


def test_alpha_is_that_of_the_published_example():
    found = lk.agreement(long(KRIPPENDORFF), ordinal=True)
    assert round(found.alpha.value, 3) == 0.743
    assert round(found.alpha_ordinal.value, 3) == 0.815
    assert (len(found.answers), found.n_shared) == (41, 11)


def test_fleiss_kappa_is_that_of_the_published_example():
    rows = [
        {"item": item, "annotator": f"rater {rater}", "label": "abcde"[label]}
        for item, counts in enumerate(FLEISS)
        for rater, label in enumerate(np.repeat(range(5), counts))
    ]
    found = lk.agreement(rows)
    assert round(found.fleiss.value, 3) == 0.210
    assert round(found.observed.value, 3) == 0.378


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 5), st.floats(0, 0.6))
def test_coefficients_are_those_of_other_packages(seed, n_annotators, n_classes, missing):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, 60)
    labels = np.where(rng.random((n_annotators, 60)) < 0.6, truth, rng.integers(0, n_classes, (n_annotators, 60)))
    seen = rng.random(labels.shape) >= missing
    seen[:2, :3] = True
    table = {
        f"a{i}": [int(one) if there else None for one, there in zip(*row, strict=True)]
        for i, row in enumerate(zip(labels, seen, strict=True))
    }
    found = lk.agreement(long(table), ordinal=True, classes=range(n_classes))
    floats = np.where(seen, labels, np.nan)
    for level, ours in (("nominal", found.alpha), ("ordinal", found.alpha_ordinal)):
        assert ours.value == pytest.approx(krippendorff.alpha(floats, level_of_measurement=level), abs=1e-12)
    kappas, sizes = [], []
    for i in range(n_annotators):
        for j in range(i):
            both = seen[i] & seen[j]
            if both.any() and len({*labels[i][both], *labels[j][both]}) > 1:
                kappas.append(cohen_kappa_score(labels[i][both], labels[j][both]))
                sizes.append(both.sum())
    assert found.cohen.value == pytest.approx(np.average(kappas, weights=sizes), abs=1e-9)


def crowd(rng, n_items, n_annotators, accuracy, share=0.5, classes=("HAM", "SPAM")):
    """A frame of answers, and the truth."""
    truth = (rng.random(n_items) < share).astype(int)
    right = rng.random((n_annotators, n_items)) < np.asarray(accuracy).reshape(-1, 1)
    label = np.where(right, truth, 1 - truth)
    rows = [(i, f"w{a}", classes[label[a, i]]) for a in range(n_annotators) for i in range(n_items)]
    return pd.DataFrame(rows, columns=["item", "annotator", "label"])


def test_intervals_hold_the_alpha_of_the_population():
    whole = lk.agreement(crowd(np.random.default_rng(0), 60_000, 3, 0.85, 0.3))
    held, repeats = np.zeros(3), 150
    for seed in range(repeats):
        found = lk.agreement(crowd(np.random.default_rng([1, seed]), 120, 3, 0.85, 0.3))
        for place, name in enumerate(["alpha", "observed", "cohen"]):
            one, true = getattr(found, name), getattr(whole, name).value
            held[place] += one.low <= true <= one.high
    assert (held >= stats.binom.ppf(0.0005, repeats, 0.93)).all()


def test_who_answers_alike_or_too_fast_or_by_chance_is_named():
    rng = np.random.default_rng(0)
    table = crowd(rng, 200, 4, 0.9, 0.4)
    table["seconds"] = rng.gamma(4, 2, len(table))
    same = pd.DataFrame({"item": range(200), "annotator": "lazy", "label": "HAM", "seconds": 7.0})
    hasty = table[table["annotator"] == "w0"].assign(annotator="hasty", seconds=0.5)
    coin = pd.DataFrame(
        {"item": range(200), "annotator": "coin", "label": rng.choice(["HAM", "SPAM"], 200), "seconds": 7.0}
    )
    found = lk.agreement(pd.concat([table, same, hasty, coin]))
    warned = {one.name: one.warnings for one in found.annotators if one.warnings}
    assert set(warned) == {"lazy", "hasty", "coin"}
    assert warned["lazy"][0] == "answers HAM always, and others do not"
    assert warned["hasty"] == ("takes 0.5 s for an answer, where others take 7.0 s",)
    assert warned["coin"] == ("agrees with others hardly more than by chance",)
    assert "lazy" in str(found)
    assert found.frame.loc["coin", "warnings"]


def test_honest_annotators_are_seldom_named():
    named = 0
    for seed in range(100):
        rng = np.random.default_rng([2, seed])
        table = crowd(rng, 60, 5, [0.75, 0.8, 0.85, 0.9, 0.95], rng.choice([0.5, 0.2, 0.05]))
        found = lk.agreement(table)
        named += any(one.warnings for one in found.annotators)
    assert named <= 5


def said_too_without_each(people, judge, name):
    """Wilson's interval of how often a judge says a class where a person does, by leaving out each example."""
    label = judge[judge["item"] < 200].set_index("item")["label"]
    shared = people[people["item"].isin(label.index) & (people["label"] == name)]
    said = shared.groupby("item").size().reindex(label.index, fill_value=0)
    right = said.where(label == name, 0)
    value, n_said, n = right.sum() / said.sum(), int((said > 0).sum()), len(label)
    variance = ((right.sum() - right) / (said.sum() - said)).var(ddof=0) * (n - 1)
    size = min(value * (1 - value) / variance, n_said)
    z = stats.norm.ppf(0.975)
    middle = (value + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * np.sqrt(value * (1 - value) / size + z**2 / (4 * size**2)) / (1 + z**2 / size)
    return pytest.approx((middle - half, middle + half))


def test_a_judge_is_compared_with_people_and_left_out_of_their_agreement():
    rng = np.random.default_rng(0)
    people = crowd(rng, 300, 3, 0.95)
    judge = people[people["annotator"] == "w0"].assign(annotator="gpt")
    judge.loc[judge["label"] == "SPAM", "label"] = np.where(
        rng.random((judge["label"] == "SPAM").sum()) < 0.5, "HAM", "SPAM"
    )
    table = pd.concat([people, judge[judge["item"] < 200]])
    found = lk.agreement(table, judges=["gpt"])
    assert [one.name for one in found.annotators] == ["w0", "w1", "w2"]
    assert found.alpha.value == lk.agreement(people).alpha.value
    (gpt,) = found.judges
    assert gpt.n_shared == 200
    assert gpt.kappa.high < gpt.people.low
    assert gpt.precision["SPAM"].low > 0.85
    assert ends(gpt.recall["SPAM"]) == said_too_without_each(people, judge, "SPAM")
    assert "gpt, a judge" in str(found)


def test_disputed_examples_are_listed_and_crowd_models_resolve_them():
    table = crowd(np.random.default_rng(0), 200, 5, [0.95, 0.95, 0.9, 0.6, 0.5])
    found = lk.agreement(table)
    disputed = found.disputed()
    assert disputed["agreement"].is_monotonic_increasing
    assert (disputed[["HAM", "SPAM"]].min(axis=1) > 0).all()
    labels = found.resolved(lk.DawidSkene())
    assert labels.ids.tolist() == list(range(200))
    assert len(found.resolved()) == 200


def test_forms_of_answers_are_the_same(tmp_path):
    table = crowd(np.random.default_rng(0), 50, 3, 0.9)
    table.to_csv(tmp_path / "a.csv", index=False)
    wide = table.pivot_table(index="item", columns="annotator", values="label", aggfunc="first")
    votes = wide.replace({"HAM": 0, "SPAM": 1}).infer_objects().to_numpy().astype(int)
    matrix = lk.LabelMatrix.of(votes, names=list(wide.columns), classes=["HAM", "SPAM"])
    wanted = lk.agreement(table).to_dict()
    renamed = table.rename(columns={"item": "task", "annotator": "worker", "label": "answer"})
    for given_ in (tmp_path / "a.csv", matrix, renamed, table.to_dict("records"), lk.Answers.of(table)):
        assert lk.agreement(given_).to_dict() == wanted
    back = lk.Answers.of(lk.Answers.of(table).to_pandas())
    assert back.to_matrix().votes.tolist() == votes.tolist()


def test_many_annotators_of_few_answers_each():
    rng = np.random.default_rng(0)
    table = crowd(rng, 300, 60, 0.8).sample(1_500, random_state=0)
    found = lk.agreement(table)
    assert 0.2 < found.alpha.low < found.alpha.high < 0.5


def test_perfect_and_constant_answers():
    found = lk.agreement(long({"a": ["x", "y", "x"], "b": ["x", "y", "x"]}))
    assert (found.alpha.value, found.cohen.value, found.fleiss.value) == (1, 1, 1)
    alike = lk.agreement(long({"a": ["x"] * 3, "b": ["x"] * 3}))
    assert math.isnan(alike.alpha.value)
    assert alike.observed.value == 1
    assert alike.to_dict()["alpha"]["value"] is None


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        ([{"item": 1, "who": "a", "label": "x"}], {}, GoldError, r"no column 'annotator'.*annotator=\.\.\."),
        ([{"item": 1, "annotator": "a", "label": "x"}], {"seconds": "s"}, GoldError, "no column 's'"),
        (long({"a": ["x", "y"]}), {}, AnalysisError, "no example has answers of two people"),
        (long({"a": ["x"], "b": ["y"]}) * 2, {}, GoldError, r"'a' answers 0 twice, 'x' and 'x'.*drop_duplicates"),
        (long({"a": ["x"], "b": ["z"]}), {"classes": ["x", "y"]}, GoldError, "'z' is none of the classes x, y"),
        (long({"a": ["x"], "b": ["z"]}), {"judges": ["c"]}, GoldError, "no annotator 'c'.*a, b"),
        (long({"a": ["x"], "b": ["z"]}), {"confidence": 95}, AnalysisError, "confidence=95"),
        (long({"a": ["x"], "b": ["z"]}), {"item": "label"}, GoldError, "one column is meant for two things"),
        (
            [*long({"a": ["x", "y"], "b": ["x", "y"]}), {"item": None, "annotator": "a", "label": "x"}],
            {},
            GoldError,
            r"1 of 5 answers have no item, such as that of row 4.*dropna\(subset=\[ITEM\]\)",
        ),
        (
            [*long({"a": ["x", "y"], "b": ["x", "y"]}), {"item": 0, "annotator": None, "label": "x"}],
            {},
            GoldError,
            "1 of 5 answers have no annotator",
        ),
    ],
)
def test_bad_answers_are_refused(rows, options, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        lk.agreement(rows, **options)


def test_nothing_depends_on_the_order_of_the_answers():
    table = crowd(np.random.default_rng(0), 80, 4, 0.8).sample(220, random_state=0)
    found, turned = (lk.agreement(one, judges=["w3"]) for one in (table, table[::-1]))
    assert turned.cohen == found.cohen
    assert turned.judges == found.judges
    assert turned.to_dict() == found.to_dict()


def test_grades_that_are_written_as_texts_are_ordered_as_numbers(tmp_path):
    rng = np.random.default_rng(0)
    grades = np.clip(np.repeat(rng.integers(1, 12, 100), 2) + rng.integers(-1, 2, 200), 1, 12)
    table = pd.DataFrame({"item": np.arange(200) // 2, "annotator": list("ab") * 100, "label": grades})
    table.to_csv(tmp_path / "grades.csv", index=False)
    expected = krippendorff.alpha(grades.reshape(100, 2).T, level_of_measurement="ordinal")
    for form in (table, table.astype({"label": str}), tmp_path / "grades.csv"):
        found = lk.agreement(form, ordinal=True)
        assert found.alpha_ordinal.value == pytest.approx(expected)
        assert list(found.by_class) == [str(grade) for grade in range(1, 13)]


def test_the_order_of_classes_counts_for_answers_of_any_form():
    rng = np.random.default_rng(0)
    levels = ["low", "mid", "high"]
    heights = np.clip(np.repeat(rng.integers(0, 3, 100), 2) + rng.integers(-1, 2, 200), 0, 2)
    rows = [
        {"item": place // 2, "annotator": "ab"[place % 2], "label": levels[height]}
        for place, height in enumerate(heights.tolist())
    ]
    expected = krippendorff.alpha(heights.reshape(100, 2).T, level_of_measurement="ordinal", value_domain=[0, 1, 2])
    read = lk.Answers.of(rows)
    for form in (rows, read, read.to_matrix()):
        found = lk.agreement(form, classes=levels, ordinal=True)
        assert found.alpha_ordinal.value == pytest.approx(expected)
        assert list(found.by_class) == levels
        assert lk.Answers.of(form, classes=levels).to_pandas()["label"].value_counts().to_dict() == dict(
            zip(*np.unique(np.array(levels)[heights], return_counts=True), strict=True)
        )
        with pytest.raises(GoldError, match="'high' is none of the classes low, mid"):
            lk.Answers.of(form, classes=["low", "mid"])
    with pytest.raises(GoldError, match="annotator= names a column of a long table, and these answers are Answers"):
        lk.agreement(read, annotator="who")


def answers_of(*pairs):
    return [
        {"item": i, "annotator": who, "label": label}
        for i, pair in enumerate(pairs)
        for who, label in zip(("ann", "bob"), pair, strict=True)
    ]


def ends(one):
    return one.low, one.high


def wilson(part, n, confidence=0.95):
    found = stats.binomtest(part, n).proportion_ci(confidence, method="wilson")
    return pytest.approx((found.low, found.high))


@pytest.mark.parametrize("n_people", [2, 3])
@pytest.mark.parametrize("n_others", [0, 1, 2])
def test_who_answers_alike_as_the_others_do_is_not_named(n_people, n_others):
    """Of two people who said HAM of 30 examples, each was told that others do not; one SPAM by another was enough, too."""
    rows = [
        {"item": i, "annotator": f"w{a}", "label": "SPAM" if a == 0 and i < n_others else "HAM"}
        for a in range(n_people)
        for i in range(200)
    ]
    people = lk.agreement(rows, classes=["HAM", "SPAM"]).annotators
    assert [one.warnings for one in people] == [()] * n_people


def test_who_always_says_the_frequent_class_is_named_where_others_agree_on_the_rare_one():
    table = rare_crowd(np.random.default_rng(0), 300, 3, 0.06, 0.9, 0.99)
    table.loc[table["annotator"] == "w2", "label"] = "HAM"
    people = {one.name: one.warnings for one in lk.agreement(table).annotators}
    assert people["w2"] == ("answers HAM always, and others do not", "agrees with others hardly more than by chance")
    assert people["w0"] == people["w1"] == ()


@pytest.mark.parametrize("crowd_of", [(50, 2, 0.03, 0.9, 0.99), (100, 4, 0.05, 0.8, 0.97)])
def test_people_who_look_are_seldom_named_where_a_class_is_rare(crowd_of):
    """In 28% of such crowds of two, and in 2% of four."""
    n_named = 0
    for seed in range(200):
        people = lk.agreement(rare_crowd(np.random.default_rng([3, seed]), *crowd_of)).annotators
        n_named += any(one.warnings for one in people)
    assert n_named <= 2


def rare_crowd(rng, n_items, n_annotators, share, sensitivity, specificity):
    """A frame of answers about a class that is rare."""
    truth = rng.random(n_items) < share
    said = rng.random((n_annotators, n_items)) < np.where(truth, sensitivity, 1 - specificity)
    rows = [(i, f"w{a}", "SPAM" if said[a, i] else "HAM") for a in range(n_annotators) for i in range(n_items)]
    return pd.DataFrame(rows, columns=["item", "annotator", "label"])


@pytest.mark.parametrize(("n_items", "crowd_of"), [(50, (3, 0.05, 0.8, 0.98)), (20, (3, 0.1, 0.8, 0.95))])
def test_intervals_hold_where_few_examples_are_of_a_class(n_items, crowd_of):
    """Quantiles of the bootstrap held 64 to 75% of these kappas and alphas, and its variance alone 86 to 89%."""
    figures = {
        "alpha": lambda one: one.alpha,
        "cohen": lambda one: one.cohen,
        "fleiss": lambda one: one.fleiss,
        "observed": lambda one: one.observed,
        "SPAM": lambda one: one.by_class["SPAM"],
    }
    whole = lk.agreement(rare_crowd(np.random.default_rng(0), 200_000, *crowd_of))
    held, repeats = dict.fromkeys(figures, 0), 400
    for seed in range(repeats):
        table = rare_crowd(np.random.default_rng([2, seed]), n_items, *crowd_of)
        sample = lk.agreement(table, classes=["HAM", "SPAM"])
        for name, figure in figures.items():
            one = figure(sample)
            held[name] += np.isnan(one.value) or one.low <= figure(whole).value <= one.high
    least = {name: 0.85 if name == "cohen" else 0.915 for name in figures}
    assert all(held[name] >= least[name] * repeats for name in figures), held


def test_two_answers_for_a_class_do_not_prove_that_nobody_agrees_on_it():
    """All bootstrap samples of these have an alpha from -0.04 to 0."""
    sample = lk.agreement(answers_of(*["AA"] * 48, "AB", "BA"))
    for one in (sample.cohen, sample.fleiss, sample.alpha):
        assert -0.1 < one.low <= one.value < 0.02
        assert 0.4 < one.high <= stats.binomtest(0, 1).proportion_ci(method="wilson").high
    assert ends(sample.by_class["B"]) == wilson(0, 2)


def test_the_share_of_answers_alike_has_the_interval_of_a_share():
    sample = lk.agreement(answers_of(*["AA"] * 60, *["AB"] * 20, *["BB"] * 20))
    assert ends(sample.observed) == pytest.approx(
        tuple(stats.binomtest(80, 100).proportion_ci(method="wilson")), abs=0.01
    )


def test_few_examples_without_a_dispute_do_not_prove_perfect_agreement():
    found = lk.agreement(answers_of(*["AA"] * 6, *["BB"] * 2), ordinal=True)
    assert ends(found.observed) == wilson(8, 8)
    assert (ends(found.by_class["A"]), ends(found.by_class["B"])) == (wilson(6, 6), wilson(2, 2))
    chance = 0.75**2 + 0.25**2
    low = 1 - (1 - found.observed.low) / (1 - chance)
    for one in (found.cohen, found.fleiss, found.alpha, found.alpha_ordinal):
        assert (one.value, *ends(one)) == pytest.approx((1, low, 1))


def test_a_class_that_is_always_or_never_said_by_both_has_an_interval():
    found = lk.agreement(answers_of(*["AA"] * 20, *["AB"] * 4, *["CC"] * 3))
    assert ends(found.by_class["C"]) == wilson(3, 3)
    assert ends(found.by_class["B"]) == wilson(0, 4)
    assert 0 < found.observed.low < found.observed.value < found.observed.high


def test_a_judge_that_was_never_wrong_is_not_sure_to_be_right():
    rows = answers_of(*["AA"] * 9, *["AB"] * 3, *["BB"] * 4)
    judge = lk.agreement([*rows, *({**row, "annotator": "cat"} for row in rows[::2])], judges=["bob"]).judges[0]
    assert judge.recall["B"].value == 1
    assert ends(judge.recall["B"]) == wilson(4, 4)
    assert ends(judge.precision["A"]) == wilson(9, 9)
    assert judge.recall["A"].low < 0.75 < judge.recall["A"].high


def test_intervals_of_a_class_hold_as_often_as_they_say():
    rng, holds = np.random.default_rng(0), []
    for _ in range(60):
        pairs = ["".join(rng.choice(["AA", "BB", "AB"], p=[0.9, 0.09, 0.01])) for _ in range(60)]
        one = lk.agreement(answers_of(*pairs)).by_class["B"]
        holds.append(np.isnan(one.value) or one.low <= 0.18 / 0.19 <= one.high)
    assert np.mean(holds) >= 0.9


def test_a_rejected_label_of_two_classes_is_the_other_one(tmp_path):
    """Without the class that it names, whoever rejects what others accept would agree with all."""
    answers = [("a", "ann", "accept"), ("a", "bob", "reject"), ("b", "ann", "accept"), ("b", "bob", "accept")]
    lines = [
        {"text": "x", "example_id": item, "label": "SPAM", "answer": answer, "_annotator_id": who, "_task_hash": 1}
        for item, who, answer in answers
    ]
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    agreed = lk.agreement(path, classes=["HAM", "SPAM"])
    assert agreed.answers.counts().tolist() == [[1, 1], [0, 2]]
    with pytest.warns(UserWarning, match="1 answer not counted, such as to 'a'"):
        assert lk.agreement(path).answers.counts().tolist() == [[1], [2]]


def test_exports_of_label_studio_and_prodigy_are_answers(tmp_path):
    """As --gold reads them: who gave which label, without skipped tasks and ground truth."""

    def task(number, labels):
        results = [
            {"completed_by": who, "result": [{"type": "choices", "from_name": "label", "value": {"choices": [label]}}]}
            for who, label in labels.items()
        ]
        return {"id": number, "data": {"text": "t", "example_id": f"FR-{number}"}, "annotations": results}

    votes = [{1: "HAM", 2: "HAM"}, {1: "SPAM", 2: "SPAM"}, {1: "HAM", 2: "SPAM"}, {1: "HAM", 2: "HAM"}, {1: "SPAM"}]
    studio = tmp_path / "ls.json"
    studio.write_text(json.dumps([task(number, labels) for number, labels in enumerate(votes)]))
    lines = [
        {"text": "t", "example_id": f"FR-{number}", "label": label, "answer": "accept", "_annotator_id": str(who),
         "_input_hash": number, "_task_hash": number}
        for number, labels in enumerate(votes) for who, label in labels.items()
    ]  # fmt: skip
    prodigy = tmp_path / "prodigy.jsonl"
    prodigy.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    long = [
        {"item": f"FR-{number}", "annotator": str(who), "label": label}
        for number, labels in enumerate(votes)
        for who, label in labels.items()
    ]
    expected = lk.agreement(long)
    for file in (studio, prodigy):
        found = lk.agreement(str(file))
        assert str(found) == str(expected)
        assert lk.Answers.of(file).items.tolist() == [f"FR-{number}" for number in range(5)]


def table_of(*labels, **columns):
    rows = [(item, who, label) for item in range(3) for who, label in zip("abc", labels, strict=False)]
    made = dict(zip(("item", "annotator", "label"), map(list, zip(*rows, strict=True)), strict=True))
    return pa.table(made | columns)


def test_answers_that_differ_in_spaces_or_composed_accents_are_of_one_class():
    with pytest.warns(UserWarning, match="' yes' and 'yes' are taken for one class"):
        found = lk.agreement(table_of("yes", " yes", "  "))
    assert (found.answers.class_names, found.observed.value) == (("yes",), 1.0)
    found = lk.agreement(table_of("caf\xe9", "cafe\u0301"))
    assert (found.answers.class_names, found.observed.value) == (("caf\xe9",), 1.0)


def test_capitals_are_warned_of_unless_the_classes_are_given():
    with pytest.warns(UserWarning, match="'Yes' and 'yes' are two classes"):
        assert lk.agreement(table_of("yes", "Yes")).observed.value == 0
    assert lk.agreement(table_of("yes", "Yes"), classes=["no", "yes"]).observed.value == 1


@pytest.mark.parametrize("label", [-1, -1.0, "-1"])
def test_minus_one_is_not_taken_for_a_class_nor_for_none(label):
    """In gold it means that nobody knows; two annotators who say so would agree."""
    answers = table_of(label, label, type(label)(1))
    with pytest.raises(GoldError, match="may be a class, or stand for no answer"):
        lk.agreement(answers)
    found = lk.agreement(answers, classes=[-1, 0, 1])
    assert found.by_class["-1"].value == pytest.approx(1 / 2)
    assert lk.agreement(table_of(-2, -1)).answers.class_names == ("-2", "-1")


def test_whole_numbers_beside_gaps_have_the_names_that_they_have_without():
    frame = pd.DataFrame({"item": [0, 0, 1], "annotator": ["a", "b", "a"], "label": [1, 0, None]})
    assert lk.agreement(frame).answers.class_names == ("0", "1")


@pytest.mark.parametrize(
    "seconds", [["2.5", "", None], [2.5, float("nan"), None], [timedelta(seconds=2.5), None, None]]
)
def test_times_may_be_missing_texts_or_spans(seconds):
    found = lk.agreement(table_of("x", "x", "x", seconds=seconds * 3))
    assert [one.seconds for one in found.annotators] == pytest.approx([2.5, math.nan, math.nan], nan_ok=True)


def test_a_time_that_is_no_number_is_refused():
    with pytest.raises(GoldError, match="the column of seconds holds 'soon'"):
        lk.agreement(table_of("x", "x", seconds=["1", "soon"] * 3))


def test_one_judge_is_named_by_its_name_and_classes_are_no_text():
    rows = [
        {"item": i, "annotator": who, "label": "x" if i % 2 else "y"} for i in range(6) for who in ("ann", "bob", "llm")
    ]
    assert [one.name for one in lk.agreement(rows, judges="llm").judges] == ["llm"]
    with pytest.raises(GoldError, match="classes='xy' is one text"):
        lk.agreement(rows, classes="xy")


@pytest.mark.parametrize(("n_annotators", "missing"), [(2, 0.0), (3, 0.3), (5, 0.5)])
def test_values_without_each_example_are_those_of_the_other_examples(n_annotators, missing):
    rng = np.random.default_rng(n_annotators)
    table = crowd(rng, 25, n_annotators, 0.8, 0.3)
    table = table[rng.random(len(table)) >= missing]
    table = table[table.groupby("item")["label"].transform("size") > 1]
    answers = lk.Answers.of(table, classes=["HAM", "SPAM"])
    pairs = AnswerPairs.among(answers)
    kappas, shares = pairs.mean_cohen().without[:, 0], pairs.said_too().without
    alone = [AnswerPairs.among(lk.Answers.of(rest, classes=["HAM", "SPAM"])) for rest in without_each(table)]
    assert np.sort(kappas) == pytest.approx(np.sort([one.mean_cohen().value[0] for one in alone]))
    assert np.sort(shares, axis=0) == pytest.approx(np.sort([one.said_too().value for one in alone], axis=0))
    rows = answers.counts()
    alphas = jackknifed(coefficients.alpha, coefficients.answer_sums(rows), np.ones(len(rows), np.int64)).without[:, 0]
    assert np.sort(alphas) == pytest.approx(np.sort([lk.agreement(rest).alpha.value for rest in without_each(table)]))


def without_each(table):
    return [table[table["item"] != item] for item in table["item"].unique()]
