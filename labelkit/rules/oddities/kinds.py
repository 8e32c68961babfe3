"""Find comparisons of values that are never equal, since one is a number, say, and the other a text, by the source.

>>> from labelkit.rules.inspection.syntax import source_of
>>> def rule(text):
...     return 1 if len(text.split()) == "5" else None
>>> [print(odd.reason) for odd in unlike_kinds(source_of(rule))]
len(text.split()) == '5' is never so (line 2): a number is not a text
[None]
"""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.bindings import Binding, bindings, parameters_of, value_of_name
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain
from labelkit.rules.oddities._shown_code import shown_code
from labelkit.rules.oddities.never_missing import has_vote
from labelkit.rules.oddities.patterns import OddWord

LONGEST: Final = 60
"""Characters of code that a message repeats."""

_shown = partial(shown_code, longest=LONGEST)

DEEPEST: Final = 8
"""Names and calls that are followed."""

NUMBER: Final = "a number"
TEXT: Final = "a text"
BYTES: Final = "bytes"
LIST: Final = "a list"
MATCH: Final = "a match of re, or None,"
ITERATOR: Final = "an iterator"

_LITERALS: Final[dict[type, str]] = {
    ast.JoinedStr: TEXT,
    ast.List: LIST,
    ast.ListComp: LIST,
    ast.Tuple: "a tuple",
    ast.Set: "a set",
    ast.SetComp: "a set",
    ast.Dict: "a dict",
    ast.DictComp: "a dict",
    ast.GeneratorExp: ITERATOR,
}
_BUILTINS: Final[dict[Any, str]] = {
    **dict.fromkeys((len, int, float, bool, ord), NUMBER),
    **dict.fromkeys((str, chr, repr), TEXT),
    **dict.fromkeys((list, sorted), LIST),
    **dict.fromkeys((map, filter, zip, enumerate, reversed), ITERATOR),
}
_RE: Final = {
    **dict.fromkeys(("search", "match", "fullmatch"), MATCH),
    **dict.fromkeys(("findall", "split"), LIST),
    "finditer": ITERATOR,
    "sub": TEXT,
}
_TEXT_METHODS: Final = frozenset(
    {"lower", "upper", "casefold", "strip", "lstrip", "rstrip", "title", "capitalize", "swapcase", "removeprefix"}
    | {"removesuffix", "zfill"}
)
"""Methods of texts alone; those of a column of pandas stand behind ``.str``."""

_OF_TEXT: Final = {
    **dict.fromkeys(("count", "find", "rfind", "index"), NUMBER),
    **dict.fromkeys(("split", "rsplit", "splitlines"), LIST),
    "replace": TEXT,
}
"""Methods that other things than texts have, too."""

_OF_TIMES: Final = {"strftime": TEXT, "isoformat": TEXT, "weekday": NUMBER, "isoweekday": NUMBER, "date": "a date"}
"""Methods of dates and times; those of a column of pandas stand behind ``.dt``."""

_UNCALLED: Final = frozenset({"lower", "upper", "casefold", "strip", "lstrip", "rstrip", "split", "splitlines"})
"""Methods that are called without arguments."""

_NAN: Final = frozenset({"numpy.nan", "numpy.NaN", "math.nan", "pandas.NA", "pandas.NaT"})


