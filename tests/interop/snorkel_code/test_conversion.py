"""Rules proposed for labeling functions of Snorkel vote the same on every example, or none is proposed."""

import random

import pandas as pd
import pytest

import labelkit as lk
from labelkit.exceptions import LabelkitError

HEAD = """
import re
from enum import IntEnum
from {package}.labeling import labeling_function, LabelingFunction
from {package}.preprocess import preprocessor

ABSTAIN = -1
HAM, SPAM = 0, 1
WORDS = ["my", "check", "subscribe", "hi"]
MANY = ("a", "b", "zz")
LINK = re.compile(r"https?://", re.I)


class Label(IntEnum):
    HAM = 0
    SPAM = 1

"""

CONDITIONS = {
    "substring": 'return SPAM if "check" in x.text else ABSTAIN',
    "item": 'return SPAM if "check" in x["text"] else ABSTAIN',
    "lower": 'return SPAM if "check" in x.text.lower() else ABSTAIN',
    "trailing_i": 'return SPAM if "hi" in x.text.lower() else ABSTAIN',
    "metacharacters": 'return SPAM if "a.b" in x.text else ABSTAIN',
    "not_in": 'return SPAM if "check" not in x.text else ABSTAIN',
    "any_of": "return SPAM if any(w in x.text.lower() for w in WORDS) else ABSTAIN",
    "any_listed": "return SPAM if any([word in x.text for word in MANY]) else ABSTAIN",
    "search": 'return SPAM if re.search(r"check.*out", x.text) else ABSTAIN',
    "flags": 'return SPAM if re.search(r"CHECK.out$", x.text, re.I | re.M) else ABSTAIN',
    "keyword_flags": 'return SPAM if re.search("CHECK", x.text, flags=re.IGNORECASE) else ABSTAIN',
    "compiled": "return SPAM if LINK.search(x.text) else ABSTAIN",
    "enum": 'return Label.SPAM if "a" in x.text else ABSTAIN',
    "chain": 'if "http" in x.text:\n        return ABSTAIN\n    if "song" in x.text:\n        return HAM\n    return ABSTAIN',
    "both": 'return SPAM if "a" in x.text and not ("b" in x.text or LINK.search(x.text)) else ABSTAIN',
    "loop": "for w in WORDS:\n        if w in x.text:\n            return SPAM\n    return ABSTAIN",
    "inline_compiled": 'return SPAM if re.compile("CHECK", re.I).search(x.text) else ABSTAIN',
    "local": 'text = x.text.lower()\n    if "my" in text or "check" in text:\n        return SPAM\n    return ABSTAIN',
}
"""Bodies that become conditions."""

FUNCTIONS = {
    "length": "return HAM if len(x.text) < 5 else ABSTAIN",
    "n_words": "return HAM if len(x.text.split()) <= 3 else ABSTAIN",
    "default": 'return SPAM if "a" in x.text else HAM',
    "classes": 'if "a" in x.text:\n        return SPAM\n    elif len(x.text) > 9:\n        return HAM\n    else:\n        return ABSTAIN',
    "upper": 'return SPAM if "SS" in x.text.upper() else ABSTAIN',
    "no_ascii": 'return SPAM if "é" in x.text.lower() else ABSTAIN',
    "casefold": 'return SPAM if "ss" in x.text.casefold() else ABSTAIN',
    "match": 'return SPAM if re.match("c.e", x.text) else ABSTAIN',
    "starts": 'return SPAM if x.text.lower().startswith(("a", "c")) else ABSTAIN',
    "finds": 'return SPAM if len(re.findall("a|e", x.text)) > 2 else ABSTAIN',
    "numbers": "return SPAM if x.likes > 3 else ABSTAIN",
    "numbers_default": "return SPAM if x.likes > 3 else HAM",
    "numbers_not": "return SPAM if not x.likes <= 3 else ABSTAIN",
    "unequal": 'return SPAM if x.lang != "en" else ABSTAIN',
    "among": 'return SPAM if x.lang in ("de", "fr") else HAM',
    "two_columns": 'if x.likes > 3 and "a" in x.text:\n        return SPAM\n    return HAM if x.likes < 2 else ABSTAIN',
    "first_numbers": 'if x.likes > 3:\n        return SPAM\n    return HAM if "a" in x.text else ABSTAIN',
    "counts": "return SPAM if sum(w in x.text for w in WORDS) >= 2 else ABSTAIN",
}
"""Bodies that become Python functions."""

