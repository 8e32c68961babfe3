"""The pytest plugin: ``pytest labeling_functions/`` runs the examples of rules, and holds their gates against a sample.

A test for each example, ``comments.py::short_comment[3]``, and one for each gate, ``comments.py::short_comment[expect
coverage]``. Files are looked at if they are given by name, or stand in a folder that ``labelkit_rules`` names
(default: ``labeling_functions``), if they import labelkit, and if their names begin neither with ``_``
nor with ``test_``. Everything else in a project is left alone, and nothing of labelkit is loaded for it.

Gates need a corpus. It is that of the project's ``labelkit.toml``, with its ``gold``, ``id``, ``map``, ``map-label``
and how it is read, as ``labelkit check`` takes them; the gates of a file that is not among its ``rules`` are skipped,
since its gold may be of other classes. What pytest is told wins: ``--labelkit-corpus=comments.csv``, or
``labelkit_corpus = comments.csv`` in its configuration, a path from there. ``--labelkit-gold`` (``labelkit_gold``) is a
column of it or a file, ``--labelkit-id`` the column that names the examples, ``--labelkit-map`` and
``--labelkit-map-label`` what columns and values of gold are called, ``--labelkit-rows`` how many of its first rows to
take. ``--labelkit-no-config`` leaves the file of the project out. Overlaps and conflicts are counted among the rules of
a file. A gate that is undecided (see :mod:`labelkit.checks.gates`) is skipped, with its interval as the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import pytest

from labelkit._shared.user_errors import is_of_labelkit

if TYPE_CHECKING:
    from labelkit.checks.gates import Judgement
    from labelkit.rules.gate import Gate
    from labelkit.rules.labeling_function import LabelingFunction
    from labelkit.votes.label_space import LabelSpace

ROWS: Final = 10_000
"""Default number of rows of the corpus on which gates are judged."""

LONGEST_ID: Final = 40
"""Characters of an example in the name of its test."""

_OPTIONS: Final = {
    "corpus": "the corpus that the gates of rules are held against (Parquet, CSV or JSONL)",
    "gold": "a column of that corpus, or a file, with trusted labels",
    "id": "the column that names the examples, where gold is a file",
    "map": "columns to read under other names: text=Comment,likes=Votes",
    "map-label": "what the values of gold mean, if not names of classes: junk=SPAM,fine=HAM",
    "rows": f"how many of the first rows of the corpus to take ({ROWS:,})",
}

_NO_CORPUS: Final = (
    "gates need a corpus: corpus in labelkit.toml, --labelkit-corpus=FILE, or labelkit_corpus in the configuration"
)

_ANOTHER: Final = "--labelkit-corpus=FILE names one for other files; rules that are no longer used may be deleted"

_IMPORTS_LABELKIT: Final = re.compile(rb"^\s*(?:from|import)\b.*\blabelkit\b", re.MULTILINE)
_NOT_RULES: Final = ("_", "test_", "conftest.")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, to the command line and the configuration."""
    group = parser.getgroup("labelkit", "labelkit: the rules of labeling functions")
    for name, meaning in _OPTIONS.items():
        group.addoption(f"--labelkit-{name}", dest=_dest(name), metavar=name.upper(), help=meaning)
        parser.addini(_dest(name), meaning, default="")
    without = "take no defaults from labelkit.toml or pyproject.toml"
    group.addoption("--labelkit-no-config", dest="labelkit_no_config", action="store_true", help=without)
    folders = "folders of rules: names, or paths from the configuration file"
    parser.addini("labelkit_rules", folders, type="args", default=["labeling_functions"])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file that may hold rules."""
    if file_path.suffix != ".py" or file_path.name.startswith(_NOT_RULES) or file_path.stem.endswith("_test"):
        return None
    if is_of_labelkit(file_path):
        return None
    if not parent.session.isinitpath(file_path) and not _among_rules(file_path, parent.config):
        return None
    if not _IMPORTS_LABELKIT.search(file_path.read_bytes()):
        return None
    rules_file: RulesFile = RulesFile.from_parent(parent, path=file_path)
    return rules_file


def _among_rules(file: Path, config: pytest.Config) -> bool:
    """True if a file is in a folder of rules."""
    root = _home(config)
    inside = file.parent.relative_to(root).parts if file.is_relative_to(root) else ()
    for folder in config.getini("labelkit_rules"):
        if folder == file.parent.name or folder in inside:
            return True
        if len(Path(folder).parts) > 1 and (root / folder) in file.parents:
            return True
    return False


def _home(config: pytest.Config) -> Path:
    """Return the folder that paths of the configuration start from."""
    return config.rootpath if config.inipath is None else config.inipath.parent


class RulesFile(pytest.File):
    """A file of rules: its items are the examples and the gates of the rules, in the order of the rules."""

    def collect(self) -> Iterator[pytest.Item]:
        """Run the file, and make an item for each example and each gate."""
        from labelkit.checks.examples import space_of  # noqa: PLC0415 - as above
        from labelkit.exceptions import LabelkitError  # noqa: PLC0415 - as above
        from labelkit.rules.collect import rules_of  # noqa: PLC0415 - as above
        from labelkit.rules.load_module import load_file  # noqa: PLC0415 - as above

        try:
            self.rules = rules_of(load_file(self.path))
            space = space_of(self.rules) if self.rules else None
        except LabelkitError as error:
            raise self.CollectError(str(error)) from error
        self._judged: _Judged | None = None
        lines = _lines(self.path)
        taken: dict[str, int] = {}
        for lf in self.rules:
            place = (lf, space, lines.get(lf.name))
            for inputs, expected in lf.examples:
                name = _distinct(f"{lf.name}[{_id(inputs)}]", taken)
                yield ExampleItem.from_parent(self, name=name, of=place, example=(inputs, expected))
            for gate in lf.gates:
                name = _distinct(f"{lf.name}[expect {gate.statistic}]", taken)
                yield GateItem.from_parent(self, name=name, of=place, gate=gate)

    def judged(self, rule: str, gate: Gate) -> Judgement | str:
        """Judge a gate on the corpus, or give the reason why not; the rules of the file are tried once."""
        if self._judged is None:
            self._judged = _judge(self.rules, self.config)
        return self._judged.gates[rule, gate.statistic]

    def beyond_check(self) -> str:
        """Say that ``labelkit check`` tries fewer rows than the gates were judged on, if it does."""
        return "" if self._judged is None else self._judged.beyond_check


@dataclass(frozen=True)
class _Judged:
    """The gates of a file, or the reasons why they were not judged; and what ``labelkit check`` sees of it."""

    gates: dict[tuple[str, str], Judgement | str]
    beyond_check: str = ""


def _judge(rules: list[LabelingFunction[...]], config: pytest.Config) -> _Judged:
    from labelkit.checks.check_report import ROWS as ROWS_OF_CHECK  # noqa: PLC0415 - only where there is a gate and a corpus
    from labelkit.checks.gates import judge  # noqa: PLC0415 - as above
    from labelkit.checks.tried_rows import try_rules  # noqa: PLC0415 - as above
    from labelkit.exceptions import LabelkitError  # noqa: PLC0415 - as above
    from labelkit.rules.labeling_functions import LabelingFunctions  # noqa: PLC0415 - as above

    gates = [(lf.name, gate.statistic) for lf in rules for gate in lf.gates]
    try:
        lfs = LabelingFunctions(rules)
        options = _options(config)
        checked = _defaults(config).get("rows", ROWS_OF_CHECK)
        sample = try_rules(lfs, options.pop("corpus"), **options)
        judgements = judge(lfs[list(sample.matrix.names)], sample.matrix, sample.gold)
    except LabelkitError as error:
        return _Judged(dict.fromkeys(gates, str(error)))
    reasons = {problem.rule: str(problem) for problem in sample.problems}
    untried: dict[tuple[str, str], Judgement | str] = {gate: reasons.get(gate[0], "") for gate in gates}
    n_rows = len(sample.matrix)
    beyond = (
        f"; of these {n_rows:,} rows `labelkit check` tries {checked:,}: --rows {n_rows}" if n_rows > checked else ""
    )
    return _Judged(untried | {(judged.rule, judged.gate.statistic): judged for judged in judgements}, beyond)


def _dest(name: str) -> str:
    return f"labelkit_{name.replace('-', '_')}"


def _option(config: pytest.Config, name: str) -> str:
    return str(config.getoption(_dest(name)) or config.getini(_dest(name)) or "")


def _defaults(config: pytest.Config) -> dict[str, Any]:
    """Return what the file of the project says of the corpus and how it is tried."""
    from labelkit.checks._project_defaults import project_defaults  # noqa: PLC0415 - only for gates

    return {} if config.getoption("labelkit_no_config") else project_defaults(_home(config))


def _options(config: pytest.Config) -> dict[str, Any]:
    """Return the corpus and how it is tried: as pytest was told, else as the file of the project says.

    Raises
    ------
    ConfigError
        If the file cannot be read, or an option is not written as it should be.
    """
    from labelkit._shared.written_pairs import columns_written, meanings_written  # noqa: PLC0415 - only for gates
    from labelkit.checks._project_defaults import pairs  # noqa: PLC0415 - as above

    given: dict[str, Any] = {"corpus": _path(config, "corpus")} if _option(config, "corpus") else {}
    given |= {"gold": _gold(config), "id": _option(config, "id"), "rows": _rows(config)}
    for name, option, read in (("rename", "map", columns_written), ("map_label", "map-label", meanings_written)):
        written = _option(config, option)
        given[name] = pairs(written, read, _dest(option)) if written else None
    return {"rows": ROWS} | _defaults(config) | {name: value for name, value in given.items() if value}


def _path(config: pytest.Config, name: str) -> Path:
    """Resolve a path: of the command line from the working folder, of the configuration from its file."""
    given = config.getoption(_dest(name))
    if given:
        return Path(config.invocation_params.dir) / str(given)
    return _home(config) / str(config.getini(_dest(name)))


def _gold(config: pytest.Config) -> str | Path | None:
    """Return the file of that name if there is one, else the name of a column."""
    name = _option(config, "gold")
    path = _path(config, "gold")
    return (path if path.is_file() else name) if name else None


def _rows(config: pytest.Config) -> int | None:
    given = _option(config, "rows")
    if not given:
        return None
    rows = given.replace("_", "").replace(",", "")
    if not rows.isdecimal() or not int(rows):
        raise pytest.UsageError(f"labelkit_rows={given!r} is not a number of rows")
    return int(rows)


def _lines(file: Path) -> dict[str, int]:
    """Find the line of each function of a file, from 0 as pytest counts."""
    tree = ast.parse(file.read_bytes())
    return {node.name: node.lineno - 1 for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _id(inputs: tuple[Any, ...]) -> str:
    """Name the test of an example: short, and in characters that can be seen."""
    parts = [value if isinstance(value, str) and value else repr(value) for value in inputs]
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in "-".join(parts)[: LONGEST_ID + 1])
    return text if len(text) <= LONGEST_ID else f"{text[: LONGEST_ID - 1]}…"


def _distinct(name: str, taken: dict[str, int]) -> str:
    """Number a name that another test already has."""
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else _distinct(f"{name[:-1]} #{taken[name]}]", taken)


class _RuleItem(pytest.Item):
    """A test of a rule."""

    def __init__(self, *, of: tuple[LabelingFunction[...], LabelSpace, int | None], **known: Any) -> None:
        super().__init__(**known)
        self.rule, self.space, self.line = of

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file and the line of the rule, and the name of the test."""
        return self.path, self.line, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the failure in words; of an exception in a rule, show the user's part of the traceback."""
        if isinstance(excinfo.value, _Failed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class ExampleItem(_RuleItem):
    """A rule votes on an example as expected."""

    def __init__(self, *, example: tuple[tuple[Any, ...], int], **known: Any) -> None:
        super().__init__(**known)
        self.inputs, self.expected = example
        self.raised: tuple[Exception, TracebackType, str] | None = None

    def runtest(self) -> None:
        """Run the example."""
        from labelkit.checks.examples import failure_of  # noqa: PLC0415 - only for a project that has rules
        from labelkit.exceptions import MissingExtraError  # noqa: PLC0415 - as above

        failure = failure_of(self.rule, self.inputs, self.expected, self.space)
        if failure is None:
            return
        if isinstance(failure.error, MissingExtraError):
            pytest.skip(str(failure.error).replace("\nHint", "; hint"))
        trace = None if failure.error is None else _theirs(failure.error)
        if not isinstance(failure.error, Exception) or trace is None:
            raise _Failed(str(failure))
        self.raised = failure.error, trace, failure.summary
        raise failure.error

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the failure, with the traceback of the rule."""
        if self.raised is None or excinfo.value is not self.raised[0]:
            return super().repr_failure(excinfo, style)
        error, trace, summary = self.raised
        shown = super().repr_failure(pytest.ExceptionInfo.from_exc_info((type(error), error, trace)), style)
        shown.addsection("labelkit", summary)
        return shown


class GateItem(_RuleItem):
    """A sample of the corpus does not break a gate of a rule."""

    def __init__(self, *, gate: Gate, **known: Any) -> None:
        super().__init__(**known)
        self.gate = gate

    def runtest(self) -> None:
        """Judge the gate."""
        from labelkit.exceptions import LabelkitError  # noqa: PLC0415 - only where there is a gate

        assert isinstance(self.parent, RulesFile)
        try:
            if "corpus" not in _options(self.config):
                pytest.skip(_NO_CORPUS)
            if (others := self._other_rules()) is not None:
                pytest.skip(f"the corpus of the project is of its rules, {others}: {_ANOTHER}")
        except LabelkitError as error:
            raise _Failed(str(error)) from None
        judged = self.parent.judged(self.rule.name, self.gate)
        if isinstance(judged, str):
            raise _Failed(judged)
        if judged.outcome == "broken":
            raise _Failed(f"{self.rule.name}: {judged}{self.parent.beyond_check()}")
        if judged.outcome == "undecided":
            pytest.skip(f"{self.rule.name}: {judged}: too few to tell")
        if judged.outcome == "unknown":
            pytest.skip(f"{self.rule.name}: {judged}")

    def _other_rules(self) -> str | None:
        """Return the rules of which the corpus is, if it is that of the project, and this file is not among them."""
        from labelkit.checks._project_defaults import other_rules  # noqa: PLC0415 - only where there is a gate

        is_given = bool(_option(self.config, "corpus")) or self.config.getoption("labelkit_no_config")
        return None if is_given else other_rules(_home(self.config), self.path)


class _Failed(Exception):  # noqa: N818 - it is shown by its message alone
    """A test of a rule failed; shown by its message alone."""


def _theirs(error: BaseException) -> TracebackType | None:
    """Skip labelkit's own frames at the start of a traceback; None if there are no others."""
    trace = error.__traceback__
    while trace is not None and is_of_labelkit(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace
