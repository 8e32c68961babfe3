"""Compile rules, and the label model over them, into one SQL query: ``to_sql``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelkit._shared.files import replaced
from labelkit._shared.markup import visible
from labelkit._shared.optional import optional
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import RuleError
from labelkit.interop.sql._conditions import SOURCE, SqlConditions
from labelkit.interop.sql._dialects import DIALECTS, SqlDialect
from labelkit.interop.sql._model_query import label_steps
from labelkit.rules.collect import collect
from labelkit.rules.labeling_function import Cases, LabelingFunction, derived_columns
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.writing import NotWritableError
from labelkit.runs.run_folder import RunFolder
from labelkit.votes.label_space import ABSTAIN

if TYPE_CHECKING:
    from labelkit.label_models.fitted_formula import FittedFormula

SHOWN_NAMES = 5
"""Rules that an error names."""


@checks_keywords
@dataclass(frozen=True)
class SqlVotes:
    """A query whose columns are the votes of rules, and with a label model the probabilities and the label.

    Attributes
    ----------
    sql : str
        The query, without a semicolon.
    dialect : str
    rules : tuple of str
        The rules that it holds: a column each, the number of the class or -1.
    left_out : dict of str to str
        The rules that it cannot hold, with the reason of each.
    columns : tuple of str
        The columns of the table that it reads.
    """

    sql: str
    dialect: str
    rules: tuple[str, ...]
    left_out: Mapping[str, str]
    columns: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        """The rules that are left out, as comments of SQL."""
        return [f"-- left out: {_one_line(name)}: {_one_line(reason)}" for name, reason in self.left_out.items()]

    def __str__(self) -> str:
        return "\n".join([*self.notes, f"{self.sql};"])

    def write(self, path: str | Path) -> Path:
        """Write the query to a file, behind comments that name the rules that are left out."""
        with replaced(Path(path)) as draft:
            draft.write_text(f"{self}\n", encoding="utf-8")
        return Path(path)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "sql": self.sql,
            "dialect": self.dialect,
            "rules": list(self.rules),
            "left_out": dict(self.left_out),
            "columns": list(self.columns),
        }


@checks_keywords
def to_sql(
    rules: Any,
    *,
    dialect: str,
    table: str = "corpus",
    id: str | None = None,  # noqa: A002 - the name that it has everywhere
    model: Any = None,
    labels: Any = None,
    strict: bool = False,
) -> SqlVotes:
    """Compile rules into one query of an SQL engine, whose votes are those of labelkit.

    Parameters
    ----------
    rules : LabelingFunctions, module, path or list of these
        As in :func:`labelkit.collect`. Rules of words, regular expressions, values and ranges, and
        combinations of them, have an SQL form; what calls Python has none.
    dialect : {"duckdb", "spark", "bigquery", "postgres", "snowflake"}
    table : str
        The table to read, as it is written in the dialect.
    id : str, optional
        The column that names the examples; it becomes the first column of the result.
    model : label model, run folder, or path of either, optional
        Fitted on these rules: adds the probabilities ``p_CLASS`` and ``label``, the name of the most probable class
        (null for a tie, and where no rule voted).
    labels : IntEnum, list of class names or int, optional
        The label space, where the rules do not say.
    strict : bool
        Whether a rule that the query cannot hold is an error.

    Returns
    -------
    SqlVotes

    Raises
    ------
    RuleError
        If the dialect is not known, no rule can be held, or, with ``strict`` or a model, some cannot; if two columns of
        the result, or two that are read, would have one name.
    ModelError
        If the model was fitted on other rules, or has no formula.

    Examples
    --------
    >>> import labelkit as lk
    >>> query = lk.to_sql([lk.keywords("free", label=1).rule(name="free")], dialect="duckdb", id="key", labels=2)
    >>> query.rules, query.left_out, query.columns
    (('free',), {}, ('key', 'text'))
    """
    if dialect not in DIALECTS:
        raise RuleError(f"dialect={dialect!r} is not known", hint=f"one of {', '.join(DIALECTS)}")
    lfs = collect(rules, labels=labels)
    writer = SqlConditions(DIALECTS[dialect])
    votes, left_out = _votes(lfs, writer)
    if left_out and (strict or model is not None):
        why = "a label model needs all its rules" if model is not None else "strict=True allows no exception"
        hint = "select the other rules, or use labelkit run" if strict else "fit a model on the other rules alone"
        raise RuleError(f"{why}, and SQL cannot hold {_named(left_out)}", hint=hint)
    if not votes:
        raise RuleError(f"SQL can hold none of the rules: {_named(left_out)}", hint="labelkit run takes every kind")
    held = [lf for lf in lfs if lf.name in votes]
    formula = None if model is None else _formula(model, LabelingFunctions(held, labels=lfs.space))
    _check_names(id, tuple(votes), () if formula is None else formula.class_names, DIALECTS[dialect])
    query = _Query(writer, table, id, votes)
    sql = query.of_votes() if formula is None else query.of_labels(formula)
    reads = dict.fromkeys(([] if id is None else [id]) + [column for lf in held for column in lf.columns])
    _check_columns(tuple(reads), writer)
    return SqlVotes(sql, dialect, tuple(votes), left_out, tuple(reads))


def _check_names(key: str | None, rules: tuple[str, ...], classes: tuple[str, ...], dialect: SqlDialect) -> None:
    """Raise RuleError if an engine has no such name, or would change it since two columns of the result have it."""
    named = [] if key is None else [(key, f"the column of ids, {key!r}")]
    named += [(name, f"the rule {name!r}") for name in rules]
    named += [(f"p_{name}", f"the probability of the class {name!r}") for name in classes]
    named += [("label", "the label")] if classes else []
    seen: dict[str, str] = {}
    for name, description in named:
        problem = dialect.name_problem(name)
        if problem:
            raise RuleError(f"{description} cannot be a column of the result: {problem}", hint="rename it")
        same = seen.setdefault(dialect.same_names(name), description)
        if same != description:
            raise RuleError(
                f"{same} and {description} would be one column of the result, {name!r}",
                hint="rename one of them" if dialect.heeds_case else f"rename one of them; {dialect.name} ignores case",
            )


def _check_columns(names: tuple[str, ...], writer: SqlConditions) -> None:
    """Raise RuleError if two columns that are read would be one, to an engine that ignores the case of names."""
    seen: dict[str, str] = {}
    for name in names:
        column, dialect = writer.column(name).name, writer.dialect
        same = seen.setdefault(column if dialect.name == "snowflake" else dialect.same_names(column), name)
        if same != name:
            raise RuleError(
                f"the columns {same!r} and {name!r}, which the query reads, would be one: {dialect.name} ignores case",
                hint="rename one of them in the table and in the rules",
            )


def _votes(lfs: LabelingFunctions, writer: SqlConditions) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the SQL expression of each rule that has one, and the reason of each other."""
    votes: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for lf in lfs:
        try:
            votes[lf.name] = _vote(lf, writer)
        except NotWritableError as reason:
            left_out[lf.name] = str(reason)
    return votes, left_out


