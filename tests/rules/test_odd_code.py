"""Tests in the code of a rule that Python reads otherwise than their author are named, and usual ones are not."""

from __future__ import annotations

import re

import pytest

import labelkit as lk
from labelkit.checks.lint import lint
from labelkit.rules.load_module import load_file
from labelkit.rules.oddities import oddities
from labelkit.rules.unread_columns import unread_columns

MODULE = """
import re
import labelkit as lk

HAM, SPAM = 0, 1
WORDS = ["free", "Win", "CASH"]
SMALL = {{"free", "Free", "win"}}
ONE = ("free")
BOTH = ["check out" "now", "visit"]
LONG = ["a long sentence that is "
        "written on two lines", "visit"]
PATTERN = re.compile(r"\\bfree\\b")
CAPITALS = re.compile("Free|Win")


def has_both(text):
    return "free" and "win" in text


@lk.labeling_function
def rule(text: str, author: str):
    {body}
"""

ODD = [
    (
        'return SPAM if "free" or "win" in text else None',
        "'free' before or is a test of its own, which is always true (line 22)",
    ),
    (
        'return SPAM if text == "free" or "win" else None',
        "'win' behind or is a test of its own, which is always true (line 22)",
    ),
    ('return SPAM if "free" and "win" in text else None', "so it is not looked for"),
    ('return SPAM if "win" in text and "free" else None', "so it is not looked for"),
    ('return SPAM if not ("a" in text or "b") else None', "'b' behind or is a test of its own"),
    ('return SPAM if ("free" or "win") in text else None', "'free' before or is a test of its own"),
    ('return SPAM if any(w in text or "win" for w in WORDS) else None', "'win' behind or is a test of its own"),
    (
        "return SPAM if has_both(text) else None",
        "'free' before and is a test of its own, which is always true (line 17)",
    ),
    ("return SPAM if (w in text for w in WORDS) else None", "a generator is always true (line 22)"),
    ("return SPAM if [w in text for w in WORDS] else None", "a list is true if it has any answers"),
    ('return SPAM if ("free" in text, "win" in text) else None', "is a tuple, which is always true (line 22)"),
    ('return SPAM if author == "a" and ["free" in text] else None', "['free' in text] behind and is a test of its"),
    ('return SPAM if (["free" in text] and author == "a") else None', "['free' in text] before and is a test of its"),
    ('return SPAM if not {"free" in text, *WORDS} else None', "is a set, which is always true (line 22)"),
    ("return SPAM if (lambda: text) else None", "is a function, which is always true (line 22)"),
    ("return SPAM if len(text) < 0 else None", "len(text) < 0 is never so (line 22): it is 0 or more"),
    ("return SPAM if 0 > len(text) else None", "0 > len(text) is never so"),
    ("return SPAM if len(text) >= 0 else None", "len(text) >= 0 is always so (line 22): it is 0 or more"),
    ("return SPAM if len(text) == -1 else None", "len(text) == -1 is never so"),
    ("return SPAM if len(text) != -1 else None", "len(text) != -1 is always so"),
    ("return SPAM if len(text) > -0.5 else None", "len(text) > -0.5 is always so"),
    ("return SPAM if len(text) == 2.5 else None", "len(text) == 2.5 is never so"),
    ('return SPAM if text.count("!") >= 0 else None', "text.count('!') >= 0 is always so"),
    ('return SPAM if text.lower().count("!") < 0 else None', "text.lower().count('!') < 0 is never so"),
    ('return SPAM if text.find("free") >= -1 else None', "text.find('free') >= -1 is always so (line 22): it is -1 or"),
    ('return SPAM if text.find("free") < -1 else None', "is never so"),
    (
        "try:\n        return SPAM if text[0] == 'a' else HAM\n    finally:\n        return None",
        "return in finally (line 25) drops every error, and what was returned before",
    ),
    ("return SPAM if text.isupper else None", "text.isupper without parentheses is a function"),
    ('return SPAM if text.find("free") else None', "is -1, which is true, where it finds nothing"),
    ('return SPAM if not text.lower().find("free") else None', "is -1, which is true"),
    ('return SPAM if "free" in text == True else None', "asks two things (line 22): 'free' in text and text == True"),
    ('return SPAM if text is "free" else None', "asks for the same object"),
    ("return SPAM if len(text) > 3 & len(text) < 9 else None", "& is read before the comparisons"),
    ('return SPAM if author in ("admin") else None', "asks whether the value is a part of the word"),
    ('return SPAM if author.strip() not in "moderator" else None', "asks whether the value is a part of the word"),
    ('return SPAM if text.strip("thanks") == "" else None', "removes any of these letters"),
    ('return SPAM if text.lstrip("http") != text else None', "removes any of these letters"),
    ('return SPAM if re.sub("free", "", text, re.I) != text else None', "takes re.I here as count"),
    ('return SPAM if re.split("free", text, re.IGNORECASE)[1:] else None', "as maxsplit, not as flags"),
    ("return SPAM if PATTERN.search(text, re.I) else None", "as the first place, not as flags"),
    ('return SPAM if any(w in text for w in ("win")) else None', "is one text, and a loop over it goes through"),
    ('return SPAM if any(w in text for w in "free") else None', "is one text"),
    ("return SPAM if any(w in text for w in ONE) else None", "is one text"),
    ('return SPAM if any(w in text for w in ["check out" "now", "visit"]) else None', "without a comma between"),
    ("return SPAM if any(w in text for w in BOTH) else None", "'check outnow' is 'check out' 'now' (line 9)"),
    ('return SPAM if "Free" in text.lower() else None', "'Free' cannot be in what was made small by lower() (line 22)"),
    ('return SPAM if "free" in text.upper() else None', "was made all capitals by upper()"),
    ('return SPAM if "straße" in text.casefold() else None', "'straße' cannot be in what was made small by casefold()"),
    ("return SPAM if any(w in text.lower() for w in WORDS) else None", "'Win' and 1 more of the list cannot be in"),
    ('return SPAM if text.lower().strip().startswith(("Free", "win")) else None', "'Free' cannot be in"),
    ('return SPAM if text.lower() == "Free" else None', "'Free' cannot be in"),
    ('return SPAM if text.lower().count("Free") > 1 else None', "'Free' cannot be in"),
    ("words = text.lower().split()\n    return SPAM if any(w in words for w in WORDS) else None", "'Win' and 1 more"),
    ("words = set(text.lower().split())\n    return SPAM if words & set(WORDS) else None", "'Win' and 1 more"),
    ("words = set(text.lower().split())\n    return SPAM if words.intersection(WORDS) else None", "'Win' and 1 more"),
    (
        "words = {w.lower() for w in text.split()}\n    return SPAM if not words.isdisjoint(WORDS) else None",
        "'Win' and 1",
    ),
    ("text = text.lower()\n    return SPAM if 'Free' in text else None", "'Free' cannot be in"),
    ("return SPAM if any(w in WORDS for w in text.lower().split()) else None", "'Win' and 1 more"),
    ('return SPAM if "check out" in text.split() else None', "cannot be in what was split into words"),
    ('return SPAM if ["free", "win"] in text.split() else None', "as a whole is never among words"),
    ('return SPAM if re.search(r"\\bFree\\b", text.lower()) else None', "needs 'Free', which cannot be in"),
    ("return SPAM if CAPITALS.search(text.lower()) else None", "needs 'Free'"),
    (
        "for word in WORDS:\n        if word in text:\n            return SPAM\n        else:\n            return None",
        "the loop ends in its first pass: both sides of its test return (lines 22 and 23)",
    ),
    (
        "for w in WORDS:\n        if w in text:\n            return SPAM\n        elif author:\n            return 0\n        else:\n            return 1",
        "the loop ends in its first pass",
    ),
    ('return SPAM if re.search("\\bfree", text) else None', "has a control character"),
    ('return SPAM if re.search("[free|win]", text) else None', "is any one of these characters"),
    ("return SPAM if author is None else None", "author is None is never so (line 22): a rule is not called where"),
    ("return None if author is not None else SPAM", "author is not None is always so (line 22)"),
    ("if author is None or len(text) < 3:\n        return SPAM", "author is None is never so (line 22)"),
    ("if text and author == None:\n        return SPAM", "author == None is never so (line 22)"),
    ("if author is not None:\n        return None\n    return SPAM", "author is not None is always so (line 22)"),
    (
        "if author is not None:\n        pass\n    else:\n        return SPAM",
        "author is not None is always so (line 22)",
    ),
    ("return SPAM if WORDS in text.split() else None", "WORDS as a whole is never among words (line 22)"),
    ("return SPAM if text.split() in WORDS else None", "text.split() as a whole is never among words"),
    (
        'words, mine = text.split(), 1\n    some = ["a", "b"]\n    return SPAM if some in text.split() else None',
        "some as a whole is never among words",
    ),
    ("return SPAM if text.lower().isupper() else None", "text.lower().isupper() is never so (line 22)"),
    ("text = text.upper()\n    return SPAM if text.islower() else None", "it was made all capitals by upper()"),
    ("return SPAM if all([w for w in WORDS if w in text]) else None", "is always so (line 22): each w is a text"),
    (
        'if "free" in text:\n        return SPAM\n    elif "free money" in text:\n        return HAM',
        "'free money' in text is never so (line 24): with 'free' in text, line 22 returns",
    ),
    (
        'low = text.lower()\n    if "win" in low:\n        return SPAM\n    if "winter" in low:\n        return HAM',
        "'winter' in low is never so (line 25): with 'win' in low, line 23 returns",
    ),
    ("return SPAM if any(w for w in WORDS) else None", "is always so (line 22): each w is a text"),
    ('return SPAM if re.compile("free").search(text, re.I) else None', "takes re.I here as the first place"),
    ('p = re.compile("free")\n    return SPAM if p.search(text, re.I) else None', "takes re.I here as the first place"),
]