class Kinds:
    """Tells which kind of value the expressions of a function have."""

    def __init__(self, source: FunctionSource) -> None:
        self.source = source

    def of(self, node: ast.expr, depth: int = 0) -> str | None:  # noqa: PLR0911 - a table of kinds
        """Return the kind of an expression; None where it is not known."""
        if depth > DEEPEST:
            return None
        if isinstance(node, ast.Constant):
            return _of_value(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self.of(node.operand, depth + 1)
        if isinstance(node, ast.Name):
            if node.id in self.texts:
                return TEXT
            bound = value_of_name(node, self._bindings, self._parameters)
            return self.of(bound[0], depth + 1) if bound is not None and bound[1] == "top" else None
        if isinstance(node, ast.Call):
            return self._of_call(node, depth)
        return _LITERALS.get(type(node))

    def _of_call(self, call: ast.Call, depth: int) -> str | None:  # noqa: PLR0911 - a table of kinds
        function = call.func
        if isinstance(function, ast.Name):
            value = self.source.look_up(function.id)
            is_builtin = getattr(builtins, function.id, None) is value
            if is_builtin:
                return _BUILTINS.get(value)
        name = (dotted_name(function, self.source) or "") if is_chain(function) else ""
        if name.startswith("re."):
            return _RE.get(name.removeprefix("re."))
        if not isinstance(function, ast.Attribute):
            return None
        owner = function.value
        if isinstance(owner, ast.Name) and isinstance(self.source.look_up(owner.id), re.Pattern):
            return _RE.get(function.attr)
        if isinstance(owner, ast.Attribute) and owner.attr in ("str", "strings"):  # a column of pandas
            return None
        if function.attr in _TEXT_METHODS:
            return TEXT
        if function.attr in _OF_TIMES and not (isinstance(owner, ast.Attribute) and owner.attr == "dt"):
            return _OF_TIMES[function.attr]
        return _OF_TEXT.get(function.attr) if self.of(owner, depth + 1) == TEXT else None

    @cached_property
    def texts(self) -> frozenset[str]:
        """The parameters that are annotated str, and have no other value."""
        arguments = [one for one in self.source.tree.args.args if isinstance(one.annotation, ast.expr)]
        texts = {one.arg for one in arguments if one.annotation and ast.unparse(one.annotation) in ("str", "'str'")}
        return frozenset(texts - self._bindings.keys())

    @cached_property
    def _parameters(self) -> frozenset[str]:
        return parameters_of(self.source)

    @cached_property
    def _bindings(self) -> dict[str, list[Binding]]:
        return bindings(self.source)

    def is_nan(self, node: ast.expr) -> bool:
        """Return whether an expression is the number that equals nothing, itself included."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float" and node.args:
            given = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            return isinstance(given, str) and given.strip().lower() == "nan"
        if is_chain(node) and dotted_name(node, self.source) in _NAN:
            return True
        value = self.source.look_up(node.id) if isinstance(node, ast.Name) else None
        return isinstance(value, float) and math.isnan(value)

    def is_always_true(self, node: ast.expr) -> bool:
        """Return whether an expression is true whatever it holds: an iterator, or a text that is cut at a word."""
        if self.of(node) == ITERATOR:
            return True
        if not isinstance(node, ast.Call):
            return False
        name = (dotted_name(node.func, self.source) or "") if is_chain(node.func) else ""
        if name == "re.split":
            return True
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("split", "rsplit") or not node.args:
            return False
        separator = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
        return isinstance(separator, str)


def unlike_kinds(source: FunctionSource) -> Iterator[OddWord]:
    """Find comparisons of a function that have one answer, whatever the text."""
    kinds = Kinds(source)
    for node in nodes_of(source.tree):
        if not isinstance(node, ast.Compare) or (len(node.ops) > 1 and any(isinstance(op, _IN) for op in node.ops)):
            continue  # a chain with in is told of as such
        sides = [node.left, *node.comparators]
        for op, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True):
            odd = _unlike(node, op, left, right, kinds)
            if odd is not None:
                yield odd
        yield from (odd for odd in (_counted_answers(node), _behind_start(node, source)) if odd is not None)
    for test in _lone_tests(source.tree):
        kind = kinds.of(test.left)
        is_none = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
        is_column = isinstance(test.left, ast.Name) and test.left.id in kinds.texts  # which may be missing
        if is_none and kind not in (None, MATCH) and not is_column:
            verb = "never" if isinstance(test.ops[0], ast.Is | ast.Eq) else "always"
            remedy = f"ask whether it is empty: if {_shown(test.left)}" if kind == LIST else "ask what it is"
            yield OddWord(f"{_shown(test)} is {verb} so (line {test.lineno}): {kind} is never None", remedy)


def _lone_tests(tree: ast.AST) -> Iterator[ast.Compare]:
    """Iterate over the comparisons that alone decide a vote, or that are the answer."""
    for node in nodes_of(tree):
        test: ast.expr | None = None
        if isinstance(node, ast.If | ast.IfExp):
            test = node.test if has_vote(node.body if isinstance(node, ast.If) else [node.body]) else None
        elif isinstance(node, ast.Return):
            test = node.value
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _EQUALS):
            yield test


_IN: Final = (ast.In, ast.NotIn)
_EQUALS: Final = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)


def _unlike(node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr, kinds: Kinds) -> OddWord | None:
    is_in = isinstance(op, _IN)
    if not is_in and not isinstance(op, _EQUALS):
        return None
    answer = "never" if isinstance(op, ast.In | ast.Eq | ast.Is) else "always"
    so = f"{_shown(node)} is {answer} so (line {node.lineno})"
    odd = _equals_nothing(node, left, right, kinds, so)
    if odd is not None:
        return odd
    one = kinds.of(left)
    many = right.elts if isinstance(right, ast.List | ast.Tuple | ast.Set) else []
    others = [kinds.of(side) for side in many] if is_in else [kinds.of(right)]
    if one is None or not others or any(other is None or other == one for other in others):
        return None
    if {one, *others} == {TEXT, BYTES}:  # whose methods have the same names
        return None
    return OddWord(f"{so}: {one} is not {_named(right, str(others[0]))}", _remedy(one, str(others[0]), left))


def _equals_nothing(node: ast.Compare, left: ast.expr, right: ast.expr, kinds: Kinds, so: str) -> OddWord | None:
    """Find a side of a comparison that equals no value: NaN, and a method that is not called."""
    side = next((one for one in (left, right) if _is_uncalled(one, kinds.source)), None)
    if side is not None:
        reason = f"{_shown(side)} without parentheses is a function (line {node.lineno}), which equals no value"
        return OddWord(reason, f"call it: {_shown(side)}()")
    if any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops) and (kinds.is_nan(left) or kinds.is_nan(right)):
        other = _shown(right if kinds.is_nan(left) else left)
        return OddWord(f"{so}: NaN equals nothing, itself included", f"ask pandas.isna({other})")
    return None


def _named(node: ast.expr, kind: str) -> str:
    is_truth = isinstance(node, ast.Constant) and isinstance(node.value, bool)
    return "True or False" if is_truth else kind


def _remedy(one: str, other: str, left: ast.expr) -> str:
    if one == MATCH:
        return f"ask whether it is one: if {_shown(left)}"
    if {one, other} == {NUMBER, TEXT}:
        return "compare it with a number: without quotes" if one == NUMBER else "compare it with a text: in quotes"
    return "ask what is in the list: in" if {one, other} == {TEXT, LIST} else "compare values of one kind"


def _is_uncalled(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether an expression is a method of a text: of a field of a row, or of a parameter that is no row."""
    if not isinstance(node, ast.Attribute) or node.attr not in _UNCALLED:
        return False
    is_field = isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name)
    owner = node.value.value if isinstance(node.value, ast.Attribute) else node.value
    if not isinstance(owner, ast.Name) or owner.id not in {one.arg for one in source.tree.args.args}:
        return False
    return is_field if owner.id == source.row else not is_field


