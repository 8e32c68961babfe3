"""A call that a public function, class or method cannot take is refused with the argument, and a call that works."""

import copy
import inspect
import pickle
import re
import typing
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import labelkit as lk
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ArgumentError, KeywordError

MATRIX = lk.LabelMatrix.of([[1, -1], [-1, 0]] * 10, names=["free", "hi"], classes=["HAM", "SPAM"])
LFS = [lk.keywords("free", label=1).rule(name="free"), lk.keywords("hi", label=0).rule(name="hi")]
APPLIER = lk.Applier(LFS, labels=["HAM", "SPAM"])
CONDITION = lk.keywords("free", label=1)

CLASSES = [
    name
    for name in lk.__all__
    if inspect.isclass(getattr(lk, name))
    and not inspect.isabstract(getattr(lk, name))  # Source is for subclasses
    and not issubclass(getattr(lk, name), Exception)
]
FUNCTIONS = [name for name in lk.__all__ if inspect.isfunction(getattr(lk, name))]


def own_methods():
    """Public methods of public classes, where labelkit has written them."""
    for name in CLASSES:
        for method, member in inspect.getmembers(getattr(lk, name), inspect.isroutine):
            if isinstance(member, cached_property):  # a routine since Python 3.13
                continue
            function = getattr(member, "__func__", member)
            if not method.startswith("_") and str(getattr(function, "__module__", "")).startswith("labelkit."):
                yield name, method


PASS_ON = {"set_params", "arguments", "arrow", "check", "watched"}
"""Methods that take any keywords and refuse unknown ones themselves, and one that is for labelkit itself."""

METHODS = sorted({(name, method) for name, method in own_methods() if method not in PASS_ON})


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_class_refuses_an_unknown_keyword(name):
    kind = getattr(lk, name)
    with pytest.raises(KeywordError) as caught:
        kind(xqzxqz=1)
    assert isinstance(caught.value, TypeError)
    start = f"{name}() got an unexpected keyword argument 'xqzxqz' [LK608]\nHint: it takes "
    assert str(caught.value).startswith(start)
    for parameter in inspect.signature(kind).parameters.values():
        assert parameter.name in str(caught.value) or parameter.kind is parameter.VAR_KEYWORD


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_public_method_refuses_an_unknown_keyword(name, method):
    one = CONDITION if name == "Condition" else object.__new__(getattr(lk, name))
    with pytest.raises(KeywordError) as caught:
        getattr(one, method)(xqzxqz=1)
    assert re.match(
        rf"{name}\.\w+\(\) got an unexpected keyword argument 'xqzxqz' \[LK608\]\nHint: .", str(caught.value)
    )