USUAL = [
    "return SPAM if 0 <= len(text) < 5 else None",
    "return SPAM if len(text) <= 0 or len(text) == 7 else None",
    "return SPAM if len(text) != 0 and len(text) > 0 and 1 <= len(text) else None",
    'return SPAM if text.find("!") >= 0 or text.find("!") != -1 else None',
    "return SPAM if [*WORDS] and [w for w in WORDS if w in text] else None",
    "return SPAM if () or [] or {} else HAM",
    "try:\n        return SPAM if 'a' in text else HAM\n    finally:\n        text = None",
    "try:\n        pass\n    finally:\n        def close():\n            return None\n    return SPAM if 'a' in text else None",
    "return None if author is None else SPAM",
    "if author is None:\n        return lk.ABSTAIN\n    return SPAM",
    "if author is None or text is None:\n        return -1\n    return SPAM",
    "return SPAM if author is not None and len(text) < 3 else None",
    'if author is None:\n        author = ""\n    return None if author else SPAM',
    "if author is not None:\n        return SPAM\n    return None",
    'return SPAM if "free" in text or "win" in text else None',
    'name = author or "nobody"\n    return SPAM if name == "nobody" else None',
    'return SPAM if (author or "nobody") == "nobody" else None',
    "return SPAM if any(w in text for w in WORDS) else None",
    "return SPAM if [w for w in WORDS if w in text] else None",
    'return SPAM if text.find("free") >= 0 else None',
    "return SPAM if text.isupper() else None",
    "return SPAM if all(map(str.isupper, text.split())) else None",
    "return SPAM if 3 < len(text) < 9 else None",
    "return SPAM if (len(text) > 3) & (len(text) < 9) else None",
    'return SPAM if author in ("admin", "root") else None',
    'return SPAM if author in ("admin",) else None',
    'return SPAM if any(c in "aeiou" for c in text) else None',
    'return SPAM if any(c in text for c in "aeiou") else None',
    'return SPAM if any(c in text for c in ("!?")) else None',
    'return SPAM if text[0] in "aeiou" else None',
    'return SPAM if author in "ABCD" else None',
    'return SPAM if text.strip(" .,!") == "" else None',
    'return SPAM if re.sub("free", "", text, flags=re.I) != text else None',
    'return SPAM if re.sub("free", "", text, 1) != text else None',
    'return SPAM if re.search("free", text, re.I) else None',
    "return SPAM if PATTERN.search(text, 3) else None",
    "return SPAM if any(w in text for w in LONG) else None",
    'return SPAM if "free" in text.lower() else None',
    'return SPAM if "Free" in text or "free" in text.lower() else None',
    "return SPAM if any(w in text.lower() for w in SMALL) else None",
    "return SPAM if any(w.lower() in text.lower() for w in WORDS) else None",
    'return SPAM if "Free" in text.lower().title() else None',
    'return SPAM if "Free" in text.lower().replace("free", "Free") else None',
    'small = text.lower()\n    return SPAM if "Free" in text and "free" in small else None',
    'words = text.split()\n    return SPAM if "free" in words else None',
    "return SPAM if text.lower() != text.lower().strip() else None",
    'return SPAM if "check out" in text.split(",") else None',
    "for word in text.split():\n        if word in WORDS:\n            return SPAM\n    return None",
    "if author:\n        text = text.lower()\n    return SPAM if 'Free' in text else None",
    'found = "Free" in text\n    text = text.lower()\n    return SPAM if found else None',
    'return SPAM if re.search("(?i)Free", text.lower()) else None',
    'return SPAM if re.search("[Ff]ree", text.lower()) else None',
    'return SPAM if re.search(r"F?ree", text.lower()) else None',
    'return SPAM if re.search(r"\\W", text.lower()) else None',
    "pairs = {(w, len(w)) for w in text.split()}\n    return SPAM if ('free', 4) in pairs else None",
    "return SPAM if [*WORDS] or author else None",
    "for word in WORDS:\n        if word in text:\n            return SPAM\n    return None",
    "for word in WORDS:\n        if word in text:\n            return SPAM\n        elif author:\n            return HAM\n    return None",
    "for word in text.split():\n        return SPAM if word in WORDS else None",
    "return SPAM if any(w in text.split() for w in WORDS) else None",
    "return SPAM if text.split()[:2] in [['free', 'now'], ['win', 'now']] else None",
    "loud = text.isupper()\n    text = text.lower()\n    return SPAM if loud and 'free' in text else None",
    "return SPAM if text.lower().islower() else None",
    'words = text.split()\n    if "win" in words:\n        return SPAM\n    if "winter" in words:\n        return HAM',
    'if "winter" in text:\n        return HAM\n    elif "win" in text:\n        return SPAM',
    'if "win" in text:\n        text = text.lower()\n    if "winter" in text:\n        return HAM',
    'if "win" in text:\n        return SPAM\n    text = text.upper().lower()\n    if "winter" in text:\n        return HAM',
    "return SPAM if all(w in text for w in WORDS) else None",
    "return SPAM if any([w for w in WORDS if w in text]) else None",
    "return SPAM if all(w for w in text.split(',')) else None",
    'return SPAM if re.compile("free", re.I).search(text, 5) else None',
]


