"""Values, lists and names in the code of a rule that are not what their author thinks are named, and usual ones are not."""

from __future__ import annotations

import pandas as pd
import pytest

import labelkit as lk
from labelkit.interop.snorkel.labeling import PandasLFApplier
from labelkit.rules.load_module import load_file
from labelkit.rules.oddities import oddities

HEAD = """
import math, re
import numpy as np
import pandas as pd
import labelkit as lk

SPAM, ABSTAIN = 1, -1
WORDS = ["free", "win"]
LONG = {{"free": SPAM, "win": SPAM}}
EMPTY = "free\\nwin\\n".split("\\n")
LINES = ["free\\n", "win\\n"]
ONCE = map(str.lower, ["Free", "Win"])
LETTERS = set("free win")
ADDED = ["win"]
ADDED += "free"
VOWELS = set("aeiouy")
NAMES = pd.Series(["bob", "alice"])
FRAME = pd.DataFrame({{"name": ["bob", "alice"]}})
BY_NAME = pd.Series({{"bob": 1, "alice": 0}})
PATTERNS = [re.compile("\\bfree\\b"), re.compile("win")]
EDGE = re.compile(r"\\bfree\\b")
OPTIONAL = re.compile("(free)?")
NONE = []
FILLED = []
PAIRS = {{"[free|win]": SPAM}}
HAM, FEW, MANY = 0, 2, 4
few = 2


def clean(text):
    return re.sub(r"[^a-z ]", "", text.lower())


def has(text, word):
    return re.search(f"\\b{{word}}\\b", text)


"""

RULE = """
@lk.labeling_function
def rule_{number}(text: str, author):
    {body}

"""

