"""``spacy_doc``: a derived column of parsed documents, parsed once for all rules that read it.

Texts are parsed by ``nlp.pipe`` in the fixed chunks of 1,024 rows that all batch functions get, by those pipes only
that the rules of a plan need. A text that cannot be parsed is a fault of that example.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias
from weakref import WeakSet

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit._shared.user_errors import warn
from labelkit.exceptions import RuleError, StopRunError
from labelkit.rules._caller import bound_name, frame_of_caller
from labelkit.rules.expressions import Expression, Leaf, leaves
from labelkit.rules.inspection.syntax import source_of
from labelkit.rules.labeling_function import Calls, Column, LabelingFunction, Origin
from labelkit.rules.nlp._annotations import EVERYTHING
from labelkit.rules.nlp._document_code import annotations_read, odd_token_tests
from labelkit.rules.nlp._pipes import WRITERS, Pipe, entity_labels, needed, pipes_of, unset
from labelkit.rules.nlp._predicates import DocumentPredicate, Entities
from labelkit.rules.nlp.pipeline import PipelineSource
from labelkit.rules.parameters import Parameter
from labelkit.rules.row_rules import plain_function

DocumentReader: TypeAlias = LabelingFunction[...] | Column


@checks_keywords
def spacy_doc(
    column: str = "text",
    *,
    model: Any,
    needs: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
) -> Column:
    """Declare a derived column of parsed documents, for every rule and column of its module that names it.

    Assign it to a name at the top level of the module: rules read it by that name. A rule that reads it can also be
    called with a text, and have texts as examples.

    Parameters
    ----------
    column : str
        The column that holds the texts.
    model : str, Path, Language or callable
        A language (``"blank:en"``, a tokenizer without pipes), an installed pipeline (``"en_core_web_sm"``), a folder
        (a relative path starts at the folder of the calling module), a pipeline, or a function without parameters that
        creates one on first use, once in each process.
    needs : list of str, optional
        The pipes whose annotations Python rules and columns read; all if not given. The pipes of token patterns,
        phrases and entities are found automatically.
    exclude : list of str
        Pipes that never run, such as a parser that only the entity recogniser would use.

    Returns
    -------
    Column

    Raises
    ------
    RuleError
        If ``model`` is none of these. A pipeline that cannot be loaded, or lacks a pipe that a rule needs, raises when
        the rules are applied, before the first text is read.

    Examples
    --------
    >>> import labelkit as lk
    >>> doc = spacy_doc("text", model="blank:en")
    >>> @lk.labeling_function(examples={"So good!": 1})
    ... def short(doc) -> int:
    ...     "Few tokens."
    ...     return 1 if len(doc) < 5 else -1
    >>> short("I like it a lot."), short("So good!")
    (-1, 1)
    """
    if not isinstance(column, str) or not column:
        raise RuleError(f"column={column!r} is not the name of a column", hint='spacy_doc("text", model="blank:en")')
    if not (isinstance(model, str | Path) and str(model)) and not callable(model):
        raise RuleError(
            f"model={model!r} is not a spaCy pipeline",
            hint='model="blank:en", the name of a package, a folder, a pipeline, or a function that makes one',
        )
    frame = frame_of_caller()  # rules look the column up in the module that declares it
    name = bound_name(frame) or f"spacy_doc({column!r})"
    source = PipelineSource(model, frame.f_globals.get("__file__"), name)
    parsing = Parsing(source, name, _names(needs, "needs"), _names(exclude, "exclude") or ())
    origin = Origin(frame.f_globals.get("__name__", "?"), frame.f_globals)
    return Column(name, parsing, (Parameter(column, str),), batch=True, origin=origin, raw=str, fleeting=True)


def _names(given: Iterable[str] | None, option: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = () if isinstance(given, str) else tuple(given)
    if isinstance(given, str) or not all(isinstance(name, str) for name in names):
        raise RuleError(f"{option}={given!r} is not a list of names of pipes", hint=f'{option}=["tagger"]')
    return names


_TOLD: Final[WeakSet[Any]] = WeakSet()
"""Functions of which was warned, or need not be."""

_CUT: Final[set[tuple[DocumentPredicate, str]]] = set()
"""Texts of which was warned already."""


@dataclass(frozen=True, eq=False)
class Parsing:
    """The function of a column of documents: parses texts.

    Parameters
    ----------
    model : PipelineSource
    column : str
        The name of the column.
    needs : tuple of str, optional
    exclude : tuple of str
    run : tuple of str, optional
        The pipes that run; all but those excluded if not given.
    """

    model: PipelineSource
    column: str
    needs: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    run: tuple[str, ...] | None = None

    def __call__(self, texts: Iterable[Any]) -> list[Any]:
        """Parse texts; the result has an exception in place of each text that cannot be parsed."""
        given, longest = texts.tolist() if hasattr(texts, "tolist") else list(texts), self.model.nlp.max_length
        refused = {i: error for i, text in enumerate(given) if (error := _refusal(text, longest))}
        docs = iter(self._parsed([text for i, text in enumerate(given) if i not in refused]))
        return [refused[i] if i in refused else next(docs) for i in range(len(given))]

    def prepared(self, column: str, readers: Sequence[tuple[DocumentReader, str]]) -> Parsing:
        """Return a copy that runs only the pipes that the rules of a plan need.

        Parameters
        ----------
        column : str
            The name of the column.
        readers : list of (LabelingFunction or Column, str)
            The rules and columns that read the documents, each with the name of its parameter for them.

        Raises
        ------
        RuleError
            If the pipeline cannot be loaded, or lacks what a rule needs.
        """
        self._check_names(column)
        wanted: set[str] = set()
        for reader, parameter in readers:
            tests, by_python = _uses(reader, parameter)
            for test in tests:
                self._check(reader, test)
                wanted |= test.annotations
            if by_python:
                self._warn_of_code(reader, parameter)
            if by_python and self.needs is None:
                wanted.add(EVERYTHING)
        named = self.needs if self.needs and any(_uses(*one)[1] for one in readers) else ()
        return replace(self, run=tuple(needed(self._pipes, wanted, named)))

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.model, self.needs, self.exclude]

    def __resolved_parts__(self) -> tuple[Any, ...]:
        return (self.model, self.needs, self.exclude)

    @cached_property
    def _pipes(self) -> list[Pipe]:
        return pipes_of(self.model.nlp, self.exclude)

    def _parsed(self, texts: list[str]) -> list[Any]:
        nlp, off = self.model.nlp, self._off
        try:
            docs: list[Any] = list(nlp.pipe(texts, disable=off))
        except StopRunError:
            raise
        except Exception:  # noqa: BLE001 - pipes may raise anything; parsing text by text finds the one that fails
            docs = []
        if len(docs) != len(texts):
            docs = [self._parsed_alone(text) for text in texts]
        return docs

    def _parsed_alone(self, text: str) -> Any:
        try:
            return self.model.nlp(text, disable=self._off)
        except StopRunError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            return error

    @cached_property
    def _off(self) -> list[str]:
        names: list[str] = self.model.nlp.pipe_names
        return [name for name in names if name in self.exclude or (self.run is not None and name not in self.run)]

    def _check_names(self, column: str) -> None:
        available = self.model.nlp.component_names
        for verb, names in (("needs", self.needs or ()), ("excludes", self.exclude)):
            unknown = [name for name in names if name not in available]
            if unknown:
                raise RuleError(
                    f"column {column!r} {verb} the pipe {unknown[0]!r}, which {self.model.description} does not have",
                    hint=f"it has {_listed(available)}",
                )

    def _warn_of_code(self, reader: DocumentReader, parameter: str) -> None:
        """Warn of Python code that reads what no pipe sets, or compares tokens with texts; once for a function."""
        called = reader.function if isinstance(reader, Column) else getattr(reader.body, "function", None)
        function = plain_function(called)
        source = source_of(function)
        if source is None or function in _TOLD:
            return
        _TOLD.add(function)
        who = f"column {reader.name!r}" if isinstance(reader, Column) else f"rule {reader.name!r}"
        read = annotations_read(source, parameter)
        for annotation in unset(self._pipes, read):
            warn(
                f"{who} reads {read[annotation]}, and no pipe of {self.model.description} sets that: it needs "
                f"{WRITERS[annotation]}. Hint: it has {_listed([pipe.name for pipe in self._pipes])}; add the pipe, or "
                "give another model=",
                code="LK926",
            )
        for odd in odd_token_tests(source, parameter):
            warn(f"{who}: {odd.reason}. Hint: {odd.remedy}", code="LK926")

    def _warn_of_words(self, reader: DocumentReader, test: DocumentPredicate) -> None:
        """Warn of a text of one token that the tokenizer cuts, so that no token is equal to it."""
        if any(pipe.writes is None or "merge" in pipe.name for pipe in self._pipes):
            return
        for text in test.token_texts:
            parts = [token.text for token in self.model.nlp.make_doc(text)]
            if len(parts) > 1 and (test, text) not in _CUT:
                _CUT.add((test, text))
                warn(
                    f"rule {reader.name!r}: no token is {text!r}, since {self.model.description} cuts it into "
                    f"{', '.join(map(repr, parts))}. Hint: a dict for each token, or phrases({text!r}, ...)",
                    code="LK905",
                )

    def _check(self, reader: DocumentReader, test: DocumentPredicate) -> None:
        """Raise RuleError for a rule that could never vote: no pipe sets its annotations, or its pattern is invalid."""
        missing = unset(self._pipes, test.annotations)
        what = f"rule {reader.name!r} looks for {test.describe()}"
        has = f"it has {_listed([pipe.name for pipe in self._pipes])}"
        if missing:
            raise RuleError(
                f"{what}, but no pipe of {self.model.description} sets that: it needs {WRITERS[missing[0]]}",
                hint=f"{has}; add the pipe, or give another model=",
            )
        try:
            test.prepare(self.model.nlp.make_doc(""))
        except RuleError as error:
            raise RuleError(f"rule {reader.name!r}: {error.message}", hint=error.hint, code=error.code) from None
        self._warn_of_words(reader, test)
        labels = entity_labels(self._pipes) if isinstance(test, Entities) else None
        unknown = set(getattr(test, "labels", ())) - labels if labels else set()
        if unknown:
            raise RuleError(
                f"{what}, but {self.model.description} has no entities {min(unknown)!r}",
                hint=f"its entities are {_listed(sorted(labels or ()))}",
            )


def _refusal(text: Any, longest: int) -> Exception | None:
    """Return the error for a value that cannot be parsed, or None."""
    if not isinstance(text, str):
        return TypeError(f"only text can be parsed, not {text!r} ({type(text).__name__})")
    if len(text) > longest:
        return ValueError(
            f"the text has {len(text):,} characters, and the pipeline accepts at most {longest:,}: "
            "cut it in a @column, or raise nlp.max_length in a function that makes the pipeline (model=function)"
        )
    return None


def _uses(reader: DocumentReader, parameter: str) -> tuple[list[DocumentPredicate], bool]:
    """Return the tests of a rule on a document, and True if Python code reads the document too."""
    if isinstance(reader, Column):
        return [], True
    if isinstance(reader.body, Calls):
        return _tests([] if reader.body.when is None else [reader.body.when], parameter), True
    return _tests([expression for expression, _ in reader.body.cases], parameter), False


def _tests(expressions: Sequence[Expression], parameter: str) -> list[DocumentPredicate]:
    all_leaves: list[Leaf] = [leaf for expression in expressions for leaf in leaves(expression)]
    return [leaf.test for leaf in all_leaves if parameter in leaf.columns and isinstance(leaf.test, DocumentPredicate)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none but the tokenizer"
