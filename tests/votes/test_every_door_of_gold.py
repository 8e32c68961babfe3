"""Every public function that takes gold or features beside votes tells of those that belong to other examples."""

import inspect
import re
import warnings

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError
from labelkit.label_models import PatternLabelModel

N = 600
TRUTH = np.random.default_rng(0).integers(0, 2, N)
INDEX = [f"c{i}" for i in np.random.default_rng(1).permutation(N)]


def text_of(number, is_spam):
    word = (("free money", "and") if is_spam else ("nice song", "so"))[number % 6 == 0]
    return f"{word} w{number} " * (1 + number % 3)


FRAME = pd.DataFrame(
    {
        "text": [text_of(number, is_spam) for number, is_spam in enumerate(TRUTH)],
        "half": np.where(np.arange(N) % 2, "odd", "even"),
    },
    index=INDEX,
)
RULES = [
    lk.keywords(word, label=label).rule(name=word, column="text")
    for word, label in {"free": 1, "money": 1, "nice": 0, "song": 0}.items()
]
GOLD = pd.Series(np.where(np.arange(N) % 3 < 2, TRUTH, -1), index=INDEX)
FEATURES = pd.DataFrame({"is_spam": TRUTH + 0.0, "noise": np.random.default_rng(2).normal(size=N)}, index=INDEX)
CLASSES = ["HAM", "SPAM"]


@pytest.fixture(scope="module")
def made():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = lk.Applier(RULES, labels=CLASSES).apply(FRAME)
        model = lk.LabelModel().fit(matrix)
        content = lk.ContentLabelModel().fit(matrix, FEATURES)
        slices = lk.apply_slices([], FRAME, by="half")
    return {
        "matrix": matrix,
        "model": model,
        "content": content,
        "labels": model.label(matrix),
        "end model": lk.train_end_model(FRAME, model.label(matrix)),
        "slices": slices,
    }


def folded():
    return np.arange((GOLD >= 0).sum()) % 5


GOLD_DOORS = {
    "ContentLabelModel.evaluate": lambda m, gold: m["content"].evaluate(m["matrix"], FEATURES, gold),
    "ContentLabelModel.fit": lambda m, gold: lk.ContentLabelModel().fit(m["matrix"], FEATURES, gold),
    "ContentLabelModel.judged": lambda m, gold: m["content"].judged(m["matrix"], FEATURES, gold),
    "ContentLabelModel.label": lambda m, gold: m["content"].label(m["matrix"], FEATURES, gold),
    "ContentLabelModel.score": lambda m, gold: m["content"].score(m["matrix"], FEATURES, gold),
    "EndModel.evaluate": lambda m, gold: m["end model"].evaluate(FRAME, gold),
    "LabelModel.evaluate": lambda m, gold: m["model"].evaluate(m["matrix"], gold),
    "LabelModel.fit": lambda m, gold: lk.LabelModel().fit(m["matrix"], gold=gold),
    "LabelModel.held_out_proba": lambda m, gold: lk.LabelModel().held_out_proba(m["matrix"], gold, folded()),
    "LabelModel.label": lambda m, gold: m["model"].label(m["matrix"], gold),
    "LabelModel.score": lambda m, gold: m["model"].score(m["matrix"], gold),
    "ProbabilisticLabels.certify": lambda m, gold: m["labels"].certify(gold),
    "apply_to_folder": lambda m, gold: lk.apply_to_folder(
        RULES, FRAME, m["folder"] / "votes", gold=gold, labels=CLASSES, progress=False, cache=False
    ),
    "augmentation_effect": lambda m, gold: lk.augmentation_effect(
        FRAME, m["labels"], [lk.typos()], gold=gold, column="text", seeds=2
    ),
    "certify": lambda m, gold: lk.certify(m["labels"], gold),
    "classification_curves": lambda m, gold: lk.classification_curves(gold, m["labels"]),
    "compare": lambda m, gold: lk.compare(m["matrix"], [lk.MajorityVote()], gold=gold),
    "coverage_by_class": lambda m, gold: lk.coverage_by_class(m["matrix"], gold),
    "diff": lambda m, gold: lk.diff(m["matrix"], m["matrix"], gold=gold),
    "estimate_prior": lambda m, gold: lk.estimate_prior(gold, m["matrix"]),
    "find_slices": lambda m, gold: lk.find_slices(FRAME, m["labels"], gold=gold),
    "fit_votes": lambda m, gold: lk.fit_votes(m["matrix"], gold=gold, teach=True),
    "marginal_values": lambda m, gold: lk.marginal_values(m["matrix"], gold=gold, model=m["model"]),
    "next_to_label": lambda m, gold: lk.next_to_label(m["matrix"], m["labels"], n=5, gold=gold, random_share=0),
    "plot_label_distribution": lambda m, gold: lk.plot_label_distribution(m["labels"], gold=gold),
    "prevalence": lambda m, gold: lk.prevalence(m["labels"], gold),
    "reliability": lambda m, gold: lk.reliability(gold, m["labels"]),
    "run": lambda m, gold: lk.run(
        RULES, FRAME, m["folder"] / "run", gold=gold, labels=CLASSES, progress=False, cache=False, report=False
    ),
    "spread_labels": lambda m, gold: lk.spread_labels(FRAME, m["labels"], gold=gold, column="text"),
    "suggest": lambda m, gold: lk.suggest(m["matrix"], FRAME, m["labels"], gold=gold, column="text"),
    "summarize": lambda m, gold: lk.summarize(m["matrix"], gold=gold),
    "summarize_slices": lambda m, gold: lk.summarize_slices(m["slices"], m["labels"], gold=gold),
    "suspicious_gold": lambda m, gold: lk.suspicious_gold(m["matrix"], gold, m["labels"].proba),
    "train_end_model": lambda m, gold: lk.train_end_model(FRAME, m["labels"], column="text", gold=gold),
    "view": lambda m, gold: lk.view(m["matrix"], FRAME, RULES, gold=gold, wrong=True),
    "what_to_fix": lambda m, gold: lk.what_to_fix(m["matrix"], gold=gold),
}
NOT_BESIDE = {"Evaluation.of"}
"""Of arrays that are in one order already."""