REFUSED = {
    "helper": ("return SPAM if foo(x.text) else ABSTAIN", "it calls foo"),
    "library": ("return SPAM if TextBlob(x.text).polarity > 0 else ABSTAIN", "polarity"),
    "whole": ("return SPAM if str(x) else ABSTAIN", "the row x is used as a whole"),
    "no_return": ('if "a" in x.text:\n        return SPAM', "may end without a return"),
    "truth": ('return "a" in x.text', "which is no constant"),
    "unknown_label": ('return OTHER if "a" in x.text else ABSTAIN', "OTHER, which is no constant"),
    "no_field": ("return SPAM", "reads no field"),
    "endless": ("while True:\n        return SPAM", "more than a test"),
    "prints": ("print(x.text)\n    return SPAM", "more than a test"),
    "random": ("return SPAM if len(x.text) > random.random() else ABSTAIN", "random.random"),
    "as_text": ("return SPAM if str(x.likes) else ABSTAIN", "is missing (NaN), it votes"),
    "none": ("return SPAM if x.likes is None else ABSTAIN", "is missing (NaN), it votes"),
    "row_attribute": ('return SPAM if x.name == "a" else ABSTAIN', "of a row of pandas is no column"),
    "row_method": ('return SPAM if x.get("text") else ABSTAIN', "x.get"),
    "builtin_field": ("return SPAM if x.len > 3 else HAM", "has the name of something else"),
    "assigned_twice": (
        't = x.text\n    t = t.lower()\n    return SPAM if "a" in t else ABSTAIN',
        "more than one name once",
    ),
}


def source(bodies, package="snorkel"):
    rules = [f"@labeling_function()\ndef {name}(x):\n    {body}\n" for name, body in bodies.items()]
    return HEAD.format(package=package) + "\n\n".join(rules)


def converted(tmp_path, text, corpus=None, **options):
    file = tmp_path / "old.py"
    file.write_text(text, "utf-8")
    return lk.convert_snorkel(file, corpus, **options)


@pytest.fixture(params=[pytest.param("snorkel", marks=pytest.mark.heavy), "labelkit.interop.snorkel"])
def package(request):
    pytest.importorskip(request.param)
    return request.param


def texts(n):
    rng = random.Random(0)
    pieces = [
        "check",
        "CHECK",
        "out",
        "my",
        "hi",
        "Hİ",
        "song",
        "a",
        "b",
        "a.b",
        "axb",
        "http://",
        "HTTPS://",
        " ",
        " ",
        "\n",
    ]
    pieces += ["ß", "SS", "ſs", "\u212a", "chec\u212a", "İ", "ı", "é", "É", "e\u0301", "zz", "subscribe", "ǰ", "ﬀ"]
    return ["".join(rng.choices(pieces, k=rng.randrange(7))) for _ in range(n)]


def frame(n=1_500):
    rng = random.Random(1)
    values = {
        "text": texts(n),
        "likes": rng.choices([0.0, 1, 2, 3, 4, 7], k=n),
        "lang": rng.choices(["en", "de", "fr"], k=n),
    }
    return pd.DataFrame(values)


