"""Send rules to another process: declarative ones as pickled values, Python ones as a reference to their module.

A process receives the name and the file of the module of a Python rule, imports it, looks the rule up by its name, and
checks by its fingerprint that it is the same rule. For a machine that has neither, the source of the modules travels,
too (:class:`ShippedRules`). A rule that a process of this machine cannot find runs in the main process.
"""

from __future__ import annotations

import atexit
import importlib
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias, TypeVar
from uuid import uuid4

import pyarrow as pa

from labelkit._shared.near_names import path_hint
from labelkit._shared.numbers import plural
from labelkit._shared.process_settings import ProcessSettings
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.user_errors import is_of_project
from labelkit.apply.plan import BatchVotes, Plan
from labelkit.apply.plan.batch_votes import name_of_row
from labelkit.exceptions import CollectError
from labelkit.rules.collect import rules_of
from labelkit.rules.inspection.module_files import root_of, with_imports
from labelkit.rules.inspection.rule_inputs import are_unclear
from labelkit.rules.labeling_function import Cases, LabelingFunction, Origin, derived_columns
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.load_module import forget_neighbours, import_root, imports_of, load_file
from labelkit.rules.predicates import foreign
from labelkit.rules.row_rules import bound, whole_row_columns
from labelkit.votes.label_space import LabelSpace

MOST_BYTES: Final = 64 * 2**20
"""Of the files that travel with the rules; more belongs on a disk that the workers share."""


MOST_KEPT: Final = 32
"""Sets of rules that a process has at hand."""

