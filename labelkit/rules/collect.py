"""Collect the labeling functions of a module, file, dotted name or folder, in the order of their creation."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from labelkit._shared.given_kinds import kind_of, rules_remedy, shown_kind
from labelkit._shared.given_paths import is_file, is_folder
from labelkit._shared.near_names import path_hint
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.unreadable import check_listed
from labelkit._shared.user_errors import warn
from labelkit._shared.what_stands import A_DATA_SET, A_RUN, what_stands
from labelkit.exceptions import CollectError
from labelkit.rules._lost_rules import check_none_lost
from labelkit.rules._not_run import not_read, not_run
from labelkit.rules._walk import CONTAINERS, globals_of, is_hidden, is_output, walk
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.load_module import RULES_FIRST, forget_neighbours, importable, load_file, reported
from labelkit.rules.row_rules import adopted
from labelkit.votes.label_space import LabelSpace

MOST_NAMES: Final = 5
"""Rules that a warning names."""


@checks_keywords
def collect(
    source: LabelingFunctions
    | LabelingFunction[...]
    | ModuleType
    | str
    | Path
    | Sequence[LabelingFunction[...] | ModuleType | str | Path],
    *,
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
) -> LabelingFunctions:
    r"""Collect the labeling functions of rule modules.

    Rules are found among a module's globals and in lists, sets and dicts of them, in the order in which they were
    made. Rules imported from elsewhere are taken if a list, set or dict of the module names them
    (``lfs = [imported]``); else they are left out, with a warning, as is what looks like a rule and is none: a
    condition with a label of which no rule is made, a rule in a class, a function that returns labels and has no
    decorator. A file is run anew at each call, so that an edit shows. Rules themselves are taken as they are, in the
    order in which they are given.

    Parameters
    ----------
    source : module, path, dotted name, or several of these; LabelingFunctions, labeling function or list of them
        A folder stands for its Python files, in alphabetical order, without those whose names begin with ``_``;
        ``"__main__"`` for the notebook (or script) that asks, with the newest version of each rule.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred if not given: the enum of the labels that the rules are declared with, else the only
        ``IntEnum`` of their modules.

    Returns
    -------
    LabelingFunctions

    Raises
    ------
    CollectError
        If a module cannot be imported, has no rules, two rules share a name (also if the second took the place of the
        first), a rule is lost since its name is assigned again, or rules belong to two label spaces. A script or
        notebook may redefine its rules.
    LabelSpaceError
        If the classes cannot be inferred.

    Examples
    --------
    >>> import types, labelkit as lk
    >>> module = types.ModuleType("my_rules")
    >>> exec('import labelkit as lk\nfree = lk.keywords("free", label=1).rule(name="free")', module.__dict__)
    >>> lk.collect(module, labels=["HAM", "SPAM"])
    1 labeling function over LabelSpace(HAM=0, SPAM=1)
      <keywords rule free(text) -> 1>
    """
    if isinstance(source, LabelingFunctions):
        return LabelingFunctions(source, labels=labels)
    sources = list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    rules = [rule for rule in map(adopted, sources) if isinstance(rule, LabelingFunction)]
    if rules and len(rules) == len(sources):
        return LabelingFunctions(rules, labels=labels)
    forget_neighbours()
    modules = [module for one in sources for module in _modules(one)]
    for module in modules:
        check_none_lost(vars(module), {lf.order for lf in walk(vars(module), depth=3)})
    lfs = _rules_of_all(modules)
    missed = [one for module in modules for one in not_run(module, lfs)]
    missed += [one for place in sources for one in not_read(place)]
    if not lfs:
        names = ", ".join(getattr(m, "__file__", None) or m.__name__ for m in modules) or str(source)
        raise CollectError(
            "; ".join([f"{names} has no labeling functions of its own", *(one.message for one in missed)]),
            hint=missed[0].hint if missed else "decorate one with @keywords, @regex or @labeling_function",
            code="LK111",
        )
    _note_left_out(modules, lfs)
    for one in missed:
        warn(f"{one.message}. Hint: {one.hint}", code="LK137")
    return LabelingFunctions(lfs, labels=labels)


def rules_of(module: ModuleType) -> list[LabelingFunction[...]]:
    """List the labeling functions of a module, in the order of their creation, without those that it merely imports.

    A rule belongs to the module if a function of another module made it; if it is a global of another, it was imported,
    and belongs to the module if a list, set or dict that this one made names it. Slices are no labeling functions.
    """
    listed = {id(lf) for lf in _listed(globals_of(module))}
    lfs = {id(lf): lf for lf in _found(module) if id(lf) in listed or not _is_imported(lf, module)}
    return sorted(lfs.values(), key=lambda lf: lf.order)


def _rules_of_all(modules: Sequence[ModuleType]) -> list[LabelingFunction[...]]:
    """List the rules of modules, each once: one that another of them imports comes from its own."""
    files = {getattr(module, "__file__", None) for module in modules} - {None}
    lfs: dict[int, LabelingFunction[...]] = {}
    for module in modules:
        for lf in rules_of(module):
            if not (_is_imported(lf, module) and lf.origin.namespace.get("__file__") in files):
                lfs[id(lf)] = lf
    return list(lfs.values())


def _note_left_out(modules: Sequence[ModuleType], lfs: Sequence[LabelingFunction[...]]) -> None:
    """Warn of rules that a module imports and that are not collected."""
    there = {id(lf) for lf in lfs}
    files = {getattr(module, "__file__", None) for module in modules} - {None}
    for module in modules:
        left_out = {
            lf.name: Path(str(lf.origin.namespace.get("__file__") or lf.origin.module)).name
            for lf in _found(module)
            if id(lf) not in there and _is_imported(lf, module) and lf.origin.namespace.get("__file__") not in files
        }
        if left_out:
            names = ", ".join(list(left_out)[:MOST_NAMES])
            listed = f"[{names}, ...]" if len(left_out) > MOST_NAMES else f"[{names}]"
            more = f" and {len(left_out) - MOST_NAMES} more" if len(left_out) > MOST_NAMES else ""
            where = ", ".join(sorted(set(left_out.values())))
            name = Path(getattr(module, "__file__", None) or module.__name__).name
            warn(
                f"{name} imports rules that are not run: {names}{more} (of {where}). Hint: a list of the module runs "
                f"them: lfs = {listed}; to use a rule within another one, import its module instead",
                code="LK134",
            )


def _found(module: ModuleType) -> Iterator[LabelingFunction[...]]:
    """Iterate over all rules that a module knows, its own and those that it imports."""
    return (lf for lf in walk(_newest_rules(globals_of(module)), depth=3) if not lf.is_slice)


def _is_imported(lf: LabelingFunction[...], module: ModuleType) -> bool:
    """Return True for a rule that another module made and has."""
    home = lf.origin.namespace
    return home is not vars(module) and any(other is lf for other in walk(home, depth=3))


def _listed(module_globals: Mapping[str, Any]) -> Iterator[LabelingFunction[...]]:
    """Iterate over the rules in lists, sets and dicts of a module, without those that it imports."""
    for name, value in module_globals.items():
        if is_hidden(name) or not issubclass(type(value), (Mapping, *CONTAINERS)):
            continue
        for lf in walk(value, depth=2):
            home = lf.origin.namespace
            if home is module_globals or not any(value is other for other in home.values()):
                yield lf


def _newest_rules(module_globals: Mapping[str, Any]) -> Mapping[str, Any] | list[LabelingFunction[...]]:
    """Return the globals; of a notebook, its rules without earlier versions that it keeps as outputs or in lists."""
    if "_oh" not in module_globals:
        return module_globals
    kept = {name: value for name, value in module_globals.items() if not is_output(name)}
    newest: dict[str, LabelingFunction[...]] = {
        name: value for name, value in kept.items() if isinstance(value, LabelingFunction) and value.name == name
    }
    return [lf for lf in walk(kept, depth=3) if newest.get(lf.name, lf).order <= lf.order]


def _modules(source: Any) -> list[ModuleType]:
    if isinstance(source, ModuleType):
        return [source]
    if not isinstance(source, str | Path):
        is_plain = source is None or isinstance(source, bool | int | float)
        others = f"give a module, a path or a dotted name{'' if is_plain else f'; {RULES_FIRST}'}"
        raise CollectError(
            f"rules cannot be collected from {shown_kind(source)}",
            hint=rules_remedy(source) if kind_of(source) in ("condition", "function", "applier") else others,
            code="LK113",
        )
    path = Path(source)
    if is_folder(path):
        check_listed(path, CollectError)
        files = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        if not files and (stands := what_stands(path)) in {A_RUN, A_DATA_SET}:
            raise CollectError(
                f"{str(path)!r} is {stands}, and has no rules",
                hint="give the Python file of the rules, or a folder of such files; "
                "`labelkit summarize RUN` shows the statistics of the rules of a run",
                code="LK111",
            )
        if not files:
            raise CollectError(f"the folder {path} has no Python files", code="LK111")
        return [load_file(file) for file in files]
    if is_file(path):
        return [load_file(path)]
    if isinstance(source, str) and not source.endswith(".py") and all(p.isidentifier() for p in source.split(".")):
        with importable(Path.cwd()), reported(source):
            try:
                return [importlib.import_module(source)]
            except ModuleNotFoundError as error:
                if error.name is None or not f"{source}.".startswith(f"{error.name}."):
                    raise  # the module is there, and misses another
            raise CollectError(
                f"there is no module or file {source!r}",
                hint=path_hint(f"{source}.py", f"looked in {Path.cwd()} and sys.path"),
                code="LK113",
            )
    hint = path_hint(path, RULES_FIRST if " " in path.name else "")
    raise CollectError(f"there is no file {str(source)!r}", hint=hint, code="LK113")
