"""Find tests in the code of a rule that are probably not meant as they are written, by its source, without running it.

>>> from labelkit.rules.python_rule import labeling_function
>>> @labeling_function
... def prize(text: str):
...     return 1 if "win" or "prize" in text else None
>>> for oddity in odd_code(prize):
...     print(oddity.reason)
...     print(oddity.remedy)
'win' before or is a test of its own, which is always true (line 3), so what follows is never asked
write the whole test on both sides of or
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.bindings import bindings, parameters_of, value_of_name
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.inspection.syntax import (
    FunctionSource,
    dotted_name,
    is_chain,
    loads,
    patterns_used,
    returned,
    source_of,
)
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.oddities._contradictions import contradictions
from labelkit.rules.oddities._finder import Finder
from labelkit.rules.oddities._joined_strings import joined_strings
from labelkit.rules.oddities._numbers_as_votes import numbers_as_votes
from labelkit.rules.oddities._opposed_conditions import opposed_conditions
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities._unfound_words import is_meant_as_word, letters_for_words, unfound_words
from labelkit.rules.oddities.anchors import anchored_words
from labelkit.rules.oddities.compared_columns import tested
from labelkit.rules.oddities.constant_tests import constant_tests
from labelkit.rules.oddities.idle_code import idle_code
from labelkit.rules.oddities.kinds import Kinds, unlike_kinds
from labelkit.rules.oddities.never_missing import never_missing
from labelkit.rules.oddities.patterns import OddWord, odd_patterns
from labelkit.rules.oddities.rule_sources import sources_of_rule
from labelkit.rules.oddities.sure_answers import sure_answers
from labelkit.rules.oddities.word_lists import odd_lists
from labelkit.rules.row_rules import plain_function
from labelkit.votes.label_space import ABSTAIN

LONGEST: Final = 40
"""Characters of code that a message repeats."""

_shown = partial(shown_code, longest=LONGEST)

_STRIPS: Final = frozenset({"strip", "lstrip", "rstrip"})
_PLACES: Final = frozenset({"find", "rfind"})
_UNCALLED: Final = frozenset(
    {"isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper"}
    | {"startswith", "endswith"}
)
_FLAGGED: Final = {"re.sub": (3, "count"), "re.subn": (3, "count"), "re.split": (2, "maxsplit")}
_OF_PATTERN: Final = frozenset({"search", "match", "fullmatch", "findall", "finditer"})


def odd_code(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find tests with another meaning than it seems, in the functions of a rule and those of its module that they call.

    Parameters
    ----------
    lf : LabelingFunction

    Yields
    ------
    OddWord
    """
    odd = (one for source in sources_of_rule(lf) for find in _FINDERS for one in find(source))
    yield from dict.fromkeys(odd)
    yield from never_missing(lf)
    yield from numbers_as_votes(lf)
    yield from opposed_conditions(lf)


def only_abstains(lf: LabelingFunction[...]) -> OddWord | None:
    """Find a function that returns no class, and no slice that holds an example, in any of its returns."""
    if not isinstance(lf.body, Calls) or lf.body.batch:
        return None
    source = source_of(plain_function(lf.body.function))
    if source is None or inspect.isgeneratorfunction(source.function) or inspect.iscoroutinefunction(source.function):
        return None
    answers = returned(source)
    nothing = (None, False) if lf.is_slice else (None, ABSTAIN)
    if answers.missing or not answers.complete or not all(value in nothing for value, _ in answers.values):
        return None
    if lf.is_slice:
        return OddWord("no example can be in it", "return True where its test holds")
    return OddWord("it can only abstain", "return a class where its test holds")


def odd_patterns_in_code(lf: LabelingFunction[...]) -> Iterator[OddWord]:
    """Find the odd regular expressions that the functions of a rule hand to ``re``."""
    patterns = dict.fromkeys(pattern for source in sources_of_rule(lf) for pattern in patterns_used(source))
    for pattern in patterns:
        yield from odd_patterns(pattern.pattern, pattern.flags)


