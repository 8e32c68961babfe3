"""A rule whose votes may depend on the order of a set is not cached: that order differs from process to process."""

import json
import os
import subprocess
import sys

import pytest

from labelkit.apply.vote_cache import why_not
from labelkit.rules.collect import collect

HEAD = "import labelkit as lk\nW = {'ab', 'bc', 'cd'}\nD = {'k': {'ab', 'bc'}, 'l': {'cd', 'de'}}\n"

TAKEN = {
    "the first item": "def rule(x):\n    return next(iter(W)) == 'ab'",
    "the first item of a list": "def rule(x):\n    return list(W)[0] == 'ab'",
    "an unpacked item": "def rule(x):\n    a, *_ = W\n    return a == 'ab'",
    "an item that is popped of a copy": "def rule(x):\n    w = set(W)\n    return w.pop() == 'ab'",
    "a set in a local name": "def rule(x):\n    w = set(x.split())\n    return list(w)[0] == 'ab'",
    "a set in a pair of names": "def rule(x):\n    w, n = set(x.split()), 1\n    return list(w)[0] == 'ab'",
    "the item that a loop finds": "def rule(x):\n    for w in W:\n        if w in x: return w == 'ab'",
    "the label of the item that a loop finds": (
        "L = {'ab': 1}\ndef rule(x):\n    for w in W:\n        if w in x: return L.get(w, 0)"
    ),
    "one of two returned values": (
        "def rule(x):\n    for w in W:\n        if w in x: return 1\n        if x.startswith(w[0]): return 0"
    ),
    "the last item": "def rule(x):\n    for w in W: last = w\n    return last == 'ab'",
    "a number before a break": (
        "def rule(x):\n    n = 0\n    for w in W:\n        if w == 'bc': break\n        n += 1\n    return n > 1"
    ),
    "a flag before a break": (
        "def rule(x):\n    hit = False\n    for w in W:\n        if w == 'ab': hit = True\n        if w == 'bc': break\n"
        "    return hit"
    ),
    "a flag that is read in the loop": (
        "def rule(x):\n    hit, late = False, False\n    for w in W:\n        if hit and w == 'bc': late = True\n"
        "        if w == 'ab': hit = True\n    return late"
    ),
    "a list that is limited": (
        "def rule(x):\n    hits = []\n    for w in W:\n        if len(hits) < 2: hits.append(w)\n    return 'ab' in hits"
    ),
    "an enumeration": "def rule(x):\n    return {w: n for n, w in enumerate(W)}['ab'] == 0",
    "pairs": "def rule(x):\n    return dict(zip(W, [0, 1, 0]))['ab']",
    "the greatest by a key": "def rule(x):\n    return max(W, key=len) == 'ab'",
    "what is sorted by a key": "def rule(x):\n    return sorted(W, key=len)[0] == 'ab'",
    "a joined text": "def rule(x):\n    return ''.join(W).startswith('ab')",
    "a joined comprehension": "def rule(x):\n    return ''.join(w for w in W).startswith('ab')",
    "a pattern": "import re\ndef rule(x):\n    return bool(re.match('|'.join(W), x))",
    "a list that a loop fills": (
        "def rule(x):\n    hits = []\n    for w in W:\n        if w in x: hits.append(w)\n    return hits[0] == 'ab'"
    ),
    "a text that a loop makes": "def rule(x):\n    s = ''\n    for w in W: s += w\n    return s[0] == 'a'",
    "a helper": "def first(words): return next(iter(words))\ndef rule(x):\n    return first(W) == 'ab'",
    "a helper's helper by name": (
        "def first(words): return list(words)[0]\ndef one(words): return first(words=words)\n"
        "def rule(x):\n    return one(W) == 'ab'"
    ),
    "a helper that returns a set": (
        "def words(x): return set(x.split())\ndef rule(x):\n    for w in words(x): return w == 'ab'"
    ),
    "a lambda": "first = lambda: list(W)[0]\ndef rule(x):\n    return first() == 'ab'",
    "what is printed": "def rule(x):\n    return str(W)[2] == 'a'",
    "what is formatted": "def rule(x):\n    return f'{W}'[2] == 'a'",
    "a set in a dict": "def rule(x):\n    return next(iter(D['k'])) == 'ab'",
    "a set of an object": (
        "class C:\n    def __init__(self): self.words = {'ab', 'bc'}\n    def first(self): return list(self.words)[0]\n"
        "c = C()\ndef rule(x):\n    return c.first() == 'ab'"
    ),
    "a set of a class": "class C:\n    words = {'ab', 'bc'}\ndef rule(x):\n    return list(C.words)[0] == 'ab'",
    "the intersection": "def rule(x):\n    return (W & set(x.split())).pop() == 'ab'",
    "the intersection by a method": "def rule(x):\n    return list(W.intersection(x.split()))[0] == 'ab'",
    "common keys": "def rule(x):\n    return list(D.keys() & {'k', 'l'})[0] == 'k'",
    "a display in a loop": "def rule(x):\n    for w in {'ab', 'bc'}: return w == 'ab'",
    "a default": "def rule(x, words=frozenset({'ab', 'bc'})):\n    return next(iter(words)) == 'ab'",
    "a closure": (
        "def make(words):\n    def first(x): return next(iter(words)) == 'ab'\n    return first\n"
        "first = make({'ab', 'bc'})\ndef rule(x):\n    return first(x)"
    ),
    "a counter": "from collections import Counter\ndef rule(x):\n    return Counter(W).most_common(1)[0][0] == 'ab'",
    "a dict by its keys": "def rule(x):\n    return list(dict.fromkeys(W))[0] == 'ab'",
    "a set in a pair": "def rule(x):\n    pair = set(x.split()), 1\n    return list(pair[0])[0] == 'ab'",
    "a set in a list": "def rule(x):\n    for part in [set(x.split())]:\n        for w in part: return w == 'ab'",
    "a set in a local dict": "def rule(x):\n    d = {'w': set(x.split())}\n    for w in d['w']: return w == 'ab'",
    "a set of a helper's pair": (
        "def both(x): return set(x.split()), len(x)\ndef rule(x):\n    words, n = both(x)\n    return words.pop() == 'ab'"
    ),
    "a set of a helper's dict": (
        "def parts(x): return {'w': set(x.split())}\ndef rule(x):\n    return next(iter(parts(x)['w'])) == 'ab'"
    ),
    "sets of a dict": "def rule(x):\n    for k, v in D.items():\n        for w in v: return w == 'ab'",
    "sets of a dict that is handed on": (
        "def first(groups):\n    for v in groups.values():\n        for w in v: return w\n"
        "def rule(x):\n    return first(D) == 'ab'"
    ),
    "a set in a dict in a dict": "E = {'k': D}\ndef rule(x):\n    for w in E['k']['k']: return w == 'ab'",
    "a set that is mapped": "def rule(x):\n    a, b = map(set, (x.split(), x.upper().split()))\n    return list(a)[0] == 'ab'",
    "a set that fills": "def rule(x):\n    w = set()\n    for t in x.split(): w.add(t)\n    return list(w)[0] == 'ab'",
    "sets of a defaultdict": (
        "from collections import defaultdict\ndef rule(x):\n    d = defaultdict(set)\n"
        "    for t in x.split(): d[0].add(t)\n    for w in d[0]: return w == 'ab'"
    ),
    "a set by default": (
        "def rule(x):\n    d = {}\n    for t in x.split(): d.setdefault(0, set()).add(t)\n    for w in d.get(0, ()): return w == 'ab'"
    ),
    "a set that is put into a list": "def rule(x):\n    d = []\n    d.append(set(x.split()))\n    return d[0].pop() == 'ab'",
    "a list that a set extends": "def rule(x):\n    d = []\n    d.extend(set(x.split()))\n    return d[0] == 'ab'",
    "a list to which a set is added": "def rule(x):\n    d = [] + list(set(x.split()))\n    return d[0] == 'ab'",
    "a set of an object that the rule makes": (
        "class C:\n    def __init__(self, x): self.made = set(x.split())\ndef rule(x):\n    for w in C(x).made: return w == 'ab'"
    ),
    "sets in an attribute": (
        "class C:\n    def __init__(self): self.held = [{'ab', 'bc'}]\n    def first(self): return list(self.held[0])[0]\n"
        "c = C()\ndef rule(x):\n    return c.first() == 'ab'"
    ),
    "what an old format prints": "def rule(x):\n    return ('%s' % set(x.split()))[2] == 'a'",
    "a pair that is printed": "def rule(x):\n    return str((set(x.split()), 1))[3] == 'a'",
    "a derived column": (
        "@lk.column\ndef words(x): return list(set(x.split()))\ndef rule(x, words):\n    return words[0] == 'ab'"
    ),
    "a derived column of another": (
        "@lk.column\ndef words(x): return list(set(x.split()))\n@lk.column\ndef upper(words): return [w.upper() for w in words]\n"
        "def rule(x, upper):\n    return upper[0] == 'AB'"
    ),
    "a parameter that is annotated": "def first(w: set): return list(w)[0]\ndef rule(x):\n    return first(x) == 'ab'",
}
"""Rules whose votes may depend on the order of a set."""