def _vote(lf: LabelingFunction[...], writer: SqlConditions) -> Any:
    """Return the label of the first case that holds."""
    if not isinstance(lf.body, Cases):
        raise NotWritableError("it calls a Python function")
    derived = [name for name in derived_columns(lf) if name in lf.columns]
    if derived:
        raise NotWritableError(f"the column {derived[0]!r} that it reads is computed in Python")
    case = writer.exp.Case()
    for expression, label in lf.body.cases:
        case = case.when(expression.write(writer), writer.exp.convert(int(label)))
    return case.else_(writer.exp.convert(ABSTAIN))


def _formula(model: Any, lfs: LabelingFunctions) -> FittedFormula:
    """Return the formula of a fitted label model: of itself, a run folder, or a path of either."""
    from labelkit.label_models import PatternLabelModel  # noqa: PLC0415 - votes alone need no scikit-learn
    from labelkit.label_models.fitted_formula import formula_of  # noqa: PLC0415 - the same

    if isinstance(model, str | Path):
        from labelkit.runs.steps import stored_model  # noqa: PLC0415 - the same

        model = stored_model(Path(model))
    elif isinstance(model, RunFolder):
        model = model.model()
    if not isinstance(model, PatternLabelModel):
        name = type(model).__name__
        hint = "LabelModel and the models with confusions have one"
        raise RuleError(f"a {name} has no formula of the votes alone", hint=hint, code="LK412")
    return formula_of(model, lfs.infos)