@pytest.fixture
def rules_of(tmp_path):
    def make(body):
        (tmp_path / "rules.py").write_text(MODULE.format(body=body), encoding="utf-8")
        return lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])

    return make


@pytest.mark.parametrize(("body", "reason"), ODD)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_test_that_means_something_else_is_named(rules_of, body, reason):
    (rule,) = rules_of(body)
    (odd,) = oddities(rule)
    assert reason in odd.reason


@pytest.mark.parametrize("body", USUAL)
def test_nothing_is_said_of_a_usual_test(rules_of, body):
    (rule,) = rules_of(body)
    assert list(oddities(rule)) == []


def test_columns_that_a_rule_reads_and_lambdas_are_looked_at(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n"
        "@lk.column\n"
        "def small(text: str) -> bool:\n"
        "    return 'Free' in text.lower()\n"
        "of_column = lk.labeling_function(name='of_column')(lambda small: 1 if small else None)\n"
        "short = lk.labeling_function(name='short')(lambda text: 1 if 'free' or 'win' in text else None)\n"
    )
    lfs = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    reasons = {problem.rule: problem.message for problem in lint(lfs) if problem.code == "LK926"}
    assert reasons.keys() == {"of_column", "short"}
    assert "'Free' cannot be in what was made small" in reasons["of_column"]