ODD = [
    ('return SPAM if len(text) == "0" else None', "is never so (line {line}): a number is not a text"),
    ("return SPAM if str(author) != 7 else None", "is always so (line {line}): a text is not a number"),
    ('n = len(text.split())\n    return SPAM if n in ["1", "2"] else None', "n in ['1', '2'] is never so"),
    ('return SPAM if text.lower().split() == "free" else None', "a list is not a text"),
    ('return SPAM if re.findall("free", text) == 1 else None', "a list is not a number"),
    ('return SPAM if re.search("free", text) == True else None', "a match of re, or None, is not True or False"),
    ('return SPAM if re.search("free", text) != -1 else None', "is always so (line {line}): a match of re"),
    ('hits = re.findall("free", text)\n    if hits is not None:\n        return SPAM', "a list is never None"),
    ("return SPAM if author == np.nan else None", "NaN equals nothing, itself included"),
    ('return SPAM if author == float("nan") else None', "NaN equals nothing, itself included"),
    ('return SPAM if author.lower == "bob" else None', "author.lower without parentheses is a function"),
    ('return SPAM if text.split("free") else None', "is always true (line {line}), also where it finds nothing"),
    ('return SPAM if re.finditer("free", text) else None', "is an iterator, which is always true"),
    ("return SPAM if filter(text.count, WORDS) else None", "is an iterator, which is always true"),
    ("return SPAM if len([w in text for w in WORDS]) > 0 else None", "len counts the answers that are False, too"),
    ('return SPAM if text.find("free") > 0 else None', "misses it at the start of the text"),
    (
        'text.lower()\n    return SPAM if "free" in text else None',
        "what text.lower() returns is not used (line {line})",
    ),
    ('text.replace("!", "")\n    return SPAM if text == "free" else None', "and text stays as it is"),
    ('re.sub("!", "", text)\n    return SPAM if text == "free" else None', "and text stays as it is"),
    (
        'vote = ABSTAIN\n    if "free" in text:\n        vote == SPAM\n    return vote',
        "vote == SPAM compares, and nothing uses",
    ),
    ("return SPAM if any(w in text for w in ONCE) else None", "ONCE is used up by the first call (line {line}): a map"),
    ("try:\n        return SPAM if txt else None\n    except Exception:\n        return None", "there is no txt (line"),
    ("try:\n        return SPAM if txt else None\n    except:\n        return None", "there is no txt (line"),
    ("return SPAM if any(w in text for w in LETTERS) else None", "set('free win') is the letters of a text (line 13)"),
    ("return SPAM if any(w in text for w in ADDED) else None", "ADDED += 'free' adds the letters of a text (line 15)"),
    ('return SPAM if any(w in text for w in list("free, win")) else None', "is the letters of a text (line {line})"),
    ("return SPAM if any(w in text for w in EMPTY) else None", "EMPTY has the empty text, which is in every text"),
    ("return SPAM if any(w in text for w in LINES) else None", "the words of LINES end in a line break (line {line})"),
    ("return SPAM if author in LINES else None", "the words of LINES end in a line break (line {line})"),
    ("return SPAM if author in NAMES else None", "author in NAMES looks in the row numbers of NAMES (line {line})"),
    ('return SPAM if author in FRAME["name"] else None', "looks in the row numbers of FRAME['name']"),
    ("return SPAM if author in FRAME.name else None", "looks in the row numbers of FRAME.name"),
    ("return SPAM if author in FRAME else None", "looks in the names of the columns of FRAME"),
    (
        "return SPAM if any(w in WORDS for w in text) else None",
        "'free' and 1 more of the list cannot be in what was cut",
    ),
    ("for w in text.lower():\n        if w in LONG:\n            return SPAM", "small by lower() and cut into letters"),
    ("return SPAM if set(text.lower()) & set(WORDS) else None", "cut into letters"),
    (
        'return SPAM if "!!!" in clean(text) else None',
        "'!!!' cannot be in what was made small by lower() and rid of [^a-z ]",
    ),
    ('return SPAM if "Free" in clean(text) else None', "'Free' cannot be in what was made small by lower()"),
    ('return SPAM if " win" in text.lower().split() else None', "' win' cannot be in what was made small"),
    ('return SPAM if has(text, "free") else None', "has a control character"),
    ('w = "free"\n    return SPAM if re.search("\\b" + w + "\\b", text) else None', "has a control character"),
    ('return SPAM if re.search("\\b%s" % WORDS[0], text) else None', "has a control character"),
    ('return SPAM if re.search("\\b(" + "|".join(WORDS) + ")", text) else None', "has a control character"),
    ("return SPAM if any(p.search(text) for p in PATTERNS) else None", "has a control character"),
    ("return SPAM if any(re.search(p, text) for p in PAIRS) else None", "is any one of these characters"),
    ("return SPAM if [p for p, label in PAIRS.items() if re.search(p, text)] else None", "any one of these characters"),
    ('w = "a"\n    return SPAM if re.search(rf"{w}.{1,3}b", text) else None', "is the text '(1, 3)', and not a count"),
    ('w = "a"\n    return SPAM if re.search(rf"{w}\\d{4}", text) else None', "is the text '4', and not a count"),
]
ODD += [
    (
        'return SPAM if author != "bob" or author != "alice" else None',
        "is always so (line {line}): no value equals both",
    ),
    (
        'return SPAM if author == "bob" and author == "alice" else None',
        "is never so (line {line}): no value equals both",
    ),
    ("return ABSTAIN\n    if text:\n        return SPAM", "is never run: line"),
    ("return SPAM if any(w in text for w in NONE) else None", "NONE is empty (line {line}), so that a loop over it"),
    ('return SPAM if re.search("free|win|", text) else None', "'free|win|' is found in every text, the empty one too"),
    ('return SPAM if re.search("[0-9]*", text) is not None else None', "is found in every text"),
    ("return SPAM if OPTIONAL.search(text) else None", "is found in every text"),
    ('return SPAM if author.date() == "2026-01-05" else None', "a date is not a text"),
    ('return SPAM if author.strftime("%m") == 1 else None', "a text is not a number"),
    ('return SPAM if author.weekday() in ["Saturday", "Sunday"] else None', "a number is not a text"),
    (
        r'return SPAM if re.match(r"\bfree\b", text) else None',
        "re.match looks at the start of the text alone (line {line})",
    ),
    (r'return SPAM if re.match(r"(?i)\b(free|win)\b", text) else None', r"where the first \b says nothing"),
    ("return SPAM if EDGE.match(text) else None", "EDGE.match looks at the start of the text alone"),
]

