"""Rules as plain Python functions of a row, as one would write them for a loop or for Snorkel; the votes must be the same.

Small lists and patterns are one compiled ``re``; a long list is looked up by the n-grams of the text, and what is found is
confirmed by ``re``, since nobody would search for 50,000 alternatives one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from labelkit.rules.expressions import Leaf
from labelkit.rules.labeling_function import Cases, LabelingFunction
from labelkit.rules.predicates import Words, word_pattern
from labelkit.votes.label_space import ABSTAIN

LONG_LIST = 200

TOKEN = re.compile(r"\w+")


def plain_rule(lf: LabelingFunction[...], module: ModuleType | None = None) -> Callable[[Mapping[str, Any]], int]:
    """A function of a row that votes as the rule does."""
    own = getattr(module, "PLAIN", {}).get(lf.name)
    if own is not None:
        return own
    tests = [(e.test, label) for e, label in lf.body.cases if isinstance(e, Leaf)] if isinstance(lf.body, Cases) else []
    if len(tests) == 1 and len(lf.columns) == 1 and hasattr(tests[0][0], "regex"):
        (test, label), column = tests[0], lf.columns[0]
        found = _in_long_list(test) if isinstance(test, Words) and len(test.words) > LONG_LIST else test.regex.search
        return lambda row: label if row[column] is not None and found(row[column]) else ABSTAIN
    return lambda row: lf(*(row[column] for column in lf.columns))


def _in_long_list(test: Words) -> Callable[[str], bool]:
    phrases = {" ".join(TOKEN.findall(word.lower())): word for word in test.words}
    longest = max(key.count(" ") + 1 for key in phrases)

    @lru_cache(4096)
    def confirm(word: str) -> re.Pattern[str]:
        return re.compile(word_pattern(word, whole_word=test.whole_word), re.IGNORECASE if test.ignore_case else 0)

    def found(text: str) -> bool:
        tokens = TOKEN.findall(text.lower())
        for start in range(len(tokens)):
            for size in range(1, longest + 1):
                word = phrases.get(" ".join(tokens[start : start + size]))
                if word is not None and confirm(word).search(text):
                    return True
        return False

    return found