def test_a_run_warns_once_of_a_rule_and_names_the_line(rules_of, tmp_path):
    rules = rules_of(ODD[0][0])
    rows = {"text": ["free", "hello"], "author": ["a", "b"]}
    with pytest.warns(
        UserWarning,
        match=re.escape("rule 'rule': 'free' before or is a test of its own, which is always true (line 22)"),
    ):
        lk.run(rules, rows, out=tmp_path / "one")
    lk.run(rules, rows, out=tmp_path / "two")  # a warning would be an error


def test_an_applier_warns_once_of_a_rule_too(rules_of):
    applier = lk.Applier(rules_of(ODD[0][0]))
    rows = {"text": ["free", "hello"], "author": ["a", "b"]}
    with pytest.warns(UserWarning, match="LK926"):
        applier.apply(rows)
    applier.apply(rows)  # a warning would be an error


def test_a_rule_that_takes_null_may_vote_on_it():
    @lk.labeling_function
    def takes(text: str | None, author: object):
        return 1 if text is None or author is None else None

    @lk.labeling_function(batch=True)
    def batched(text):
        return [1 if one is None or text is None else -1 for one in text]

    assert [*oddities(takes), *oddities(batched)] == []


def test_functions_of_derived_columns_are_not_called_with_null_either(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n\n"
        "@lk.column\ndef name(text):\n    return 'none' if text is None else text\n\n"
        "@lk.labeling_function\ndef rule(name):\n    return 1 if name is None else None\n"
    )
    (rule,) = lk.collect(tmp_path / "rules.py", labels=["HAM", "SPAM"])
    reasons = [one.reason.partition(" (")[0] for one in oddities(rule)]
    assert reasons == ["name is None is never so", "text is None is never so"]


