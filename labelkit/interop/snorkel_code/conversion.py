r"""Propose rules of labelkit in place of labeling functions of Snorkel whose bodies are simple.

>>> import tempfile
>>> from pathlib import Path
>>> file = Path(tempfile.mkdtemp()) / "rules.py"
>>> _ = file.write_text('''
... from snorkel.labeling import labeling_function
... ABSTAIN, SPAM = -1, 1
... @labeling_function()
... def so_free(x):
...     return SPAM if "so free" in x.text.lower() else ABSTAIN
... ''')
>>> print(convert_snorkel(file)["so_free"].code)
@lk.regex(r"(?ai)so\ free", label=SPAM)
def so_free(text: str) -> None:
    'So free.'
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Unpack

from labelkit._shared.given_paths import given_path, is_file
from labelkit._shared.markup import visible
from labelkit._shared.near_names import path_hint
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.analysis.vote_differences import FAULTY, VoteDifferences, compare_votes
from labelkit.apply.applier import Applier
from labelkit.corpus import open_corpus
from labelkit.corpus.chosen_rows import RowChoice
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import CollectError, LabelkitError
from labelkit.interop.snorkel_code._cases import NotUnderstoodError, body_of
from labelkit.interop.snorkel_code._made_rules import (
    MadeRule,
    arguments_of,
    check_no_preprocessors,
    check_resources,
    resources_of,
    rules_by_calls,
)
from labelkit.interop.snorkel_code._module import RuleModule
from labelkit.interop.snorkel_code._proposal import proposal_for
from labelkit.rules.collect import collect
from labelkit.rules.labeling_function import LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.load_module import importable, load_file
from labelkit.rules.row_rules import bound
from labelkit.votes.label_space import MAX_CLASSES

_STAYS: Final = "it runs as it is in labelkit.Applier and in labelkit.interop.snorkel"


@checks_keywords
@dataclass(frozen=True)
class ConvertedRule:
    """A labeling function of Snorkel, and the rule that is proposed for it.

    Attributes
    ----------
    name : str
    line : int
    code : str
        The rule of labelkit; empty if none is proposed.
    reason : str
        Why none is.
    notes : tuple of str
    check : VoteDifferences or None
        The votes of both on the corpus, where one was given.
    """

    name: str
    line: int
    code: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    check: VoteDifferences | None = None

    def __str__(self) -> str:
        lines = [f"{self.name}, line {self.line}: {self.reason or 'a rule of labelkit is proposed'}", *self.notes]
        lines += [self.code] if self.code else []
        return visible("\n".join([*lines, *([] if self.check is None else [str(self.check)])]))

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain ones, for programs."""
        check = None if self.check is None else self.check.to_dict()
        values = {"name": self.name, "line": self.line, "code": self.code or None, "reason": self.reason or None}
        return {**values, "notes": list(self.notes), "check": check}


@checks_keywords
@dataclass(frozen=True, repr=False)
class Conversion:
    """The labeling functions of a file, and the rules that are proposed for them.

    Attributes
    ----------
    path : Path
    rules : tuple of ConvertedRule
    header : str
        The imports and constants that the proposed rules need.
    """

    path: Path
    rules: tuple[ConvertedRule, ...]
    header: str

    def __getitem__(self, name: str) -> ConvertedRule:
        """Return the rule of a name."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise KeyError(f"no labeling function is named {name!r}; there are {', '.join(r.name for r in self.rules)}")

    @property
    def proposed(self) -> tuple[ConvertedRule, ...]:
        """The rules for which there is a proposal."""
        return tuple(rule for rule in self.rules if rule.code)

    @property
    def module(self) -> str:
        """The source of a module of the proposed rules."""
        return "\n\n\n".join([self.header, *(_commented(rule) for rule in self.proposed)]) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain ones, for programs."""
        return {"path": self.path, "rules": [rule.to_dict() for rule in self.rules], "module": self.module}

    def __str__(self) -> str:
        lines = [self.module] if self.proposed else []
        lines.append(f"# {len(self.proposed)} of {plural(len(self.rules), 'labeling function')} have a proposal")
        lines += [f"#   {one.name} (line {one.line}): {one.reason}; {_STAYS}" for one in self.rules if not one.code]
        if self.proposed and all(rule.check is None for rule in self.proposed):
            lines.append("# not checked: a corpus behind the file compares the votes of both")
        return "\n".join(lines)

    __repr__ = __str__


