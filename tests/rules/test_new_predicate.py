"""A kind of predicate that labelkit has never seen goes through everything: the protocol is all that others use."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

import labelkit as lk
from labelkit.apply.plan import Plan
from labelkit.apply.vote_cache import why_not
from labelkit.checks.check_rules import check_rules
from labelkit.exceptions import RuleError, StopRunError
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.inspection.source_text import text_of
from labelkit.rules.predicates import Predicate

MODULE = '''
from dataclasses import dataclass
from enum import IntEnum
import labelkit as lk
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import Leaf
from labelkit.rules.predicates import Predicate

class Label(IntEnum):
    HAM = 0
    SPAM = 1

@dataclass(frozen=True)
class Palindromes(Predicate):
    """A word that reads the same backwards."""

    n_letters: int

    def matches(self, value):
        return next(self.spans(value), None) is not None

    def describe(self):
        return f"a palindrome of {self.n_letters} letters"

    def spans(self, value):
        start = 0
        for word in value.split(" "):
            if len(word) == self.n_letters and word == word[::-1]:
                yield start, start + len(word)
            start += len(word) + 1

def palindromes(n, label):
    return Condition(((Leaf(Palindromes(n)), int(label)),), "palindromes", enum=Label)

@palindromes(5, Label.SPAM)
def of_five(text: str) -> None:
    """Five letters."""

both = (palindromes(3, Label.SPAM) & ~lk.keywords("dad")).rule(name="both")
close = lk.near(palindromes(5, Label.SPAM), "go", words=1).rule(name="close")

@lk.labeling_function(when=palindromes(5, Label.SPAM))
def guarded(text: str) -> int:
    return Label.HAM
'''

TEXTS = ["a level road", "go by kayak", "mum and dad", "mum says go", None, "", "go level", "radar"] * 300


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "palindromes.py"
    path.write_text(MODULE, "utf-8")
    return path


@pytest.mark.parametrize("engine", ["serial", "thread", "process"])
def test_every_engine_votes_by_its_definition(module, engine):
    lfs = lk.collect(module)
    matrix = lk.Applier(lfs).apply(TEXTS, workers=2, engine=engine, batch_size=1024)
    expected = [[-1 if text is None else lf(text) for lf in lfs] for text in TEXTS]
    assert matrix.votes.tolist() == expected
    assert (matrix.votes >= 0).any(axis=0).all()


def test_it_is_described_explained_checked_and_its_matches_are_marked(module):
    lfs = lk.collect(module)
    matrix = lk.Applier(lfs).apply(TEXTS)
    assert text_of(lfs["of_five"], ("HAM", "SPAM"))["looks_for"] == ["SPAM: a palindrome of 5 letters"]
    assert text_of(lfs["close"], ("HAM", "SPAM"))["looks_for"] == [
        "SPAM: a palindrome of 5 letters within 1 word of one of “go”"
    ]
    assert "«" not in Plan(lfs).explain()
    assert "its definition" in Plan(lfs).explain()
    shown = str(lk.view(matrix, TEXTS, lfs, labeled_by="of_five", n=2))
    assert "»level«" in shown or "»kayak«" in shown
    assert "»go level«" in str(
        lk.view(matrix, ["x"] * 6 + ["go level"] + TEXTS[7:], lfs, labeled_by="close", n=50, random_state=0)
    )
    report = check_rules(module, [text or "" for text in TEXTS])
    assert not [problem for problem in report.problems if problem.severity == "error"], report
    assert lk.summarize(matrix).frame.loc["of_five", "votes"] == 300 * 4


def test_a_run_with_a_report_takes_it(module, tmp_path):
    run = lk.run(module, [text or "" for text in TEXTS], tmp_path / "out")
    assert "of_five" in (run.path / "report.html").read_text("utf-8")
    rules = json.loads((run.path / "manifest.json").read_text("utf-8"))["rules"]
    assert rules[0]["looks_for"] == ["SPAM: a palindrome of 5 letters"]


def test_its_votes_are_not_kept_since_what_it_depends_on_is_not_known(module):
    lfs = lk.collect(module)
    assert "Palindromes" in why_not(lfs["of_five"])[0]
    assert "Palindromes" in why_not(lfs["close"])[0]


@dataclass(frozen=True)
class Long(Predicate):
    """Text of many characters; decided for a column at once, which may fail."""

    n: int
    calls: tuple[str, ...] = ()

    def matches(self, value: str) -> bool:
        if "!" in value:
            raise ValueError("too loud")
        return len(value) >= self.n

    def describe(self) -> str:
        return f"at least {self.n} characters"

    def matches_column(self, values: Sequence[str]) -> np.ndarray:
        if any("!" in value for value in values):
            raise ValueError("some value is too loud")
        return np.array([len(value) >= self.n for value in values])


def test_a_column_that_cannot_be_decided_at_once_is_decided_row_by_row_with_faults():
    rule = Condition(((Leaf(Long(5)), 1),), "long").rule(name="long")
    applier = lk.Applier([rule], labels=2)
    assert applier.apply(["a", "abcdef", None]).votes.tolist() == [[-1], [1], [-1]]
    matrix = applier.apply(["a", "abcdef", None, "hey!"], on_fault="record")
    assert matrix.votes.tolist() == [[-1], [1], [-1], [-1]]
    assert [(fault.row, fault.lf, fault.error) for fault in matrix.faults] == [(3, "long", "ValueError")]
    with pytest.raises(lk.LabelkitError, match=re.escape("too loud")):
        applier.apply(["hey!"])


def test_text_predicates_are_refused_on_columns_of_numbers():
    rule = Condition(((Leaf(Long(5)), 1),), "long").rule(name="long")
    with pytest.raises(lk.LabelkitError, match="holds int64"):
        lk.Applier([rule], labels=2).apply({"text": [1, 2]})


@dataclass(frozen=True)
class Answers(Predicate):
    """Holds for "a"; decides a column with the wrong number of answers."""

    answers: tuple[bool, ...]
    reads: str = "text"

    def matches(self, value: object) -> bool:
        return value == "a"

    def describe(self) -> str:
        return "an a"

    def matches_column(self, values: Sequence[object]) -> Sequence[bool]:
        return self.answers


@pytest.mark.parametrize("answers", [(), (True,), (True, True), (True,) * 9])
@pytest.mark.parametrize("reads", ["text", "value"])
def test_answers_that_are_not_one_a_value_are_never_spread_over_the_rows(answers, reads):
    rule = Condition(((Leaf(Answers(answers, reads)), 1),), "answers").rule(name="answers")
    assert lk.Applier([rule], labels=2).apply(["a", "b", None, "c"]).votes.ravel().tolist() == [1, -1, -1, -1]


@dataclass(frozen=True)
class OutOfBudget(Predicate):
    """Must not go on, which is found out for one value."""

    def matches(self, value: str) -> bool:
        raise StopRunError("the budget is spent")

    def describe(self) -> str:
        return "no budget"

    def matches_column(self, values: Sequence[str]) -> Sequence[bool]:
        raise ValueError("cannot decide a column")


def test_a_predicate_that_must_not_go_on_stops_the_run_and_is_no_fault_of_a_row():
    rule = Condition(((Leaf(OutOfBudget()), 1),), "budget").rule(name="budget")
    with pytest.raises(StopRunError, match="the budget is spent"):
        lk.Applier([rule], labels=2).apply(["a", "b"], on_fault="record")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("word == word[::-1]", "word != word[::-1]"),
        ("a palindrome of", "a word of"),
        ("    n_letters: int\n", "    n_letters: int\n    LIMIT = 3\n"),
    ],
)
def test_an_edit_of_its_class_changes_the_fingerprint_of_rules_that_use_it(tmp_path, old, new):
    before, after = (
        collected(tmp_path / name, text) for name, text in (("old", MODULE), ("new", MODULE.replace(old, new)))
    )
    assert old in MODULE
    assert [name for name in before.names if before[name].fingerprint == after[name].fingerprint] == []


def collected(folder, text):
    folder.mkdir()
    (folder / "palindromes.py").write_text(text, "utf-8")
    return lk.collect(folder / "palindromes.py")


def test_a_comment_in_its_class_changes_no_fingerprint(tmp_path):
    before = collected(tmp_path / "old", MODULE)
    after = collected(tmp_path / "new", MODULE.replace("start = 0", "start = 0  # characters"))
    assert [lf.fingerprint for lf in before] == [lf.fingerprint for lf in after]


def test_a_comparison_of_runs_shows_that_its_class_was_edited(module, tmp_path):
    texts = [text or "" for text in TEXTS]
    first = lk.run(module, texts, tmp_path / "out")
    module.write_text(MODULE.replace("word == word[::-1]", "word != word[::-1]"), "utf-8")
    second = lk.run(module, texts, tmp_path / "other")
    assert set(lk.diff(first.path, second.path).lfs["status"]) == {"changed"}


@pytest.mark.parametrize("compose", [lambda c: lk.near(c, "song"), lk.unnegated, lk.repeated])
def test_a_predicate_that_matches_no_places_is_refused_where_places_are_compared(compose):
    whole = Condition(((Leaf(Long(5)), 1),), "long")
    with pytest.raises(RuleError, match="conditions of a whole text have none"):
        compose(whole)


def test_a_plan_says_that_a_scan_is_shared_only_where_there_is_one(module):
    path = {line.split(":")[0].strip(): line for line in Plan(lk.collect(module)).explain().splitlines() if ":" in line}
    assert path["of_five"].endswith("of_five: reads text")
    assert path["close"].endswith("close: shares one scan of text")
