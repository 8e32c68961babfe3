"""What looks wrong in rules is told: by their source, their patterns, and their votes on a sample."""

import re
import textwrap

import numpy as np
import pytest

import labelkit as lk
from labelkit.checks import slow_regex
from labelkit.checks.lint import Problem, lint
from labelkit.checks.vote_lint import lint_votes

HEAD = """
from enum import IntEnum
import re
from labelkit import column, keywords, labeling_function, model_output, regex
class Label(IntEnum):
    HAM = 0
    SPAM = 1
"""


@pytest.fixture
def linted(tmp_path):
    """Write a module of rules, and lint it."""

    def write(text):
        (tmp_path / "rules.py").write_text(HEAD + textwrap.dedent(text))
        return lint(lk.collect(tmp_path / "rules.py"))

    return write


def matrix_of(votes, names=None, faults=()):
    names = names or [f"rule{j}" for j in range(np.shape(votes)[1])]
    made = lk.LabelMatrix.of(np.asarray(votes), names=names, classes=["HAM", "SPAM"])
    return lk.LabelMatrix(made.votes, made.lfs, made.class_names, made.ids, tuple(faults))


def rules_of(matrix, **examples):
    conditions = [(name, lk.keywords("x", label=1)) for name in matrix.names]
    rules = [condition.rule(name=name, examples=examples.get(name)) for name, condition in conditions]
    return lk.LabelingFunctions(rules, labels=["HAM", "SPAM"])


# By the source


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 2", "it can return 2 (line 11): 2 is not one of the 2 classes"),
        ("return -2", "it can return -2 (line 11): -2 is not one of the 2 classes"),
        ("return 'SPAM'", "it can return 'SPAM' (line 11): 'SPAM' (str) is not a vote"),
        ("return True", "it can return True (line 11): True (bool) is not a vote"),
        ("return len(x) > 3", "it can return True (line 11): True (bool) is not a vote"),
        ("return 0.5 if x else Label.HAM", "it can return 0.5 (line 11): 0.5 (float) is not a vote"),
        ("return Label.SPAMM", "it can return Label.SPAMM (line 11), which the enum does not have"),
        ("return None", "it can only abstain"),
        ("len(x)", "it can only abstain"),
        ("yield Label.SPAM", "it is a generator or a coroutine, which is not a vote"),
    ],
)
def test_a_rule_that_returns_what_is_no_vote_or_only_abstains_is_an_error(linted, body, message):
    (problem,) = linted(f"@labeling_function(label=Label)\ndef rule(x):\n    'A rule.'\n    {body}\n")
    assert (problem.severity, problem.rule, problem.message) == ("error", "rule", message)


def test_what_the_source_does_not_tell_is_not_guessed(linted):
    assert not linted(
        """
        @labeling_function(label=Label)
        def computed(x):
            return len(x)
        @labeling_function(batch=True, label=Label)
        def batch(x):
            return [7 for _ in x]
        @model_output(label=Label.SPAM, threshold=0.5)
        def model(x):
            return [0.5 for _ in x]
        unnamed = labeling_function(name="unnamed", label=Label)(lambda x: 7)
        """
    )


def test_a_rule_that_depends_on_more_than_the_example_is_a_warning_also_by_a_column_or_a_helper(linted):
    problems = linted(
        """
        import random, time
        counts = []
        def helper(x):
            return random.random()
        @column
        def age(x: str) -> float:
            return time.time()
        @labeling_function(label=Label)
        def by_helper(x):
            return Label.SPAM if helper(x) > 0.5 else None
        @labeling_function(label=Label)
        def by_column(age):
            return Label.SPAM if age > 5 else None
        @labeling_function(label=Label)
        def by_state(x):
            counts.append(x)
            return Label.SPAM if len(counts) > 5 else None
        @keywords("a", label=Label.SPAM)
        def declared(age):
            "Also by a column."
        """
    )
    assert {p.severity for p in problems} == {"warning"}
    assert [p.rule for p in problems] == ["by_helper", "by_column", "by_state", "declared"]
    assert "it uses random.random, which gives another answer each time (helper(), line 12)" in problems[0].message
    assert "column age: it uses time.time, which reads the clock (line 15)" in problems[1].message
    assert "it reads the global counts, which functions change (line 24)" in problems[2].message
    assert all(p.hint for p in problems)