NOT_TAKEN = {
    "a member": "def rule(x):\n    return x in W or x in {'ab', 'bc'}",
    "any": "def rule(x):\n    return any(w in x for w in W)",
    "all in a lambda": "every = lambda x: all(w in x for w in W)\ndef rule(x):\n    return every(x)",
    "a sum": "def rule(x):\n    return sum(w in x for w in W) > 1",
    "a length": "def rule(x):\n    return len(W & set(x.split())) > 1",
    "a share": "def rule(x):\n    words = x.split()\n    return len(set(words)) / max(len(words), 1) > 0.5",
    "truth": "def rule(x):\n    words = set(x.split())\n    return 1 if words & W and not words & D['k'] else 0",
    "a subset": "def rule(x):\n    return set(x.split()) <= W or not W.isdisjoint(x.split())",
    "a constant of a loop": "def rule(x):\n    for w in W:\n        if w in x: return 1\n    return 0",
    "a flag of a loop": (
        "def rule(x):\n    hit = False\n    for w in W:\n        if w in x:\n            hit = True\n            break\n"
        "    return hit"
    ),
    "a count of a loop": "def rule(x):\n    n = 0\n    for w in W:\n        if w in x: n += 1\n    return n > 1",
    "a name of a loop": (
        "def rule(x):\n    for w in W:\n        v = w.upper()\n        if v in x: return 1\n"
        "    for w in D:\n        if w in x: return 0\n    return None"
    ),
    "a loop in a loop": (
        "def rule(x):\n    for t in x.split():\n        for w in W:\n            if t.startswith(w): return 1\n    return 0"
    ),
    "a helper": "def has(x, words): return any(w in x for w in words)\ndef rule(x):\n    return has(x, words=W)",
    "a helper's helper": (
        "def shared(a, b): return set(a) & b\ndef has(x, words): return len(shared(x.split(), words)) > 0\n"
        "def rule(x):\n    return has(x, W)"
    ),
    "what is sorted": "def rule(x):\n    return sorted(set(x.split()))[:1] == ['ab'] or max(W) in x",
    "beginnings": "def rule(x):\n    return x.startswith(tuple(W))",
    "the number of hits": "def rule(x):\n    hits = [w for w in W if w in x]\n    return 1 if len(hits) > 1 else 0",
    "a list of a loop": (
        "def rule(x):\n    hits = []\n    for w in W:\n        if w in x: hits.append(w)\n    return len(hits) > 1"
    ),
    "a set of an object": (
        "class C:\n    def __init__(self): self.words = {'ab', 'bc'}\n"
        "    def has(self, x): return any(w in x for w in self.words)\nc = C()\ndef rule(x):\n    return c.has(x)"
    ),
    "sets of a dict": "def rule(x):\n    words = set(x.split())\n    return any(words & listed for listed in D.values())",
    "stop words": "def rule(x):\n    return ' '.join(w for w in x.split() if w not in W) == 'no'",
    "a set that is filled": "def rule(x):\n    words = set()\n    for w in x.split(): words.add(w)\n    return len(words) > 3",
    "a lexicon": (
        "def rule(x):\n    words = set(x.split())\n    for k, listed in D.items():\n        if words & listed: return len(k)\n"
        "    return None"
    ),
    "a lexicon that is handed on": (
        "def hits(groups, words): return {k.upper(): len(words & listed) for k, listed in groups.items()}\n"
        "def rule(x):\n    found = hits(D, set(x.split()))\n    return max(found, key=found.get) == 'K'"
    ),
    "a seen set": (
        "def rule(x):\n    seen, out = set(), []\n    for w in x.split():\n        if w not in seen:\n"
        "            seen.add(w)\n            out.append(w)\n    return out[0] == 'ab'"
    ),
    "a pair of sets": (
        "def both(x, y): return set(x.split()), set(y.split())\ndef rule(x):\n    a, b = both(x, x.upper())\n"
        "    return len(a & b) > 1 and 'ab' in a"
    ),
    "members of a set of an object that the rule makes": (
        "class C:\n    def __init__(self, x): self.made = set(x.split())\n    def has(self, w): return w in self.made\n"
        "def rule(x):\n    return C(x).has('ab')"
    ),
    "counts of a defaultdict": (
        "from collections import defaultdict\ndef rule(x):\n    d = defaultdict(set)\n"
        "    for t in x.split(): d[t[0]].add(t)\n    return max(len(v) for v in d.values()) > 2"
    ),
    "members of a derived column": "@lk.column\ndef words(x): return set(x.split())\ndef rule(x, words):\n    return 'ab' in words",
    "a list that is made of lists": "def rule(x):\n    d = [x] + x.split()\n    d.extend(['a'])\n    return d[0] == 'ab'",
    "a set of one": "ONE = {'ab'}\ndef rule(x):\n    return next(iter(ONE)) in x",
}
"""Rules that use sets, and vote the same whatever their order."""