@pytest.mark.parametrize(
    "body",
    [
        '1 if "free" in text else None',
        'if "free" in text:\n        1',
        'if "free" in text:\n        return None\n    return -1',
        'if "free" in text:\n        return\n    return lk.ABSTAIN',
        "print(text)",
    ],
)
def test_a_rule_that_returns_no_class_is_named_by_checks_and_runs(rules_of, body):
    rules = rules_of(body)
    with pytest.warns(UserWarning, match=r"rule 'rule': it can only abstain \[LK902\]. Hint: return a class where its"):
        lk.Applier(rules).apply({"text": ["free"], "author": ["a"]})
    (problem,) = [one for one in lint(rules_of(body)) if one.code == "LK902"]
    assert (problem.severity, problem.message) == ("error", "it can only abstain")


@pytest.mark.parametrize("body", ["return text and None or SPAM", "return has_both(text)", "yield SPAM", "return 5"])
def test_a_rule_that_may_return_a_class_is_not(rules_of, body):
    assert [one for one in oddities(rules_of(body)[0]) if one.code == "LK902"] == []


def test_functions_of_slices_and_of_models_in_pieces_are_looked_at(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import labelkit as lk\n\n"
        "@lk.slicing_function\ndef forgot(text):\n    len(text) < 9\n\n"
        "@lk.slicing_function\ndef odd(text):\n    return 'free' or 'win' in text\n\n"
        "@lk.slicing_function\ndef short(text):\n    return len(text) < 9\n\n"
        "@lk.model_output(batch_size=2, threshold=0.5, label=1)\n"
        "def model(text):\n    return [0.9 if 'Free' in one.lower() else 0.1 for one in text]\n"
    )
    module = load_file(tmp_path / "rules.py")
    named = {
        name: [one.code for one in oddities(getattr(module, name))] for name in ("forgot", "odd", "short", "model")
    }
    assert named == {"forgot": ["LK902"], "odd": ["LK926"], "short": [], "model": ["LK926"]}


def test_slow_patterns_and_unread_columns_are_seen_in_functions_of_slices_too(tmp_path):
    (tmp_path / "rules.py").write_text(
        "import re\nimport labelkit as lk\n\n"
        "@lk.slicing_function\ndef slow(text, likes=0):\n    return re.search('(a+)+$', text) is not None and likes < 1\n"
    )
    rule = load_file(tmp_path / "rules.py").slow
    assert [one.code for one in lint(lk.LabelingFunctions([rule], labels=2)) if one.code == "LK906"] == ["LK906"]
    assert list(unread_columns(rule, ["text", "likes"])) == ["likes"]