class _Query:
    """The query over the votes of rules."""

    def __init__(self, writer: SqlConditions, table: str, key: str | None, votes: Mapping[str, Any]) -> None:
        self.writer, self.exp, self.votes, self.key = writer, writer.exp, votes, key
        self.dialect: SqlDialect = writer.dialect
        self.table = _table(table, self.dialect)

    def of_votes(self) -> str:
        """Return the query of the votes alone."""
        keys = [] if self.key is None else [self.writer.column(self.key)]
        columns = [self._alias(vote, name) for name, vote in self.votes.items()]
        if len(self._portions()) < 2:
            return self._text(self.exp.select(*keys, *columns).from_(self.table))
        return self._text(self._with_votes(self.exp.select(*self._named_votes()).from_("votes")))

    def of_labels(self, formula: FittedFormula) -> str:
        """Return the query of votes, probabilities and labels."""
        inner = self._named_votes()
        inner += [self._alias(self.exp.column(f"p{y}"), f"p_{name}") for y, name in enumerate(formula.class_names)]
        label = self.exp.Case()
        for y, name in enumerate(formula.class_names):
            is_class = self.exp.EQ(this=self.exp.column("best"), expression=self.exp.convert(y))
            label = label.when(is_class, self.dialect.string(name))
        query = self._with_votes(self.exp.select(*inner, self._alias(label, "label")).from_("answers"))
        for name, columns, before in label_steps(formula, len(self.votes)):
            step = self.exp.select("*", *columns, dialect="duckdb").from_(before)
            query = query.with_(name, as_=self._apart(step))
        return self._text(query)

    def _named_votes(self) -> list[Any]:
        """Return the id and the votes, from columns of a step, under the names of the result."""
        keys = [] if self.key is None else [self._alias(self.exp.column("example"), self.key)]
        return keys + [self._alias(self.exp.column(f"v{j}"), name) for j, name in enumerate(self.votes)]

    def _with_votes(self, query: Any) -> Any:
        """Put the steps before a query that lead to ``votes``, whose columns are example, v0, v1, ..."""
        columns = [] if self.key is None else [self._plain(self.writer.column(self.key), "example")]
        portions = self._portions()
        if len(portions) > 1:
            read = dict.fromkeys(one.name for vote in self.votes.values() for one in vote.find_all(self.exp.Column))
            carried = {name: f"read{i}" for i, name in enumerate(read)}
            columns += [self._plain(self.writer.column(name), carried[name]) for name in read]
        before = self.table
        for n, portion in enumerate(portions):
            votes = [self._plain(vote, name) for name, vote in portion.items()]
            if n:
                votes = [self._renamed(vote, carried) for vote in votes]
            name = "votes" if n == len(portions) - 1 else f"votes{n}"
            query = query.with_(name, as_=self._apart(self.exp.select(*columns, *votes).from_(before)))
            if name != "votes":  # nothing leaves a sort before all is in it
                before, columns = f"sorted{n}", ["*"]
                order = self.exp.select("*").from_(name).order_by(next(iter(portion)))
                query = query.with_(before, as_=self._apart(order))
        return query

    def _portions(self) -> list[dict[str, Any]]:
        """Divide the votes so that an engine which keeps few compiled expressions needs no more of them at once."""
        portions: list[dict[str, Any]] = [{}]
        kept: set[str] = set()
        for j, vote in enumerate(self.votes.values()):
            needed = {one.expression.name for one in vote.find_all(self.exp.RegexpLike)}
            if portions[-1] and 0 < self.dialect.most_expressions < len(kept | needed):
                portions.append({})
                kept = set()
            portions[-1][f"v{j}"] = vote
            kept |= needed
        return portions

    def _renamed(self, value: Any, names: Mapping[str, str]) -> Any:
        """Read columns under other names."""

        def renamed(node: Any) -> Any:
            return self.exp.column(names[node.name]) if isinstance(node, self.exp.Column) else node

        return value.transform(renamed)

    def _apart(self, step: Any) -> Any:
        """Keep an engine from merging a step into the next ones, which computes each column anew for each use."""
        return step.offset(0) if self.dialect.merges_steps else step

    def _plain(self, value: Any, name: str) -> Any:
        return self.exp.alias_(value, name)

    def _alias(self, value: Any, name: str) -> Any:
        return self.exp.alias_(value, self.exp.to_identifier(name, quoted=True))

    def _text(self, query: Any) -> str:
        return str(query.sql(dialect=self.dialect.name, pretty=True))


def _table(name: str, dialect: SqlDialect) -> Any:
    """Read the name of a table as the dialect writes it."""
    exp = optional("sqlglot.expressions", extra="sqlglot")
    errors = optional("sqlglot.errors", extra="sqlglot")
    try:
        table = exp.to_table(name, dialect=dialect.name)
    except errors.SqlglotError:
        raise RuleError(f"table={name!r} is not the name of a table", hint='quote odd names: "my table"') from None
    return exp.alias_(table, SOURCE, table=True) if dialect.reads_result else table


def _named(left_out: Mapping[str, str]) -> str:
    shown = "; ".join(f"{name} ({_one_line(reason)})" for name, reason in list(left_out.items())[:SHOWN_NAMES])
    more = len(left_out) - SHOWN_NAMES
    return f"{shown}; and {more} more" if more > 0 else shown


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