def _odd_tests(source: FunctionSource) -> Iterator[OddWord]:
    tests = {id(one) for one in tested(source.tree)}
    for node in nodes_of(source.tree):
        for check in (
            _constant_side,
            _two_questions,
            _is_literal,
            _bits_between,
            _one_pass,
            partial(_truth, tests=tests, source=source),
            partial(_text_in_word, source=source),
            partial(_call, source=source),
            partial(letters_for_words, source=source),
        ):
            odd = check(node)
            if odd is not None:
                yield odd
    yield from _joined(source)


_FINDERS: Final[tuple[Finder, ...]] = (
    *(_odd_tests, unfound_words, unlike_kinds, idle_code, odd_lists, anchored_words, constant_tests, contradictions),
    sure_answers,
)


def _joined(source: FunctionSource) -> Iterator[OddWord]:
    """Find strings that a missing comma has joined, in a list of the function or of its module."""
    joined = joined_strings("".join(source.lines))
    named = {node.id for node in loads(source)} - source.local if joined else set()
    lists = [
        node.value
        for node in (source.module.body if named else [])
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in named for one in node.targets)
    ]
    for node in (one for tree in (source.tree, *lists) for one in nodes_of(tree)) if joined else ():
        for part in node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) and len(node.elts) > 1 else ():
            if not isinstance(part, ast.Constant) or not isinstance(part.value, str):
                continue
            parts, line = joined.get(part.value, ([], 0))
            if line == part.lineno and all((a[-1] + b[0]).isalnum() for a, b in pairwise(parts)):
                listed = " ".join(map(repr, parts))
                reason = f"{part.value!r} is {listed} (line {line}) without a comma between"
                yield OddWord(reason, "put a comma, or one string")


def _constant_side(node: ast.AST) -> OddWord | None:
    """Find a constant on a side of ``or`` or ``and`` that decides for all, or that nothing asks for."""
    if not isinstance(node, ast.BoolOp):
        return None
    constant = next((side for side in node.values[:-1] if _is_word(side)), None)
    if constant is None:
        return None
    is_or, shown = isinstance(node.op, ast.Or), _shown(constant)
    word = "or" if is_or else "and"
    effect = "so what follows is never asked" if is_or else "so it is not looked for"
    return OddWord(
        f"{shown} before {word} is a test of its own, which is always true (line {constant.lineno}), {effect}",
        f"write the whole test on both sides of {word}",
    )


def _truth(node: ast.AST, tests: set[int], source: FunctionSource) -> OddWord | None:
    """Find what is asked for its truth, and is always true, or is true where it should not be."""
    if id(node) not in tests or not isinstance(node, ast.expr):
        return None
    line = f"(line {node.lineno})"
    reason, remedy = "", "any(...) asks them"
    if isinstance(node, ast.BoolOp) and _is_word(node.values[-1]):
        is_or, shown = isinstance(node.op, ast.Or), _shown(node.values[-1])
        word, effect = ("or", "so the whole test is") if is_or else ("and", "so it is not looked for")
        reason = f"{shown} behind {word} is a test of its own, which is always true {line}, {effect}"
        remedy = f"write the whole test on both sides of {word}"
    elif isinstance(node, ast.GeneratorExp):
        reason = f"a generator is always true {line}: {_shown(node)}"
    elif isinstance(node, ast.ListComp) and _is_test(node.elt) and not any(one.ifs for one in node.generators):
        reason = f"a list is true if it has any answers, also of False {line}: {_shown(node)}"
    elif isinstance(node, ast.Attribute) and node.attr in _UNCALLED:
        reason = f"{_shown(node)} without parentheses is a function, which is always true {line}"
        remedy = f"call it: {node.attr}({'...' if node.attr in ('startswith', 'endswith') else ''})"
    elif Kinds(source).is_always_true(node):
        reason, remedy = f"{_shown(node)} is always true {line}, also where it finds nothing", 'ask: "word" in text'
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or "split" not in node.func.attr:
            reason, remedy = (
                f"{_shown(node)} is an iterator, which is always true {line}",
                "any(...) asks what it gives",
            )
    elif _is_method(node, _PLACES) and _is_column(node, source, arguments=True):
        reason = f"{_shown(node)} is -1, which is true, where it finds nothing, and 0 at the start {line}"
        remedy = 'ask: "word" in text'
    return OddWord(reason, remedy) if reason else None


