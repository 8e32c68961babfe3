"""Find tests in the code of a rule that have one answer: behind a return, of an empty list, of a pattern.

>>> import re
>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     return 1 if re.search("free|", text) else None
>>> [print(odd.reason) for odd in constant_tests(source_of(rule))]
'free|' is found in every text, the empty one too (line 2)
[None]
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.inspection.syntax import UNKNOWN, FunctionSource, dotted_name, is_chain
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.compared_columns import tested
from labelkit.rules.oddities.kinds import TEXT, Kinds
from labelkit.rules.oddities.patterns import OddWord
from labelkit.rules.oddities.words import is_in_every_text

LONGEST: Final = 80
"""Characters of code that a message repeats."""

_shown = partial(shown_code, longest=LONGEST)


def constant_tests(source: FunctionSource) -> Iterator[OddWord]:
    """Find tests of a function that have one answer."""
    asked = {id(node) for node in tested(source.tree)}
    for node in nodes_of(source.tree):
        checks = [_behind_return(node), _nothing_in(node, source), _words_alone(node, source)]
        checks.append(_every_text(node, source, asked))
        yield from (odd for odd in checks if odd is not None)
    yield from _answered_before(source)


def _behind_return(node: ast.AST) -> OddWord | None:
    """Find statements behind a return, which are never run."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        for one, following in pairwise(block) if isinstance(block, list) else ():
            is_value = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant | ast.Yield)
            if isinstance(one, ast.Return) and not is_value and not isinstance(following, ast.FunctionDef | ast.Raise):
                return OddWord(
                    f"line {following.lineno} is never run: line {one.lineno} returns before it",
                    "let return stand behind a test, or at the end",
                )
    return None


def _nothing_in(node: ast.AST, source: FunctionSource) -> OddWord | None:
    """Find a loop over a list of the module that is empty, and that nothing of the module fills."""
    part = node.iter if isinstance(node, ast.For | ast.comprehension) else None
    if not isinstance(part, ast.Name):
        return None
    value = source.look_up(part.id)
    is_empty = value is not UNKNOWN and isinstance(value, list | tuple | set | frozenset | dict) and not value
    if not is_empty or _is_filled(part.id, source):
        return None
    return OddWord(
        f"{part.id} is empty (line {part.lineno}), so that a loop over it does nothing", "look where it is made"
    )


def _answered_before(source: FunctionSource) -> Iterator[OddWord]:
    """Find ``elif "free money" in text`` behind ``if "free" in text``, which returns for each such text."""
    kinds = Kinds(source)
    for node in nodes_of(source.tree):
        block = getattr(node, "body", None)
        before: list[tuple[str, str, ast.If]] = []
        for statement in block if isinstance(block, list) else []:
            test: ast.stmt | None = statement
            while isinstance(test, ast.If):
                word, text = _word_in(test.test, kinds)
                shorter = next((one for one in before if one[0] in word and one[1] == text), None) if word else None
                if shorter is not None:
                    yield OddWord(
                        f"{_shown(test.test)} is never so (line {test.lineno}): with {_shown(shorter[2].test)}, line "
                        f"{shorter[2].lineno} returns",
                        "ask for the longer one first",
                    )
                if word and isinstance(test.body[-1], ast.Return):
                    before.append((word, text, test))
                test = test.orelse[0] if len(test.orelse) == 1 else None
            if any(isinstance(one, ast.Assign | ast.AugAssign | ast.NamedExpr) for one in nodes_of(statement)):
                before.clear()


def _word_in(test: ast.expr, kinds: Kinds) -> tuple[str, str]:
    """Return the word and the text of ``"word" in text``, the text as code; empty of another test."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.In):
        return "", ""
    word = test.left.value if isinstance(test.left, ast.Constant) else None
    is_text = isinstance(word, str) and kinds.of(test.comparators[0]) == TEXT
    return (str(word), ast.unparse(test.comparators[0])) if is_text else ("", "")


def _words_alone(node: ast.AST, source: FunctionSource) -> OddWord | None:
    """Find ``all(word for word in WORDS if word in text)`` and ``any(word for word in WORDS)``, of words alone."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 1:
        return None
    given = node.args[0]
    if node.func.id not in ("any", "all") or not isinstance(given, ast.GeneratorExp | ast.ListComp):
        return None
    loop = given.generators[0]
    is_chosen = node.func.id == "all" or not loop.ifs
    if len(given.generators) > 1 or not is_chosen or ast.dump(given.elt) != ast.dump(_loaded(loop.target)):
        return None
    words = source.look_up(loop.iter.id) if isinstance(loop.iter, ast.Name) else None
    if isinstance(loop.iter, ast.List | ast.Tuple | ast.Set):
        words = [one.value if isinstance(one, ast.Constant) else None for one in loop.iter.elts]
    is_known = isinstance(words, list | tuple | set | frozenset | dict)
    if not is_known or not words or not all(isinstance(one, str) and one for one in words):
        return None
    name = ast.unparse(loop.target)
    return OddWord(
        f"{_shown(node)} is always so (line {node.lineno}): each {name} is a text that is not empty",
        f"ask for it before for: {node.func.id}({name} in text for {name} in {_shown(loop.iter)})",
    )


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target


def _is_filled(name: str, source: FunctionSource) -> bool:
    """Return whether a function of the module may put something into a collection."""
    functions = [node for node in nodes_of(source.module) if isinstance(node, ast.FunctionDef)]
    for node in (one for function in functions for one in nodes_of(function)):
        owner = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
        if isinstance(owner, ast.Name) and owner.id == name:
            return True
        if isinstance(node, ast.Global) and name in node.names:
            return True
    return False


def _every_text(node: ast.AST, source: FunctionSource, asked: set[int]) -> OddWord | None:
    """Find a search, of which only the truth is asked, for a pattern that stands in every text."""
    call = node
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot):
        call = node.left
    elif id(node) not in asked:
        return None
    if not isinstance(call, ast.Call) or not is_chain(call.func) or not call.args:
        return None
    pattern: re.Pattern[str] | None = None
    if dotted_name(call.func, source) in ("re.search", "re.findall"):
        texts = texts_of(call.args[0], source)
        is_whole = len(call.args) == 2 and not call.keywords
        pattern = _compiled(texts[0]) if len(texts) == 1 and is_whole else None
    elif isinstance(call.func, ast.Attribute) and call.func.attr in ("search", "findall"):
        owner = source.look_up(call.func.value.id) if isinstance(call.func.value, ast.Name) else None
        pattern = owner if isinstance(owner, re.Pattern) and isinstance(owner.pattern, str) else None
    if pattern is None or not is_in_every_text(pattern):
        return None
    return OddWord(
        f"{pattern.pattern[:LONGEST]!r} is found in every text, the empty one too (line {call.lineno})",
        "look for an empty alternative (a|), or a ? or * behind all of it",
    )


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        return None