@takes_reading
def convert_snorkel(
    path: str | Path, corpus: Any = None, *, rows: int = 10_000, **reading: Unpack[ReadOptions]
) -> Conversion:
    """Propose a rule of labelkit for each labeling function of a file whose body is understood.

    Understood are tests of fields by ``in``, ``re`` and compiled patterns, lengths and comparisons, in chains of ``if``
    and ``return``, over constants of the file. A rule is proposed only if it votes the same on every example, those
    with missing values included; the file is read, and run only if there is a corpus to compare votes on.

    Parameters
    ----------
    path : path
        A Python file with rules of Snorkel, or of ``labelkit.interop.snorkel``.
    corpus : object, optional
        As :meth:`labelkit.Applier.apply` takes it: old and new votes are compared on it, and a rule whose votes differ
        is not proposed.
    rows : int
        Of the corpus, from its start.
    format, delimiter, encoding, sheet : optional
        How the files of the corpus are read; see :func:`labelkit.open_corpus`.

    Returns
    -------
    Conversion

    Raises
    ------
    LabelkitError
        If there is no such file, it is no Python, or it has no labeling function.
    CollectError
        If there is a corpus, and the file cannot be run.
    """
    file = given_path(path, "a module", LabelkitError, "give a Python file with rules of Snorkel")
    if not is_file(file):
        raise LabelkitError(
            f"there is no file {str(path)!r}",
            hint=path_hint(path, "give a Python file with rules of Snorkel"),
            code="LK201",
        )
    try:
        module = RuleModule.of(file)
    except (SyntaxError, ValueError) as error:
        raise LabelkitError(f"{str(path)!r} cannot be read as Python: {error}") from None
    converted = [_converted(rule, module) for rule in sorted(_rules_in(module), key=lambda rule: rule.line)]
    if not converted:
        raise LabelkitError(
            f"{str(path)!r} has no function under @labeling_function(), and makes no LabelingFunction",
            hint="give the file that defines the rules",
        )
    header = _header(module, {name for _, names in converted for name in names})
    conversion = Conversion(file, tuple(rule for rule, _ in converted), header)
    if corpus is None or not conversion.proposed:
        return conversion
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise LabelkitError(f"rows={rows!r} is not a number of rows", hint="give 1 or more")
    return _checked(conversion, corpus, rows, reading)


def _rules_in(module: RuleModule) -> Iterator[MadeRule]:
    """Iterate over the rules that a module makes, by decorators and by calls."""
    yield from rules_by_calls(module)
    for function, kind, call in module.rules():
        try:
            name, resources = _options(kind, call, module, function)
        except NotUnderstoodError as reason:
            yield MadeRule(function.name, function.name, function.lineno, problem=str(reason))
        else:
            yield MadeRule(function.name, name, function.lineno, function, resources)


def _converted(rule: MadeRule, module: RuleModule) -> tuple[ConvertedRule, frozenset[str]]:
    """Convert one labeling function; also the names that its code needs."""
    if rule.function is None:
        return ConvertedRule(rule.name, rule.line, reason=rule.problem), frozenset()
    try:
        check_resources(rule.resources, module)
        body = body_of(rule.function, module, rule.resources)
        proposal = proposal_for(rule.variable, rule.name, ast.get_docstring(rule.function), body, module)
    except NotUnderstoodError as reason:
        return ConvertedRule(rule.name, rule.line, reason=str(reason)), frozenset()
    return ConvertedRule(rule.name, rule.line, proposal.code, notes=proposal.notes), proposal.names


def _options(
    kind: str, call: ast.Call | None, module: RuleModule, function: ast.FunctionDef
) -> tuple[str, dict[str, ast.expr]]:
    """Return the name and the resources that a decorator gives; refuse what else it may give."""
    if kind == "slicing_function":
        raise NotUnderstoodError("it is a slicing function: labelkit.apply_slices takes it as it is")
    if kind != "labeling_function":
        raise NotUnderstoodError("it reads a parsed document: see labelkit.spacy_doc and labelkit.tokens")
    if len(function.decorator_list) != 1:
        raise NotUnderstoodError("it has another decorator besides")
    options = {} if call is None else arguments_of(call, ("name", "resources", "pre"))
    check_no_preprocessors(options)
    name = module.evaluated(options.get("name", ast.Constant(None)))
    if name is not None and not isinstance(name, str):
        raise NotUnderstoodError("its name is no constant of this file")
    return name or function.name, resources_of(options.get("resources"))