@pytest.mark.parametrize("bodies", [CONDITIONS, FUNCTIONS])
def test_proposed_rules_vote_as_those_of_snorkel(tmp_path, package, bodies):
    conversion = converted(tmp_path, source(bodies, package), frame())
    assert [(rule.name, rule.reason) for rule in conversion.rules] == [(name, "") for name in bodies]
    assert all(rule.check.equal for rule in conversion.rules)
    assert len({rule.check.n_examples for rule in conversion.rules}) == 1


def test_the_numbers_of_a_csv_file_are_numbers(tmp_path, package):
    frame(200).query("text != ''").to_csv(tmp_path / "rows.csv", index=False)  # an empty field is a missing value
    names = ("numbers", "two_columns", "length", "unequal")
    conversion = converted(tmp_path, source({n: FUNCTIONS[n] for n in names}, package), tmp_path / "rows.csv", rows=150)
    assert [(rule.check.equal, rule.check.n_examples) for rule in conversion.rules] == [(True, 150)] * 4


def test_so_they_do_where_values_are_missing(tmp_path, package):
    missing = frame(300)
    missing.loc[::3, "text"] = None
    missing.loc[::4, "likes"] = None
    missing.loc[::5, "lang"] = None
    conversion = converted(tmp_path, source(CONDITIONS | FUNCTIONS, package), missing)
    assert not [rule.name for rule in conversion.rules if not rule.code]
    for rule in conversion.rules:
        assert rule.check.equal or set(rule.check.changes["old"]) == {"fault"}
        assert rule.check.equal or set(rule.check.changes["new"]) == {"abstain"}
        assert rule.check.equal or any("fails" in note for note in rule.notes)


def test_searches_become_conditions_and_the_rest_functions(tmp_path):
    conversion = converted(tmp_path, source(CONDITIONS))
    assert all("lk.regex" in rule.code and "lk.labeling_function" not in rule.code for rule in conversion.rules)
    assert all("@lk.labeling_function" in rule.code for rule in converted(tmp_path, source(FUNCTIONS)).rules)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_not_proposed_and_says_why(tmp_path, name):
    body, why = REFUSED[name]
    rule = converted(tmp_path, source({name: body}))[name]
    assert rule.code == ""
    assert why in rule.reason


def test_preprocessors_slices_and_documents_are_refused(tmp_path):
    text = HEAD.format(package="snorkel") + (
        "from snorkel.labeling.lf.nlp import nlp_labeling_function\nfrom snorkel.slicing import slicing_function\n"
        "@preprocessor()\ndef p(x):\n    return x\n"
        "@labeling_function(pre=[p])\ndef a(x):\n    return SPAM if 'a' in x.text else ABSTAIN\n"
        "@nlp_labeling_function()\ndef c(x):\n    return SPAM if x.doc.ents else ABSTAIN\n"
        "@slicing_function()\ndef d(x):\n    return 'a' in x.text\n"
    )
    reasons = {rule.name: rule.reason for rule in converted(tmp_path, text).rules}
    assert reasons["a"].startswith("it has preprocessors")
    assert "spacy_doc" in reasons["c"]
    assert "apply_slices" in reasons["d"]


MADE = """

def keyword_lookup(x, keywords, label):
    if any(word in x.text.lower() for word in keywords):
        return label
    return ABSTAIN


def make_keyword_lf(keywords, label=SPAM):
    return LabelingFunction(
        name=f"keyword_{keywords[0]}",
        f=keyword_lookup,
        resources=dict(keywords=keywords, label=label),
    )


keyword_my = make_keyword_lf(keywords=["my"])
keyword_ham = make_keyword_lf(["song", "hi"], label=HAM)
alone = LabelingFunction("alone", keyword_lookup, resources={"keywords": WORDS, "label": SPAM})


@labeling_function(resources=dict(words=WORDS))
def with_resources(x, words):
    for word in words:
        if word in x.text:
            return HAM
    return ABSTAIN
"""


