"""Find words in the code of a rule that what it looks in can never have: capitals in a text that was made small.

Followed are a text that is made small or split, under its name too, and the words that a rule looks for: as they stand,
in a list in the function, or in one of its module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain
from labelkit.rules.oddities.patterns import OddWord

MOST_WORDS: Final = 100_000
"""Words of a list in a module that are looked at."""

_FOLDS: Final[dict[str, Callable[[str], str]]] = {"lower": str.lower, "upper": str.upper, "casefold": str.casefold}
_MADE: Final = {"lower": "small", "upper": "all capitals", "casefold": "small"}
_KEEPS: Final = frozenset({"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "expandtabs"})
_COLLECTS: Final = frozenset({"set", "list", "tuple", "frozenset", "sorted"})
_ASKS: Final = frozenset({"startswith", "endswith", "count", "find", "rfind", "index"})
_BETWEEN: Final = frozenset({"intersection", "isdisjoint"})
_SEARCHES: Final = frozenset({"re.search", "re.findall", "re.finditer", "re.match", "re.fullmatch"})
_OF_PATTERN: Final = frozenset({"search", "findall", "finditer", "match", "fullmatch"})

_GROUP: Final = re.compile(r"(?:\\b)?\((?:\?:)?([^()]*)\)(?:\\b)?")
_PLAIN: Final = re.compile(r"(?:\\b|\\s[+*]?|[^\\.\[\]{}()*+?^$|])*")
_PLACE: Final = re.compile(r"\\b|\\s[+*]?")


@dataclass(frozen=True)
class Shape:
    """What is known of a text, or of the parts of one.

    Attributes
    ----------
    fold : str or None
        The method that made its letters small or capitals.
    is_split : bool
        Whether it was split at blanks.
    is_many : bool
        Whether it is a collection of parts, and not one.
    """

    fold: str | None = None
    is_split: bool = False
    is_many: bool = False

    def lacks(self, word: str) -> bool:
        """Return whether this cannot have or be a word."""
        return (self.fold is not None and _FOLDS[self.fold](word) != word) or (
            self.is_split and re.search(r"\S\s+\S", word) is not None
        )

    def remedy(self, word: str) -> str:
        """Say how the word is found."""
        if self.fold is not None and _FOLDS[self.fold](word) != word:
            return f"write {_FOLDS[self.fold](word)!r}"
        return f"look for it in the text: {word!r} in text"

    @property
    def made(self) -> str:
        """How it was made."""
        parts = [f"made {_MADE[self.fold]} by {self.fold}()"] if self.fold else []
        return " and ".join([*parts, *(["split into words"] if self.is_split else [])])


NOTHING: Final = Shape()


def unfound_words(source: FunctionSource) -> Iterator[OddWord]:
    """Find words that a function looks for where they cannot be.

    Parameters
    ----------
    source : FunctionSource

    Yields
    ------
    OddWord
    """
    reader = _Reader(source)
    for node in ast.walk(source.tree):
        for shape, sought, line in reader.questions(node):
            words = reader.words(sought)
            lost = [word for word in words if shape.lacks(word)]
            if shape.fold is not None:  # a list with both spellings finds it
                lost = [word for word in lost if _FOLDS[shape.fold](word) not in words]
            if lost:
                more = f" and {len(lost) - 1:,} more of the list" if len(lost) > 1 else ""
                yield OddWord(
                    f"{lost[0][:60]!r}{more} cannot be in what was {shape.made} (line {line})", shape.remedy(lost[0])
                )
        yield from _patterns(node, reader)
        yield from _lists(node, reader)


def letters_for_words(node: ast.AST, source: FunctionSource) -> OddWord | None:
    """Find ``for word in ("free")``, which goes through the letters of one word."""
    if not isinstance(node, ast.comprehension | ast.For):
        return None
    given = node.iter
    value = given.value if isinstance(given, ast.Constant) else None
    if isinstance(given, ast.Name):
        value = source.look_up(given.id)
    if not isinstance(value, str) or not is_meant_as_word(given, value, source):
        return None
    return OddWord(
        f"{ast.unparse(given)} is one text, and a loop over it goes through its letters (line {given.lineno})",
        f"put a comma behind it: ({value[:40]!r},)",
    )


def is_meant_as_word(node: ast.expr, value: str, source: FunctionSource) -> bool:
    """Return whether a text stands for words and not for letters, of which each would stand once, as in "aeiou"."""
    letters = re.findall(r"[^\W\d_]", value)
    repeats = len(letters) > len(set(letters)) or re.search(r"\w[\s,]+\w", value)
    return re.search(r"[^\W\d_]{2}", value) is not None and (bool(repeats) or _in_parentheses(node, source))


def _in_parentheses(node: ast.expr, source: FunctionSource) -> bool:
    """Return whether parentheses stand around an expression, as around a tuple of one that lacks its comma."""
    lines = source.lines
    if node.end_lineno is None or node.end_col_offset is None or len(lines) < node.end_lineno:
        return False
    before = lines[node.lineno - 1].encode()[: node.col_offset].rstrip()
    after = lines[node.end_lineno - 1].encode()[node.end_col_offset :].lstrip()
    return before.endswith(b"(") and after.startswith(b")")


class _Reader:
    """Reads the texts and the words of one function."""

    def __init__(self, source: FunctionSource) -> None:
        self.source = source

    def questions(self, node: ast.AST) -> Iterator[tuple[Shape, ast.expr, int]]:
        """Iterate over what is looked in, what is looked for there, and the line."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, op, right = node.left, node.ops[0], node.comparators[0]
            if isinstance(op, ast.In | ast.NotIn):
                yield self.shape(right), left, node.lineno  # "free" in text.lower()
                yield replace(self.shape(left), is_split=False), right, node.lineno  # text.lower() in WORDS
            elif isinstance(op, ast.Eq | ast.NotEq):
                yield replace(self.shape(left), is_split=False), right, node.lineno
                yield replace(self.shape(right), is_split=False), left, node.lineno
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            yield self.shape(node.left), node.right, node.lineno
            yield self.shape(node.right), node.left, node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in _ASKS:
                yield self.shape(node.func.value), node.args[0], node.lineno
            elif node.func.attr in _BETWEEN:
                yield self.shape(node.func.value), node.args[0], node.lineno
                yield self.shape(node.args[0]), node.func.value, node.lineno

    # What is looked in ------------------------------------------------------------------------------------------------

    def shape(self, node: ast.expr, depth: int = 0) -> Shape:
        """Return what is known of a text."""
        if depth > 8:
            return NOTHING
        if isinstance(node, ast.Name):
            return self._of_name(node, depth)
        if isinstance(node, ast.Call):
            return self._of_call(node, depth)
        if isinstance(node, ast.SetComp | ast.ListComp | ast.GeneratorExp):
            part = self.shape(node.elt, depth + 1)
            return NOTHING if part == NOTHING else replace(part, is_many=True)
        return NOTHING

    def _of_call(self, call: ast.Call, depth: int) -> Shape:
        if isinstance(call.func, ast.Name) and call.func.id in _COLLECTS and len(call.args) == 1:
            inner = self.shape(call.args[0], depth + 1)
            return inner if inner.is_many else NOTHING
        if not isinstance(call.func, ast.Attribute):
            return NOTHING
        inner = self.shape(call.func.value, depth + 1)
        if call.func.attr in _FOLDS and not call.args:
            return replace(inner, fold=call.func.attr)
        if call.func.attr in _KEEPS:
            return inner
        if call.func.attr == "split" and not call.keywords and not inner.is_many:
            blank = not call.args or (isinstance(call.args[0], ast.Constant) and call.args[0].value is None)
            return replace(inner, is_split=blank, is_many=True)
        return NOTHING

    def _of_name(self, node: ast.Name, depth: int) -> Shape:
        bound = self._bindings.get(node.id, [])
        if len(bound) != 1:
            return NOTHING
        value, where = bound[0]
        if where == "loop":
            many = self.shape(value, depth + 1)
            return replace(many, is_many=False) if many.is_many else NOTHING
        is_parameter = node.id in self._parameters
        follows = node.lineno > (value.end_lineno or value.lineno)
        if where == "nested" or not follows or (is_parameter and where != "top"):
            return NOTHING
        return self.shape(value, depth + 1)

    # What is looked for -----------------------------------------------------------------------------------------------

    def words(self, node: ast.expr) -> list[str]:
        """Return the words that an expression stands for; none if that is not known."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            values = [one.value for one in node.elts if isinstance(one, ast.Constant)]
            return [one for one in values if isinstance(one, str)] if len(values) == len(node.elts) else []
        if isinstance(node, ast.Name):
            return self._named_words(node.id)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _COLLECTS:
            return self.words(node.args[0]) if len(node.args) == 1 else []
        return []

    def _named_words(self, name: str) -> list[str]:
        bound = self._bindings.get(name, [])
        if name in self._parameters or len(bound) > 1:
            return []
        if bound:
            value, where = bound[0]
            is_letters = isinstance(value, ast.Constant) and where == "loop"
            return [] if where == "nested" or is_letters else self.words(value)
        value = self.source.look_up(name)
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list | tuple | set | frozenset | dict) or len(value) > MOST_WORDS:
            return []
        words = sorted(value) if isinstance(value, set | frozenset) and all(map(_is_text, value)) else list(value)
        return words if all(map(_is_text, words)) else []

    @cached_property
    def _parameters(self) -> frozenset[str]:
        return frozenset(node.arg for node in ast.walk(self.source.tree) if isinstance(node, ast.arg))

    @cached_property
    def _bindings(self) -> dict[str, list[tuple[ast.expr, str]]]:
        """Where each name gets a value: at the "top" of the function, in a "loop" over it, or "nested" elsewhere."""
        bound: dict[str, list[tuple[ast.expr, str]]] = {}
        body = self.source.tree.body
        top = {id(one) for one in (body if isinstance(body, list) else [])}
        for node in ast.walk(self.source.tree):
            for target, value, where in _assigned(node, is_top=id(node) in top):
                for one in ast.walk(target):
                    if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                        bound.setdefault(one.id, []).append((value, where if one is target else "nested"))
        return bound


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _assigned(node: ast.AST, *, is_top: bool) -> Iterator[tuple[ast.expr, ast.expr, str]]:
    """Iterate over the targets of an assignment or a loop, with what they get."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value, "top" if is_top else "nested"
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value, "top" if is_top else "nested"
    elif isinstance(node, ast.AugAssign | ast.NamedExpr):
        yield node.target, node.value, "nested"
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter, "loop"
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr, "nested"


