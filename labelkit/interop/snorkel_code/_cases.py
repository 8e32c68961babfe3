"""Understand the body of a labeling function: an ordered list of tests, each with the label that it gives."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from labelkit.interop.snorkel_code._module import UNKNOWN, RuleModule
from labelkit.rules.data_points import attributes_of_series
from labelkit.rules.inspection.row_reads import field_of

SAFE_METHODS: Final = frozenset(
    (
        *("lower", "upper", "casefold", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith"),
        *("endswith", "count", "find", "rfind", "replace", "isupper", "islower", "isdigit", "isalpha", "isalnum"),
        *("isnumeric", "isspace", "istitle", "title", "capitalize", "swapcase"),
    )
)
"""Methods of texts that depend on the text alone."""

SAFE_FUNCTIONS: Final = frozenset(("len", "any", "all", "sum", "min", "max", "abs", "set", "sorted", "str", "bool"))

SEARCHES: Final = frozenset(("search", "match", "fullmatch", "findall"))
"""Functions of ``re``, and methods of a compiled pattern."""


class NotUnderstoodError(Exception):
    """The body of a rule is not one that can be converted; the message says why."""


@dataclass(frozen=True)
class Case:
    """A test and the label that is given where it holds; without a test, always."""

    test: ast.expr | None
    label: ast.expr
    number: int


@dataclass
class Body:
    """The body of a rule.

    Attributes
    ----------
    cases : list of Case
        In order: the first whose test holds counts; the last has no test.
    fields : list of str
        Of the row, in the order of their use.
    names : set of str
        Constants of the module that are used.
    """

    row: str
    cases: list[Case] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def body_of(function: ast.FunctionDef, module: RuleModule, resources: Mapping[str, ast.expr] | None = None) -> Body:
    """Understand the body of a labeling function.

    Parameters
    ----------
    function : ast.FunctionDef
    module : RuleModule
    resources : mapping of str to ast.expr, optional
        What its other parameters are.

    Raises
    ------
    NotUnderstoodError
        If it does anything but test fields of its row.
    """
    arguments = function.args
    names = [one.arg for one in arguments.args]
    given = dict(resources or {})
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults or not names:
        raise NotUnderstoodError("its parameters are not a row and its resources")
    if set(names[1:]) != set(given):
        raise NotUnderstoodError("its parameters are not a row and its resources")
    body = Body(names[0])
    reader = _Reader(body, module, given)
    body.cases = reader.cases(_without_docstring(function.body))
    if not body.cases or body.cases[-1].test is not None:
        raise NotUnderstoodError("it may end without a return, which Snorkel refuses")
    reader.check()
    if not body.fields:
        raise NotUnderstoodError("it reads no field of the row")
    return body


def _without_docstring(statements: list[ast.stmt]) -> list[ast.stmt]:
    first = statements[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return statements[1:] if is_doc else statements


class _Reader:
    def __init__(self, body: Body, module: RuleModule, resources: dict[str, ast.expr]) -> None:
        self._body = body
        self._module = module
        self._local = resources

    def cases(self, statements: list[ast.stmt]) -> list[Case]:
        """Return the cases of statements, up to one that always returns."""
        cases: list[Case] = []
        for statement in statements:
            if isinstance(statement, ast.Return):
                return [*cases, *self._returned(statement.value)]
            if isinstance(statement, ast.Assign):
                self._assign(statement)
            elif isinstance(statement, ast.If):
                cases += self._if(statement)
                if cases[-1].test is None:
                    return cases
            elif isinstance(statement, ast.For):
                cases.append(self._loop(statement))
            elif not isinstance(statement, ast.Pass):
                raise NotUnderstoodError(f"line {statement.lineno} is more than a test and a return")
        return cases

    def _if(self, statement: ast.If) -> list[Case]:
        test = self._inlined(statement.test)
        then = self.cases(statement.body)
        if not then or then[-1].test is not None:
            raise NotUnderstoodError(f"the if of line {statement.lineno} does not return in each of its branches")
        return [*(_under(test, case) for case in then), *self.cases(statement.orelse)]

    def _loop(self, statement: ast.For) -> Case:
        """Read ``for word in WORDS: if word in x.text: return LABEL`` as ``any``."""
        inner = statement.body[0]
        is_search = len(statement.body) == 1 and isinstance(inner, ast.If) and not inner.orelse and not statement.orelse
        if not is_search or not isinstance(statement.target, ast.Name):
            raise NotUnderstoodError(f"the loop of line {statement.lineno} does more than look for one of several")
        assert isinstance(inner, ast.If)
        returned = self.cases(inner.body)
        if len(returned) != 1 or returned[0].test is not None:
            raise NotUnderstoodError(f"the loop of line {statement.lineno} does not return one label")
        each = ast.comprehension(target=statement.target, iter=self._inlined(statement.iter), ifs=[], is_async=0)
        found_any = ast.Call(
            func=ast.Name("any", ast.Load()),
            args=[ast.GeneratorExp(elt=self._inlined(inner.test), generators=[each])],
            keywords=[],
        )
        return Case(
            ast.fix_missing_locations(ast.copy_location(found_any, statement)), returned[0].label, returned[0].number
        )

    def _returned(self, value: ast.expr | None) -> list[Case]:
        if isinstance(value, ast.IfExp):
            test = self._inlined(value.test)
            return [*(_under(test, case) for case in self._returned(value.body)), *self._returned(value.orelse)]
        value = None if value is None else self._inlined(value)
        number = UNKNOWN if value is None else self._module.evaluated(value)
        if value is None or not isinstance(number, int) or isinstance(number, bool):
            shown = "nothing" if value is None else ast.unparse(value)
            raise NotUnderstoodError(f"it returns {shown}, which is no constant of this file")
        self._note_names(value)
        return [Case(None, value, max(number, -1))]

    def _assign(self, statement: ast.Assign) -> None:
        target = statement.targets[0]
        if len(statement.targets) != 1 or not isinstance(target, ast.Name) or target.id in self._local:
            raise NotUnderstoodError(f"line {statement.lineno} changes more than one name once")
        self._local[target.id] = self._inlined(statement.value)

    def _inlined(self, node: ast.expr) -> ast.expr:
        """Return an expression with the names of the function replaced by what they stand for."""
        inlining = _Inlining(self._local)
        return inlining.visit(copy.deepcopy(node))  # type: ignore[no-any-return]

    def check(self) -> None:
        """Hold each test against what is understood."""
        for case in self._body.cases:
            if case.test is not None:
                self._check(case.test, frozenset())

    def _check(self, node: ast.expr, local: frozenset[str]) -> None:  # noqa: C901 - a table of kinds
        if (name := field_of(node, self._body.row)) is not None:
            if isinstance(node, ast.Attribute) and name in attributes_of_series():
                raise NotUnderstoodError(f"{ast.unparse(node)} of a row of pandas is no column: x[{name!r}] would be")
            self._note_field(name)
        elif isinstance(node, ast.Constant):
            pass
        elif isinstance(node, ast.Name):
            self._check_name(node, local)
        elif isinstance(node, ast.Attribute):
            if self._module.evaluated(node) is UNKNOWN:
                raise NotUnderstoodError(f"{ast.unparse(node)} is no field and no constant")
            self._note_names(node)
        elif isinstance(node, ast.Call):
            self._check_call(node, local)
        elif isinstance(node, ast.GeneratorExp | ast.ListComp):
            self._check_comprehension(node, local)
        elif isinstance(node, _PLAIN_NODES):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._check(child, local)
        else:
            raise NotUnderstoodError(f"{ast.unparse(node)} is not a test that is known")

    def _check_name(self, node: ast.Name, local: frozenset[str]) -> None:
        if node.id in local:
            return
        if node.id == self._body.row:
            raise NotUnderstoodError(f"the row {node.id} is used as a whole")
        if node.id not in self._module.values:
            raise NotUnderstoodError(f"{node.id} is no constant of this file")
        self._body.names.add(node.id)

    def _check_call(self, node: ast.Call, local: frozenset[str]) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = function.value
            is_re = isinstance(owner, ast.Name) and owner.id == "re" and "re" not in self._module.values
            allowed = SEARCHES if is_re or self._is_pattern(owner) else SAFE_METHODS
            if function.attr not in allowed and not (is_re and function.attr == "compile"):
                raise NotUnderstoodError(f"it calls {ast.unparse(function)}, which is not a test that is known")
            if is_re:
                self._body.names.add("re")
            else:
                self._check(owner, local)
        elif (
            not isinstance(function, ast.Name)
            or function.id not in SAFE_FUNCTIONS
            or function.id in {*self._module.homes, *self._module.functions}
        ):
            raise NotUnderstoodError(f"it calls {ast.unparse(function)}, which is not a test that is known")
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(argument, ast.Attribute) and ast.unparse(argument).startswith("re."):
                self._body.names.add("re")
            else:
                self._check(argument, local)

    def _is_pattern(self, node: ast.expr) -> bool:
        value = self._module.evaluated(node)
        return hasattr(value, "pattern")

    def _check_comprehension(self, node: ast.GeneratorExp | ast.ListComp, local: frozenset[str]) -> None:
        for each in node.generators:
            self._check(each.iter, local)
            local |= {one.id for one in ast.walk(each.target) if isinstance(one, ast.Name)}
            for condition in each.ifs:
                self._check(condition, local)
        self._check(node.elt, local)

    def _note_field(self, name: str) -> None:
        if not name.isidentifier():
            raise NotUnderstoodError(f"the field {name!r} cannot be the name of a parameter")
        if name not in self._body.fields:
            self._body.fields.append(name)

    def _note_names(self, node: ast.expr) -> None:
        self._body.names |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


_PLAIN_NODES: Final = (
    *(ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.Set, ast.Subscript),
    *(ast.Slice,),
)


class _Inlining(ast.NodeTransformer):
    def __init__(self, local: dict[str, ast.expr]) -> None:
        self._local = local

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        names = {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
        if names & set(self._local):
            raise NotUnderstoodError(f"the name {min(names & set(self._local))} has two meanings")
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._local[node.id]) if node.id in self._local else node


def _under(test: ast.expr, case: Case) -> Case:
    """Return a case that holds where a test does, too."""
    both = test if case.test is None else ast.BoolOp(op=ast.And(), values=[test, case.test])
    return Case(ast.fix_missing_locations(ast.copy_location(both, test)), case.label, case.number)


def fields_in(node: ast.AST, row: str) -> Iterator[str]:
    """Iterate over the fields that an expression reads."""
    name = field_of(node, row)
    if name is not None:
        yield name
        return
    for child in ast.iter_child_nodes(node):
        yield from fields_in(child, row)
