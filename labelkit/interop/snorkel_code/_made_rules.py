"""Find the rules that calls make, ``rule = LabelingFunction(...)``, by themselves or in a function that returns one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from labelkit.interop.snorkel_code._cases import NotUnderstoodError
from labelkit.interop.snorkel_code._module import UNKNOWN, RuleModule


@dataclass(frozen=True)
class MadeRule:
    """A rule before it is converted.

    Attributes
    ----------
    variable : str
        What the rule is assigned to, or the name of its function.
    name : str
    line : int
    function : ast.FunctionDef or None
    resources : mapping of str to ast.expr
        The expressions of its other parameters.
    problem : str
        Why it cannot be converted.
    """

    variable: str
    name: str
    line: int
    function: ast.FunctionDef | None = None
    resources: Mapping[str, ast.expr] = field(default_factory=dict)
    problem: str = ""


def rules_by_calls(module: RuleModule) -> Iterator[MadeRule]:
    """Iterate over the rules that calls at the top of a module make."""
    functions = {node.name: node for node in module.tree.body if isinstance(node, ast.FunctionDef)}
    makers = {name: call for name, node in functions.items() if (call := _returned_call(node)) is not None}
    for statement in module.tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _is_maker(node, makers)]
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if isinstance(target, ast.Name) and isinstance(statement, ast.Assign) and calls[:1] == [statement.value]:
            yield _made_rule(target.id, calls[0], functions, makers, module)
        else:
            why = "it is made within a list or a loop"
            yield from (MadeRule("", ast.unparse(call), call.lineno, problem=why) for call in calls)


def resources_of(node: ast.expr | None) -> dict[str, ast.expr]:
    """Read ``resources=``: a dict whose keys are names.

    Raises
    ------
    NotUnderstoodError
        If it is anything else.
    """
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return {}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        pairs = [(one.arg, one.value) for one in node.keywords]
    elif isinstance(node, ast.Dict):
        keys = [getattr(key, "value", None) for key in node.keys]
        pairs = list(zip(keys, node.values, strict=True))
    else:
        pairs = [(None, node)]
    if not all(isinstance(name, str) for name, _ in pairs):
        raise NotUnderstoodError("its resources are no dict of names")
    return {str(name): value for name, value in pairs}


def _is_maker(call: ast.Call, makers: Mapping[str, ast.Call]) -> bool:
    return isinstance(call.func, ast.Name) and (call.func.id == "LabelingFunction" or call.func.id in makers)


def _returned_call(function: ast.FunctionDef) -> ast.Call | None:
    """Return the call of a function that does nothing but return a new rule."""
    statements = function.body[ast.get_docstring(function) is not None :]
    last = statements[0] if len(statements) == 1 else None
    call = last.value if isinstance(last, ast.Return) else None
    is_rule = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "LabelingFunction"
    return call if is_rule and isinstance(call, ast.Call) and not function.decorator_list else None


def _made_rule(
    variable: str,
    call: ast.Call,
    functions: Mapping[str, ast.FunctionDef],
    makers: Mapping[str, ast.Call],
    module: RuleModule,
) -> MadeRule:
    assert isinstance(call.func, ast.Name)
    maker = makers.get(call.func.id)
    try:
        made_by = call if maker is None else _with_arguments(maker, functions[call.func.id], call)
        return _understood(variable, made_by, call.lineno, functions, module)
    except NotUnderstoodError as reason:
        return MadeRule(variable, variable, call.lineno, problem=str(reason))


def _understood(
    variable: str, call: ast.Call, line: int, functions: Mapping[str, ast.FunctionDef], module: RuleModule
) -> MadeRule:
    options = arguments_of(call, ("name", "f", "resources", "pre"))
    check_no_preprocessors(options)
    name, function = module.evaluated(options.get("name", ast.Constant(None))), options.get("f")
    if not isinstance(name, str):
        raise NotUnderstoodError("its name is no constant of this file")
    if not isinstance(function, ast.Name) or function.id not in functions:
        raise NotUnderstoodError("its function is none of this file")
    return MadeRule(variable, name, line, functions[function.id], resources_of(options.get("resources")))


def check_no_preprocessors(options: Mapping[str, ast.expr]) -> None:
    """Refuse a rule with preprocessors.

    Raises
    ------
    NotUnderstoodError
    """
    if "pre" in options and ast.unparse(options["pre"]) not in {"None", "[]"}:
        raise NotUnderstoodError("it has preprocessors: make each a derived column (labelkit.column)")


def arguments_of(call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.expr]:
    """Return the arguments of a call by the names of the parameters."""
    if len(call.args) > len(names) or any(isinstance(one, ast.Starred) for one in call.args):
        raise NotUnderstoodError(f"the call of line {call.lineno} is not understood")
    given = dict(zip(names, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg is not None}
    if len(given) != len(call.args) + len(call.keywords) or given.keys() - set(names):
        raise NotUnderstoodError(f"the call of line {call.lineno} is not understood")
    return given


def _with_arguments(made_by: ast.Call, maker: ast.FunctionDef, call: ast.Call) -> ast.Call:
    """Return the call within a function, with the arguments that the function is called with."""
    parameters = maker.args
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs or parameters.posonlyargs:
        raise NotUnderstoodError(f"the parameters of {maker.name} are not understood")
    names = tuple(one.arg for one in parameters.args)
    defaults = dict(zip(names[len(names) - len(parameters.defaults) :], parameters.defaults, strict=True))
    given = defaults | arguments_of(call, names)
    if given.keys() != set(names):
        raise NotUnderstoodError(f"the call of line {call.lineno} is not understood")
    replaced: ast.Call = _Replacing(given).visit(copy.deepcopy(made_by))
    return replaced


class _Replacing(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self._given[node.id]) if node.id in self._given else node


def check_resources(resources: Mapping[str, ast.expr], module: RuleModule) -> None:
    """Refuse a resource that is no constant.

    Raises
    ------
    NotUnderstoodError
    """
    for name, value in resources.items():
        if module.evaluated(value) is UNKNOWN:
            raise NotUnderstoodError(f"its resource {name!r} is no constant of this file")
