"""Every result that shows itself in a notebook shows the same numbers in a terminal, and runs nothing in either."""

import importlib
import inspect
import pkgutil
import re
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labelkit as lk
from labelkit.analysis.suggest.suggestion import Suggestion, Suggestions
from labelkit.apply.prompt_costs import Estimates, PromptEstimate
from labelkit.checks.check_rules import check_rules
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
    numbers = {"rows": 1234, "share": 0.1, "share_low": 0.08, "share_high": 0.12, "new": 56, "support": 321}
    agreement = {"agreement": 0.9534, "agreement_low": 0.93, "agreement_high": 0.97}
    precision = {"precision": 0.9123, "precision_low": 0.81, "precision_high": 0.97, "gold": 82}
    return Suggestion(
        words=name, label=label, number=1, ids=(example,), name="link", column="text", whole_word=True,
        source_label="1", **numbers, **agreement, **precision,
    )  # fmt: skip


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
    model = lk.MajorityVote().fit(matrix)
    rule = lk.keywords("a", label=1).rule(name=name, column=name, doc=label)
    lfs = lk.LabelingFunctions([rule], labels=["HAM", label])
    few = matrix[:4]
    frame = pd.DataFrame({"accuracy": [0.91234], "low": [float("nan")]}, index=[name])
    prior = lk.estimate_prior(gold[:400], matrix[:400])
    instances = [
        matrix,
        matrix.patterns,
        model.label(matrix),
        model.evaluate(matrix, gold),
        lk.summarize(matrix, gold=gold),
        lk.what_to_fix(matrix, gold=gold),
        lk.diff(matrix, flipped, gold=gold),
        lk.view(few, {name: [example, name, label, "x"]}, labels=model.label(few), gold=gold[:4]),
        lk.Comparison(frame, name, f"right on 91.2% of {label}"),
        Suggestions((suggestion(name, label, example),), 1000, 1_500, note=example),
        Estimates((PromptEstimate(name, label, 1_000, 900, 100, 12_345, 678, 1_234.5),), 1_500, 1_000, example),
        lk.drift(matrix, flipped),
        lk.Why(
            id=example,
            label=label,
            proba={"HAM": 0.1234, label: 0.8766},
            prior=-0.25,
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
        lk.agreement(matrix, judges=[f"{name}3"], n_bootstrap=5),
        lk.next_to_label(matrix, n=30),
        lk.audit_plan(0.03, expected_error=0.01),
        model.label(matrix).certify(gold, 0.9),
        lk.prevalence(model.label(matrix), gold, by=np.where(np.arange(1_500) % 2, example, name)),
        drawn := lk.sample([example] * 300, 50, method="stratified", by=[name] * 200 + [label] * 100),
        lk.balance([name] * 200 + [label] * 100),
        lk.class_weights([name] * 200 + [label] * 100),
        lk.resample_features(rng.normal(size=(60, 2)), [name] * 40 + [label] * 20),
        lk.reliability([name] * 200 + [label] * 100, rng.random(300), positive=label, class_names=[name, label]),
        lk.classification_curves([name] * 200 + [label] * 100, rng.random(300), class_names=[name, label]),
        drawn.estimate([name] * 20 + [label] * 30),
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
            if inspect.isclass(value) and value.__module__ == module.__name__ and "_repr_html_" in vars(value):
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