FEATURE_DOORS = {
    "ContentLabelModel.evaluate": lambda m, given: m["content"].evaluate(m["matrix"], given, GOLD),
    "ContentLabelModel.explain": lambda m, given: m["content"].explain(m["matrix"], given, m["matrix"].ids[:3]),
    "ContentLabelModel.fit": lambda m, given: lk.ContentLabelModel().fit(m["matrix"], given),
    "ContentLabelModel.judged": lambda m, given: m["content"].judged(m["matrix"], given, GOLD),
    "ContentLabelModel.label": lambda m, given: m["content"].label(m["matrix"], given),
    "ContentLabelModel.predict": lambda m, given: m["content"].predict(m["matrix"], given),
    "ContentLabelModel.predict_proba": lambda m, given: m["content"].predict_proba(m["matrix"], given),
    "ContentLabelModel.score": lambda m, given: m["content"].score(m["matrix"], given, GOLD),
    "ProbabilisticLabels.training_set": lambda m, given: m["labels"].training_set(given),
    "compare": lambda m, given: lk.compare(m["matrix"], [lk.ContentLabelModel()], gold=GOLD, features=given),
}
FEATURES_ALONE = {"Balanced.take", "DataSet.training_set", "mixup", "resample_features"}
"""Which take rows of what they made themselves, or features beside classes in one array."""


def public_callables(names):
    """Return the public functions and methods that have one of some parameters, each label model as the default."""
    wanted = set()
    for name in dir(lk):
        one = getattr(lk, name)
        if inspect.isfunction(one):
            members = [(name, one)]
        elif inspect.isclass(one) and not issubclass(one, Exception):
            same = issubclass(one, PatternLabelModel) and one is not lk.LabelModel
            members = [(f"{name}.{key}", value) for key, value in inspect.getmembers(one) if not same and key[0] != "_"]
        else:
            continue
        for key, value in members:
            if callable(value) and not inspect.isclass(value) and set(inspect.signature(value).parameters) & names:
                wanted.add(key)
    return wanted