def _counted_answers(node: ast.Compare) -> OddWord | None:
    """Find ``len([word in text for word in words]) > 0``, which counts the words, and not those that are there."""
    call = node.left
    is_len = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "len"
    if not is_len or not isinstance(call, ast.Call) or len(call.args) != 1:
        return None
    given = call.args[0]
    if not isinstance(given, ast.ListComp) or not isinstance(given.elt, ast.Compare):
        return None
    if any(one.ifs for one in given.generators):
        return None
    reason = f"len counts the answers that are False, too (line {node.lineno}): {_shown(given)}"
    return OddWord(reason, "write sum(...)")


def _behind_start(node: ast.Compare, source: FunctionSource) -> OddWord | None:
    """Find ``text.find("free") > 0``, which misses the word at the start, where find gives 0."""
    call = node.left
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Gt) or not isinstance(call, ast.Call):
        return None
    is_zero = isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value == 0
    if not is_zero or not isinstance(call.func, ast.Attribute) or call.func.attr not in ("find", "rfind"):
        return None
    words = texts_of(call.args[0], source) if len(call.args) == 1 else []
    if not words or not all(re.search(r"[^\W\d_]{2}", word) for word in words):
        return None
    return OddWord(
        f"{_shown(node)} misses it at the start of the text, where find gives 0 (line {node.lineno})",
        f"ask: {ast.unparse(call.args[0])} in {_shown(call.func.value)}",
    )


def _of_value(value: Any) -> str | None:
    if isinstance(value, str):
        return TEXT
    if isinstance(value, bytes):
        return BYTES
    return NUMBER if isinstance(value, int | float) else None
