"""Make a bundle of a finished run: one file that labels the next record elsewhere, as the run would have."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from labelkit._shared.files import check_free
from labelkit._shared.near_names import path_hint
from labelkit._shared.scratch import scratch_folder
from labelkit._shared.source_secrets import secrets_in, text_of_file
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit._version import __version__
from labelkit.bundles._archive import write_archive
from labelkit.bundles._contents import Contents
from labelkit.exceptions import BundleError
from labelkit.runs.given_run import opened_run
from labelkit.runs.run_folder import RunFolder

MOST_PATTERNS: Final = 4_096
"""Rows of votes of the run, the most frequent ones, whose labels a loaded bundle knows from the start."""

BASE: Final = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn")
"""Packages whose versions count for every bundle."""

READS_LATER: Final = "reads a file each time"


@checks_keywords
def bundle(
    run: RunFolder | str | Path,
    out: str | Path,
    *,
    rules: str | Path | Sequence[str | Path] | None = None,
    model: Any = None,
    include: Iterable[str | Path] = (),
    force: bool = False,
) -> Path:
    """Put the rules of a run, what they read, and its label model into one file that labels further records.

    The file holds the source of the rule modules and of the modules of the project that they import, the files that
    they read (word lists, look-up files, lexicons, models), the label model without pickle, the classes, the
    fingerprint of each rule, and the versions of all packages in use. The rules are imported in a process of their own
    that watches what they read, and the finished file is tried in another one, away from the project.

    Parameters
    ----------
    run : RunFolder or path
        A finished run.
    out : path
        The file to write, such as ``spam.labelkit``. The same run gives the same bytes.
    rules : path, dotted name or several, optional
        Where the rules are now, if not where they were when they ran.
    model : label model, optional
        A fitted model to use instead of the run's, such as one that learned from gold; of the same rules and classes.
    include : iterable of path
        Further files and folders that the rules read, where watching them does not tell.
    force : bool
        Whether to replace a file that exists.

    Returns
    -------
    Path

    Raises
    ------
    BundleError
        If a rule has changed since the run, has no file (it was made in a notebook or a script), asks a database, reads
        a file while it votes, or reads one that is not found from the folder of its module; if the model is of other
        rules or classes; if the file exists already.

    Examples
    --------
    >>> import labelkit as lk  # doctest: +SKIP
    >>> lk.bundle("runs/first", "spam.labelkit")  # doctest: +SKIP
    PosixPath('spam.labelkit')
    """
    include = list(include)
    lost = [str(path) for path in include if not Path(path).exists()]
    if lost:
        raise BundleError(f"there is no file or folder {lost[0]!r} to include", hint=path_hint(lost[0]), code="LK201")
    if Path(out).is_dir():
        hint = f"name a file in it: {str(Path(out) / 'rules.labelkit')!r}"
        raise BundleError(f"{str(out)!r} is a folder, and a bundle is one file", hint=hint, code="LK513")
    check_free(Path(out), force=force, error=BundleError)
    folder = opened_run(run)
    manifest, target = folder.manifest, Path(out)
    names = [rule["name"] for rule in manifest["rules"]]
    sources = _sources(manifest, rules)
    request = {"rules": sources, "names": names, "classes": manifest["classes"]}
    answer = _in_new_process(request, cwd=None)
    _check_rules(manifest, answer)
    contents = Contents.of(answer["modules"], answer["files"], [Path(path).resolve() for path in include])
    estimator = folder.model() if model is None else model
    _check_model(estimator, manifest)
    members = {contents.name_of(file): file.read_bytes() for file in contents.files}
    members |= _model_members(estimator)
    frequent = _frequent_votes(folder)
    if frequent is not None:
        members["votes.npy"] = frequent
    folder.snapshot.check()
    with scratch_folder() as elsewhere:
        draft = elsewhere / target.name
        write_archive(draft, _manifest(manifest, answer, contents, estimator), members)
        _try_elsewhere(draft)
        _warn_of_secrets(contents)
        write_archive(target, _manifest(manifest, answer, contents, estimator), members)
    return target


def _sources(manifest: Mapping[str, Any], given: Any) -> list[str]:
    """List the files of the rules; a rule without one is refused by name."""
    if given is not None:
        several = isinstance(given, Sequence) and not isinstance(given, str)
        return [str(one) for one in (given if several else [given])]
    files: dict[str, None] = {}
    for rule in manifest["rules"]:
        file = rule.get("file")
        if file is None or rule.get("module") == "__main__":
            what = "a notebook, a console or a script" if "file" in rule else "a run of an earlier version of labelkit"
            raise BundleError(
                f"rule {rule['name']!r} is of {what}, so its module is not known",
                hint="keep rules in a module of their own (in a notebook, %%writefile rules.py), and run that; "
                "rules=... (--rules) says where the module is",
                code="LK552",
            )
        if not Path(file).is_file():
            raise BundleError(
                f"the module of rule {rule['name']!r} is not at {file!r} any more",
                hint="rules=... (--rules PATH) says where it is now",
                code="LK510",
            )
        files[str(file)] = None
    return list(files)


def _in_new_process(request: Mapping[str, Any], cwd: Path | None) -> dict[str, Any]:
    """Ask a process that watches what rule modules read (see :mod:`labelkit.bundles._trace`)."""
    path = [str(Path(entry or ".").resolve()) for entry in sys.path]
    program = f"import sys; sys.path[:] = {path!r}; from labelkit.bundles._trace import main; main()"
    with scratch_folder() as folder:
        file = folder / "answer.json"
        done = subprocess.run(  # noqa: S603 - this Python, and a module of labelkit
            [sys.executable, "-c", program],
            input=json.dumps({**request, "path": path, "answer": str(file)}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=cwd,
            check=False,
        )
        answer: dict[str, Any] | None = json.loads(file.read_text("utf-8")) if file.is_file() else None
    if answer is None:
        last = (done.stderr.strip() or "it said nothing").rpartition("\n")[2]
        raise BundleError(
            f"the process that imports the rules ended with {done.returncode}: {last}",
            hint="labelkit check RULES imports them, too",
        )
    if "error" in answer:
        raise BundleError(answer["error"], hint=answer["hint"], code=answer["code"])
    return answer


def _check_rules(manifest: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Hold the rules as they are now against those of the run, and refuse what cannot travel."""
    for rule in manifest["rules"]:
        name, now = rule["name"], answer["rules"].get(rule["name"])
        if now is None:
            raise BundleError(
                f"rule {name!r} of the run is not among the rules any more",
                hint="labelkit run ... --update, with the options of the run, makes it of the rules as they are now",
                code="LK510",
            )
        if now["asks"]:
            raise BundleError(
                f"rule {name!r} asks a database while it votes ({now['asks'][0]}), which a bundle cannot hold",
                hint='export the table beside the rules, and look it up there: lookup("table.parquet")',
                code="LK552",
            )
        if any(READS_LATER in reason for reason in now["impure"]):
            reason = next(reason for reason in now["impure"] if READS_LATER in reason)
            raise BundleError(
                f"rule {name!r} {reason}: a bundle cannot know which",
                hint="read it once, at the top of the module: WORDS = frozenset(Path(__file__)"
                '.with_name("words.txt").read_text().split())',
                code="LK552",
            )
        if now["fingerprint"] != rule["fingerprint"]:
            raise BundleError(f"rule {name!r} has changed since the run", hint=_why_changed(manifest), code="LK510")
    if answer["databases"]:
        raise BundleError(
            f"the rules ask a database when they are imported ({answer['databases'][0]}), which a bundle cannot hold",
            hint='export the table beside the rules, and look it up there: lookup("table.parquet")',
            code="LK552",
        )