def test_rules_that_calls_make_are_converted_with_their_resources(tmp_path, package):
    conversion = converted(tmp_path, HEAD.format(package=package) + MADE, frame(500))
    assert [(rule.name, rule.reason) for rule in conversion.rules] == [
        ("keyword_my", ""),
        ("keyword_song", ""),
        ("alone", ""),
        ("with_resources", ""),
    ]
    assert all(rule.check.equal for rule in conversion.rules)
    assert "name='keyword_song'" in conversion["keyword_song"].code
    assert "def keyword_ham(text: str)" in conversion["keyword_song"].code


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("many = [make_keyword_lf([w]) for w in WORDS]", "within a list or a loop"),
        ("for w in WORDS:\n    last = make_keyword_lf([w])", "within a list or a loop"),
        ("a = make_keyword_lf(open('words.txt').read().split())", "its name is no constant"),
        ("a = LabelingFunction('a', f=lambda x: 1)", "its function is none of this file"),
        ("a = LabelingFunction('a', f=other, resources=dict(w=read()))", "its resource 'w' is no constant"),
        ("a = LabelingFunction('a', f=other)", "its parameters are not a row and its resources"),
        ("a = LabelingFunction('a', f=other, resources={'w': 'a'}, pre=[p])", "it has preprocessors"),
        ("a = LabelingFunction('a', f=shadow, resources={'w': 'a'})", "has two meanings"),
    ],
)
def test_calls_that_are_not_understood_are_listed(tmp_path, line, why):
    more = "def other(x, w):\n    return SPAM if w in x.text else ABSTAIN\n"
    more += "def shadow(x, w):\n    return SPAM if any(w in x.text for w in WORDS) else ABSTAIN\n"
    made = MADE.split("keyword_my =", maxsplit=1)[0]
    reasons = [rule.reason for rule in converted(tmp_path, HEAD.format(package="snorkel") + made + more + line).rules]
    assert len(reasons) == 1
    assert why in reasons[0]


def test_a_name_of_the_decorator_stays(tmp_path):
    text = HEAD.format(package="snorkel") + (
        "@labeling_function(name='other')\ndef a(x):\n    return SPAM if 'a' in x.text else ABSTAIN\n"
    )
    assert "name='other'" in converted(tmp_path, text)["other"].code


def test_a_constant_that_is_assigned_again_is_none(tmp_path):
    text = source({"a": "return SPAM if WORD in x.text else ABSTAIN"}) + "\nWORD = 'a'\nWORD = 'b'\n"
    assert "WORD is no constant" in converted(tmp_path, text)["a"].reason


@pytest.mark.parametrize(
    "line",
    [
        *(
            'LIST.append("b")',
            'LIST[0] = "b"',
            "del LIST[0]",
            'LIST += ["b"]',
            "fill(LIST)",
            "del LIST",
            "def LIST(): ...",
        ),
        *('SAME.extend(["b"])', 'BOTH[0].remove("c")', 'def later():\n    LIST.insert(0, "b")', "import words as LIST"),
        *('while LIST.pop() != "c":\n    pass', "random.shuffle(x=LIST)", "other = LIST.sort(key=len)"),
    ],
)
def test_a_list_that_is_changed_is_no_constant(tmp_path, line):
    bodies = {"a": "return SPAM if any(w in x.text for w in LIST) else ABSTAIN"}
    bodies["b"] = "return SPAM if sum(w in x.text for w in WORDS) > 1 else ABSTAIN"
    made = source(bodies) + "\nLIST = ['a', 'c']\nSAME = LIST\nBOTH = [LIST, []]\n"
    conversion = converted(tmp_path, made + f"{line}\n")
    assert "LIST is no constant" in conversion["a"].reason
    assert conversion["b"].code
    same = converted(tmp_path, made + "print(LIST)\nplace, more = LIST.index('a'), LIST.copy()\n")
    assert same["a"].code == converted(tmp_path, made)["a"].code != ""