_THIS_PROCESS: Final[str] = uuid4().hex
"""Of the process that imported this module; a fork of it counts as the same, since it has the modules as they are."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Reference:
    """Location of a rule, for a process that imports it.

    Parameters
    ----------
    name : str
    module : str
        The module's name, if it was imported by that name; else empty.
    file : str
        The module's file.
    fingerprint : str
        Of the rule as it is here.
    columns : tuple of str
        Those of the corpus, of a rule that reads them all.
    """

    name: str
    module: str
    file: str
    fingerprint: str
    columns: tuple[str, ...] = ()


Shipped: TypeAlias = LabelingFunction[...] | Reference

Find: TypeAlias = Callable[[], ModuleType]


def ship(lf: LabelingFunction[...]) -> Shipped | str:
    """Pack a rule for another process, or say why it has to stay."""
    if isinstance(lf.body, Cases) and not derived_columns(lf) and foreign(lf.predicates) is None:
        bare = tuple(replace(parameter, annotation=None) for parameter in lf.parameters)
        return replace(lf, origin=Origin(lf.origin.module, {}), enum=None, parameters=bare)
    module, file = lf.origin.module, lf.origin.namespace.get("__file__")
    if module == "__main__":
        return "it was made in the main script or notebook"
    if not isinstance(file, str) or not Path(file).is_file():
        return f"its module {module} has no file"
    imported = getattr(sys.modules.get(module), "__dict__", None) is lf.origin.namespace
    return Reference(lf.name, module if imported else "", file, lf.fingerprint, whole_row_columns(lf))


def unship(shipped: Sequence[Shipped]) -> tuple[list[LabelingFunction[...]], dict[str, str]]:
    """Unpack rules in another process of this machine; also why some could not be."""
    lfs, failed = [], {}
    for one in shipped:
        if isinstance(one, LabelingFunction):
            lfs.append(one)
            continue
        try:
            lfs.append(_found(one, [partial(_module_at, one.module, one.file)]))
        except Exception as error:  # noqa: BLE001 - importing a user's module may raise anything
            failed[one.name] = str(error)
    return lfs, failed


def _found(reference: Reference, places: Iterable[Find]) -> LabelingFunction[...]:
    """Return the rule from the first place where it is as it was sent.

    Raises
    ------
    LookupError
        If it is nowhere; the message says what is at the last place.
    """
    reason = "its module is not here"
    for find in places:
        try:
            module = find()
        except Exception as error:  # noqa: BLE001 - importing a user's module may raise anything
            reason = str(error)
            continue
        file = getattr(module, "__file__", reference.file)
        there = _rules_in(module).get(reference.name)
        lf = None if there is None else bound(there, reference.columns)
        if lf is None:
            reason = f"it is not among the globals of {file}"
        elif lf.fingerprint == reference.fingerprint:
            return lf
        else:
            reason = f"{file} has changed since it was imported, or gives another rule each time"
    raise LookupError(reason)


@cache
def _rules_in(module: ModuleType) -> dict[str, LabelingFunction[...]]:
    return {lf.name: lf for lf in rules_of(module)}


@cache
def _module_at(module: str, file: str) -> ModuleType:
    """Import a module by its name if that gives this file, else run the file; once a process."""
    if module:
        try:
            loaded = importlib.import_module(module)
        except ImportError:
            pass
        else:
            if getattr(loaded, "__file__", None) == file:
                return loaded
    return load_file(Path(file))


# To other machines ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShippedRules:
    """Rules on their way to processes anywhere.

    Parameters
    ----------
    rules : tuple of LabelingFunction or Reference
    labels : LabelSpace
    files : dict of str to bytes
        The modules of the rules and those of the project that they import, by their paths below one folder.
    places : dict of str to str
        For the file of each reference, its path among those.
    base : str
        The folder that holds the files in the process that sends them.
    once : str
        Differs each time if rules hold what cannot be known, such as a connection: no other process uses modules for
        them that it has loaded before. Empty if all is known.
    sender : str
        The process that sends the rules.
    settings : ProcessSettings
        Those of the process that sends the rules: they vote by them.

    Attributes
    ----------
    digest : str
        Of all of this; a process unpacks equal rules once.
    """

    rules: tuple[Shipped, ...]
    labels: LabelSpace
    files: dict[str, bytes]
    places: dict[str, str]
    base: str = ""
    once: str = ""
    sender: str = field(default_factory=lambda: _THIS_PROCESS)
    settings: ProcessSettings = field(default_factory=ProcessSettings.now)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        files = (sorted(self.files.items()), sorted(self.places.items()))
        content = pickle.dumps((self.rules, self.labels, *files, self.once))
        object.__setattr__(self, "digest", blake2b(content, digest_size=16).hexdigest())

    @classmethod
    def of(cls, lfs: LabelingFunctions, include: Iterable[str | Path] = ()) -> ShippedRules:
        """Pack rules, the source of their modules, and further files that these read.

        Raises
        ------
        CollectError
            If a rule cannot be found by another process, or asks a language model: its budget and its store of answers
            belong to one machine.
        """
        shipped: list[Shipped] = []
        for lf in lfs:
            packed = _asks(lf) or ship(lf)
            if isinstance(packed, str):
                raise CollectError(
                    f"rule {lf.name!r} cannot be sent to other processes: {packed}",
                    hint="ask on one machine, and let the rule read the answers in a column"
                    if lf.kind == "prompt"
                    else "keep rules in a module of their own (in a notebook, %%writefile rules.py), and collect them",
                    code="LK117",
                )
            shipped.append(packed)
        modules = {
            one.module or Path(one.file).stem: Path(one.file).resolve() for one in shipped if isinstance(one, Reference)
        }
        project = {name: file for name, file in modules.items() if file.suffix == ".py" and is_of_project(str(file))}
        files = {*with_imports(project).values(), *_included(include)}
        roots = [root_of(name, file) for name, file in project.items()]
        base = Path(os.path.commonpath([*roots, *(file.parent for file in files)])) if files else Path()
        content = {file.relative_to(base).as_posix(): file.read_bytes() for file in sorted(files)}
        _check_size(content)
        references = {one.file: Path(one.file).resolve() for one in shipped if isinstance(one, Reference)}
        places = {name: file.relative_to(base).as_posix() for name, file in references.items() if file in files}
        once = uuid4().hex if are_unclear(lfs) else ""
        return cls(tuple(shipped), lfs.space, content, places, str(base), once)

    def load(self) -> LabelingFunctions:
        """Find or unpack the rules; a process does so once.

        Raises
        ------
        CollectError
            If a rule is not found, or not as it was sent.
        """
        if self.digest not in _loaded:
            _keep(_loaded, self.digest, LabelingFunctions(map(self._rule, self.rules), labels=self.labels))
        return _loaded[self.digest]

    def plan(self, time_limit: float = 0.0) -> Plan:
        """Find the rules, and compile them; a process does so once."""
        key = (self.digest, time_limit)
        if key not in _plans:
            with _loading:
                with _calling:  # while functions of other rules may import their modules
                    plan = _plans.get(key) or Plan(self.load(), time_limit)
                _keep(_plans, key, plan)
                return plan
        return _plans[key]

    def _rule(self, one: Shipped) -> LabelingFunction[...]:
        if isinstance(one, LabelingFunction):
            return one
        try:
            lf = _found(one, self._finds(one))
        except LookupError as error:
            raise CollectError(
                f"rule {one.name!r} of {Path(one.file).name} cannot be used in this process: {error.args[0]}",
                hint="include=[...] ships files that a module reads beside it; packages must be installed on the "
                "workers, with the same version of Python and labelkit",
                code="LK117",
            ) from None
        self._note_root(one, lf)
        return lf

    def _note_root(self, one: Reference, lf: LabelingFunction[...]) -> None:
        """Note where functions import from later, of a module that was not imported by its name from the path."""
        file = Path(str(lf.origin.namespace.get("__file__", one.file))).resolve()
        root = root_of(one.module, file) if one.module else import_root(file)
        if self.sender != _THIS_PROCESS and is_of_project(str(file)) and not _is_on_path(root):
            _roots.setdefault(self.digest, {}).setdefault(root)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let functions of the rules run by the settings of their sender, and import what stands beside them."""
        with self.settings.in_place(), imports_of(_roots.get(self.digest, ())):
            yield

    def _finds(self, one: Reference) -> Iterator[Find]:
        travels, is_elsewhere = one.file in self.places, self.sender != _THIS_PROCESS
        if not (self.once and travels and is_elsewhere):
            if one.module:
                yield partial(_imported if is_elsewhere else importlib.import_module, one.module)
            if Path(one.file).is_file():
                yield partial(_module_at, one.module, one.file)
        if travels and is_elsewhere and Path(one.file).is_file():
            yield partial(self._run_anew, one)  # what was loaded may be from before a change of it, or of what it reads
        if travels:
            yield partial(self._unpacked, one)

    def _run_anew(self, one: Reference) -> ModuleType:
        """Run a file, and the modules of the project that it imports, as they are now; once for these rules."""
        key = (self.digest, one.file)
        if key not in _run:
            files = {str(Path(self.base, name)) for name in self.files}
            for name, module in list(sys.modules.items()):
                if getattr(module, "__dict__", {}).get("__file__") in files and name != "__main__":
                    del sys.modules[name]
            forget_neighbours()
            _keep(_run, key, load_file(Path(one.file)))
        return _run[key]

    def _unpacked(self, one: Reference) -> ModuleType:
        """Import a module from the folder of the files."""
        return _module_at(one.module, str(self._folder() / self.places[one.file]))

    def _folder(self) -> Path:
        """Write the files to a folder that lasts as long as this process."""
        if self.digest not in _folders:
            folder = _until_exit.enter_context(scratch_folder())
            for name, content in self.files.items():
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            _folders[self.digest] = folder
        return _folders[self.digest]