def test_every_public_function_that_takes_gold_or_features_is_here():
    assert public_callables({"gold"}) == {*GOLD_DOORS, *NOT_BESIDE}
    sklearn = {key for key in public_callables({"X"}) if "Classifier." in key}
    assert public_callables({"features", "X"}) - sklearn == {*FEATURE_DOORS, *FEATURES_ALONE}


def codes_of(door, made, given):
    """Go through a door, and return the codes of its warnings, and of its error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            door(made, given)
        except LabelkitError as error:
            return {error.code}
    return set(re.findall(r"\[(LK\d+)\]", " ".join(str(one.message) for one in caught)))


def shuffled(rows):
    return rows.sample(frac=1, random_state=3)


def renamed(rows):
    return rows.set_axis([f"z{i}" for i in range(len(rows))])


@pytest.mark.parametrize("door", GOLD_DOORS)
def test_gold_of_other_examples_is_told(door, made, tmp_path):
    def codes(gold):
        m = {**made, "folder": tmp_path / str(len(list(tmp_path.iterdir())))}
        m["folder"].mkdir()
        return codes_of(GOLD_DOORS[door], m, gold)

    unrelated = {"LK344", "LK346"}  # surely, and where the rules may err together, too
    told = {"LK321", "LK322", "LK326", "LK341", "LK345", *unrelated}
    assert not codes(GOLD) & told
    assert not codes(shuffled(GOLD)) & told
    by_position = codes(shuffled(GOLD).reset_index(drop=True))
    assert "LK345" in by_position
    assert by_position & unrelated
    assert codes(shuffled(GOLD).to_numpy()) & unrelated
    assert "LK321" in codes(renamed(GOLD))
    assert "LK322" in codes(GOLD.to_numpy()[:-5])
    assert "LK322" in codes(np.append(GOLD.to_numpy(), [0, 1]))


@pytest.mark.parametrize("door", FEATURE_DOORS)
def test_features_of_other_examples_are_told(door, made):
    def codes(given):
        return codes_of(FEATURE_DOORS[door], made, given)

    told = {"LK345", "LK405", "LK326", "LK321", "LK322"}
    assert not codes(FEATURES) & told
    assert "LK345" in codes(shuffled(FEATURES).reset_index(drop=True))
    for wrong in (renamed(FEATURES), FEATURES.to_numpy()[:-5], np.vstack([FEATURES.to_numpy(), np.zeros((2, 2))])):
        assert codes(wrong)


# Numbers of many digits as ids ----------------------------------------------------------------------------------------

FIRSTS = [2**53 + 1, 1_234_567_890_123_456_789, 2**63 + 5]
"""Ids that floats do not keep apart: of tweets and hashes, with and without a sign."""


def rows_from(first):
    ids = np.array([first + n for n in range(12)], dtype=np.uint64 if first >= 2**63 else np.int64)
    labels = np.array(["HAM", "SPAM", "SPAM"])[np.arange(12) % 3]
    return pd.DataFrame({"key": ids, "text": ["free", "hello"] * 6, "gold": labels})


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("form", ["g.csv", "g.parquet", "crowd.csv", "crowd.parquet", "answered", "sample.csv"])
def test_ids_of_many_digits_name_their_examples(first, form, tmp_path):
    """Answers come back from files, crowds, the page and samples to the very example."""
    rows = rows_from(first)
    rules = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("hello", label=0).rule(name="hello")]
    names, truth = ["HAM", "SPAM"], dict(zip(rows["key"].tolist(), rows["gold"], strict=True))
    path = tmp_path / form
    if form == "answered":
        path = tmp_path / "answered.parquet"
        with lk.AnnotationSession(rows[["key", "text"]], path, labels=names, id="key", sample=12) as session:
            while example := session.next("ann")["example"]:
                session.answer("ann", example["key"], label=truth[int(example["id"])])
    elif form == "sample.csv":
        sample = lk.sample(rows, 12, id="key")
        sample.save(path)
        assert lk.Sample.load(path).ids.tolist() == sample.ids.tolist()
        assert lk.Sample.load(path).estimate(truth).frame["estimate"].round(9).tolist() == [0.333333333, 0.666666667]
        return
    else:
        table = rows.sample(frac=1, random_state=0)[["key", "gold"]]
        if form.startswith("crowd"):
            table = table.rename(columns={"key": "task", "gold": "label"}).assign(worker="ann")
        getattr(table, "to_csv" if form.endswith("csv") else "to_parquet")(path, index=False)
    assert lk.read_gold(path, id=None if path.name[0] != "g" else "key").to_dict() == truth
    run = lk.run(rules, rows[["key", "text"]], tmp_path / "out", id="key", labels=names, gold=str(path), report=False)
    is_spam = (rows["gold"] == "SPAM").to_numpy()
    assert run.summary.loc[["free", "hello"], "precision"].tolist() == [is_spam[::2].mean(), (~is_spam[1::2]).mean()]


@pytest.mark.parametrize("first", FIRSTS)
def test_crowds_and_agreement_keep_ids_of_many_digits(first):
    ids = rows_from(first)["key"].to_numpy()
    long = pd.DataFrame({"item": np.repeat(ids, 2), "annotator": ["ann", "bob"] * 12, "label": ["HAM", "SPAM"] * 12})
    assert lk.LabelMatrix.from_long(long["item"], long["annotator"], long["label"]).ids.tolist() == ids.tolist()
    assert lk.agreement(long).answers.items.tolist() == ids.tolist()
    floats = long.assign(item=long["item"].astype(float), annotator=range(len(long)))
    for read in (
        lk.agreement,
        lambda table: lk.LabelMatrix.from_long(table["item"], table["annotator"], table["label"]),
    ):
        with pytest.raises(LabelkitError, match="names examples by floats"):
            read(floats)


@pytest.mark.parametrize("first", FIRSTS)
def test_floats_that_stand_for_several_ids_are_refused(first, tmp_path):
    """A column of ids with a gap is of floats in pandas, by which 2**53 + 1 is 2**53."""
    rows = rows_from(first)
    matrix = lk.Applier([lk.keywords("free", label=1).rule(name="free")], labels=["HAM", "SPAM"]).apply(rows, id="key")
    message = "names examples by floats, such as .*more digits than a float keeps"
    for gold in ({float(first): 1}, pd.Series({float(first): "SPAM"}), pd.Series({float(first): 1, None: 0}).iloc[:1]):
        with pytest.raises(LabelkitError, match=message) as error:
            lk.summarize(matrix, gold=gold)
    (tmp_path / "g.csv").write_text(f"id,gold\n{first},SPAM\n,HAM\n")
    pd.DataFrame({"id": [float(first)], "gold": ["SPAM"]}).to_parquet(tmp_path / "g.parquet")
    with pytest.raises(LabelkitError, match=message):
        lk.read_gold(tmp_path / "g.parquet")
    kind = re.search(r"'id': '(\w+)'", error.value.hint)[1]
    read = pd.read_csv(tmp_path / "g.csv", dtype={"id": kind if first < 2**63 else "UInt64"}).dropna()
    assert lk.summarize(matrix, gold=read.set_index("id")["gold"]).to_pandas()["precision"].iloc[0] == 1.0


def test_ids_of_another_type_are_told_with_the_call_that_makes_them_alike():
    rows = rows_from(7)
    rules = [lk.keywords("free", label=1).rule(name="free")]
    for ids, gold in ((rows["key"], {"7": 1}), (rows["key"].astype(str), {7: 1})):
        matrix = lk.Applier(rules, labels=["HAM", "SPAM"]).apply(rows.assign(key=ids).to_dict("records"), id="key")
        with pytest.raises(LabelkitError, match="one side is text") as error:
            lk.summarize(matrix, gold=pd.Series(gold))
        remedy = re.search(r"of a Series, (\.rename\(index=\w+\)) makes them alike", error.value.hint)[1]
        alike = eval(f"gold{remedy}", {"gold": pd.Series(gold)})
        assert lk.summarize(matrix, gold=alike).to_pandas()["precision"].iloc[0] == 1.0
