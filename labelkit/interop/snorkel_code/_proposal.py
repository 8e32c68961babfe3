"""Write the rule of labelkit that votes as an understood labeling function does.

Where its tests are searches in one text, it becomes a condition (``regex``), which scans a column at once; else a
Python function of columns with the same tests.
"""

from __future__ import annotations

import ast
import builtins
import copy
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from labelkit._shared.quiet_regex import quietly_compiled
from labelkit.interop.snorkel_code._cases import Body, Case, NotUnderstoodError, fields_in
from labelkit.interop.snorkel_code._missing import ORDERED, Way, way_for
from labelkit.interop.snorkel_code._module import UNKNOWN, RuleModule
from labelkit.rules.inspection.row_reads import field_of
from labelkit.votes.label_space import ABSTAIN

MOST_WORDS: Final = 40
"""Words of a list that are written as one expression."""

_OF_TEXT: Final = frozenset(("lower", "split", "strip", "startswith", "endswith", "upper", "count", "find"))


@dataclass(frozen=True)
class Proposal:
    """A rule of labelkit as source.

    Attributes
    ----------
    code : str
    names : frozenset of str
        Constants and modules that it uses.
    notes : tuple of str
    """

    code: str
    names: frozenset[str]
    notes: tuple[str, ...] = ()


def proposal_for(variable: str, name: str, doc: str | None, body: Body, module: RuleModule) -> Proposal:
    """Write the rule for a labeling function.

    Parameters
    ----------
    variable : str
        What the rule is called in its module.
    name : str
        What it is called among the votes.
    doc : str, optional
    body : Body
    module : RuleModule

    Raises
    ------
    NotUnderstoodError
        If no rule votes the same where a field is missing, or a field has the name of something else.
    """
    option = None if name == variable else name
    ways = {one: way_for(body, one, module) for one in body.fields}
    for one, (way, _) in ways.items():
        if way is Way.NONE:
            raise NotUnderstoodError(f"where {one} is missing (NaN), it votes, and a rule of labelkit abstains")
        if keyword.iskeyword(one) or one in module.homes or one in vars(builtins):
            raise NotUnderstoodError(f"the field {one} has the name of something else that a function may need")
    notes = tuple(
        f"where {one} is missing, Snorkel's rule fails, and this one abstains"
        for one, (way, raises) in ways.items()
        if way is Way.SKIP and raises
    )
    condition = _condition(body, module) if all(way is Way.SKIP for way, _ in ways.values()) else None
    if condition is not None:
        code, names = _declared(variable, option, doc, body, condition)
    else:
        optional = {one for one, (way, _) in ways.items() if way is Way.OPTIONAL}
        code, names = _called(variable, option, doc, body, optional)
    return Proposal(code, frozenset(names), notes)


# As a Python function -------------------------------------------------------------------------------------------------


def _called(name: str, option: str | None, doc: str | None, body: Body, optional: set[str]) -> tuple[str, set[str]]:
    parameters = ", ".join(_annotated(one, body, one in optional) for one in body.fields)
    lines = ["@lk.labeling_function" if option is None else f"@lk.labeling_function(name={option!r})"]
    lines += [f"def {name}({parameters}) -> int:", *_docstring(doc)]
    to_columns = _Columns(body.row, optional)
    for case in body.cases:
        label = ast.unparse(case.label)
        if case.test is None:
            lines.append(f"    return {label}")
        else:
            lines.append(f"    if {ast.unparse(to_columns.visit(copy.deepcopy(case.test)))}:")
            lines.append(f"        return {label}")
    return "\n".join(lines), set(body.names)


def _docstring(doc: str | None) -> list[str]:
    if not doc:
        return []
    first = doc.strip().splitlines()[0]
    return [f"    {first!r}"]