def vote_in_any_thread(
    plan: Plan, table: pa.RecordBatch, name_of: Callable[[int], str] = name_of_row, *, rules: ShippedRules
) -> BatchVotes:
    """Vote on a batch as :meth:`Plan.vote` does, in any thread of a process of somebody else's.

    Functions of users are called by one thread at a time, since they share the state of the process, and with the
    settings of the process that sent them, and the modules that they import.
    """
    voting = plan.begin(table)
    voting.name_of = name_of
    voting.scan()
    with _calling, rules.in_place():
        voting.call()
    return voting.settle()


def _is_on_path(folder: Path) -> bool:
    return any(Path(entry).resolve() == folder for entry in sys.path)


def _imported(name: str) -> ModuleType:
    """Import a module by its name from the path, not that of other rules, which this process loaded by their file."""
    module = importlib.import_module(name)
    file = getattr(module, "__file__", None)
    if isinstance(file, str) and is_of_project(file) and not _is_on_path(root_of(name, Path(file).resolve())):
        raise ImportError(f"the module {name} that is loaded is not on the path")
    return module


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Keep a value for rules that vote again, and few of other rules: a process of a cluster lasts for long."""
    kept[key] = value
    while len(kept) > MOST_KEPT:
        kept.pop(next(iter(kept)), None)


_calling: Final = threading.Lock()
_loading: Final = threading.Lock()
_plans: Final[dict[tuple[str, float], Plan]] = {}
_loaded: dict[str, LabelingFunctions] = {}
_run: dict[tuple[str, str], ModuleType] = {}
_folders: dict[str, Path] = {}
_roots: dict[str, dict[Path, None]] = {}
_until_exit: Final = ExitStack()
atexit.register(_until_exit.close)


def _asks(lf: LabelingFunction[...]) -> str:
    return "its budget and its store of answers belong to one machine" if lf.kind == "prompt" else ""


def _included(paths: Iterable[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if not path.exists():
            raise CollectError(
                f"there is no file or folder {str(path)!r} to include", hint=path_hint(path), code="LK201"
            )
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (file.resolve() for file in inside if file.is_file() and "__pycache__" not in file.parts)


def _check_size(files: dict[str, bytes]) -> None:
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        largest = max(files, key=lambda name: len(files[name]))
        raise CollectError(
            f"{plural(len(files), 'file')} of {size / 2**20:,.0f} MB would travel with every task; "
            f"the largest is {largest!r}",
            hint="put large files on a disk that the workers share, and read them from there",
            code="LK117",
        )