# By the regular expressions


def test_a_pattern_that_never_ends_is_an_error_and_one_that_grows_with_the_square_a_warning_or_a_note(linted):
    problems = linted(
        r"""
        AT = re.compile(r"\w+@\w+")
        @regex(r"(a+)+$", label=Label.SPAM)
        def hopeless(x):
            "Never ends."
        @regex(r"\w+@\w+", label=Label.SPAM)
        def square(x):
            "A run scans it without going back."
        @labeling_function(label=Label)
        def by_hand(x):
            return Label.SPAM if AT.search(x) else None
        @labeling_function(when=regex(r"^\w+@"), label=Label)
        def guarded(x):
            return Label.SPAM
        @(regex(r"(b+)+$") & keywords("a")).labeled(Label.SPAM)
        def combined(x):
            "A part of it never ends."
        """
    )
    assert [(p.rule, p.severity) for p in problems] == [
        ("hopeless", "error"),
        ("square", "note"),
        ("by_hand", "warning"),
        ("combined", "error"),
    ]
    assert problems[0].message.startswith(
        "its pattern '(a+)+$' takes more than 0.5 s on a text of 2,000 characters: 'a'"
    )
    assert "100,000 characters: 'a' over and over" in problems[2].message
    assert "large runs, which match it without re, are not slowed" in problems[1].message


@pytest.mark.parametrize("pattern", ["free|", "(free|)", "x*", "(?:free)?", "", r"\s*", "(?=)|free", ".*"])
def test_a_pattern_that_is_found_in_every_text_is_told(pattern):
    rule = lk.regex(pattern, label=1).rule(name="free")
    (problem,) = lint(lk.LabelingFunctions([rule], labels=2))
    assert (problem.severity, problem.code) == ("warning", "LK922")
    assert "is found in every text, the empty one too" in problem.message


@pytest.mark.parametrize("pattern", ["free", r"^\s*$", "^$", r"\b", "fre*", "(?!)", r"\w?!", "[^a]"])
def test_a_pattern_that_is_not_found_in_every_text_is_not(pattern):
    assert not [
        p
        for p in lint(lk.LabelingFunctions([lk.regex(pattern, label=1).rule(name="free")], labels=2))
        if p.code == "LK922"
    ]


def test_patterns_inside_tests_of_where_they_match_are_tried_too():
    square, hopeless = lk.regex(r"\w+@\w+"), lk.regex(r"(a+)+$")
    near = lk.near(square, lk.keywords("mail")).labeled(1).rule(name="near")
    within = lk.within("line", ~lk.unnegated(hopeless)).labeled(1).rule(name="within")
    problems = lint(lk.LabelingFunctions([near, within], labels=2))
    assert [(p.rule, p.severity) for p in problems] == [("near", "warning"), ("within", "error")]


def test_the_patterns_of_a_hundred_rules_are_tried_by_one_process(linted, monkeypatch):
    text = "\n".join(
        f"@regex(r'\\bword{j}\\w*(?: and more)?\\b', label=Label.SPAM)\ndef pattern{j}(x):\n    'A pattern.'\n"
        f"@labeling_function(label=Label)\ndef python{j}(x):\n    return Label.SPAM if len(x) > {j} else None\n"
        for j in range(50)
    )
    starts, start = [], slow_regex._Clock._start
    monkeypatch.setattr(slow_regex._Clock, "_start", lambda clock: starts.append(start(clock)))
    assert linted(text) == []
    assert len(starts) == 1


# By the votes


def test_two_rules_that_vote_on_the_same_rows_are_a_warning():
    rng = np.random.default_rng(0)
    a = np.where(rng.random(1000) < 0.3, 1, -1)
    b = a.copy()
    b[np.flatnonzero(a == 1)[0]] = -1
    other = np.where(rng.random(1000) < 0.3, 0, -1)
    matrix = matrix_of(np.column_stack([a, other, b]), names=["a", "other", "b"])
    (problem,) = lint_votes(rules_of(matrix), matrix)
    n = int((a == 1).sum())
    assert (problem.severity, problem.rule) == ("warning", "a")
    assert problem.message == f"it votes where b votes, on {n - 1} of {n} rows, 100% of them for the same class"