class _Columns(ast.NodeTransformer):
    """Replace the fields of the row by parameters; a comparison of one that may be None asks for that first."""

    def __init__(self, row: str, optional: set[str]) -> None:
        self._row = row
        self._optional = optional

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        bare = [field_of(side, self._row) for side in (node.left, *node.comparators)]
        may_be_none = [name for name in bare if name in self._optional and name is not None]
        compared = self.generic_visit(node)
        if not may_be_none or not isinstance(node.ops[0], ORDERED):
            return compared
        present = ast.Compare(ast.Name(may_be_none[0], ast.Load()), [ast.IsNot()], [ast.Constant(None)])
        return ast.BoolOp(ast.And(), [present, node])

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._field(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self._field(node)

    def _field(self, node: ast.expr) -> ast.AST:
        name = field_of(node, self._row)
        return self.generic_visit(node) if name is None else ast.Name(name, ast.Load())


def _annotated(name: str, body: Body, optional: bool) -> str:  # noqa: FBT001 - a flag of one caller
    """Return a parameter with the type that its tests need."""
    kinds = {kind for case in body.cases if case.test is not None for kind in _kinds(case.test, name, body.row)}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if optional:
        return f"{name}: {kind or 'object'} | None"
    return f"{name}: {kind}" if kind else name


def _kinds(test: ast.AST, name: str, row: str) -> set[str]:
    kinds: set[str] = set()
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(field_of(side, row) == name for side in sides):
                values = [side.value for side in sides if isinstance(side, ast.Constant)]
                kinds |= {
                    "str" if isinstance(value, str) else "float" for value in values if not isinstance(value, bool)
                }
        elif isinstance(node, ast.Attribute) and node.attr in _OF_TEXT and field_of(node.value, row) == name:
            kinds.add("str")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kinds |= {"str" for one in node.args if field_of(one, row) == name}
    return kinds


# As a condition -------------------------------------------------------------------------------------------------------


def _declared(
    name: str, option: str | None, doc: str | None, body: Body, condition: tuple[str, ast.expr]
) -> tuple[str, set[str]]:
    expression, label = condition
    shown, given = ast.unparse(label), "" if option is None else f", name={option!r}"
    is_single = expression.startswith("lk.regex(") and expression.endswith(")") and " & " not in expression
    is_single = is_single and " | " not in expression
    decorator = f"{expression[:-1]}, label={shown}{given})" if is_single else f"({expression}).labeled({shown}{given})"
    text = _docstring(doc) or [f"    {name.replace('_', ' ').capitalize() + '.'!r}"]
    names = {one.id for one in ast.walk(label) if isinstance(one, ast.Name)}
    return "\n".join([f"@{decorator}", f"def {name}({body.fields[0]}: str) -> None:", *text]), names


def _condition(body: Body, module: RuleModule) -> tuple[str, ast.expr] | None:
    """Return an expression of conditions, and its label; None if the rule is more than searches in one text."""
    voted = {case.number for case in body.cases} - {ABSTAIN}
    if len(body.fields) != 1 or len(voted) != 1 or body.cases[-1].number != ABSTAIN:
        return None
    written: str | None = None
    for case in reversed(body.cases[:-1]):
        assert case.test is not None
        test = _written(case.test, body, module)
        if test is None:
            return None
        written = _joined(case, test, written)
    label = next(case.label for case in body.cases if case.number != ABSTAIN)
    return None if written is None else (written, label)


def _joined(case: Case, test: str, later: str | None) -> str | None:
    """Put a case before those that come later."""
    if case.number == ABSTAIN:
        return None if later is None else f"~{_grouped(test)} & {_grouped(later)}"
    return test if later is None else f"{_grouped(test)} | {_grouped(later)}"


def _grouped(expression: str) -> str:
    is_call = re.fullmatch(r"~?lk\.regex\((r?'[^']*'|r?\"[^\"]*\")\)", expression) is not None
    return expression if is_call else f"({expression})"


def _written(test: ast.expr, body: Body, module: RuleModule) -> str | None:
    """Write a test as conditions; None if one of its parts is no search in the text."""
    if isinstance(test, ast.BoolOp):
        parts = [_written(part, body, module) for part in test.values]
        if any(part is None for part in parts):
            return None
        sign = " & " if isinstance(test.op, ast.And) else " | "
        return sign.join(_grouped(part) for part in parts if part is not None)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _written(test.operand, body, module)
        return None if inner is None else f"~{_grouped(inner)}"
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.NotIn):
        positive = ast.Compare(test.left, [ast.In()], test.comparators)
        inner = _written(positive, body, module)
        return None if inner is None else f"~{_grouped(inner)}"
    pattern = _pattern(test, body, module)
    return None if pattern is None else f"lk.regex({_raw(pattern)})"