def _why_changed(manifest: Mapping[str, Any]) -> str:
    before = manifest["versions"]
    if before["python"].split(".")[:2] != platform.python_version().split(".")[:2] or before["labelkit"] != __version__:
        return f"the run was made with Python {before['python']} and labelkit {before['labelkit']}: run it again here"
    return "run the rules again, and bundle that run; a bundle labels as its run did"


def _check_model(model: Any, manifest: Mapping[str, Any]) -> None:
    prints, classes = {rule["name"]: rule["fingerprint"] for rule in manifest["rules"]}, manifest["classes"]
    names, remedy = list(prints), "fit it on the votes of this run: model.fit(lk.RunFolder(run).matrix())"
    if hasattr(model, "base_"):
        name = type(model).__name__
        raise BundleError(
            f"a bundle labels a record by its votes alone, and {name} reads features too",
            hint="bundle(run, path, model=model.base_), with the model of the votes in it",
            code="LK412",
        )
    if getattr(model, "lf_names_", None) is None:
        raise BundleError(f"{type(model).__name__} is not fitted", hint="model.fit(matrix)")
    ranged = {rule for rule, *_ in getattr(model, "confidence_ranges_", ())}  # a labeling function for each range
    bases = [(name, name.rpartition(" (")[0]) for name in model.lf_names_]
    fitted_on = [base if base in ranged and name not in prints else name for name, base in bases]
    if sorted(set(fitted_on)) != sorted(names) or list(model.class_names_) != list(classes):
        raise BundleError(
            f"the model is of the rules {fitted_on[:5]} and the classes {list(model.class_names_)}, "
            f"and the run is of {names[:5]} and {classes}",
            hint=remedy,
            code="LK402",
        )
    fitted = dict(zip(fitted_on, model.lf_fingerprints_, strict=True))
    changed = [name for name, print_ in fitted.items() if print_ not in ("", prints[name])]
    if changed:
        raise BundleError(
            f"the model was fitted on other versions of {', '.join(map(repr, changed[:3]))}: the names are the same, "
            "and what the rules do is not",
            hint=remedy,
            code="LK402",
        )