NOTHING_BETWEEN = "is never so (line {line}): no value meets both"
ODD += [
    ("return SPAM if len(text) < 2 and len(text) > 4 else None", f"len(text) < 2 and len(text) > 4 {NOTHING_BETWEEN}"),
    ("n = len(text)\n    return SPAM if 2 > n and author and 4 < n else None", f"2 > n and 4 < n {NOTHING_BETWEEN}"),
    ("return SPAM if 4 < len(text) < 2 else None", f"4 < len(text) < 2 {NOTHING_BETWEEN}"),
    (
        "return SPAM if 0 < len(text) < FEW and len(text) > MANY else None",
        f"len(text) < FEW and len(text) > MANY {NOTHING_BETWEEN}",
    ),
    ("return SPAM if len(text) > 3 and len(text) <= 3 else None", NOTHING_BETWEEN),
    ("return SPAM if author == 5 and author < 3 else None", NOTHING_BETWEEN),
    ("return SPAM if author > -1 and author < -2.5 else None", NOTHING_BETWEEN),
    ('return SPAM if author > "m" and author < "b" else None', NOTHING_BETWEEN),
    ('return SPAM if author in ("a", "b") and author == "c" else None', NOTHING_BETWEEN),
    (
        'return SPAM if author == "a" and text and author == "b" else None',
        "is never so (line {line}): no value equals both",
    ),
    (
        'return SPAM if author != 7 or text or author != "7" else None',
        "is always so (line {line}): no value equals both",
    ),
    (
        "return SPAM if len(text) > 2 or len(text) < 4 else None",
        "is always so (line {line}): each value meets one of them",
    ),
    ("return np.where((author < 2) & (author > 4), SPAM, -1)", f"(author < 2) & (author > 4) {NOTHING_BETWEEN}"),
    (
        "return np.where((author > 2) | (author < 4), SPAM, -1)",
        "(author > 2) | (author < 4) is always so (line {line})",
    ),
]
TO_NUMBER = "is 0 where the test fails (line {line}), which votes for class 0"
COUNTS = "is a count (line {line}), and votes for the class of that number"
ODD += [
    ('return int("free" in text)', f"int('free' in text) {TO_NUMBER}"),
    ('return int("free" not in text and text.startswith("a"))', TO_NUMBER),
    ("return int(any(w in text for w in WORDS))", TO_NUMBER),
    ('return int(bool(re.search("free", text)))', TO_NUMBER),
    ('return int(re.search("free", text) is not None)', TO_NUMBER),
    ('return +("free" in text)', TO_NUMBER),
    ('return ("free" in text) * 1', TO_NUMBER),
    ('return np.int64("free" in text)', TO_NUMBER),
    ('return text.str.contains("free").astype(int)', TO_NUMBER),
    ('return text.count("free")', COUNTS),
    ('return len(re.findall("free", text))', COUNTS),
    ("return sum(w in text for w in WORDS)", COUNTS),
    ('return "love" in text and 0 or None', "0 is 0, which is false (line {line}), so that or goes on"),
    ('return "love" in text and HAM or ABSTAIN', "HAM is 0, which is false (line {line}), so that or goes on"),
    ("return (HAM or SPAM) if text else None", "HAM is 0, which is false (line {line})"),
]