def _pattern(test: ast.expr, body: Body, module: RuleModule) -> str | None:
    """Return the regular expression that is found in exactly those texts for which a test holds."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In):
        return _of_words([module.evaluated(test.left)], test.comparators[0], body.row)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "any":
        return _of_any(test, body, module)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "search":
        return _of_search(test, test.func, body, module)
    return None


def _of_any(test: ast.Call, body: Body, module: RuleModule) -> str | None:
    """Read ``any(word in x.text for word in WORDS)``."""
    each = test.args[0] if len(test.args) == 1 else None
    if not isinstance(each, ast.GeneratorExp | ast.ListComp) or len(each.generators) != 1:
        return None
    source, inner = each.generators[0], each.elt
    words = module.evaluated(source.iter)
    is_contained = isinstance(inner, ast.Compare) and len(inner.ops) == 1 and isinstance(inner.ops[0], ast.In)
    if source.ifs or not is_contained or not isinstance(words, list | tuple) or not 0 < len(words) <= MOST_WORDS:
        return None
    assert isinstance(inner, ast.Compare)
    is_word = isinstance(inner.left, ast.Name) and isinstance(source.target, ast.Name)
    if not is_word or inner.left.id != source.target.id or set(fields_in(source.iter, body.row)):  # type: ignore[attr-defined]
        return None
    return _of_words(words, inner.comparators[0], body.row)


def _of_words(words: Sequence[Any], searched: ast.expr, row: str) -> str | None:
    """Return the pattern of texts that contain one of some words, by ``in``: within words too, exactly."""
    if not all(isinstance(word, str) and word for word in words):
        return None
    if field_of(searched, row) is not None:
        return _either([re.escape(word) for word in words])
    is_lower = isinstance(searched, ast.Call) and isinstance(searched.func, ast.Attribute)
    if not is_lower or searched.func.attr != "lower" or searched.args or field_of(searched.func.value, row) is None:  # type: ignore[attr-defined]
        return None
    if not all(word.isascii() and word == word.lower() for word in words):
        return None
    return "(?ai)" + _either([_lowered(word) for word in words])


def _lowered(word: str) -> str:
    """Escape a word that is looked for in ``text.lower()``, where the Kelvin sign is ``k``, and İ begins with ``i``."""
    escaped = "".join("[k\u212a]" if char == "k" else re.escape(char) for char in word)
    return f"{escaped[:-1]}[i\u0130]" if word.endswith("i") else escaped


def _either(patterns: list[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"


def _of_search(test: ast.Call, function: ast.Attribute, body: Body, module: RuleModule) -> str | None:
    """Read ``re.search(pattern, x.text, flags)`` and ``PATTERN.search(x.text)``."""
    if test.keywords and any(one.arg != "flags" for one in test.keywords):
        return None
    is_re = isinstance(function.value, ast.Name) and function.value.id == "re" and "re" not in module.values
    given = [*test.args, *(one.value for one in test.keywords)]
    searched = [*given] if is_re else [function.value, *given]
    if not searched:
        return None
    pattern, rest = module.evaluated(searched[0]), searched[1:]
    if not rest or field_of(rest[0], body.row) is None or len(rest) > (2 if is_re else 1):
        return None
    flags = module.evaluated(rest[1]) if len(rest) == 2 else 0
    if isinstance(pattern, re.Pattern):
        return _with_flags(pattern.pattern, pattern.flags) if not flags else None
    return _with_flags(pattern, flags) if isinstance(pattern, str) and flags is not UNKNOWN else None


def _with_flags(pattern: str, flags: int) -> str | None:
    """Write flags into a pattern."""
    letters = {re.ASCII: "a", re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}
    signs = "".join(letter for flag, letter in letters.items() if flags & flag)
    if flags & ~(re.UNICODE | sum(letters)):
        return None
    try:
        quietly_compiled(pattern)
    except re.error:
        return None
    if not signs:
        return pattern
    return None if pattern.startswith("(?") and re.match(r"\(\?[aiLmsux]+\)", pattern) else f"(?{signs}){pattern}"


def _raw(pattern: str) -> str:
    """Write a pattern as a literal, raw where that is possible."""
    plain = pattern.isprintable() and pattern.isascii() and not pattern.endswith("\\")
    for quote in ('"', "'"):
        if plain and "\\" in pattern and quote not in pattern:
            return f"r{quote}{pattern}{quote}"
    return repr(pattern).replace("\u212a", "\\u212a").replace("\u0130", "\\u0130")
