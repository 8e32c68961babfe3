"""Every result that shows itself in a notebook shows the same numbers in a terminal, and runs nothing in either."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
import tempfile
import unicodedata
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelkit as lk
from labelkit._shared.tables import ShownResult
from labelkit.analysis.suggest.suggestion import Suggestion, Suggestions
from labelkit.apply.prompt_costs import Estimates, PromptEstimate
from labelkit.checks.check_rules import check_rules
from labelkit.curation.augmentation.effect import AugmentationEffect
from labelkit.curation.augmentation.noise import CharacterNoise
from labelkit.curation.step import CurationStep
from labelkit.end_models.end_model import EndModel
from labelkit.runs.history import History, RunVersion
from labelkit.runs.why import WhyVote
from tests._shared.test_markup import read

PLAIN = ("link", "SPAM", "c1")
HOSTILE = tuple(
    f"{text}<script>alert('{text}')</script>\" onload='x' &amp; \x1b[31m \x00 \x7f \u202e\u2066\u200b שלום\n"
    for text in PLAIN
)


def suggestion(name, label, example):
    numbers = {"rows": 1234, "share": 0.1, "share_low": 0.08, "share_high": 0.12, "new": 56, "gain": 45, "support": 321}
    agreement = {"agreement": 0.9534, "agreement_low": 0.93, "agreement_high": 0.97}
    precision = {"precision": 0.9123, "precision_low": 0.81, "precision_high": 0.97, "gold": 82}
    return Suggestion(
        words=name, label=label, number=1, ids=(example,), name="link", column="text", whole_word=True,
        source_label="1", **numbers, **agreement, **precision,
    )  # fmt: skip


def data_set_results(name, label, example, labels):
    """A data set with a split, its card, its history and a difference, in which all names are the given texts."""
    folder = Path(tempfile.mkdtemp()) / "set"
    texts = {"id": labels.ids.tolist(), "text": [example] * len(labels)}
    data_set = lk.create_dataset(folder, texts, labels, id="id", about={name: example})
    ids = data_set.table().column("id").to_pylist()
    step = CurationStep(name, {example: label}, notes=(example,))
    split = [name if i % 3 else label for i in range(len(ids))]
    rows = pa.table({"id": ids, "split": split, "slices": [[example]] * len(ids)})
    data_set = data_set.take(SimpleNamespace(step=step, rows=lambda: rows))
    return data_set, data_set.card(), data_set.history(), data_set.diff(1)


def natural_labels_of(name, example):
    """Labels of a log whose action and items are the given texts, with randomised positions."""
    users = [f"u{i}" for i in range(40)]
    log = {
        "user": [*users, *users[::2]],
        "item": [example, f"{example}2"] * 20 + [example] * 20,
        "event": ["view"] * 40 + [name] * 20,
        "time": [1_714_557_600 + i for i in range(40)] + [1_714_557_700] * 20,
        "position": [1, 1, 2, 2] * 10 + [None] * 20,
        "randomised": [True] * 60,
    }
    return lk.natural_labels(log, impression="view", action=name, as_of="2025-01-01T00:00Z")


def spread_to(label, ids):
    """Labels of three hundred examples, spread to nine hundred others; their features are one number."""
    rng = np.random.default_rng(0)
    truth, n = rng.integers(0, 2, 1_200), 1_200
    covered = np.arange(n) < 300
    labels = lk.ProbabilisticLabels(
        np.array([[0.8, 0.2], [0.2, 0.8], [0.5, 0.5]]),
        np.array([True, True, False]),
        np.where(covered, truth, 2),
        np.array(ids[:n], dtype=object),
        ("HAM", label),
    )
    gold = np.where(np.arange(n) % 2, truth, -1)
    features = rng.normal(size=(n, 1)) + 4 * truth[:, None]
    return lk.spread_labels(features, labels, method="spreading", gold=gold)


def augmented(name, example):
    """An augmentation with an example that fails, and one whose votes change."""
    upper = lk.transformation_function(name=name)(lambda text: 1 / 0 if text == "c1" else text.upper())
    rule = lk.keywords("free", label=1, ignore_case=False).rule(name=f"{name}2")
    rules = lk.LabelingFunctions([rule], labels=["HAM", "SPAM"])
    corpus = {"id": [example, "a", "b"], "text": ["c1", "free", "money"]}
    return lk.augment(corpus, upper, lfs=rules, id="id", on_fault="record")


def effect_frame():
    figures = {"without": 0.81234, "with": 0.83456, "difference": 0.02222, "low": -0.0123, "high": 0.0567}
    figures |= {"repeated": 0.82, "over_repeated": 0.0146, "over_repeated_low": -0.02, "over_repeated_high": 0.05}
    return pd.DataFrame.from_dict({"accuracy": figures, "log_loss": figures}, orient="index")


@cache
def results(name, label, example):
    """One of each by its class, in which names, classes and ids are the given texts."""
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, 2, (1_500, 3))
    gold = np.where(rng.random(1_500) < 0.2, -1, (votes[:, 0] == 1).astype(int))
    ids = [f"{example}{i}" for i in range(len(votes))]
    options = {"names": [name, f"{name}2", f"{name}3"], "classes": ["HAM", label], "ids": ids}
    matrix = lk.LabelMatrix.of(votes, **options)
    flipped = lk.LabelMatrix.of(np.where(votes == 0, 1, votes), **options)
    later = lk.LabelMatrix.of(flipped.votes, **{**options, "ids": [f"{one} later" for one in ids]})
    model = lk.MajorityVote().fit(matrix)
    rule = lk.keywords("a", label=1).rule(name=name, column=name, doc=label)
    lfs = lk.LabelingFunctions([rule], labels=["HAM", label])
    few = matrix[:4]
    frame = pd.DataFrame({"accuracy": [0.91234], "low": [float("nan")]}, index=[name])
    prior = lk.estimate_prior(gold[:400], matrix[:400])
    scores = np.repeat([0.1, 0.5], [200, 100]) + rng.random(300) / 2
    instances = [
        matrix,
        matrix.patterns,
        model.label(matrix),
        model.evaluate(matrix, gold),
        lk.summarize(matrix, gold=gold),
        lk.what_to_fix(matrix, gold=gold),
        lk.diff(matrix, flipped, gold=gold),
        lk.view(few, {name: [example, name, label, "x"]}, labels=model.label(few), gold=gold[:4]),
        lk.VoteDifferences(
            name,
            label,
            1_500,
            1_234,
            pd.DataFrame({"id": [example], "old": [label], "new": ["abstain"], name: [example]}),
            pd.DataFrame({"old": [label], "new": ["abstain"], "n": [1_234]}),
            (example,),
        ),
        lk.Comparison(frame, name, f"right on 91.2% of {label}"),
        Suggestions((suggestion(name, label, example),), 1000, 1_500, note=example),
        Estimates((PromptEstimate(name, label, 1_000, 900, 100, 12_345, 678, 1_234.5),), 1_500, 1_000, example),
        lk.drift(matrix, later),
        lk.data_drift({name: [example] * 50 + [label] * 50}, {name: [example] * 20 + [label] * 80}),
        lk.PageHinkley().run(np.repeat([0, 1], 200)),
        *data_set_results(name, label, example, model.label(matrix)),
        lk.Why(
            id=example,
            label=label,
            proba={"HAM": 0.1234, label: 0.8766},
            scale="log-odds",
            prior=-0.25,
            total=0.9845,
            gold=label,
            notes=(example,),
            votes=(WhyVote(name, label, 1.2345, (example,)),),
            values={name: example},
        ),
        History(
            Path(example),
            (
                RunVersion(
                    1, "2026-11-28T20:00:00", 1_500, 3, (name,), (), (), label, "ab12", "cd34", 0.5, (example,), Path()
                ),
            ),
        ),
        prior,
        prior.flips(lk.LabelModel(), matrix),
        lk.label_shift(model, matrix[:700], matrix[700:]),
        lk.agreement(matrix, judges=[f"{name}3"]),
        lk.next_to_label(matrix, n=30),
        lk.audit_plan(0.03, expected_error=0.01),
        model.label(matrix).certify(gold, 0.9),
        lk.prevalence(model.label(matrix), gold, by=np.where(np.arange(1_500) % 2, example, name)),
        spread_to(label, ids),
        drawn := lk.sample([example] * 300, 50, method="stratified", by=[name] * 200 + [label] * 100),
        natural := natural_labels_of(name, example),
        natural.exposure(name, min_impressions=1),
        lk.balance([name] * 200 + [label] * 100),
        lk.class_weights([name] * 200 + [label] * 100),
        lk.resample_features(rng.normal(size=(60, 2)), [name] * 40 + [label] * 20),
        lk.reliability([name] * 200 + [label] * 100, scores, positive=label, class_names=[name, label]),
        lk.classification_curves([name] * 200 + [label] * 100, scores, class_names=[name, label]),
        drawn.estimate([name] * 20 + [label] * 30),
        augmented(name, example),
        CharacterNoise({"a": {example: 0.0123}}, 1_500, 18, 1_463.4),
        AugmentationEffect(effect_frame(), pd.DataFrame({"made": [1_200, 1_300]}), 2, 1_234, 5_678, 0.95),
        lk.near_duplicate_texts({"id": [name, label, "x"], "text": [example, example, "other"]}, id="id"),
        parted := lk.split({name: [label, "HAM"] * 20}, {name: 0.5, "test": 0.5}, stratify=[label, "HAM"] * 20),
        parted.check({"text": [example] * 40}, text="text"),
        summary := lk.summarize_slices(matrix, model.label(matrix), gold),
        summary.membership,
        lk.next_slices(summary),
        lk.find_slices(
            {"id": ids, "text": [example] * 1_500, name: [label, "x"] * 750}, model.label(matrix), gold, id="id"
        ),
        EndModel(None, ("HAM", label), name, 1_500, {}, {"the labels": model.evaluate(matrix, gold)}),
        lfs,
        check_rules(lfs),
    ]
    return {type(result).__name__: result for result in instances}


def classes():
    """All classes of labelkit that show themselves in a notebook."""
    modules = (m.name for m in pkgutil.walk_packages(lk.__path__, "labelkit.") if not m.name.endswith("__main__"))
    for module in map(importlib.import_module, modules):
        for value in vars(module).values():
            if not inspect.isclass(value) or value.__module__ != module.__name__ or value is ShownResult:
                continue
            if "_repr_html_" in vars(value) or issubclass(value, ShownResult):
                yield value


NAMES = sorted(value.__name__ for value in classes())

ONE_LINE = {"Evaluation", "LabelMatrix", "LabelingFunctions", "ProbabilisticLabels", "VotePatterns"}
"""These write a repr of one line."""


def test_every_class_that_has_html_is_among_the_results():
    assert sorted(results(*PLAIN)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_the_numbers_of_the_terminal(name):
    result = results(*PLAIN)[name]
    shown = " ".join(read(re.sub("<style>.*?</style>", "", result._repr_html_(), flags=re.DOTALL)).text.split())
    numbers = re.findall(r"\d+(?:[.,]\d+)*", str(result))
    assert numbers
    assert not [number for number in numbers if number not in shown]
    assert "nan" not in shown.lower()


@pytest.mark.parametrize("name", NAMES)
def test_names_classes_and_ids_are_text_in_a_notebook(name):
    result = results(*HOSTILE)[name]
    source = result._repr_html_()
    page = read(source)
    assert "script" not in {tag for tag, _ in page.tags}
    assert not [key for _, attributes in page.tags for key in attributes if key != "class"]
    assert not [char for char in source if unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t"]
    assert not set(source) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")
    source.encode("utf-8")
    if any("link" in text for text in (source, str(result))):
        assert "&lt;script&gt;" in source


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ONE_LINE])
def test_names_classes_and_ids_do_not_act_in_a_terminal(name):
    text = str(results(*HOSTILE)[name])
    assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cs"} and char != "\n"]
    assert "\u202e" not in text


SHOWN_BY_OTHERS = {"AnnotationSession", "Source"}
"""Classes without a result: a service, and what users inherit from."""


@pytest.mark.parametrize(
    "name", [n for n in dir(lk) if inspect.isclass(getattr(lk, n)) and n not in SHOWN_BY_OTHERS], ids=str
)
def test_what_a_user_prints_is_not_the_address_of_an_object(name):
    value = getattr(lk, name)
    own = [vars(one).keys() & {"__str__", "__repr__"} for one in value.__mro__ if one is not object]
    assert any(own), f"print of {name} shows its address"


def test_a_run_prints_its_figures_and_what_to_do_next(tmp_path):
    frame = lk.load_comments(200)
    rules = [lk.keywords("subscribe", label=1).rule(name="asks"), lk.regex("love", label=0).rule(name="loves")]
    settings = {"labels": ["HAM", "SPAM"], "id": "id", "progress": False}
    text = str(lk.run(rules, frame, tmp_path / "out", gold="spam", **settings))
    assert f"{tmp_path / 'out'}: 2 rules on 200 examples; " in text
    assert " have a vote, " in text
    assert "labels by LabelModel: HAM " in text
    assert "against gold, on " in text
    assert "labelkit.what_to_fix(run.patterns())" in text
    assert str(lk.RunFolder(tmp_path / "out")) == text
    votes = str(lk.apply_to_folder(rules, frame, tmp_path / "votes", **settings))
    assert "votes alone: model = labelkit.LabelModel()" in votes
    (tmp_path / "out" / "summary.csv").write_text("damaged")
    assert "is damaged" in str(lk.RunFolder(tmp_path / "out"))


def test_what_is_printed_of_others_is_short():
    log = str(lk.engagement_log(50))
    assert log.startswith("EngagementLog(")
    assert len(log) < 120
    assert str(lk.StreamChooser(0.1)) == "StreamChooser(0.1, random_share=0.25, 0 examples seen)"
    detector = lk.DDM()
    detector.update(0)
    assert str(detector) == "DDM(1 values read)"
    votes = lk.LabelingFunctions([lk.keywords("a", label=1).rule(name="a", column="text")], labels=["HAM", "SPAM"])
    assert str(votes.arrow("id")) == "ArrowVotes(1 rule, reads id, text, columns=['id'])"


def test_what_is_a_table_becomes_a_frame_by_one_name():
    classes = [value for name in lk.__all__ if isinstance(value := getattr(lk, name), type)]
    tables = [one for one in classes if "frame" in dir(one) or "frame" in getattr(one, "__annotations__", ())]
    assert {lk.Summary, lk.Comparison, lk.Findings, lk.FoundSlices, lk.View} <= set(tables)
    assert [one.__name__ for one in tables if not hasattr(one, "to_pandas")] == []
    assert [one.__name__ for one in classes if hasattr(one, "to_frame")] == []


def parts(value, path=""):
    """The arrays and frames of a value, each with the place where it stands."""
    if isinstance(value, np.ndarray | pd.DataFrame | pd.Series):
        yield path, value
    elif isinstance(value, dict | tuple | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from parts(one, f"{path}[{key!r}]")


def attributes(result):
    """The public attributes of a result that can be read."""
    for name in dir(result):
        if name.startswith("_"):
            continue
        try:
            value = getattr(result, name)
        except lk.LabelkitError:
            continue
        if not callable(value):
            yield from parts(value, name)


FOR_LEARNERS = {("ResampledFeatures", "X")}
"""Features for a learner, which may scale them in place: no figure is made of them."""


def changed_by_writing(result):
    """The attributes of a result that are others after somebody has written into what it handed out."""
    again = dict(attributes(result))
    for name, value in attributes(result):
        if (type(result).__name__, name) in FOR_LEARNERS:
            continue
        if isinstance(value, np.ndarray):
            if value.size and value.flags.writeable and np.shares_memory(value, again[name]):
                yield name
            continue
        before = value.copy()
        value.iloc[:] = value.iloc[::-1].to_numpy()
        if isinstance(value, pd.DataFrame):
            value["written"] = 1
        if not dict(attributes(result))[name].equals(before):
            yield name


@pytest.mark.parametrize("name", NAMES)
def test_writing_into_what_a_result_hands_out_changes_nothing_of_it(name):
    result = results(*PLAIN)[name]
    assert list(changed_by_writing(result)) == []
    if dataclasses.is_dataclass(result):
        try:
            pickled = pickle.dumps(result)
        except (pickle.PicklingError, AttributeError, TypeError):  # of a function in it
            return
        assert list(changed_by_writing(pickle.loads(pickled))) == []
        assert list(changed_by_writing(copy.deepcopy(result))) == []


@pytest.mark.parametrize("model", sorted(lk.label_models.MODELS))
def test_writing_into_what_a_model_learned_changes_nothing_of_it(model, tmp_path):
    rng = np.random.default_rng(0)
    votes, features = rng.integers(-1, 2, (300, 4)), rng.normal(size=(300, 3))
    gold = np.where(rng.random(300) < 0.3, (votes[:, 0] == 1).astype(int), -1)
    model = lk.label_models.MODELS[model]()
    fitted = model.fit(votes, features, gold=gold) if "features" in inspect.signature(model.fit).parameters else None
    fitted = model.fit(votes, gold=gold) if fitted is None else fitted
    assert len(dict(attributes(fitted))["class_prior_"]) == 2
    for one in (fitted, pickle.loads(pickle.dumps(fitted)), lk.load_model(fitted.save(tmp_path / "model"))):
        assert list(changed_by_writing(one)) == []


def test_a_frame_of_a_result_is_a_copy():
    summary = lk.summarize(np.array([[0, 1], [1, -1]]))
    frame = summary.to_pandas()
    assert frame.equals(summary.frame)
    frame["votes"] = 0
    assert not frame.equals(summary.frame)
