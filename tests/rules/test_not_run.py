"""What looks like a rule and is none is named: its votes would be missing, and nothing else would say so."""

from __future__ import annotations

import importlib
import re
import sys
import types
import warnings

import pytest
from click.testing import CliRunner

import labelkit as lk
from labelkit.cli import cli
from labelkit.exceptions import CollectError

HEAD = """import labelkit as lk
from enum import IntEnum
class Label(IntEnum):
    HAM = 0
    SPAM = 1
SPAM, ABSTAIN = 1, -1
own = lk.keywords("a", label=Label.SPAM).rule(name="own")
"""

CONDITION = "lk.keywords('b', label=Label.SPAM)"

RULE = "lk.keywords('c', label=Label.SPAM).rule(name='other')"


def write(folder, source, name="the_rules.py"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + source, encoding="utf-8")
    return path


def said(path):
    """The names of the rules, and what is said of others."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names = lk.collect(path).names
    return names, [str(one.message) for one in caught]


@pytest.fixture(autouse=True)
def no_modules_are_left():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name in {"shared", "the_rules", "aa", "zz"}:
            del sys.modules[name]


MISSED = [
    (f"spam = {CONDITION}", r"conditions with a label.*: spam \[LK137\]. Hint: spam = spam.rule\(name=\"spam\"\) "),
    ("spam = lk.keywords('b', name='x', label=1)", "conditions with a label.*: spam"),
    (f"spam = {CONDITION} & lk.keywords('d')", "conditions with a label.*: spam"),
    ("spam = lk.keywords('b').labeled(Label.SPAM)", "conditions with a label.*: spam"),
    (f"spam = {CONDITION}\nmore = spam | lk.keywords('d')", r"conditions with a label.*: more \["),
    ("spam = lk.unnegated(lk.keywords('b', label=1))", "conditions with a label.*: spam"),
    ("spam = lk.regex('b', label=1)", "conditions with a label.*: spam"),
    ("spam = lk.between(1, 2, column='n', label=1)", "conditions with a label.*: spam"),
    ("spam = lk.lookup({'b': Label.SPAM, 'c': Label.HAM})", "conditions with a label.*: spam"),
    (f"rules = [{CONDITION}]", r"conditions with a label.*: rules\[0\] .*rules = \[rules\[0\].rule\(name=\"...\"\)\]"),
    (f"rules = {{'k': [{CONDITION}]}}", re.escape("conditions with a label, of which no rule is made: rules['k'][0]")),
    (f"class Rules:\n    spam = {CONDITION}", r"conditions with a label.*: Rules.spam"),
    (f"class Rules:\n    spam = {RULE}", r"rules where none are looked for.*: other .*lfs = \[Rules.spam\]"),
    ("class Rules:\n    @lk.labeling_function\n    def r(text):\n        return 1", r"none are looked for.*: r \[LK137"),
    (f"class Rules:\n    pass\nrules = Rules()\nrules.spam = {RULE}", r"none are looked for.*lfs = \[rules.spam\]"),
    (f"import types\nrules = types.SimpleNamespace(a={RULE})", r"none are looked for.*lfs = \[rules.a\]"),
    (f"deep = [[[[{RULE}]]]]", r"none are looked for.*lfs = \[deep\[0\]\[0\]\[0\]\[0\]\]"),
    ("def spam(text):\n    return Label.SPAM if 'b' in text else lk.ABSTAIN", r"no decorator .*: spam\(text\) .*@lk.labeling"),
    ("def spam(text):\n    if 'b' in text:\n        return SPAM\n    return ABSTAIN", r"no decorator .*: spam\(text\)"),
    ("def spam(text):\n    if 'b' in text:\n        return 1\n    return None", r"no decorator .*: spam\(text\)"),
    ("def spam(*, text: str) -> int:\n    return 1 if 'b' in text else 0 if 'c' in text else -1", r"no decorator .*: spam"),
    ("asks = lk.labeling_function(name='asks')", r"decorators that decorate nothing.*: asks \[LK137\]. Hint: @asks above"),
    ("asks: object = lk.labeling_function(when=lk.keywords('b'))", "decorators that decorate nothing.*: asks"),
    ("asks = lk.prompt('{text}?', labels={'yes': 1}, model='gpt-x')", "decorators that decorate nothing.*: asks"),
    ("asks = lk.model_output(levels=4)", "decorators that decorate nothing.*: asks"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message"), MISSED)
def test_what_looks_like_a_rule_and_is_none_is_named(tmp_path, source, message):
    names, (only,) = said(write(tmp_path, source + "\n"))
    assert names == ("own",)
    assert re.search(message, only)


FINE = [
    "free = lk.keywords('b')",  # has no label
    f"spam = {CONDITION}\nrule = spam.rule(name='r')",
    f"spam = {CONDITION}\nboth = (spam & lk.keywords('d')).rule(name='r')",
    f"spam = {CONDITION}\nrule = (~spam).labeled(0).rule(name='r')",
    f"spam = {CONDITION}\n@spam\ndef r(text): ...",
    f"spam = {CONDITION}\n@lk.labeling_function(when=spam)\ndef r(text): return 1",
    f"spam = {CONDITION}\nslices = [spam.slice(name='s')]",
    f"spam = {CONDITION}\nr = lk.near(spam, lk.keywords('x')).rule(name='r')",
    f"spam = {CONDITION}\nr = lk.at_least(1, spam, 'x').rule(name='r')",
    f"spam = {CONDITION}\nr = lk.unnegated(spam).rule(name='r')",
    f"spam = {CONDITION}\nr = lk.within('sentence', spam).rule(name='r')",
    f"words = {{'r': {CONDITION}}}\nrules = [one.rule(name=name) for name, one in words.items()]",
    "never = lk.keywords('b', label=lk.ABSTAIN)",
    f"spam = {CONDITION}\ndel spam",
    f"r = {RULE}\nclass Rules:\n    same = r",
    "def _spam(text):\n    return 1 if 'b' in text else -1",
    "def spam(text):\n    return 1 if 'b' in text else -1\nr = lk.labeling_function(spam)",
    "def spam(text):\n    return 1 if 'b' in text else -1\n@lk.labeling_function\ndef r(text): return spam(text)",
    "def spam(text):\n    return len(text)",
    "def spam(text):\n    return 'b' in text",
    "def spam(text):\n    return True",
    "def spam(text):\n    return -1",
    "def spam(other):\n    return 1",  # reads no column of a rule
    "def spam():\n    return 1",
    "def spam(text):\n    pass",
    "rule = lk.labeling_function(group='g')\n@rule\ndef r(text): return 1",
    "class Odd:\n    def __getattribute__(self, name):\n        return 'odd'\nodd = Odd()",
    "class Odd:\n    def __getattribute__(self, name):\n        raise RuntimeError(name)\nodd = Odd()",
    "class Slots:\n    __slots__ = ('a',)\nslots = Slots()",
    "class Meta(type):\n    def __getattribute__(cls, name):\n        raise RuntimeError(name)\nclass Odd(metaclass=Meta): pass",
    "import numpy as np, pandas as pd\narray, frame = np.zeros(3), pd.DataFrame({'a': [1]})",
    "import sys\nmodule = sys",
    "import functools\ndef d(f): return f\n@d\ndef spam(text):\n    return 1",
]


@pytest.mark.parametrize("source", FINE)
def test_what_is_no_rule_on_purpose_is_not_named(tmp_path, source):
    assert said(write(tmp_path, source + "\n"))[1] == []


@pytest.mark.parametrize("held", ["{{{}}}", "frozenset([{}])", "collections.deque([{}])", "lk.LabelingFunctions([{}])"])
def test_rules_in_sets_and_collections_are_rules(tmp_path, held):
    path = write(tmp_path, f"import collections\nheld = {held.format(RULE)}\n")
    assert said(path) == (("own", "other"), [])


def test_a_collection_of_another_file_is_named_by_the_module_as_a_list_is(tmp_path):
    write(tmp_path, "", "shared.py")
    path = write(tmp_path, f"del own\nx = {RULE}\nothers = lk.collect({str(tmp_path / 'shared.py')!r})\n")
    assert said(path) == (("other", "own"), [])


def test_a_script_has_no_rules_of_the_collections_that_it_made(monkeypatch):
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(HEAD + "lfs = lk.collect('__main__')\nown = lk.keywords('z', label=1).rule(name='own')\n", vars(main))
    assert lk.collect("__main__").names == ("own",)
    assert lk.collect("__main__")["own"]("z") == 1


def test_a_rule_that_a_notebook_deleted_is_not_named(monkeypatch):
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(HEAD + f"polite = {RULE}\nrules = lk.collect('__main__')\ndel polite\n", vars(main))
    assert lk.collect("__main__").names == ("own",)


def test_a_notebook_is_told_of_a_condition(monkeypatch):
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    exec(HEAD + f"_oh = {{}}\n_1 = {CONDITION}\nspam = {CONDITION}\n", vars(main))
    with pytest.warns(UserWarning, match=r"__main__ has conditions with a label, of which no rule is made: spam \["):
        assert lk.collect("__main__").names == ("own",)


@pytest.mark.parametrize("first", ["aa", "zz"])
def test_a_condition_is_used_by_another_file_or_by_none(tmp_path, first):
    write(tmp_path, f"del own\nspam = {CONDITION}\nunused = {CONDITION}\nr = {RULE}\n", f"{first}.py")
    write(tmp_path, f"from {first} import spam, unused\nby_another = spam.rule(name='by_another')\n", "mm.py")
    names, (only,) = said(tmp_path)
    assert sorted(names) == ["by_another", "other", "own"]
    assert f"{first}.py has conditions with a label, of which no rule is made: unused [" in only
    names, messages = said(tmp_path / "mm.py")  # does not own what it imports
    assert (sorted(names), messages) == (["by_another", "own"], [])


def test_a_condition_of_an_imported_module_is_used_by_it_or_by_none(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path, f"spam = {CONDITION}\n", "shared.py")
    module = importlib.import_module("shared")
    assert len(said(module)[1]) == 1
    module.spam.rule(name="made")
    assert said(module)[1] == []


def test_a_module_with_nothing_else_says_what_would_make_a_rule(tmp_path):
    path = write(tmp_path, f"del own\nspam = {CONDITION}\n")
    with pytest.raises(CollectError, match=r"no rule is made: spam \[LK111\]\nHint: spam = spam.rule"):
        lk.collect(path)
    path.write_text(path.read_text().replace(CONDITION, CONDITION) + 'spam = spam.rule(name="spam")\n')
    assert said(path) == (("spam",), [])


def test_the_hints_work(tmp_path):
    path = write(tmp_path, f"spam = {CONDITION}\nclass Rules:\n    inside = {RULE}\n")
    hints = [re.search(r"Hint: (.*) makes a rule|(lfs = .*)$", message) for message in said(path)[1]]
    path.write_text(path.read_text() + "\n".join(hint[1] or hint[2] for hint in hints))
    assert said(path) == (("own", "other", "spam"), [])


def test_files_of_rules_in_folders_of_a_folder_are_named(tmp_path):
    write(tmp_path, "")
    for name in ("billing/refunds.py", "_kept/no.py", ".git/no.py", "tests/test_rules.py"):
        write(tmp_path, "", name)
    (tmp_path / "billing" / "words.py").write_text("WORDS = ['labelkit']\n")
    names, (only,) = said(tmp_path)
    assert names == ("own",)
    assert re.search(r"rules in the folders of .* are not run: billing/refunds.py \[LK137\]", only)


def test_commands_say_it(tmp_path):
    rules, corpus = write(tmp_path, f"spam = {CONDITION}\n"), tmp_path / "corpus.csv"
    corpus.write_text("text\na\nb\n")
    for command in (["check", str(rules)], ["run", str(rules), str(corpus), "--out", str(tmp_path / "out")]):
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0
        assert result.stderr.count("no rule is made: spam [LK137]") == 1
