"""Watch what rule modules read while they are imported; run in a process of its own, since watching cannot be undone.

The process collects rules (of the project, or of a bundle that was just written) and says which files the project's
code read meanwhile, which databases it asked, which modules of the project it loaded, and what the rules are. Files
that packages read for themselves, while they are imported, do not count.
"""

from __future__ import annotations

import json
import linecache
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from labelkit._shared.user_errors import is_of_project
from labelkit.exceptions import BundleError, LabelkitError
from labelkit.rules.auditing import READS_DATABASE, READS_FILE
from labelkit.rules.predicates import parts_of

_DATABASES: Final = frozenset(("sqlite3.connect", "socket.connect"))
_NEEDS: Final = {"labelkit.rules.fuzzy": "rapidfuzz", "labelkit.rules.nlp": "spacy"}
"""Packages of labelkit's extras that rules need when they vote, by the module or folder of the kind."""

_WRITES: Final = frozenset("wax+")


class Watch:
    """An audit hook that keeps the files and the databases that code of the project reads."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.databases: dict[str, None] = {}
        self._busy = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event, if it is one of those that count."""
        if self._busy or event not in _EVENTS:
            return
        self._busy = True
        try:
            self._note(event, arguments)
        finally:
            self._busy = False

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == READS_FILE:
            self.files[str(Path(arguments[0]).resolve())] = None
        elif event == READS_DATABASE:
            self.databases[arguments[0]] = None
        elif event in _DATABASES:
            if _is_by_project(sys._getframe()):  # noqa: SLF001 - there is no public way to ask
                self.databases[str(arguments[-1])] = None
        elif _is_read(arguments) and _is_by_project(sys._getframe()):  # noqa: SLF001 - as above
            self.files[str(Path(str(arguments[0])).resolve())] = None


_EVENTS: Final = frozenset((READS_FILE, READS_DATABASE, "open", *_DATABASES))


def _is_read(arguments: tuple[Any, ...]) -> bool:
    """Tell if a path is opened to be read; a file descriptor is not a path."""
    path, mode = arguments[0], arguments[1] if len(arguments) > 1 else "r"
    return isinstance(path, str | Path) and (mode is None or _WRITES.isdisjoint(mode))


def _is_by_project(frame: FrameType | None) -> bool:
    """Tell if the code of the project asks, no package that is being imported and no warning that shows its line."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or file == linecache.__file__:
            return False
        if Path(file).is_absolute() and is_of_project(file):
            return True
        frame = frame.f_back
    return False


def main() -> None:
    """Read a request from standard input, and write the answer to the file that it names: one JSON object each."""
    request = json.loads(sys.stdin.read())
    sys.path[:] = request["path"]
    watch = Watch()
    sys.addaudithook(watch)
    try:
        answer = _answered(request, watch)
    except LabelkitError as error:
        answer = {"error": error.message, "hint": error.hint, "code": error.code}
    Path(request["answer"]).write_text(json.dumps(answer), "utf-8")


def _answered(request: dict[str, Any], watch: Watch) -> dict[str, Any]:
    before = set(sys.modules)
    if "bundle" in request:
        from labelkit.bundles.loading import load_bundle  # noqa: PLC0415 - only where a bundle is tried

        with load_bundle(request["bundle"]) as loaded:
            lfs: Any = loaded.lfs
            modules = {name: vars(module) for name, module in sys.modules.items() if name not in before}
            return {"files": list(watch.files), "modules": _project_files(modules), "folder": str(loaded.folder)}
    from labelkit.rules.collect import collect  # noqa: PLC0415 - as above

    lfs = collect(request["rules"], labels=request["classes"])
    modules = {name: vars(module) for name, module in sys.modules.items() if name not in before}
    for lf in lfs:
        name, values = lf.origin.namespace["__name__"], lf.origin.namespace
        file, other = values.get("__file__"), modules.setdefault(name, values).get("__file__")
        if file != other:
            raise BundleError(
                f"two modules of rules are named {name!r}: {file} and {other}",
                hint="rename one, or put them into packages (folders with an __init__.py)",
                code="LK112",
            )
    return {
        "modules": _project_files(modules),
        "rules": {lf.name: _described(lf) for lf in lfs if lf.name in request["names"]},
        "files": list(watch.files),
        "databases": list(watch.databases),
    }


def _project_files(modules: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Map modules of the project, given by their globals, to their files."""
    files = {}
    for name, values in modules.items():
        file = values.get("__file__")
        if isinstance(file, str) and is_of_project(str(Path(file).absolute())) and name != "__main__":
            files[name] = str(Path(file).resolve())
    return files


def _described(lf: Any) -> dict[str, Any]:
    """Say what a rule is, and what it needs when it votes."""
    from labelkit.apply.prompt_costs import asks_a_model  # noqa: PLC0415 - as above
    from labelkit.rules.inspection.dependencies import resolve  # noqa: PLC0415 - as above
    from labelkit.rules.inspection.rule_inputs import inputs_of  # noqa: PLC0415 - as above

    impure = resolve(*lf.functions).impure if lf.functions else ()
    stored = [test.describe() for test in lf.predicates if test.stored is not None]
    prompts = ["asks a language model"] if asks_a_model(lf) else []
    return {
        "fingerprint": lf.fingerprint,
        "module": lf.origin.namespace["__name__"],
        "packages": sorted({*(name for name, _ in inputs_of(lf).packages), *_extras(lf)}),
        "asks": stored,
        "impure": [*prompts, *(reason.what for reason in impure)],
    }


def _extras(lf: Any) -> Iterator[str]:
    """Iterate over the packages that the kinds of a rule's predicates and derived columns need beyond the core."""
    parts = [*lf.predicates, *(part for test in lf.predicates for part in parts_of(test)), *lf.functions]
    for module in {type(part).__module__ for part in parts}:
        yield from (package for room, package in _NEEDS.items() if f"{module}.".startswith(f"{room}."))


if __name__ == "__main__":
    main()