USUAL = [
    "return SPAM if 2 < len(text) < 4 or len(text) > 9 else None",
    "return SPAM if len(text) < 2 or len(text) > 4 else None",
    "return SPAM if len(text) >= 3 and len(text) <= 3 else None",
    "return SPAM if len(text) < 2 and (author or len(text) > 4) else None",
    "return SPAM if len(text) < 2 and len(author) > 4 else None",
    "return SPAM if next(text) < 2 and next(text) > 4 else None",
    "return SPAM if len(text) < few and len(text) > MANY else None",
    'return SPAM if author > "b" and author < "m" else None',
    'return SPAM if author != "a" and author != "b" and author != "c" else None',
    "return np.where((author > 2) & (author < 4), SPAM, -1)",
    'return SPAM if author > 3 or author == "x" else None',
    "return int(len(text) > 5)",
    "return int(author in WORDS)",
    "return int(author in (1, 2))",
    'return SPAM if "free" in text else 0',
    'return int("free" in text) or None',
    'return "free" in text and SPAM or ABSTAIN',
    'return SPAM if text.count("free") else None',
    "return int(text)",
    'return SPAM if author != "bob" and author != "alice" or author == "x" or text == "y" else None',
    'return SPAM if author != "bob" or text != "alice" else None',
    "if text:\n        return SPAM\n    return None",
    "FILLED.append(text)\n    return SPAM if any(w in text for w in FILLED) else None",
    'm = re.search("[0-9]*$", text)\n    return SPAM if m.group() == "7" else None',
    'return SPAM if re.sub("x*", "", text) and re.search("^$|free", text) else None',
    "return SPAM if author.date() == author and author.weekday() >= 5 else None",
    r'return SPAM if re.match(r"free\b", text) or re.match(r".*\bfree", text) or EDGE.search(text) else None',
    'return SPAM if len(text) == 0 or text.count("a") == 2 else None',
    'return SPAM if re.search("free", text) is not None else None',
    'm = re.search("free", text)\n    return SPAM if m and m.group(0) == "free" else None',
    'hits = re.findall("free", text)\n    if hits is None:\n        return None\n    return SPAM if hits else None',
    'hits = re.findall("free", text)\n    if hits is not None and len(hits) > 2:\n        return SPAM',
    "return SPAM if math.isnan(len(text)) or author != author else None",
    'return SPAM if text.split() or text.find("@") > 0 else None',
    'return SPAM if text.find("free") >= 0 or text.find("free") != -1 else None',
    'return SPAM if text.encode().strip() == b"free" else None',
    "seen = []\n    seen.append(text.lower())\n    return SPAM if seen else None",
    'author.title("a")\n    return SPAM if text else None',
    "try:\n        return SPAM if missing else None\n    except ValueError:\n        return None",
    "try:\n        return SPAM if missing else None\n    except Exception:\n        raise",
    "try:\n        import json\n        number = json.loads(text)\n    except Exception as error:\n        return None if error else SPAM",
    "once = map(str.lower, WORDS)\n    return SPAM if any(w in text for w in once) else None",
    'return SPAM if sum(c in VOWELS for c in text.lower()) > 3 or any(c in set("aeiou") for c in text) else None',
    "return SPAM if any(c in '!?' for c in text) or any(c in ['!', '?'] for c in text) else None",
    "return SPAM if any(w and w in text for w in EMPTY) else None",
    "return SPAM if any(w in text for w in EMPTY if w) else None",
    "return SPAM if any(w.strip() in text for w in LINES) else None",
    "return SPAM if author in BY_NAME or author in set(NAMES) or author in NAMES.values else None",
    "return SPAM if any(w in author for w in WORDS) else None",
    "return SPAM if any(w in WORDS for w in author) else None",
    'return SPAM if "free" in clean(text) or "free" in clean(text).split() else None',
    't = re.sub(r"[^a-z]", " ", text)\n    return SPAM if " " in t else None',
    'return SPAM if re.search(rf"\\b{re.escape(author)}\\b", text) else None',
    "return SPAM if re.search(rf\"\\b(?:{'|'.join(WORDS)})\\b.{{1,3}}x\", text) else None",
    'return SPAM if re.search("|".join(map(re.escape, ["c++", "free"])), text) else None',
    'return SPAM if re.search("|".join(re.escape(w) for w in ["c++", "free"]), text) else None',
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """All rules of this page in one module, with the line of the body of each."""
    source, lines = HEAD.format(), {}
    for number, body in enumerate([*(body for body, _ in ODD), *USUAL]):
        lines[number] = source.count("\n") + RULE.count("\n", 0, RULE.index("{body}")) + 1
        source += RULE.replace("{number}", str(number)).replace("{body}", body)
    file = tmp_path_factory.mktemp("odd") / "rules.py"
    file.write_text(source, encoding="utf-8")
    module = load_file(file)
    return lambda number: (getattr(module, f"rule_{number}"), lines[number])


@pytest.mark.parametrize("number", range(len(ODD)), ids=[body[:60] for body, _ in ODD])
def test_what_is_not_meant_as_it_is_written_is_named(rules, number):
    rule, first = rules(number)
    reason = ODD[number][1]
    odd = [one.reason for one in oddities(rule)]
    at = range(first, first + ODD[number][0].count("\n") + 1)
    assert any(reason.replace("{line}", str(line)) in one for one in odd for line in at), odd


@pytest.mark.parametrize("number", range(len(ODD), len(ODD) + len(USUAL)), ids=[body[:60] for body in USUAL])
def test_nothing_is_said_of_usual_values(rules, number):
    assert [one.reason for one in oddities(rules(number)[0])] == []


SNORKEL = """
import re
from labelkit.interop.snorkel.labeling import LabelingFunction, labeling_function
from labelkit.interop.snorkel.preprocess import preprocessor


@preprocessor()
def small(x):
    x.text = x.text.lower()
    x.letters = re.sub(r"[^a-z ]", "", x.text)
    return x


def lookup(x, keywords):
    return 1 if any(word in x.text.lower() for word in keywords) else -1


@preprocessor()
def forgets(x):
    x.text.lower()
    return x


rules = [
    labeling_function(pre=[small], name="capitals")(lambda x: 1 if "Free" in x.text else -1),
    LabelingFunction("with_capitals", lookup, resources={"keywords": ["Free"]}),
    LabelingFunction("one_word", lookup, resources={"keywords": "free"}),
    LabelingFunction("small_words", lookup, resources={"keywords": ["free"]}),
]


@labeling_function(pre=[small])
def signs(x):
    return 1 if "!!!" in x.letters else -1


@labeling_function(pre=[small])
def usual(x):
    return 1 if "free" in x.text and x.lower == 3 and x.title == "a" else -1


@labeling_function(pre=[forgets])
def forgetful(x):
    return 1 if "free" in x.text else -1


@labeling_function()
def uncalled(x):
    return 1 if x.text.lower == "free" else -1


rules += [signs, usual, forgetful, uncalled]
"""


def test_rules_of_snorkel_are_read_with_their_preprocessors_and_resources(tmp_path):
    (tmp_path / "snorkel_rules.py").write_text(SNORKEL, encoding="utf-8")
    rules = lk.collect(tmp_path / "snorkel_rules.py", labels=["HAM", "SPAM"])
    reasons = {rule.name: [one.reason for one in oddities(rule)] for rule in rules}
    assert reasons.pop("small_words") == reasons.pop("usual") == []
    expected = {
        "capitals": "'Free' cannot be in what was made small by lower()",
        "with_capitals": "'Free' cannot be in what was made small by lower()",
        "one_word": "keywords is one text, and a loop over it goes through its letters",
        "signs": "'!!!' cannot be in what was rid of [^a-z ]",
        "forgetful": "what x.text.lower() returns is not used",
        "uncalled": "x.text.lower without parentheses is a function",
    }
    assert reasons.keys() == expected.keys()
    assert all(len(of_rule) == 1 and expected[name] in of_rule[0] for name, of_rule in reasons.items())


def test_appliers_of_the_drop_in_warn_once_and_vote_as_before(tmp_path):
    (tmp_path / "snorkel_rules.py").write_text(SNORKEL, encoding="utf-8")
    module = load_file(tmp_path / "snorkel_rules.py")
    applier = PandasLFApplier([module.uncalled])
    frame = pd.DataFrame({"text": ["free", "win"]})
    with pytest.warns(UserWarning, match=r"rule 'uncalled': x.text.lower without parentheses .* \[LK926\]"):
        votes = applier.apply(frame, progress_bar=False)
    assert votes.tolist() == [[-1], [-1]]
    applier.apply(frame, progress_bar=False)  # a warning would be an error


def test_appliers_of_the_drop_in_warn_of_columns_of_another_type(tmp_path):
    (tmp_path / "rules.py").write_text(
        "from labelkit.interop.snorkel.labeling import labeling_function\n\n"
        "@labeling_function()\ndef zip_code(x):\n    return 1 if x.zip == '10115' else -1\n\n"
        "@labeling_function()\ndef place(x):\n    return 1 if x.name == 7 else -1\n"
    )
    module = load_file(tmp_path / "rules.py")
    frame = pd.DataFrame({"zip": [10115, 2], "name": ["a", "b"]}, index=[7, 3])
    with pytest.warns(UserWarning, match="'zip', which holds int64, with '10115' .* never equal") as caught:
        votes = PandasLFApplier([module.zip_code, module.place]).apply(frame, progress_bar=False)
    assert votes.tolist() == [[-1, 1], [-1, -1]]
    assert len(caught) == 1
    twice = pd.DataFrame([[1, 2]], columns=["zip", "zip"])
    always = module.labeling_function(name="always")(lambda x: 1)
    assert PandasLFApplier([always]).apply(twice, progress_bar=False).tolist() == [[1]]


def opposed(condition, **options):
    rule = condition.rule(name="r", label=1, **options)
    return [(one.reason, one.remedy, one.code) for one in oddities(rule)]


RANGES = ("write |, or other values", "LK926")


def test_declared_conditions_that_have_one_answer_together_are_named():
    between, free = lk.between, lk.keywords("free")
    (odd,) = opposed(between(None, 2) & between(4), column="stars")
    assert odd == ("(at most 2) and (above 4) never holds: no value of 'stars' meets both", *RANGES)
    (odd,) = opposed((between(5) & free) & between(0, 5), column=("stars",))
    assert odd[0].startswith("(above 5) and (above 0 and at most 5) never holds")
    (odd,) = opposed(between(None, 4) | between(2), column="stars")
    assert odd[0] == "(at most 4) or (above 2) always holds: each value of 'stars' meets one of them"
    for never in (
        free & ~free,
        lk.lookup(["a"], match="value") & lk.lookup(["b"], match="value"),
    ):
        assert ["never holds" in one[0] for one in opposed(never, column="text")] == [True]
    (odd,) = opposed(lk.lookup([7, 9], match="value") & between(None, 5), column="stars")
    assert odd[0] == "(equal to 7, 9) and (at most 5) never holds: no value of 'stars' meets both"

    @lk.labeling_function(when=between(4, column="stars") & between(None, 2, column="stars"))
    def guarded(stars):
        return 1

    assert [one.code for one in oddities(guarded)] == ["LK926"]


def test_nothing_is_said_of_conditions_that_may_hold_together():
    between, value = lk.between, lambda *values: lk.lookup(values, match="value")
    two = between(None, 2, column="stars") & between(4, column="likes")
    usual = [
        between(2) & between(None, 4),
        between(None, 2) | between(4),
        value(3, 7) & between(5),
        value(1) & value(1, 2),
    ]
    usual += [
        lk.lookup(["A"], match="value", ignore_case=True) & lk.lookup(["a"], match="value"),
        value(1) & between("a"),
    ]
    usual += [between(None, 2) & between(1), lk.keywords("free") & ~lk.keywords("win"), between(3, 4) | between(4, 5)]
    assert [opposed(one, column="stars") for one in usual] == [[]] * len(usual)
    assert opposed(two, column=("stars", "likes")) == []
    either = between(None, 2) & between(4)  # of which one column may meet the one, and another the other
    assert opposed(either, column=("stars", "likes")) == []
