"""An unknown keyword is refused with the function, the keyword, and the one that was meant."""

import inspect
import pickle

import pandas as pd
import pytest

import labelkit as lk
from labelkit.datasets import engagement_log
from labelkit.exceptions import KeywordError

FUNCTIONS = [name for name in lk.__all__ if inspect.isfunction(getattr(lk, name))]
PLACES = {
    "facts": [[("a", "b")]],
    "lookup": [["a"]],
    "regex": ["a"],
    "similar_to": [["a"]],
    "prompt": ["{text}"],
}
NEEDED = {"similar_to": {"threshold": 0.5}, "prompt": {"labels": {"a": 0, "b": 1}, "model": "m"}}
MATRIX = lk.LabelMatrix.of([[1, -1], [-1, 0]] * 10, names=["free", "hi"], classes=["HAM", "SPAM"])
LABELS = lk.MajorityVote().fit(MATRIX).label(MATRIX)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_refuses_an_unknown_keyword_with_those_it_takes(name):
    function = getattr(lk, name)
    with pytest.raises(KeywordError) as caught:
        function(*PLACES.get(name, ()), **NEEDED.get(name, {}), xqzxqz=1)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, lk.LabelkitError)
    assert str(caught.value).startswith(
        f"{name}() got an unexpected keyword argument 'xqzxqz' [LK608]\nHint: it takes "
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_and_documentation_stay(name):
    function = getattr(lk, name)
    parameters = inspect.signature(function).parameters.values()
    assert "keywords" not in [one.name for one in parameters if one.kind is one.VAR_KEYWORD]
    assert function.__name__ == name
    assert function.__doc__
    assert pickle.loads(pickle.dumps(function)) is function


SAID = {
    "case of a pattern": (
        lambda: lk.regex("free", ignore_case=True, label=1),
        '(?i) at the beginning of the pattern ignores case: r"(?i)free"',
    ),
    "whole words of a pattern": (
        lambda: lk.regex("free", whole_word=True, label=1),
        r'\b at both ends finds whole words: r"\bfree\b"',
    ),
    "flags of words": (
        lambda: lk.keywords("free", flags=2, label=1),
        "ignore_case=False tells capitals apart; a regex(...) takes flags",
    ),
    "a Series' meanings": (
        lambda: lk.summarize(MATRIX, gold=pd.Series(["a"]), map_label={"a": "SPAM"}),
        "gold=gold.replace({'a': 'SPAM'}) says what values of a Series mean",
    ),
    "long meanings": (
        lambda: lk.what_to_fix(MATRIX, map_label={f"value {i}": "SPAM" for i in range(9)}),
        "gold=gold.replace(...) says what values of a Series mean",
    ),
    "meanings without gold": (lambda: lk.pairwise_overlaps(MATRIX, map_label={}), "it takes matrix, n_classes"),
    "a word of the command line": (lambda: lk.view(MATRIX, ["a"], conflicts=True), "did you mean 'conflict'?"),
    "rules": (lambda: lk.view(MATRIX, ["a"], rules=[]), "did you mean 'lfs'?"),
    "columns": (lambda: lk.view(MATRIX, ["a"], columns="text"), "did you mean 'column'?"),
    "no label": (lambda: lk.view(MATRIX, ["a"], no_label=True), "label=labelkit.ABSTAIN"),
    "a model": (lambda: lk.suggest(MATRIX, ["a"], model=1), "labels=model.label(matrix)"),
    "another order": (lambda: lk.summarize(MATRIX, gol=[1]), "did you mean 'gold'?"),
    "capitals": (lambda: lk.summarize(MATRIX, Gold=[1]), "did you mean 'gold'?"),
    "a seed": (lambda: lk.diff("a", "b", seed=1), "did you mean 'random_state'?"),
    "classes": (
        lambda: lk.run("rules.py", "a.csv", "out", classes=["HAM", "SPAM"]),
        'labels=["HAM", "SPAM"] names the classes, in the order of their numbers',
    ),
    "new names": (lambda: lk.run("rules.py", "a.csv", "out", map={"text": "Comment"}), "did you mean 'rename'?"),
    "some rules": (
        lambda: lk.run("rules.py", "a.csv", "out", select="a*"),
        "rules=labelkit.collect(rules).select('a*')",
    ),
    "a prior": (
        lambda: lk.run("rules.py", "a.csv", "out", class_prior=[0.5, 0.5]),
        "model=labelkit.LabelModel(class_prior=[0.5, 0.5])",
    ),
    "an encoding": (
        lambda: lk.view(MATRIX, "a.csv", encoding="cp1252"),
        "corpus=labelkit.open_corpus(path, encoding='cp1252')",
    ),
    "rows that cannot be read": (
        lambda: lk.view(MATRIX, "a.csv", on_bad_row="reject"),
        "corpus=labelkit.open_corpus(corpus, on_bad_row='reject')",
    ),
    "ids": (
        lambda: lk.train_end_model(["a"], LABELS, id="ticket"),
        "corpus=labelkit.open_corpus(corpus, id='ticket')",
    ),
    "a format": (lambda: lk.view(MATRIX, "a.dat", format="csv"), "corpus=labelkit.open_corpus(path, format='csv')"),
    "strata of a sample": (lambda: lk.sample("a.csv", n=3, strata="y"), "did you mean 'by'?"),
    "groups of a sample": (lambda: lk.sample("a.csv", n=3, groupby="y"), "did you mean 'by'?"),
    "a share of rows": (lambda: lk.sample("a.csv", frac=0.1), "n=round(0.1 * len(data)), a number of rows"),
    "strata of a split": (lambda: lk.split("a.csv", {}, strata="y"), "did you mean 'stratify'?"),
    "groups of a split": (lambda: lk.split("a.csv", {}, groupby="y"), "did you mean 'group'?"),
    "a part of a split": (lambda: lk.split("a.csv", test_size=0.2), 'parts={"train": 0.8, "test": 0.2}'),
    "an estimator": (lambda: lk.train_end_model(["a"], LABELS, estimator=None), "did you mean 'pipeline'?"),
    "a strength": (lambda: lk.train_end_model(["a"], LABELS, C=1), "did you mean 'strength'?"),
    "a batch": (lambda: lk.next_to_label(MATRIX, batch_size=3), "did you mean 'n'?"),
    "a default": (lambda: LABELS.hard(default=0), "uncovered=0, of examples without a vote"),
    "a threshold": (lambda: LABELS.hard(threshold=0.8), "labels.proba[:, 1] >= 0.8 compares probabilities"),
    "a confidence": (lambda: lk.spread_labels(["a"], LABELS, threshold=0.8), "did you mean 'confidence'?"),
    "a similarity": (lambda: lk.near_duplicate_texts(["a"], similarity=0.8), "did you mean 'threshold'?"),
    "options that are passed on": (lambda: lk.sample("a.csv", n=3, encodnig="cp1252"), "did you mean 'encoding'?"),
}


@pytest.mark.parametrize("case", SAID)
def test_the_hint_names_the_keyword_that_was_meant_or_what_does_the_same(case):
    call, hint = SAID[case]
    with pytest.raises(KeywordError) as caught:
        call()
    assert caught.value.hint == hint


def test_the_remedies_of_hints_work():
    assert lk.regex(r"(?i)free", label=1).rule(name="any")("Free") == 1
    assert lk.regex(r"\bfree\b", label=1).rule(name="whole")("freedom") == lk.ABSTAIN
    assert lk.keywords("free", ignore_case=False, label=1).rule(name="exact")("Free") == lk.ABSTAIN
    gold = pd.Series(["junk", "HAM"] * 10)
    assert lk.summarize(MATRIX, gold=gold.replace({"junk": "SPAM"})).frame["gold"].tolist() == [10, 10, 20]
    model = lk.MajorityVote().fit(MATRIX)
    assert len(lk.view(MATRIX, ["free", "hi"] * 10, labels=model.label(MATRIX), label=lk.ABSTAIN).ids) == 0


def test_a_log_in_batches_has_the_defaults_of_the_whole_log():
    batches = list(lk.generate_engagement_log(40))
    assert [row for batch in batches for row in batch.to_pylist()] == engagement_log(40).events.to_pylist()