# Lists ----------------------------------------------------------------------------------------------------------------


def _lists(node: ast.AST, reader: _Reader) -> Iterator[OddWord]:
    """Find ``["free", "win"] in text.split()``, which asks for a list among words."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    if isinstance(node.left, ast.List | ast.Tuple | ast.Set) and reader.shape(node.comparators[0]).is_many:
        shown = ast.unparse(node.left)[:60]
        yield OddWord(
            f"{shown} as a whole is never among words (line {node.lineno})",
            f"any(word in {ast.unparse(node.comparators[0])[:60]} for word in {shown})",
        )


# Expressions ----------------------------------------------------------------------------------------------------------


def _patterns(node: ast.AST, reader: _Reader) -> Iterator[OddWord]:
    """Find an expression with letters that a text cannot have that it is sought in."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name) or not node.args:
        return
    pattern, text = _search(node, reader.source)
    if pattern is None or text is None or pattern.flags & re.IGNORECASE:
        return
    shape = replace(reader.shape(text), is_split=False)
    letters = [] if shape.fold is None else _needed(pattern)
    lost = next((one for one in letters if shape.lacks(one)), None)
    if lost is not None:
        yield OddWord(
            f"{pattern.pattern[:60]!r} needs {lost!r}, which cannot be in what was {shape.made} (line {node.lineno})",
            shape.remedy(lost),
        )