def reasons(tmp_path, source):
    path = tmp_path / "rules.py"
    path.write_text(HEAD + source.replace("def rule(x", "@lk.labeling_function\ndef rule(x"), "utf-8")
    return why_not(collect(path, labels=2)["rule"])


@pytest.mark.parametrize("what", TAKEN)
def test_a_rule_that_takes_the_order_of_a_set_is_not_cached(tmp_path, what):
    assert any("differs from process to process" in one for one in reasons(tmp_path, TAKEN[what]))


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_a_rule_that_uses_a_set_whatever_its_order_is_cached(tmp_path, what):
    assert reasons(tmp_path, NOT_TAKEN[what]) == ()


def test_processes_of_another_hash_seed_vote_as_they_do_without_a_cache(tmp_path):
    script = (
        "import json, labelkit as lk\n"
        "lfs = lk.collect('rules.py', labels=2)\n"
        "texts = ['ab', 'bc', 'cd', 'none', 'cd ab bc']\n"
        "print(json.dumps([lk.Applier(lfs).apply(texts, cache=cache).votes.tolist() for cache in ('kept', False)]))\n"
    )
    (tmp_path / "rules.py").write_text(
        HEAD + "@lk.labeling_function\ndef rule(text):\n    for w in W:\n        if w in text: return int(w == 'ab')\n"
    )
    votes = set()
    for seed in range(6):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        cached, without_cache = json.loads(done.stdout)
        assert cached == without_cache
        votes.add(str(without_cache))
    assert len(votes) > 1, "no order made a difference"
