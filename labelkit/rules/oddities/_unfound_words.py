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
from types import FunctionType
from typing import Any, Final

from labelkit._shared.syntax_trees import nodes_of
from labelkit.rules.inspection.bindings import Binding, bindings, parameters_of, value_of_name
from labelkit.rules.inspection.built_texts import texts_of
from labelkit.rules.inspection.syntax import FunctionSource, dotted_name, is_chain, source_of
from labelkit.rules.oddities.kinds import TEXT, Kinds
from labelkit.rules.oddities.patterns import OddWord
from labelkit.rules.oddities.rule_sources import answer_of, field_name, field_of

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
_CLASS: Final = re.compile(r"(?:\[(?:\\.|[^\]\\])+\]|\\[WdDsS])[+]?")
"""A class of characters alone, once or more often."""

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
    is_letter : bool
        Whether it is one character, or a collection of characters.
    without : re.Pattern or None
        A class of characters that were taken out.
    """

    fold: str | None = None
    is_split: bool = False
    is_many: bool = False
    is_letter: bool = False
    without: re.Pattern[str] | None = None

    def lacks(self, word: str) -> bool:
        """Return whether this cannot have or be a word."""
        return (
            (self.fold is not None and _FOLDS[self.fold](word) != word)
            or (self.is_split and re.search(r"\s", word) is not None)
            or (self.is_letter and len(word) > 1)
            or (self.without is not None and self.without.search(word) is not None)
        )

    def remedy(self, word: str) -> str:
        """Say how the word is found."""
        if self.fold is not None and _FOLDS[self.fold](word) != word:
            return f"write {_FOLDS[self.fold](word)!r}"
        if self.without is not None and self.without.search(word) is not None:
            return "look for it before they are taken out, or leave them out of it"
        if self.is_split and not self.is_letter and word.strip() and re.search(r"\s", word.strip()) is None:
            return f"write {word.strip()!r}"
        return f"look for it in the text: {word!r} in text"

    @property
    def made(self) -> str:
        """How it was made."""
        parts = [f"made {_MADE[self.fold]} by {self.fold}()"] if self.fold else []
        cut = ["cut into letters"] if self.is_letter else ["split into words"] if self.is_split else []
        rid = [] if self.without is None else [f"rid of {self.without.pattern[:30]}"]
        return " and ".join([*parts, *rid, *cut])


NOTHING: Final = Shape()


def unfound_words(source: FunctionSource) -> Iterator[OddWord]:
    """Find words that a function looks for where they cannot be."""
    reader = _Reader(source)
    for node in nodes_of(source.tree):
        for shape, sought, line in reader.questions(node):
            words = reader.words(sought)
            lost = [word for word in words if shape.lacks(word)]
            if shape.fold is not None:  # a list with both spellings finds it
                there = {word for word in words if not shape.lacks(word)}
                lost = [word for word in lost if _FOLDS[shape.fold](word) not in there]
            if lost:
                more = f" and {len(lost) - 1:,} more of the list" if len(lost) > 1 else ""
                yield OddWord(
                    f"{lost[0][:60]!r}{more} cannot be in what was {shape.made} (line {line})", shape.remedy(lost[0])
                )
        yield from _patterns(node, reader)
        yield from _lists(node, reader)
        case = _case(node, reader)
        if case is not None:
            yield case


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

    def __init__(self, source: FunctionSource, depth: int = 0) -> None:
        self.source = source
        self.depth = depth  # functions that were followed
        self.kinds = Kinds(source)

    def questions(self, node: ast.AST) -> Iterator[tuple[Shape, ast.expr, int]]:
        """Iterate over what is looked in, what is looked for there, and the line."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, op, right = node.left, node.ops[0], node.comparators[0]
            if isinstance(op, ast.In | ast.NotIn):
                yield self.shape(right), left, node.lineno  # "free" in text.lower()
                one = replace(self.shape(left), is_split=False)  # text.lower() in WORDS
                is_text = self.kinds.of(right) == TEXT or isinstance(self._value(right), str)  # letter in "aeiou"
                yield replace(one, is_letter=one.is_letter and not is_text), right, node.lineno
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
        if isinstance(node, ast.Attribute | ast.Subscript):
            return self._of_field(node)
        if isinstance(node, ast.SetComp | ast.ListComp | ast.GeneratorExp):
            part = self.shape(node.elt, depth + 1)
            return NOTHING if part == NOTHING else replace(part, is_many=True)
        return NOTHING

    def _of_call(self, call: ast.Call, depth: int) -> Shape:  # noqa: PLR0911 - a table of kinds
        if isinstance(call.func, ast.Name):
            if call.func.id in _COLLECTS and len(call.args) == 1:
                return self._parts(call.args[0], depth)
            helper = self.source.look_up(call.func.id)
            return self._made_by(source_of(helper)) if isinstance(helper, FunctionType) else NOTHING
        if not isinstance(call.func, ast.Attribute):
            return NOTHING
        if is_chain(call.func) and dotted_name(call.func, self.source) == "re.sub":
            return self._of_substitution(call, depth)
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
        bound = value_of_name(node, self._bindings, self._parameters)
        if bound is None:
            is_column = node.id in self._parameters and node.id not in self._bindings
            return self._made_by(self.source.makers.get(node.id)) if is_column else NOTHING
        value, where = bound
        if where == "loop":
            many = self._parts(value, depth)
            return replace(many, is_many=False) if many.is_many else NOTHING
        return self.shape(value, depth + 1)

    def _parts(self, node: ast.expr, depth: int) -> Shape:
        """Return what is known of the parts that a loop over a value gives: of a text, its letters."""
        many = self.shape(node, depth + 1)
        if not many.is_many and self.kinds.of(node) == TEXT:
            return replace(many, is_many=True, is_letter=True)
        return many if many.is_many else NOTHING

    def _of_field(self, node: ast.Attribute | ast.Subscript) -> Shape:
        """Return what is known of a field of a row, which a preprocessor has set."""
        parameters = self.source.tree.args.args
        name = field_name(node, parameters[0].arg) if parameters else None
        step = None if name is None else self.source.makers.get(name)
        value = None if step is None or name is None else field_of(step, name)
        return NOTHING if step is None or value is None or self.depth else _Reader(step, 1).shape(value)

    def _made_by(self, source: FunctionSource | None) -> Shape:
        """Return what is known of what a function returns."""
        value = None if source is None or self.depth > 2 else answer_of(source)
        return NOTHING if source is None or value is None else _Reader(source, self.depth + 1).shape(value)

    def _of_substitution(self, call: ast.Call, depth: int) -> Shape:
        """Return what is known of a text from which a class of characters was taken out."""
        if len(call.args) != 3 or call.keywords:
            return NOTHING
        patterns, put = texts_of(call.args[0], self.source), texts_of(call.args[1], self.source)
        if len(patterns) != 1 or put not in ([""], [" "]) or _CLASS.fullmatch(patterns[0]) is None:
            return NOTHING
        try:
            without = re.compile(patterns[0])
        except re.error:
            return NOTHING
        inner = self.shape(call.args[2], depth + 1)
        is_left = without.search(put[0]) is not None
        return NOTHING if inner.is_many else replace(inner, without=None if is_left else without)

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
            words = self.words(node.args[0]) if len(node.args) == 1 else []
            return list(words[0]) if len(words) == 1 and self.kinds.of(node.args[0]) == TEXT else words
        return []

    def _value(self, node: ast.expr) -> Any:
        return self.source.look_up(node.id) if isinstance(node, ast.Name) else None

    def is_list(self, node: ast.expr) -> bool:
        """Return whether an expression is a collection of words that are known."""
        if isinstance(node, ast.Name) and node.id in self._bindings:
            bound = value_of_name(node, self._bindings, self._parameters)
            return bound is not None and bound[1] == "top" and self.is_list(bound[0])
        is_collection = isinstance(self._value(node), list | tuple | set | frozenset | dict)
        return bool(self.words(node)) and (is_collection or isinstance(node, ast.List | ast.Tuple | ast.Set))

    def _named_words(self, name: str) -> list[str]:
        bound = self._bindings.get(name, [])
        if (name in self._parameters and name not in self.source.given) or len(bound) > 1:
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
        return parameters_of(self.source)

    @cached_property
    def _bindings(self) -> dict[str, list[Binding]]:
        return bindings(self.source)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# Lists ----------------------------------------------------------------------------------------------------------------


def _lists(node: ast.AST, reader: _Reader) -> Iterator[OddWord]:
    """Find ``WORDS in text.split()`` and ``text.split() in WORDS``, which ask for a list among words."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    left, right = node.left, node.comparators[0]
    is_split = reader.shape(left).is_many and not isinstance(left, ast.GeneratorExp)
    if (reader.is_list(left) and reader.shape(right).is_many) or (is_split and reader.is_list(right)):
        shown = ast.unparse(left)[:60]
        yield OddWord(
            f"{shown} as a whole is never among words (line {node.lineno})",
            f"any(word in {ast.unparse(right)[:60]} for word in {shown})",
        )


def _case(node: ast.AST, reader: _Reader) -> OddWord | None:
    """Find ``text.lower().isupper()``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.args:
        return None
    fold = reader.shape(node.func.value).fold
    if fold is None or node.func.attr != {"small": "isupper", "all capitals": "islower"}[_MADE[fold]]:
        return None
    return OddWord(
        f"{ast.unparse(node)[:60]} is never so (line {node.lineno}): it was made {_MADE[fold]} by {fold}()",
        "ask before that, of the text as it was",
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