def test_methods_that_pass_keywords_on_refuse_unknown_ones():
    split = lk.split([f"text {i}" for i in range(40)], {"train": 0.5, "test": 0.5})
    for call in (
        lambda: APPLIER.arrow("id", xqzxqz=1),
        lambda: APPLIER.lfs.arrow("id", xqzxqz=1),
        lambda: split.check(["a"], xqzxqz=1),
    ):
        with pytest.raises(KeywordError, match="unexpected keyword argument 'xqzxqz'"):
            call()
    with pytest.raises(lk.LabelkitError, match="LabelModel has no parameter 'xqzxqz'"):
        lk.LabelModel().set_params(xqzxqz=1)


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_what_is_missing_is_named_with_a_call_that_has_it(name):
    subject = getattr(lk, name)
    needed = [
        one.name
        for one in inspect.signature(subject).parameters.values()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if not needed:
        return
    with pytest.raises(ArgumentError) as caught:
        subject()
    assert isinstance(caught.value, TypeError)
    assert str(caught.value).startswith(f"{name}() lacks {needed[0]!r}")
    assert caught.value.code == "LK609"
    assert "labelkit." in caught.value.hint
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", CLASSES)
def test_signature_documentation_and_pickle_of_a_class_stay(name):
    kind = getattr(lk, name)
    parameters = inspect.signature(kind).parameters
    assert not {"arguments", "keywords"} & set(parameters)
    assert pickle.loads(pickle.dumps(kind)) is kind
    for method, member in inspect.getmembers(kind, inspect.isfunction):
        if not method.startswith("_"):
            assert "arguments" not in inspect.signature(member).parameters, method


LABEL_MODEL = "labelkit.LabelModel().fit(matrix)"
SAID = {
    "Snorkel's number of classes": (lambda: lk.LabelModel(cardinality=2), "did you mean 'n_classes'?"),
    "a number of classes without a name": (lambda: lk.LabelModel(2), "labelkit.LabelModel(n_classes=2)"),
    "a label model of votes": (lambda: lk.LabelModel(MATRIX), LABEL_MODEL),
    "a method of the class": (lambda: lk.LabelModel.fit(MATRIX), LABEL_MODEL),
    "an applier that was not made": (lambda: lk.Applier.apply(["hi"]), "labelkit.Applier(lfs).apply(corpus)"),
    "Snorkel's training": (
        lambda: lk.LabelModel().fit(MATRIX, n_epochs=500),
        "leave it out: LabelModel needs none; labelkit.SnorkelLabelModel(n_epochs=500) does",
    ),
    "Snorkel's seed": (
        lambda: lk.SnorkelLabelModel().fit(MATRIX, seed=3),
        "SnorkelLabelModel(random_state=3) takes it, where it is made",
    ),
    "Snorkel's votes": (lambda: lk.LabelModel().fit(L_train=MATRIX), "did you mean 'matrix'?"),
    "Snorkel's prior": (
        lambda: lk.LabelModel().fit(MATRIX, class_balance=[0.5, 0.5]),
        "LabelModel(class_prior=[0.5, 0.5]) takes it, where it is made",
    ),
    "Snorkel's probabilities": (
        lambda: lk.LabelModel().predict(MATRIX, return_probs=True),
        "predict_proba(matrix) returns probabilities",
    ),
    "Snorkel's bar": (
        lambda: lk.LabelModel().fit(MATRIX, progress_bar=False),
        "leave it out: no label model prints, shows a bar, or computes on another device",
    ),
    "Snorkel's frame": (lambda: APPLIER.apply(df=["hi"]), "did you mean 'corpus'?"),
    "Snorkel's faults": (
        lambda: APPLIER.apply(["hi"], fault_tolerant=True),
        'on_fault="record" goes on, and notes what failed in matrix.faults',
    ),
    "Snorkel's rule": (
        lambda: lk.LabelingFunction("free", f=len),
        "@labelkit.labeling_function() above a function makes a rule of it",
    ),
    "an option of a method": (lambda: lk.Applier(LFS, workers=3), "method apply takes it: .apply(..., workers=3)"),
    "gold of a constructor": (lambda: lk.LabelModel(gold=[1]), "method fit takes it: .fit(..., gold=[1])"),
    "labels without a name": (lambda: lk.Applier(LFS, ["HAM", "SPAM"]), "labelkit.Applier(lfs, labels=...)"),
    "a name without a name": (
        lambda: CONDITION.rule("free"),
        (
            "condition.rule(name=...); it takes name, column, label, doc, group, precision, trusted, examples, ... "
            "by name"
        ),
    ),
    "votes alone": (lambda: lk.LabelMatrix([[1, -1]]), "labelkit.LabelMatrix.of(votes)"),
    "a result": (lk.Certificate, "labelkit.certify(labels, gold) returns one"),
    "an argument twice": (lambda: lk.summarize(MATRIX, matrix=MATRIX), "labelkit.summarize(matrix)"),
    "no pattern": (lambda: lk.regex(label=1), "labelkit.regex(pattern, label=...)"),
    "no corpus": (lambda: lk.view(MATRIX), "labelkit.view(matrix, corpus)"),
    "no folder": (lambda: lk.run("rules.py", "comments.csv"), "labelkit.run(rules, corpus, out)"),
    "a keyword of pandas": (lambda: lk.open_corpus("comments.csv", sep=";"), "did you mean 'delimiter'?"),
}


@pytest.mark.parametrize("case", SAID)
def test_the_hint_shows_what_was_meant(case):
    call, hint = SAID[case]
    with pytest.raises((KeywordError, ArgumentError)) as caught:
        call()
    assert caught.value.hint == hint


def test_several_missing_arguments_are_named_together():
    with pytest.raises(ArgumentError, match=r"^run\(\) lacks 'corpus' and 'out' \[LK609\]"):
        lk.run("rules.py")
    with pytest.raises(
        ArgumentError, match=r"^Certificate\(\) lacks 'labels', 'kept', 'guarantee', 'max_error' and 9 more"
    ):
        lk.Certificate()


def test_the_remedies_work():
    model = lk.LabelModel(class_prior=[0.5, 0.5], n_classes=2).fit(MATRIX)
    assert model.predict_proba(MATRIX).shape == (20, 2)
    assert lk.LabelMatrix.of([[1, -1]]).votes.tolist() == [[1, -1]]
    assert lk.Applier(LFS, labels=["HAM", "SPAM"]).apply(["hi"], on_fault="record").votes.tolist() == [[-1, 0]]


@checks_keywords
@dataclass(frozen=True)
class Kept:
    """A value."""

    number: int
    name: str = ""

    def doubled(self, times: int = 2) -> "Kept":
        """Multiply."""
        return replace(self, number=self.number * times)

    @classmethod
    def of(cls, text: str) -> "Kept":
        """Read."""
        return cls(int(text))

    @staticmethod
    def add(first: int, second: int) -> int:
        """Add."""
        return first + second


def test_dataclasses_stay_what_they_are():
    kept = Kept(3, name="a")
    assert kept == Kept.of("3").doubled(1).__class__(3, "a")
    assert copy.deepcopy(kept) == pickle.loads(pickle.dumps(kept)) == kept
    assert str(inspect.signature(Kept)) == "(number: int, name: str = '') -> None"
    assert str(inspect.signature(kept.doubled)) == "(times: int = 2) -> 'Kept'"
    assert typing.get_type_hints(Kept.__init__)["number"] is int
    assert Kept.add(1, second=2) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Kept, "Kept() lacks 'number'"),
        (lambda: Kept(1, "a", 3), "Kept() takes 2 arguments without a name, and got 3"),
        (Kept.of, "Kept.of() lacks 'text'"),
        (lambda: Kept.of("1", x=1), "Kept.of() got an unexpected keyword argument 'x'"),
        (lambda: Kept.add(1), "Kept.add() lacks 'second'"),
        (Kept.doubled, "doubled() is a method of an object, and was called on the class"),
        (type("Own", (Kept,), {}), "Own() lacks 'number'"),
    ],
)
def test_methods_of_each_kind_name_the_class(call, message):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_a_type_error_from_within_is_left_as_it_is():
    with pytest.raises(TypeError, match=r"^can only concatenate|unsupported operand") as caught:
        Kept.add(1, "a")
    assert not isinstance(caught.value, lk.LabelkitError)
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments"):
        Kept.of(Raises())


class Raises:
    """Its number cannot be had."""

    def __int__(self):
        return Kept.doubled.__wrapped__(1, 2, 3)


class Own(lk.LabelModel):
    """A label model with a parameter of its own."""

    def __init__(self, *, class_prior=None, n_classes=None, mine=0):
        super().__init__(class_prior=class_prior, n_classes=n_classes)
        self.mine = mine


def test_label_models_stay_estimators():
    model = clone(lk.LabelModel(n_classes=2))
    assert model.get_params() == {"class_prior": None, "n_classes": 2}
    assert clone(Own(mine=3)).mine == 3
    votes, gold = MATRIX.votes, np.array([1, 0] * 10)
    pipeline = make_pipeline(FunctionTransformer(), lk.LabelModel())
    assert pipeline.fit(votes, gold).predict(votes).tolist() == gold.tolist()  # without a warning about y
    with pytest.warns(UserWarning, match="LK413") as warned:
        lk.LabelModel().fit(votes, gold)
    assert warned[0].filename == __file__