def _header(module: RuleModule, names: set[str]) -> str:
    """Return the imports and the constants that rules need, with what these need in turn."""
    statements: dict[tuple[int, int], ast.stmt] = {}
    todo = list(names)
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        statement = module.homes.get(name)
        if name in seen or statement is None:
            continue
        seen.add(name)
        statements[statement.lineno, statement.col_offset] = statement
        todo += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
        if isinstance(statement, ast.ClassDef):
            todo += [base.id for base in statement.bases if isinstance(base, ast.Name)]
    constants = [ast.get_source_segment(module.text, statements[place]) or "" for place in sorted(statements)]
    used = {node.id for one in statements.values() for node in ast.walk(one) if isinstance(node, ast.Name)}
    return "\n".join([*_imports(module, names | seen | used), "import labelkit as lk", "", *constants]).rstrip()


def _imports(module: RuleModule, names: set[str]) -> list[str]:
    """Return the imports of a module that names stand for."""
    lines = []
    for statement in module.tree.body:
        if isinstance(statement, ast.Import):
            bound = {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
            if bound & names:
                lines.append(ast.unparse(statement))
    return sorted(set(lines) | ({"import re"} if "re" in names else set()))


def _commented(rule: ConvertedRule) -> str:
    notes = list(rule.notes)
    if rule.check is not None:
        notes.insert(0, _said(rule.check))
    return "\n".join([*(f"# {note}" for note in notes), rule.code])


def _said(check: VoteDifferences) -> str:
    examples = plural(check.n_examples, "example")
    if check.equal:
        return f"votes alike on {examples}"
    return f"votes alike on {examples}, but for {check.n_differing:,} where Snorkel's rule fails"


# Checks ---------------------------------------------------------------------------------------------------------------


def _checked(conversion: Conversion, corpus: Any, rows: int, reading: ReadOptions) -> Conversion:
    """Compare the votes of old and new rules on the first rows of a corpus."""
    old = _by_name(collect(_loaded(conversion.path), labels=MAX_CLASSES))
    module = ModuleType(conversion.path.stem)
    with importable(conversion.path.parent):
        exec(compile(conversion.module, "<proposed rules>", "exec"), vars(module))  # noqa: S102 - written a moment ago
    new = _by_name(collect(module, labels=MAX_CLASSES))
    rules = [_checked_rule(rule, old, new, corpus, rows, reading) for rule in conversion.rules]
    return replace(conversion, rules=tuple(rules))


def _loaded(path: Path) -> ModuleType:
    try:
        return load_file(path)
    except CollectError as error:
        if isinstance(error.__cause__, ModuleNotFoundError) and error.__cause__.name == "snorkel":
            raise LabelkitError(
                f"{str(path)!r} imports snorkel, which is not installed: its votes cannot be compared",
                hint="labelkit migrate-snorkel FILE --write changes its imports to labelkit.interop.snorkel; or leave "
                "out the corpus",
            ) from None
        raise


def _by_name(lfs: LabelingFunctions) -> Mapping[str, LabelingFunction[...]]:
    return {lf.name: lf for lf in lfs}


def _checked_rule(
    rule: ConvertedRule,
    old: Mapping[str, LabelingFunction[...]],
    new: Mapping[str, LabelingFunction[...]],
    corpus: Any,
    rows: int,
    reading: ReadOptions,
) -> ConvertedRule:
    if not rule.code:
        return rule
    if rule.name not in old or rule.name not in new:
        return replace(rule, code="", reason="the file does not make it when it is run")
    # Where a format holds text alone, the types of the columns are those that the new rule is annotated with.
    opened = open_corpus(corpus, types=Applier([new[rule.name]], labels=MAX_CLASSES).plan.types, **reading)
    both = [bound(lfs[rule.name], opened.column_names) for lfs in (old, new)]
    columns = tuple(dict.fromkeys(name for lf in both for name in lf.corpus_columns))
    first = opened.chosen(RowChoice(rows, None, 0), columns)
    check = compare_votes(both[0], both[1], first, labels=MAX_CLASSES, progress=False)
    if check.equal or set(check.changes["old"]) == {FAULTY}:
        return replace(rule, check=check)
    example = check.differing.iloc[0]
    reason = f"votes differ on {plural(check.n_differing, 'example')}, such as {example['id']!r}"
    return replace(rule, code="", reason=reason, check=check)