def _search(call: ast.Call, source: FunctionSource) -> tuple[re.Pattern[str] | None, ast.expr | None]:
    """Return the expression and the text of a call such as ``re.search("Free", text)``."""
    if not is_chain(call.func):
        return None, None
    assert isinstance(call.func, ast.Attribute | ast.Name)
    if dotted_name(call.func, source) in _SEARCHES and len(call.args) == 2 and not call.keywords:
        given = call.args[0]
        pattern: Any = given.value if isinstance(given, ast.Constant) else None
        if isinstance(given, ast.Name):
            pattern = source.look_up(given.id)
        return _compiled(pattern), call.args[1]
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.attr in _OF_PATTERN:
        return _compiled(source.look_up(call.func.value.id)), call.args[0]
    return None, None


def _compiled(pattern: Any) -> re.Pattern[str] | None:
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return pattern
    try:
        return re.compile(pattern) if isinstance(pattern, str) else None
    except (re.error, OverflowError):
        return None


def _needed(pattern: re.Pattern[str]) -> list[str]:
    """List the alternatives of an expression of words alone, as their texts; none of another expression."""
    grouped = _GROUP.fullmatch(pattern.pattern)
    alternatives = (pattern.pattern if grouped is None else grouped[1]).split("|")
    if pattern.flags & re.VERBOSE or not all(_PLAIN.fullmatch(one) for one in alternatives):
        return []
    return [_PLACE.sub(" ", one).strip() for one in alternatives]
