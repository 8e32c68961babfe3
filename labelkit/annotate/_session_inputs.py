"""Check and open what a session is given: its options, rules and classes, the columns to show, the file of answers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from labelkit._shared.files import writing
from labelkit._shared.locks import HeldError, locked
from labelkit.annotate._examples import AskedExamples
from labelkit.annotate._queue import disputed_items
from labelkit.annotate.answer_log import AnswerLog
from labelkit.exceptions import AnnotationError
from labelkit.rules.base_columns import base_columns
from labelkit.rules.collect import collect
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.views.matches import columns_shown
from labelkit.votes.label_space import LabelSpace

if TYPE_CHECKING:
    from labelkit.corpus import Corpus


def check_options(out: Path, double: float, columns: Any) -> None:
    """Refuse options that make no sense."""
    if isinstance(columns, str):
        raise AnnotationError(f"columns={columns!r} is one text", hint=f"give a list: columns=[{columns!r}]")
    if out.suffix != ".parquet":
        raise AnnotationError(f"out={str(out)!r} is no Parquet file", hint="call it gold.parquet", code="LK532")
    if isinstance(double, bool) or not 0 <= double <= 1:
        raise AnnotationError(f"double={double!r} is no share of the examples", hint="give 0.1 for a tenth")


def rules_of(rules: Any, labels: Any) -> LabelingFunctions | None:
    """Collect the rules, if there are any."""
    return None if rules is None else collect(rules, labels=labels)


def space_of(lfs: LabelingFunctions | None, labels: Any) -> LabelSpace:
    """Return the classes: those of the rules, or those that are given."""
    if lfs is not None:
        return lfs.space
    if labels is None:
        raise AnnotationError(
            "nothing says which classes there are", hint="give rules= (--rules), or labels= (--labels HAM,SPAM)"
        )
    return LabelSpace.of(labels)


def columns_read(corpus: Corpus, lfs: LabelingFunctions | None) -> list[str]:
    """List the columns of the corpus that the rules read."""
    return list(dict.fromkeys(name for lf in lfs or () for name in base_columns(lf) if corpus.has_column(name)))


def columns_of(corpus: Corpus, lfs: LabelingFunctions | None) -> list[str]:
    """Choose what is shown."""
    return columns_shown(corpus, set(columns_read(corpus, lfs)))


def open_log(stack: ExitStack, out: Path, class_names: Sequence[str], corpus: Corpus) -> AnswerLog:
    """Open the answers, which nobody else may write meanwhile."""
    try:
        with writing(out):
            stack.enter_context(locked(out.resolve().with_name(f"{out.name}.lock")))
    except HeldError as error:
        raise AnnotationError(
            f"{out} is being written by {error}",
            hint="several people answer on one page, each under a name; or choose another file: out= (--out)",
            code="LK502",
        ) from None
    return stack.enter_context(AnswerLog(out, class_names, are_positions=corpus.named_by_position))


def disputed(answered: AskedExamples, log: AnswerLog) -> AskedExamples:
    """Return the examples on which the answers differ, the most disputed first."""
    places = [answered.places[item] for item in disputed_items(log.all()) if item in answered.places]
    if not places:
        raise AnnotationError(
            "there is nothing to decide: no answers differ, and nobody is unsure",
            hint="let a share of the examples be answered twice: double=0.1 (--double 0.1)",
        )
    table = answered.table.take(pa.array(places))
    return AskedExamples(table, answered.probabilities[places], "answers that differ")