def test_rules_that_vote_against_each_other_on_the_same_rows_are_a_warning_too():
    matrix = matrix_of([[1, 0]] * 50 + [[-1, -1]] * 50)
    (problem,) = lint_votes(rules_of(matrix), matrix)
    assert "0% of them for the same class" in problem.message


def test_a_rule_that_votes_the_same_wherever_it_votes_is_a_note():
    matrix = matrix_of([[1, 1]] * 50 + [[-1, 1]] * 50 + [[-1, -1]] * 50)
    (problem,) = lint_votes(rules_of(matrix), matrix)
    assert (problem.severity, problem.rule) == ("note", "rule0")
    assert problem.message == "rule1 votes the same on 50 of the 50 rows on which it votes"


def test_nothing_is_said_of_the_overlaps_of_few_votes():
    matrix = matrix_of([[1, 1]] * 19 + [[-1, -1]] * 50)
    assert lint_votes(rules_of(matrix), matrix) == []


def test_a_rule_that_never_voted_is_a_warning_unless_an_example_shows_that_it_can():
    matrix = matrix_of([[-1, -1, 1]] * 200 + [[-1, -1, -1]] * 100)
    silent, rare = lint_votes(rules_of(matrix, rule1={"x": 1}), matrix)
    assert (silent.severity, silent.rule) == ("warning", "rule0")
    assert silent.message == "it never voted on 300 rows, so that its coverage is at most 1.0% (95% sure)"
    assert (rare.severity, rare.rule) == ("note", "rule1")


def test_a_silent_rule_that_looks_at_the_start_alone_is_told_so():
    @lk.labeling_function(name="start")
    def start(text):
        return 1 if re.match("money", text) else None

    lfs = lk.LabelingFunctions([start], labels=2)
    (silent,) = [
        one for one in lint_votes(lfs, lk.Applier(lfs).apply({"text": ["free money"] * 30})) if one.code == "LK908"
    ]
    assert str(silent.hint).startswith("re.match (line ")
    assert str(silent.hint).endswith(") looks at the start of the text alone; re.search looks everywhere")


@pytest.mark.parametrize(
    ("votes", "is_told"),
    [
        ([1] * 100, True),
        ([1] * 97 + [-1] * 3, True),
        ([1] * 90 + [-1] * 10, False),
        ([1] * 20, False),
        ([1] * 99 + [0], False),
        ([-1] * 100, False),
    ],
)
def test_a_rule_that_surely_votes_for_one_class_on_nine_of_ten_rows_is_a_warning(votes, is_told):
    matrix = matrix_of([[vote] for vote in votes])
    told = [problem for problem in lint_votes(rules_of(matrix), matrix) if problem.code == "LK927"]
    assert len(told) == is_told
    if told:
        n = votes.count(1)
        expected = f"it votes {matrix.class_names[1]} on {n} of {len(votes)} rows, which tells none from another"
        assert (told[0].severity, told[0].message) == ("warning", expected)


def test_faults_are_errors_told_once_for_each_way_to_fail():
    faults = [
        lk.Fault(3, "rule0", 3, "VoteError", "True (bool) is not a vote [LK300]\nHint: return a class"),
        lk.Fault(5, "rule0", 5, "ZeroDivisionError", "division by zero (rules.py, line 3)"),
        lk.Fault(9, "rule0", 9, "ZeroDivisionError", "division by zero (rules.py, line 3)"),
    ]
    matrix = matrix_of([[-1]] * 20, faults=faults)
    first, second = lint_votes(rules_of(matrix), matrix)
    assert first == Problem(
        "error",
        "rule0",
        "failed on 1 of 20 rows, row 3: VoteError: True (bool) is not a vote",
        "return a class",
        code="LK300",
    )
    assert second.code == "LK907"
    assert second.message.startswith("failed on 2 of 20 rows, the first in row 5: ZeroDivisionError: division by zero")


def test_a_problem_is_shown_with_its_severity_its_rule_and_what_to_do():
    assert str(Problem("warning", "short", "it never voted", "try more rows", code="LK908")) == (
        "warning: short: it never voted [LK908]\n  Hint: try more rows"
    )
    failed = Problem("error", "short", "short('x') voted HAM\n  HAM needs: a", code="LK911")
    assert str(failed) == "error: short('x') voted HAM [LK911]\n  HAM needs: a"
    assert str(Problem("note", "", "no gold", code="LK914")) == "note: no gold [LK914]"