def _model_members(model: Any) -> dict[str, bytes]:
    from labelkit.label_models import load_model  # noqa: PLC0415 - brings scikit-learn
    from labelkit.label_models.taught_examples import without_note  # noqa: PLC0415 - as above

    with scratch_folder() as folder:
        without_note(model).save(folder)
        load_model(folder)
        return {f"model/{file.name}": file.read_bytes() for file in folder.iterdir()}


def _frequent_votes(folder: RunFolder) -> bytes | None:
    """Save the most frequent rows of votes of the run; None where votes have confidences."""
    patterns = folder.patterns()
    if patterns.confidence is not None:
        return None
    first = np.lexsort([*patterns.outcomes.T[::-1], -patterns.counts])[:MOST_PATTERNS]
    file = BytesIO()
    np.save(file, np.ascontiguousarray(patterns.outcomes[first]), allow_pickle=False)
    return file.getvalue()


def _manifest(run: Mapping[str, Any], answer: Mapping[str, Any], contents: Contents, model: Any) -> dict[str, Any]:
    kept = ("name", "labels", "group", "precision", "trusted", "kind", "columns", "fingerprint", "doc", "levels")
    names = [rule["name"] for rule in run["rules"]]
    rules = [answer["rules"][name] for name in names]
    impure = {name: one["impure"] for name, one in zip(names, rules, strict=True) if one["impure"]}
    return {
        "rules": [{key: rule[key] for key in kept} for rule in run["rules"]],
        "rule_modules": list(dict.fromkeys(rule["module"] for rule in rules)),
        "modules": {name: contents.name_of(file) for name, file in sorted(contents.modules.items())},
        "classes": run["classes"],
        "model": type(model).__name__,
        "corpus": {
            **{key: run["corpus"][key] for key in ("columns", "types")},
            "column_types": run["corpus"].get("column_types") or {},
            "rename": (run["corpus"].get("reading") or {}).get("rename") or {},
        },
        "versions": {
            "labelkit": __version__,
            "python": platform.python_version(),
            "packages": _packages(rules, contents),
        },
        "depends_on": impure,
    }


def _packages(rules: Iterable[Mapping[str, Any]], contents: Contents) -> dict[str, str]:
    """Map the distributions that the rules use, or that their modules import, to their versions."""
    modules = {*contents.imports, *(module for rule in rules for module in rule["packages"])}
    modules -= {"labelkit", *sys.stdlib_module_names}
    owners = metadata.packages_distributions() if modules else {}  # takes a while: it reads what is installed
    names = {*BASE, *(name for module in modules for name in owners.get(module, ()))}
    return {name: metadata.version(name) for name in sorted(names)}


def _warn_of_secrets(contents: Contents) -> None:
    """Warn of secrets in the source, which a run masks and a bundle cannot."""
    places = []
    for file in sorted(set(contents.modules.values())):
        source = text_of_file(str(file))
        lines = {source[: source.find(secret)].count("\n") + 1 for secret in secrets_in(source) if secret in source}
        places += [f"{file.name}, line {line}" for line in sorted(lines)]
    if places:
        warn(
            f"the bundle holds what seems to be a secret, for all who have the file: {'; '.join(places[:3])}"
            f'{", ..." if len(places) > 3 else ""}. Hint: read it where the bundle is used, os.environ["API_KEY"]',
            code="LK554",
        )


def _try_elsewhere(draft: Path) -> None:
    """Load the bundle in another process and folder: it must need nothing of the project."""
    try:
        answer = _in_new_process({"bundle": str(draft)}, cwd=draft.parent)
    except BundleError as error:
        raise BundleError(
            f"away from its folder, the bundle does not load: {error.message.replace(str(draft), draft.name)}",
            hint=error.hint
            or 'name files by their module, Path(__file__).with_name("words.txt"), neither by an absolute path nor '
            "from the current folder; include=[...] (--include) adds files that are not seen when they are read",
            code=error.code,
        ) from None
    inside = Path(answer["folder"]).resolve()
    for file in (*answer["files"], *answer["modules"].values()):
        if inside not in Path(file).parents and Path(file) != draft.resolve():
            raise BundleError(
                f"the rules read {file!r} by an absolute path, which is not there where the bundle is used",
                hint="keep it beside the module that reads it, and name it from there: "
                'Path(__file__).with_name("words.txt")',
                code="LK552",
            )
