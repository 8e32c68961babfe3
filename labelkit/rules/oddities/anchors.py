r"""Find searches that look at the start of a text alone, or at all of it, and are probably meant to look everywhere.

>>> import re
>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     return 1 if re.match(r"\bfree\b", text) else None
>>> [print(odd.reason) for odd in anchored_words(source_of(rule))]
re.match looks at the start of the text alone (line 2), where the first \b says nothing
[None]
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.oddities.patterns import OddWord
from labelkit.rules.oddities.rule_sources import sources_of_rule

_ANCHORED: Final = {"match": "the start of the text alone", "fullmatch": "all of the text"}
_BOUNDARY: Final = re.compile(r"(?:\(\?[a-zA-Z]+\))?(?:\((?:\?:)?)?\\b\(?(?:\?:)?[\w\\]")
"""A pattern that begins with the edge of a word."""


def anchored_words(source: FunctionSource) -> Iterator[OddWord]:
    """Find ``re.match`` of a pattern that begins with the edge of a word."""
    for call, method, patterns in _anchored(source):
        if patterns and all(_BOUNDARY.match(pattern) for pattern in patterns):
            shown = ast.unparse(call.func)
            yield OddWord(
                f"{shown} looks at {_ANCHORED[method]} (line {call.lineno}), where the first \\b says nothing",
                f"{shown.removesuffix(method)}search looks everywhere",
            )


def anchored_search(lf: LabelingFunction[...]) -> str | None:
    """Say where a rule looks at the start of a text alone, or at all of it; None if it does not."""
    for source in sources_of_rule(lf):
        for call, method, _ in _anchored(source):
            shown = ast.unparse(call.func)
            return (
                f"{shown} (line {call.lineno}) looks at {_ANCHORED[method]}; "
                f"{shown.removesuffix(method)}search looks everywhere"
            )
    return None


def _anchored(source: FunctionSource) -> Iterator[tuple[ast.Call, str, list[str]]]:
    """Iterate over the calls of ``re.match`` and ``re.fullmatch``, and of these methods, with their patterns."""
    for call in nodes_of(source.tree):
        if not isinstance(call, ast.Call) or not call.args or not is_chain(call.func):
            continue
        name = dotted_name(call.func, source) or ""
        if name in ("re.match", "re.fullmatch"):
            yield call, name.removeprefix("re."), texts_of(call.args[0], source)
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _ANCHORED:
            owner = call.func.value
            pattern = source.look_up(owner.id) if isinstance(owner, ast.Name) else None
            if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                yield call, call.func.attr, [pattern.pattern]
