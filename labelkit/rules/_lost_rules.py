"""Remember the rules that a module makes, and find those that it loses, such as the first of two of one name.

What is remembered lies among the globals of the module, and begins anew when the module is run again. A script or
notebook may redefine its rules, so nothing is remembered of ``__main__``.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Final

from labelkit._shared.user_errors import is_of_labelkit
from labelkit.exceptions import CollectError

_GLOBAL: Final = "__labelkit_rules__"
_STORES: Final = frozenset(("STORE_NAME", "STORE_GLOBAL"))
_LOADS: Final = frozenset(("LOAD_NAME", "LOAD_GLOBAL"))
_DROPS: Final = frozenset(("POP_TOP", "STORE_ATTR", "STORE_SUBSCR", "RETURN_VALUE", "RETURN_CONST", "FOR_ITER"))


@dataclass(frozen=True)
class _MadeRule:
    """A rule that was made while a module was run, and the instruction of the module that did it."""

    name: str
    order: int
    line: int
    at: int


@dataclass
class _MadeRules:
    """The rules that were made by one run of the code of a module."""

    code: CodeType
    rules: list[_MadeRule] = field(default_factory=list)


def note_rule(name: str, order: int) -> str:
    """Remember a rule for the module that is being run, if one is; returns the user's line that makes it."""
    maker, module = _frames()
    if module is not None and module.f_globals.get("__name__") != "__main__":
        noted = module.f_globals.get(_GLOBAL)
        if not isinstance(noted, _MadeRules) or noted.code is not module.f_code:
            noted = module.f_globals[_GLOBAL] = _MadeRules(module.f_code)
        noted.rules.append(_MadeRule(name, order, module.f_lineno, module.f_lasti))
        maker = module
    return "" if maker is None else f"{maker.f_code.co_filename}:{maker.f_lineno}"


def _frames() -> tuple[FrameType | None, FrameType | None]:
    """Return the frame of the user's code that makes a rule, and that of the module which is being run."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - there is no public way to ask
    maker = None
    while frame is not None:
        if not is_of_labelkit(frame.f_code.co_filename):
            maker = maker or frame
            if frame.f_code.co_name == "<module>":
                return maker, frame if frame.f_locals is frame.f_globals else None
        frame = frame.f_back
    return maker, None


def check_none_lost(namespace: Mapping[str, Any], there: set[int]) -> None:
    """Hold the rules that a module made against those that it has, given by the order of their creation.

    A rule is lost by mistake if another one has its name, or if what it was assigned to is assigned again. A rule that
    was never assigned, or was deleted, is nobody's mistake, nor is one that another was made of.

    Raises
    ------
    CollectError
        With the line of the rule, and the line by which it is lost.
    """
    noted = namespace.get(_GLOBAL)
    if not isinstance(noted, _MadeRules):
        return
    file, lost = noted.code.co_filename, [rule for rule in noted.rules if rule.order not in there]
    code = _ModuleCode(noted.code) if lost else None
    for rule in lost:
        assert code is not None
        for other in noted.rules:
            if other.name == rule.name and other.order in there and not code.is_made_of(other.at, rule.at):
                raise _namesake(rule, other, file)
        line = code.loses(rule.name, rule.at, namespace)
        if line is not None:
            raise _overwritten(rule, line, code.variable(rule.at), file)


def _namesake(rule: _MadeRule, other: _MadeRule, file: str) -> CollectError:
    if rule.line == other.line:
        return CollectError(
            f"several labeling functions are named {rule.name!r}, all made at {file}:{rule.line}, and only one is left",
            hint="give each a name of its own, such as name=f'says_{word}', and keep them in a list: rules.append(...)",
            code="LK112",
        )
    first, second = sorted((rule.line, other.line))
    return CollectError(
        f"two labeling functions are named {rule.name!r} ({file}:{first} and {file}:{second}), and only that of line "
        f"{other.line} is left",
        hint="rename one, or give it name=...",
        code="LK112",
    )


def _overwritten(rule: _MadeRule, line: int, variable: str | None, file: str) -> CollectError:
    if line == rule.line:
        return CollectError(
            f"the loop at {file}:{line} makes labeling functions and keeps only the last: {rule.name!r} is lost",
            hint="keep them in a list: rules.append(...)",
            code="LK115",
        )
    return CollectError(
        f"the labeling function {rule.name!r} ({file}:{rule.line}) is lost: {variable!r} is assigned again at "
        f"{file}:{line}",
        hint="rename one of the two; or del it, if the rule is not wanted",
        code="LK115",
    )


class _ModuleCode:
    """The byte code of a module: which global each of its calls is assigned to."""

    def __init__(self, code: CodeType) -> None:
        self._steps: list[tuple[dis.Instruction, int]] = []
        line = code.co_firstlineno
        starts = dict(dis.findlinestarts(code))
        for step in dis.get_instructions(code):
            line = starts.get(step.offset) or line
            self._steps.append((step, line))

    def variable(self, at: int) -> str | None:
        """Return the global that the result of a call is assigned to, directly or in a list or tuple."""
        store = self._store(at)
        return None if store is None else str(store.argval)

    def is_made_of(self, later: int, earlier: int) -> bool:
        """Tell if a call makes its result of that of another: a decorator above another, or ``x = f(x)``."""
        store, variable = self._store(later), self.variable(earlier)
        if store is None or later == earlier:
            return False
        return store == self._store(earlier) or variable in self._read_for(store)

    def loses(self, name: str, at: int, namespace: Mapping[str, Any]) -> int | None:
        """Return the line that assigns again what the result of a call was assigned to; None if that is no mistake."""
        store = self._store(at)
        if store is None or store.argval not in namespace:
            return None
        variable = str(store.argval)
        loops = list(self._loops(store))
        if not loops or variable == name:
            stores = [(step, line) for step, line in self._stores(variable) if variable not in self._read_for(step)]
            lines = [line for step, line in stores if step.offset > store.offset]
            lines += [line for step, line in stores if step.offset < store.offset]
            return lines[0] if lines else None
        used = any(step.opname in _LOADS and step.argval == variable for loop in loops for step in loop)
        return None if used else next(line for step, line in self._steps if step.offset >= at)

    def _stores(self, variable: str) -> Iterator[tuple[dis.Instruction, int]]:
        return ((step, line) for step, line in self._steps if step.opname in _STORES and step.argval == variable)

    def _store(self, at: int) -> dis.Instruction | None:
        for step, _ in self._steps:
            if step.offset <= at:
                continue
            if step.opname in _STORES:
                return step
            if step.opname in _DROPS or "JUMP" in step.opname:
                return None
        return None

    def _read_for(self, store: dis.Instruction) -> set[str]:
        """Return the globals that are read for the value that is stored."""
        names: set[str] = set()
        for step, _ in self._steps:
            if step == store:
                return names
            if step.opname in _STORES or step.opname in _DROPS:
                names.clear()
            elif step.opname in _LOADS:
                names.add(str(step.argval))
        return names

    def _loops(self, inner: dis.Instruction) -> Iterator[list[dis.Instruction]]:
        """Yield the instructions of each loop around an instruction."""
        for step, _ in self._steps:
            if "JUMP" in step.opname and isinstance(step.argval, int) and step.argval <= inner.offset < step.offset:
                yield [one for one, _ in self._steps if step.argval <= one.offset <= step.offset]