def _is_test(node: ast.expr) -> bool:
    """Return whether an expression is an answer, yes or no."""
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_not or isinstance(node, ast.Compare) or _is_method(node, _UNCALLED | _OF_PATTERN)


def _is_method(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _two_questions(node: ast.AST) -> OddWord | None:
    """Find ``"free" in text == True``, which asks also whether the text is True."""
    if not isinstance(node, ast.Compare) or len(node.ops) < 2:
        return None
    contains = [isinstance(op, ast.In | ast.NotIn) for op in node.ops]
    if not any(contains):
        return None
    sides = [node.left, *node.comparators]
    both = " and ".join(
        f"{_shown(sides[i])} {_OPERATORS[type(op)]} {_shown(sides[i + 1])}" for i, op in enumerate(node.ops)
    )
    return OddWord(f"{_shown(node)} asks two things (line {node.lineno}): {both}", "write one test, or parentheses")


_OPERATORS: Final[dict[type, str]] = {
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def _is_literal(node: ast.AST) -> OddWord | None:
    """Find ``text is "free"``, which asks for the same object."""
    if not isinstance(node, ast.Compare):
        return None
    for op, side in zip(node.ops, node.comparators, strict=True):
        is_literal = isinstance(side, ast.Constant) and type(side.value) in (str, int, float)
        if is_literal and isinstance(op, ast.Is | ast.IsNot):
            reason = f"{_shown(node)} asks for the same object (line {node.lineno}), which an equal one need not be"
            return OddWord(reason, "write ==" if isinstance(op, ast.Is) else "write !=")
    return None


def _bits_between(node: ast.AST) -> OddWord | None:
    """Find ``n > 3 & n < 9``, where ``&`` is read first."""
    if not isinstance(node, ast.Compare) or len(node.ops) < 2:
        return None
    for side in node.comparators[:-1]:
        if not isinstance(side, ast.BinOp) or not isinstance(side.op, ast.BitAnd | ast.BitOr):
            continue
        if isinstance(side.left, ast.Constant):
            sign, word = ("&", "and") if isinstance(side.op, ast.BitAnd) else ("|", "or")
            return OddWord(
                f"{sign} is read before the comparisons beside it in {_shown(node)} (line {node.lineno})",
                f"write {word}, or parentheses around each comparison",
            )
    return None


def _one_pass(node: ast.AST) -> OddWord | None:
    """Find a loop that returns in its first pass, whichever way its test goes."""
    if not isinstance(node, ast.For | ast.While) or not node.body or not isinstance(node.body[-1], ast.If):
        return None
    test = node.body[-1]
    goes_on = any(isinstance(one, ast.Continue) for part in node.body for one in nodes_of(part))
    if goes_on or not _returns(test.body) or not _returns(test.orelse):
        return None
    return OddWord(
        f"the loop ends in its first pass: both sides of its test return (lines {node.lineno} and {test.lineno})",
        "return what no pass found behind the loop, without else",
    )


def _returns(body: list[ast.stmt]) -> bool:
    """Return whether each way through statements ends in a return."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return _returns(last.body) and _returns(last.orelse)
    return isinstance(last, ast.Return)


def _text_in_word(node: ast.AST, source: FunctionSource) -> OddWord | None:
    """Find ``author in "admin"``, or ``in ("admin")``, of a column: whether it is a part of the word."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return None
    word = node.comparators[0]
    if not _is_column(node.left, source) or not isinstance(word, ast.Constant) or not isinstance(word.value, str):
        return None
    if not re.search(r"\w{3}", word.value) or not is_meant_as_word(word, word.value, source):
        return None
    return OddWord(
        f"{_shown(node)} asks whether the value is a part of the word (line {node.lineno}), as the empty text is",
        f"to compare it, write == or in ({_shown(word)},); to find the word, {_shown(word)} in {_shown(node.left)}",
    )


def _is_column(node: ast.expr, source: FunctionSource, *, arguments: bool = False) -> bool:
    """Return whether an expression is a parameter, a field of the first one, or a text made of it: ``text.lower()``."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (arguments or not node.args):
        node = node.func.value
    parameters = [one.arg for one in (*source.tree.args.args, *source.tree.args.kwonlyargs)]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id in parameters[:1] and node.value.id not in ("self", "cls")
    return isinstance(node, ast.Name) and node.id in parameters


def _call(node: ast.AST, source: FunctionSource) -> OddWord | None:  # noqa: PLR0911 - a table of calls
    """Find a call whose argument means something else: flags as a count, a word that is stripped letter by letter."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in _STRIPS and len(node.args) == 1:
        given = node.args[0]
        text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
        if re.search(r"[^\W\d_]{3}", text) and len(set(text.lower())) > 2:
            way = {"lstrip": "removeprefix", "rstrip": "removesuffix"}.get(node.func.attr)
            named = f"{way}({_shown(given)}) removes" if way else "removeprefix and removesuffix remove"
            return OddWord(
                f"{node.func.attr}({_shown(given)}) removes any of these letters from the ends (line {node.lineno}), "
                "not the word",
                f"{named} a word",
            )
    name = dotted_name(node.func, source) if is_chain(node.func) else None
    built = _built_pattern(node.args[0], source) if str(name).startswith("re.") and node.args else None
    if built is not None:
        return built
    if name in _FLAGGED and len(node.args) > _FLAGGED[name][0]:
        place, parameter = _FLAGGED[name]
        return _flags(node.args[place], f"{name}(...)", parameter, source, "flags=")
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _OF_PATTERN or len(node.args) != 2:
        return None
    if _is_pattern(node.func.value, source):
        return _flags(node.args[1], f"{_shown(node.func)}(...)", "the first place", source, "flags to re.compile")
    return None


def _built_pattern(pattern: ast.expr, source: FunctionSource) -> OddWord | None:
    r"""Find ``rf"{word}{1,3}"``, whose count is formatted as a tuple of numbers, and ``f"\b{word}"`` without r."""
    parts = [node for node in nodes_of(pattern) if isinstance(node, ast.Constant) and "\b" in str(node.value)]
    if parts and not texts_of(pattern, source):
        reason = f"{_shown(pattern)} has a control character, U+0008 (line {pattern.lineno})"
        return OddWord(reason, 'write r"\\b...": "\\b" without r is that character')
    for part in pattern.values if isinstance(pattern, ast.JoinedStr) else ():
        if not isinstance(part, ast.FormattedValue):
            continue
        numbers = part.value.elts if isinstance(part.value, ast.Tuple) else [part.value]
        if all(isinstance(one, ast.Constant) and isinstance(one.value, int) for one in numbers):
            count = ",".join(map(ast.unparse, numbers))
            shown = ast.unparse(part.value)
            reason = f"{{{count}}} in an f-string is the text {shown!r}, and not a count (line {part.lineno})"
            return OddWord(reason, f"write {{{{{count}}}}}")
    return None


def _flags(given: ast.expr, call: str, parameter: str, source: FunctionSource, where: str) -> OddWord | None:
    name = dotted_name(given, source) if is_chain(given) else None
    value = _known(given, source)
    if not isinstance(value, re.RegexFlag) and not str(name).startswith("re."):
        return None
    return OddWord(
        f"{call} takes {_shown(given)} here as {parameter}, not as flags (line {given.lineno})", f"give {where}"
    )


def _is_pattern(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether an expression is a compiled pattern, of the module or of the function."""
    bound = value_of_name(node, bindings(source), parameters_of(source)) if isinstance(node, ast.Name) else None
    given = node if bound is None or bound[1] != "top" else bound[0]
    if isinstance(given, ast.Call):
        return is_chain(given.func) and dotted_name(given.func, source) == "re.compile"
    return isinstance(_known(given, source), re.Pattern)


def _known(node: ast.expr, source: FunctionSource) -> Any:
    if isinstance(node, ast.Name):
        return source.look_up(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return getattr(source.look_up(node.value.id), node.attr, None) if node.attr.isupper() else None
    return None


def _is_word(node: ast.expr) -> bool:
    """Return whether an expression is a text, or a tuple or list of several things, as it stands."""
    if isinstance(node, ast.Tuple | ast.List):
        return any(not isinstance(part, ast.Starred) for part in node.elts)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)
