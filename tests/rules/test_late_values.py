"""Functions that a loop makes, and that read its variable when they vote, are refused; those that keep it are not."""

from __future__ import annotations

import pytest

import labelkit as lk
from labelkit.exceptions import CollectError

HEAD = """
import functools
import labelkit as lk

HAM, SPAM = 0, 1
WORDS = ["free", "win", "cash"]
rules = []
"""

LATE = {
    "a loop of a module": (
        """
for word in WORDS:
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if word in text else None
    rules.append(has)
""",
        "'word'.*last value, 'cash'",
    ),
    "lambdas": (
        """
for word in WORDS:
    rules.append(lk.labeling_function(name=word)(lambda text: SPAM if word in text else None))
""",
        "'word'.*last value, 'cash'",
    ),
    "a comprehension": (
        """
rules = [lk.labeling_function(name=w)(lambda text: SPAM if w in text else None) for w in WORDS]
""",
        "'w'.*last value, 'cash'",
    ),
    "a loop in a function": (
        """
def made():
    found = []
    for number, word in enumerate(WORDS):
        @lk.labeling_function(name=word)
        def has(text):
            return SPAM if len(text) > number else None
        found.append(has)
    return found
rules = made()
""",
        "'number'.*last value, 2",
    ),
    "what a loop makes of its variable": (
        """
for word in WORDS:
    wanted = word.upper()
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if wanted in text else None
    rules.append(has)
""",
        "'wanted'.*last value, 'CASH'",
    ),
    "a helper of the loop": (
        """
for word in WORDS:
    def test(text):
        return word in text
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if test(text) else None
    rules.append(has)
""",
        "'test'",
    ),
    "a counting loop": (
        """
n = 0
while n < 3:
    n += 1
    @lk.labeling_function(name=f"longer_{n}")
    def longer(text):
        return SPAM if len(text) > n else None
    rules.append(longer)
""",
        "'n'.*last value, 3",
    ),
    "rules of Snorkel": (
        """
from labelkit.interop.snorkel.labeling import labeling_function
for word in WORDS:
    @labeling_function(name=word)
    def has(x):
        return SPAM if word in x.text else -1
    rules.append(has)
""",
        "'word'.*last value, 'cash'",
    ),
}

KEPT = {
    "a default": """
for word in WORDS:
    @lk.labeling_function(name=word)
    def has(text, word=word):
        return SPAM if word in text else None
    rules.append(has)
""",
    "a factory": """
def has_word(word):
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if word in text else None
    return has
for word in WORDS:
    rules.append(has_word(word))
""",
    "a factory twice for one value": """
def has_word(word, name):
    @lk.labeling_function(name=name)
    def has(text):
        return SPAM if word in text else None
    return has
rules = [has_word("free", "one"), has_word("free", "two")]
""",
    "a factory in the loop": """
for word in WORDS:
    def make(word):
        return lk.labeling_function(name=word)(lambda text: SPAM if word in text else None)
    rules.append(make(word))
""",
    "keywords": """
for word in WORDS:
    rules.append(lk.keywords(word, label=SPAM).rule(name=word))
""",
    "what is the same in each pass": """
for word in WORDS:
    least = 3
    @lk.labeling_function(name=word)
    def has(text, word=word):
        return SPAM if word in text and len(text) > least else None
    rules.append(has)
""",
    "one pass": """
for word in WORDS[:1]:
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if word in text else None
    rules.append(has)
""",
    "state that rules share": """
seen = []
for word in WORDS:
    rules.append(lk.labeling_function(name=word)(lambda text, word=word: SPAM if word in text and seen is not None else None))
""",
    "a name of its own": """
for word in WORDS:
    @lk.labeling_function(name=word)
    def has(text):
        return SPAM if any(word in text for word in WORDS) else None
    rules.append(has)
""",
    "another loop before": """
for word in WORDS:
    pass
def last(text):
    return SPAM if word in text else None
rules = [lk.labeling_function(name="one")(last)]
""",
}


def collected(tmp_path, body):
    (tmp_path / "rules.py").write_text(HEAD + body, encoding="utf-8")
    return lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])


@pytest.mark.parametrize("kind", LATE)
def test_rules_that_read_the_variable_of_their_loop_when_they_vote_are_refused(kind, tmp_path):
    body, reason = LATE[kind]
    with pytest.raises(CollectError, match=reason) as caught:
        collected(tmp_path, body)
    assert caught.value.code == "LK139"
    assert "rules.py, line " in str(caught.value)


@pytest.mark.parametrize("kind", KEPT)
def test_rules_that_keep_their_value_are_taken(kind, tmp_path):
    rules = collected(tmp_path, KEPT[kind])
    assert len(rules) >= 1


def test_the_hint_makes_rules_that_differ(tmp_path):
    with pytest.raises(CollectError, match=r"Hint: def has\(text, word=word\) keeps the value of each"):
        collected(tmp_path, LATE["a loop of a module"][0])
    mended = LATE["a loop of a module"][0].replace("def has(text):", "def has(text, word=word):")
    votes = lk.Applier(collected(tmp_path, mended)).apply(["free", "win", "cash"]).votes
    assert (votes >= 0).tolist() == [[True, False, False], [False, True, False], [False, False, True]]


def test_a_loop_over_rules_of_a_frame_of_tests_is_seen_without_a_module():
    rules = []
    for word in ("free", "win"):

        @lk.labeling_function(name=word)
        def has(text):
            return 1 if word in text else None  # noqa: B023 - the mistake itself

        rules.append(has)
    with pytest.raises(CollectError, match="LK139"):
        lk.Applier(rules, labels=2)


def test_transformations_of_a_loop_are_refused_too():
    frame = lk.load_comments(20)
    changes = []
    for word in ("free", "win"):

        @lk.transformation_function(name=word)
        def put(text):
            return f"{word} {text}"  # noqa: B023 - the mistake itself

        changes.append(put)
    with pytest.raises(CollectError, match=r"transformation 'free' and transformation 'win'.*'word'"):
        lk.augment(frame, changes)