def test_functions_and_libraries_under_a_known_name_are_not_taken_for_it(tmp_path):
    bodies = {
        "a": "return SPAM if sum(w in x.text for w in WORDS) > 1 else ABSTAIN",
        "b": "return SPAM if re.search('a', x.text) else ABSTAIN",
        "c": "return SPAM if OLD.search(x.text) else ABSTAIN",
    }
    lines = "\nOLD = re.compile('a')\n"
    assert all(rule.code for rule in converted(tmp_path, source(bodies) + lines).rules)
    lines = "\nimport regex as re\nOLD = re.compile('a')\ndef sum(values): ...\n"
    reasons = [rule.reason for rule in converted(tmp_path, source(bodies) + lines).rules]
    for reason, what in zip(reasons, ("sum", "re.search", "OLD.search"), strict=True):
        assert f"it calls {what}, which is not a test that is known" in reason


def test_constants_of_a_file_beside_it_are_read(tmp_path):
    (tmp_path / "labels.py").write_text("ABSTAIN, SPAM = -1, 1\n")
    text = (
        "from snorkel.labeling import labeling_function as rule\nfrom labels import ABSTAIN, SPAM\n"
        "@rule()\ndef a(x):\n    return SPAM if 'a' in x.text else ABSTAIN\n"
    )
    conversion = converted(tmp_path, text)
    assert conversion["a"].code
    assert "from labels import ABSTAIN, SPAM" in conversion.module


def test_the_module_of_proposals_runs(tmp_path):
    conversion = converted(tmp_path, source(CONDITIONS | FUNCTIONS))
    (tmp_path / "new_rules.py").write_text(conversion.module, "utf-8")
    lfs = lk.collect(tmp_path / "new_rules.py")
    assert lfs.names == tuple(CONDITIONS | FUNCTIONS)
    assert lfs["lower"]("Check it") == 1
    assert lfs["numbers_default"](None) == 0


def test_constants_that_share_a_line_all_come_along(tmp_path):
    text = (
        "from snorkel.labeling import labeling_function\nABSTAIN = -1; A, B = 0, 1; WORDS = ['x']  # three\n"
        "@labeling_function()\ndef a(x):\n    return A if len(x.text) > 3 else ABSTAIN\n"
        "@labeling_function()\ndef b(x):\n    return B if any(w in x.text for w in WORDS) else ABSTAIN\n"
    )
    (tmp_path / "converted.py").write_text(converted(tmp_path, text).module)
    rules = lk.collect(tmp_path / "converted.py", labels=["A", "B"])
    assert lk.Applier(rules).apply(["long x", "x", "no"]).votes.tolist() == [
        [0, 1],
        [-1, 1],
        [-1, -1],
    ]


def test_a_rule_whose_votes_differ_is_not_proposed(tmp_path, package, monkeypatch):
    text = (
        source({"a": "return SPAM if 'a' in x.text else ABSTAIN"}, package)
        + "\n@labeling_function(name='a')\ndef other(x):\n    return HAM\n"
    )
    text = text.replace(
        "@labeling_function(name='a')\ndef other", "a._f = lambda x: HAM\n@labeling_function()\ndef other"
    )
    rule = converted(tmp_path, text, frame(20))["a"]
    assert rule.code == ""
    assert rule.reason.startswith("votes differ on 20 examples")


def test_what_is_shown_says_what_was_checked(tmp_path):
    shown = str(converted(tmp_path, source({"a": CONDITIONS["lower"], "b": REFUSED["helper"][0]})))
    assert "# 1 of 2 labeling functions have a proposal" in shown
    assert "b (line" in shown
    assert "not checked" in shown


def test_a_file_without_rules_is_an_error(tmp_path):
    with pytest.raises(LabelkitError, match="has no function under @labeling_function"):
        converted(tmp_path, "x = 1\n")
    with pytest.raises(LabelkitError, match="there is no file"):
        lk.convert_snorkel(tmp_path / "none.py")
    with pytest.raises(LabelkitError, match="cannot be read as Python"):
        converted(tmp_path, "def (:\n")
