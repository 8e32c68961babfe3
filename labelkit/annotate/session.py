"""What the page to label on does, without the page: examples to annotators, answers to the file, estimates of both."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from labelkit._shared.events import log_event
from labelkit._shared.markup import pieces, visible
from labelkit._shared.numbers import plural
from labelkit._shared.unknown_keywords import checks_keywords, checks_keywords_with
from labelkit.annotate._estimates import class_shares, share_right
from labelkit.annotate._examples import (
    AskedExamples,
    check_same_examples,
    digested_columns,
    draw_examples,
    listed_examples,
)
from labelkit.annotate._guidelines import Guidelines, read_guidelines
from labelkit.annotate._queue import TaskQueue, decided_items, disputed_items, unsure_items
from labelkit.annotate._session_inputs import (
    check_options,
    columns_of,
    columns_read,
    disputed,
    open_log,
    rules_of,
    space_of,
)
from labelkit.annotate._shown_votes import ShownVotes
from labelkit.annotate._status import AnnotationStatus
from labelkit.annotate._word_rule import WordRules
from labelkit.annotate.answer_log import KeptAnswer
from labelkit.corpus.open_corpus import open_corpus
from labelkit.corpus.worker_answers import agreed_labels
from labelkit.exceptions import AnnotationError, CorpusChangedError
from labelkit.votes.given_class import given_class

if TYPE_CHECKING:
    from labelkit.annotate.server import PageServer

LONGEST_NAME: Final = 60
"""Characters of the name of an annotator."""

LONGEST_NOTE: Final = 10_000
"""Characters of a note."""


@checks_keywords
class AnnotationSession:
    """Ask people for the labels of examples, and keep what they answer.

    Used as a context manager: it holds the file of the answers, which one process at a time writes.

    Parameters
    ----------
    corpus : object
        The examples, as :func:`labelkit.open_corpus` takes them.
    out : str or path
        The file of the answers, ``*.parquet``: gold for all other commands and functions at once. If it is there, the
        session goes on where it was. All answers that ever were given stand in the log beside it.
    rules : path, LabelingFunctions or list of labeling functions, optional
        Their votes, and the words that matched, are shown after an answer.
    labels : IntEnum, list of class names or int, optional
        The classes; by default those of the rules.
    id : str, optional
        The column that names the examples.
    sample : int
        How many examples to draw at random.
    examples : path, optional
        A file that lists the examples instead, by their ids; with a column ``inclusion_probability`` (or ``weight``),
        estimates are weighted by it.
    double : float in [0, 1]
        The share of the examples that two people answer.
    adjudicate : bool
        Ask about the examples whose answers differ, or were unsure, instead; an answer then stands for all.
    guidelines : path, optional
        Markdown that is shown beside the examples; a section whose heading is the name of a class is its definition.
    show_votes : bool
        Whether to show votes before an answer, too. People then tend to agree with them.
    columns : sequence of str, optional
        What is shown of an example; by default the columns that the rules read, or else its texts.
    annotator : str
        The name that the page begins with; each person may give another one there.
    random_state : int
    **reading : of :func:`labelkit.open_corpus`

    Attributes
    ----------
    class_names, columns : sequences of str
    guidelines : Guidelines
    title, annotator : str
    adjudicates, shows_votes : bool

    Raises
    ------
    AnnotationError
        If an option makes no sense, or another process writes the file.
    CorpusError, GoldError
        If the corpus or the file of answers cannot be read, or they do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with AnnotationSession(["win a prize", "hello"], f"{folder}/gold.parquet", labels=["HAM", "SPAM"]) as session:
    ...     shown = session.next("ann")["example"]
    ...     _ = session.answer("ann", shown["key"], label="SPAM", seconds=2.5)
    ...     session.status().n_done
    1
    """

    @checks_keywords_with(open_corpus)
    def __init__(
        self,
        corpus: Any,
        out: str | Path,
        *,
        rules: Any = None,
        labels: Any = None,
        id: str | None = None,  # noqa: A002 - the word that users write
        sample: int = 200,
        examples: str | Path | None = None,
        double: float = 0.0,
        adjudicate: bool = False,
        guidelines: str | Path | None = None,
        show_votes: bool = False,
        columns: Sequence[str] | None = None,
        annotator: str = "",
        random_state: int = 0,
        **reading: Any,
    ) -> None:
        self._out = Path(out)
        check_options(self._out, double, columns)
        self._corpus = open_corpus(corpus, id=id, **reading)
        self._lfs = rules_of(rules, labels)
        self.class_names = space_of(self._lfs, labels).names
        self.columns = list(columns) if columns else columns_of(self._corpus, self._lfs)
        self.adjudicates, self.shows_votes = adjudicate, show_votes
        self.annotator = _checked_name(annotator) if annotator else ""
        self.title = self._out.stem
        self.guidelines: Guidelines = read_guidelines(guidelines, self.class_names)
        self._lock = threading.RLock()
        self._corpus_changed = False
        with ExitStack() as stack:
            self._log = open_log(stack, self._out, self.class_names, self._corpus)
            loaded = list(dict.fromkeys([*self.columns, *columns_read(self._corpus, self._lfs)]))
            answered = self._answered(loaded)
            if adjudicate:
                asked = disputed(answered, self._log)
            elif examples is not None:
                asked = listed_examples(self._corpus, Path(examples), loaded, random_state)
            else:
                asked = draw_examples(self._corpus, sample, loaded, random_state)
            self._asked = asked
            self._note_changed(answered)
            self._queue = TaskQueue(asked.ids, double=0.0 if adjudicate else double, truth=adjudicate)
            self._votes = ShownVotes(self._lfs, asked)
            self._word_rules = WordRules(self._corpus, asked, self._lfs, self.class_names, random_state)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write the file of the answers, and leave it to others."""
        self._stack.close()

    def serve(self, *, port: int = 0) -> PageServer:
        """Serve the page on this machine alone, in a thread.

        Parameters
        ----------
        port : int
            0 for any that is free.

        Returns
        -------
        PageServer
            ``url`` is the address, with a token that nobody else knows; ``close()`` ends it.

        Raises
        ------
        MissingExtraError
            If Starlette, uvicorn or markdown-it-py is not installed: ``pip install 'labelkit[annotate]'``.
        """
        from labelkit.annotate.server import PageServer  # noqa: PLC0415 - needs the extra

        return PageServer(self, port=port)

    def widget(self, annotator: str = "") -> Any:
        """Return the page as a widget of a notebook, for one annotator: the last value of a cell shows it.

        Parameters
        ----------
        annotator : str
            Who answers; that of the session if not given.

        Returns
        -------
        anywidget.AnyWidget

        Raises
        ------
        MissingExtraError
            If anywidget is not installed: ``pip install 'labelkit[annotate]'``.
        AnnotationError
            If nobody is named.
        """
        from labelkit.annotate.widget import annotation_widget  # noqa: PLC0415 - needs the extra

        return annotation_widget(self, _checked_name(annotator or self.annotator))

    # What the page asks -----------------------------------------------------------------------------------------------

    def next(self, annotator: str) -> dict[str, Any]:
        """Return the next example for an annotator, as plain values; ``example`` is None if nothing is left."""
        name = _checked_name(annotator)
        with self._lock:
            item = self._queue.next_for(name, self._log.answers)
            return self._state(name, item)

    def back(self, annotator: str, key: str | None) -> dict[str, Any]:
        """Return the example that an annotator answered last, or, from one that this returned, the one before it.

        Examples stand in the order of their latest answers: what was skipped and came again is where it was answered.
        """
        name = _checked_name(annotator)
        with self._lock:
            present = None if key is None else self._item(key)
            item = self._queue.before(name, present, self._log.of(name))
            return self._state(name, present if item is None else item)

    def answer(
        self,
        annotator: str,
        key: str,
        *,
        label: Any = None,
        status: str = "labeled",
        seconds: float = math.nan,
        note: str = "",
    ) -> dict[str, Any]:
        """Keep an answer; it is on the disk when this returns.

        Parameters
        ----------
        annotator : str
        key : str
            That of the example, as :meth:`next` gave it.
        label : str, int or enum member, optional
            A class; None for an answer that is ``"unsure"`` or ``"skipped"``.
        status : {"labeled", "unsure", "skipped"}
        seconds : float
        note : str

        Returns
        -------
        dict
            The example with its votes, and the next one.

        Raises
        ------
        AnnotationError
            If the label is no class, or the example is none of those that are asked about.
        """
        name, item = _checked_name(annotator), self._item(key)
        if status not in ("labeled", "unsure", "skipped") or (label is None) is (status == "labeled"):
            raise AnnotationError(f"the answer {label!r} with the status {status!r} makes no sense")
        if label is not None:
            label = self.class_names[given_class(label, self.class_names, "label", error=AnnotationError)]
        with self._lock:
            place = self._asked.places[item]
            self._log.keep(
                KeptAnswer(
                    item=item,
                    annotator=name,
                    label=label,
                    status=status,  # type: ignore[arg-type] # checked above
                    truth=self.adjudicates,
                    seconds=float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e7 else math.nan,
                    note=str(note)[:LONGEST_NOTE],
                    sample=self._asked.sample,
                    inclusion_probability=float(self._asked.probabilities[place]),
                    content=self._asked.content(place, self.columns),
                )
            )
            self._look_at_corpus()
            return {**self.next(name), "answered": self._shown(name, item, with_votes=True)}

    def count_words(self, words: Sequence[str], label: Any, column: str | None = None) -> dict[str, Any]:
        """Count the examples that a rule of words would label, and write its source.

        Raises
        ------
        AnnotationError, RuleError
            If there are no words, or the class or the column is not there.
        """
        class_name = self.class_names[given_class(label, self.class_names, "label", error=AnnotationError)]
        with self._lock:
            chosen = column or self.columns[0]
            if chosen not in self.columns:
                raise AnnotationError(f"{chosen!r} is none of the columns {', '.join(self.columns)}")
            return self._word_rules.count(words, class_name, chosen, self.labels())

    # What is known so far ---------------------------------------------------------------------------------------------

    def labels(self) -> dict[Any, str]:
        """Return the labels of the examples that annotators agree on, or that an answer decides, by id."""
        agreed = agreed_labels([answer.as_worker_answer() for answer in self._log.all()])
        return {item: label for item, label in agreed.items() if item in self._queue}

    def status(self) -> AnnotationStatus:
        """Say how far the answers are, and what they say."""
        with self._lock:
            answers, labels = self._log.all(), self.labels()
            probabilities = dict(zip(self._asked.ids, self._asked.probabilities.tolist(), strict=True))
            judged, counts = {} if self._asked.in_groups else labels, dict.fromkeys((a.annotator for a in answers), 0)
            for answer in answers:
                counts[answer.annotator] += answer.status == "labeled"
            return AnnotationStatus(
                path=self._out,
                n_examples=len(self._asked),
                n_done=self._queue.n_done(self._log.answers),
                n_labels=len(labels),
                n_disputed=len(set(disputed_items(answers)) - decided_items(answers)),
                n_unsure=len(unsure_items(answers) - decided_items(answers)),
                sample=self._asked.sample,
                annotators=dict(sorted(counts.items())),
                shares=class_shares(judged, probabilities, self.class_names),
                rules_right=share_right(judged, probabilities, self._votes.labels()),
                corpus_changed=self._corpus_changed,
            )

    def _state(self, annotator: str, item: Any) -> dict[str, Any]:
        """Return what the page shows: an example, and how far the answers are."""
        with_votes = self.shows_votes or self._answer_of(annotator, item) is not None
        example = None if item is None else self._shown(annotator, item, with_votes=with_votes)
        ours = sum(one.status == "labeled" and one.truth is self.adjudicates for one in self._log.of(annotator))
        return {"example": example, "yours": ours, "status": self.status().to_dict()}

    def _answer_of(self, annotator: str, item: Any) -> KeptAnswer | None:
        answer = self._log.answers.get((item, annotator, self.adjudicates))
        return None if answer is None or answer.status in {"skipped", "changed"} else answer

    def _shown(self, annotator: str, item: Any, *, with_votes: bool) -> dict[str, Any]:
        place, answer = self._asked.places[item], self._answer_of(annotator, item)
        votes = self._votes.of(place) if with_votes else None
        spans: dict[str, list[tuple[int, int]]] = {}
        for vote in votes or ():
            for match in vote["matches"]:
                spans.setdefault(match["column"], []).append((match["start"], match["stop"]))
        row = self._asked.row(place, self.columns)
        return {
            "key": json.dumps(item),
            "id": visible(str(item)),
            "columns": [{"name": visible(name), "pieces": _pieces(row[name], spans.get(name, ()))} for name in row],
            "answer": None if answer is None else {"label": answer.label, "status": answer.status, "note": answer.note},
            "votes": votes,
            "others": self._others(item) if self.adjudicates else None,
        }

    def _others(self, item: Any) -> list[dict[str, Any]]:
        """List the answers of the annotators, for who decides between them."""
        return [
            {"annotator": visible(one.annotator), "label": one.label, "status": one.status, "note": visible(one.note)}
            for one in self._log.all()
            if one.item == item and not one.truth and one.status in {"labeled", "unsure"}
        ]

    def _item(self, key: str) -> Any:
        try:
            item = json.loads(key)
        except (ValueError, TypeError):
            item = None
        if not isinstance(item, str | int) or item not in self._queue:
            raise AnnotationError(f"{key!r} is none of the examples that are asked about", hint="load the page again")
        return item

    # A corpus that changes --------------------------------------------------------------------------------------------

    def _look_at_corpus(self) -> None:
        """Find out whether the corpus was written again since the page was opened."""
        if not self._corpus_changed:
            try:
                self._corpus.check_unchanged()
            except (CorpusChangedError, OSError):
                self._corpus_changed = True

    def _answered(self, columns: Sequence[str]) -> AskedExamples:
        """Read the examples that were answered, with the columns that were looked at then."""
        answers = self._log.all()
        looked_at = {name for digest in {one.content for one in answers} for name in digested_columns(digest)}
        there = [name for name in sorted(looked_at) if self._corpus.has_column(name)]
        items = list(dict.fromkeys(one.item for one in answers))
        return check_same_examples(self._corpus, items, list(dict.fromkeys([*columns, *there])), self._out)

    def _note_changed(self, answered: AskedExamples) -> None:
        """Take back answers to examples that are others now; they are asked about again."""
        changed = [
            one
            for one in self._log.all()
            if one.status == "labeled"
            and one.item in answered.places
            and not answered.has_content(answered.places[one.item], one.content)
        ]
        for one in changed:
            self._log.keep(replace(one, label=None, status="changed", when=""))
        lost = {one.item for one in self._log.all()} - answered.places.keys()
        if changed:
            message = (
                f"{plural(len(changed), 'answer')} in {self._out} to an example with another text now: asked again"
            )
            log_event("changed", message, answers=len(changed))
        if lost:
            message = f"{plural(len(lost), 'example')} answered in {self._out} not in the corpus any more"
            log_event("gone", message, examples=len(lost))
        if self._log.edits:
            edits = plural(self._log.edits, "answer")
            log_event("edited", f"{edits} edited by hand in {self._out}: taken over", answers=self._log.edits)


def _checked_name(annotator: Any) -> str:
    """Return the name of an annotator, without spaces around it."""
    name = annotator.strip() if isinstance(annotator, str) else ""
    if not name or len(name) > LONGEST_NAME or visible(name) != name or not name.isprintable():
        raise AnnotationError(
            f"{annotator!r} is no name of an annotator", hint=f"up to {LONGEST_NAME} characters that can be seen"
        )
    return name


def _pieces(value: Any, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Cut a value at its matches, and make it harmless to look at."""
    if value is None:
        return []
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return [(visible(piece), is_match) for piece, is_match in pieces(text, spans)]
