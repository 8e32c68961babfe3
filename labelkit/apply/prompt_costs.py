"""Estimate the prompts that ``@prompt`` rules would send for a corpus, and their cost; no request is sent.

The rules are applied with a recorder in place of the language model, so that derived columns and guards count as they
do in a run.

>>> import labelkit as lk
>>> @lk.prompt("Is this spam? {text}", labels={"yes": 1, "no": 0}, model="small", prices=(0.5, 1.5))
... def asks(text: str) -> None:
...     "What a language model thinks of it."
>>> estimate([asks], ["win money", "hello", "win money", None], labels=2)[0].prompts
2
>>> print(dry_run(asks, ["win money"]))
asks reads text; 1 of 1 prompts:
--- 1
Is this spam? <text-36f7bfab>win money</text-36f7bfab>
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import islice, zip_longest
from typing import Any, Final, Unpack

import numpy as np

from labelkit._shared.numbers import DASH, count, plural
from labelkit._shared.plain_values import plain_value
from labelkit._shared.tables import ResultPage, ResultTable, ShownResult
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.apply.plan import CHUNK, Plan
from labelkit.corpus import Corpus, open_corpus
from labelkit.corpus.reading import ReadOptions, takes_reading
from labelkit.exceptions import LabelkitError, StopRunError
from labelkit.rules.collect import collect
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.labeling_functions import LabelingFunctions
from labelkit.rules.prompts import FRAME, Answer, Asker, Endpoint, Prices, Reading
from labelkit.votes.label_space import ABSTAIN, LabelSpace

ROWS: Final = 100_000
"""Rows of a corpus that an estimate looks at, spread over all of it."""


@dataclass(frozen=True)
class PromptEstimate:
    """Prompts of one rule, and their cost.

    Attributes
    ----------
    rule, model : str
    rows : int
        The examples that it would ask about.
    prompts : int
        The distinct prompts among them; of a sample, at the most so many.
    kept : int
        Of those, how many have an answer already.
    tokens_in, tokens_out : int
        About what the rest would take.
    money : float
        What that costs; NaN where prices are not known.
    """

    rule: str
    model: str
    rows: int
    prompts: int
    kept: int
    tokens_in: int
    tokens_out: int
    money: float

    @property
    def requests(self) -> int:
        """Number of prompts to send, without retries."""
        return self.prompts - self.kept


@checks_keywords
@dataclass(frozen=True)
class Estimates(ShownResult, Sequence[PromptEstimate]):
    """Prompts of rules for a corpus, and their cost.

    Attributes
    ----------
    each : tuple of PromptEstimate
    n_rows : int
        The rows of the corpus.
    n_seen : int
        Those that were looked at; numbers are scaled up to the whole.
    endpoint : str
        Where the rules would ask, or ``""`` if the environment does not say: then no answer counts as kept.
    """

    each: tuple[PromptEstimate, ...]
    n_rows: int
    n_seen: int
    endpoint: str = ""

    def __getitem__(self, index: Any) -> Any:
        return self.each[index]

    def __len__(self) -> int:
        return len(self.each)

    @property
    def money(self) -> float:
        """Cost of all prompts; NaN where prices are not known."""
        return math.fsum(one.money for one in self.each)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``rows``, ``looked_at``, ``endpoint``, ``money``, and ``rules`` with those of each."""
        rules = [{**one.__dict__, "requests": one.requests} for one in self.each]
        values = {"rows": self.n_rows, "looked_at": self.n_seen, "endpoint": self.endpoint or None}
        return dict(plain_value({**values, "money": self.money, "rules": rules}))

    def _page(self) -> ResultPage:
        heads = ("rule", "model", "rows", "prompts", "kept", "to ask", "tokens in", "tokens out", "cost")
        table = ResultTable([_cells(one) for one in self.each], heads, align="<<>")
        sampled = "" if self.n_seen == self.n_rows else f", scaled up from a sample of {self.n_seen:,}"
        where = f"at {self.endpoint}" if self.endpoint else "the environment does not say where (LABELKIT_LLM_URL)"
        return ResultPage(
            [f"{plural(self.n_rows, 'row')}{sampled}; {where}"], [table], ["tokens are estimated by length"]
        )


def _cells(one: PromptEstimate) -> list[str]:
    counts = (one.rows, one.prompts, one.kept, one.requests, one.tokens_in, one.tokens_out)
    cost = DASH if math.isnan(one.money) else f"{one.money:,.2f}" if one.money >= 0.1 else f"{one.money:.2g}"
    return [one.rule, one.model, *map(count, counts), cost]


@takes_reading
def estimate(
    rules: Any,
    corpus: Any,
    *,
    labels: LabelSpace | type[IntEnum] | Sequence[str] | int | None = None,
    rows: int = ROWS,
    prices: tuple[float, float] | None = None,
    count_tokens: Callable[[str], int] | None = None,
    **reading: Unpack[ReadOptions],
) -> Estimates:
    """Estimate the prompts of the ``@prompt`` rules among some rules for a corpus, without sending any.

    Parameters
    ----------
    rules : LabelingFunctions, list of rules, or as :func:`labelkit.collect` takes them
    corpus : object
        As :meth:`labelkit.Applier.apply` takes it. An iterator is read, and gone.
    labels : IntEnum, list of class names or int, optional
        The label space; inferred from the rules if not given.
    rows : int
        About how many rows to look at, in blocks of 1,024 that are spread over the corpus.
    prices : (float, float), optional
        What a million tokens cost, in prompts and in answers; those of the rules if not given.
    count_tokens : callable, optional
        A tokenizer: the number of tokens of a text. A quarter of the bytes of its UTF-8 if not given.

    Returns
    -------
    Estimates
        A sequence with one entry for each rule that asks a model.

    Raises
    ------
    LabelkitError
        If none of the rules asks a model, or an option cannot be meant.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise LabelkitError(f"rows={rows!r} is not a number of rows", hint="give 1 or more")
    lfs = _asking(collect(rules, labels=labels))
    recorders = [_Recorder(_asker_of(lf)) for lf in lfs]
    n_rows, n_seen = _written(lfs, recorders, corpus, rows, reading)
    answered = [_known_answers(recorder) for recorder in recorders]
    scale = n_rows / n_seen if n_seen else 0.0
    each = (
        _estimated(recorder, kept, scale, prices, count_tokens)
        for recorder, (_, kept) in zip(recorders, answered, strict=True)
    )
    return Estimates(tuple(each), n_rows, n_seen, answered[0][0])


def _asking(lfs: LabelingFunctions) -> LabelingFunctions:
    """Select the rules that ask a model."""
    names = [lf.name for lf in lfs if asks_a_model(lf)]
    if not names:
        raise LabelkitError("none of the rules asks a language model", hint="@prompt makes one that does")
    return lfs[names]


def asks_a_model(lf: LabelingFunction[...]) -> bool:
    """Tell if a rule was made by ``@prompt``."""
    return isinstance(lf.body, Calls) and isinstance(lf.body.function, Asker)


def _asker_of(lf: LabelingFunction[...]) -> Asker:
    assert isinstance(lf.body, Calls)
    assert isinstance(lf.body.function, Asker)
    return lf.body.function


@dataclass
class _Recorder:
    """Record the prompts of a rule."""

    asker: Asker
    n_rows: int = 0
    prompts: dict[str, None] = field(default_factory=dict)

    def __call__(self, *columns: Any) -> Any:
        prompts = self.asker.prompts(columns)
        self.n_rows += len(prompts)
        self.prompts.update(dict.fromkeys(prompts))
        return np.full(len(prompts), ABSTAIN)

    def __fingerprint_parts__(self) -> list[Any]:
        return [self.asker]


def _written(
    lfs: LabelingFunctions, recorders: Sequence[_Recorder], corpus: Any, rows: int, reading: ReadOptions
) -> tuple[int, int]:
    """Record the prompts of rules for blocks of a corpus; returns its rows, and the rows that were looked at."""
    plan, opened = _opened(lfs, recorders, corpus, reading)
    n_known = opened.n_rows
    if n_known is None and opened.is_repeatable:  # the rows of files are counted; of an iterator, all are taken
        n_known = sum(map(len, opened.batches(plan.columns[:1], CHUNK)))
    block = min(CHUNK, rows)
    step = 1 if n_known is None else max(1, -(-n_known // rows))
    n_rows = n_seen = 0
    for number, batch in enumerate(opened.batches(plan.columns, block)):
        n_rows += len(batch)
        if number % step == 0:
            plan.vote(batch.table)
            n_seen += len(batch)
    return n_rows, n_seen


def _opened(
    lfs: LabelingFunctions, recorders: Sequence[_Recorder], corpus: Any, reading: ReadOptions
) -> tuple[Plan, Corpus]:
    recorded = [_recorded(lf, recorder) for lf, recorder in zip(lfs, recorders, strict=True)]
    plan = Plan(LabelingFunctions(recorded, labels=lfs.space))
    opened = open_corpus(corpus, types=plan.types, **reading)
    plan.check(opened)
    return plan, opened


def _recorded(lf: LabelingFunction[...], recorder: _Recorder) -> LabelingFunction[...]:
    assert isinstance(lf.body, Calls)
    return replace(lf, body=replace(lf.body, function=recorder, decide=None))


def _known_answers(recorder: _Recorder) -> tuple[str, set[str]]:
    """Return the endpoint of a rule, and those of its prompts that have an answer already."""
    try:
        endpoint = Endpoint.of_environment(recorder.asker.rule)
    except StopRunError:  # what would be asked can be counted all the same
        return "", set()
    keys = {recorder.asker.request.key(endpoint.name, prompt): prompt for prompt in recorder.prompts}
    store = recorder.asker.store()
    try:
        return endpoint.name, {keys[key] for key in store.get_many(keys)}
    finally:
        store.close()


def _estimated(
    recorder: _Recorder, kept: set[str], scale: float, prices: Any, count_tokens: Callable[[str], int] | None
) -> PromptEstimate:
    request = recorder.asker.request
    rest = [prompt for prompt in recorder.prompts if prompt not in kept]
    if count_tokens is None:
        tokens_in = sum(map(request.tokens_in, rest))
    else:
        tokens_in = len(rest) * (count_tokens(request.system) + FRAME) + sum(map(count_tokens, rest))
    total_in, total_out = round(tokens_in * scale), round(request.tokens_out * len(rest) * scale)
    priced = recorder.asker.prices if prices is None else Prices.of(prices, recorder.asker.rule)
    return PromptEstimate(
        rule=recorder.asker.rule,
        model=request.model,
        rows=round(recorder.n_rows * scale),
        prompts=round(len(recorder.prompts) * scale),
        kept=round(len(kept) * scale),
        tokens_in=total_in,
        tokens_out=total_out,
        money=priced.cost(total_in, total_out),
    )


# A few rows, to look at -----------------------------------------------------------------------------------------------


@checks_keywords
@dataclass(frozen=True)
class DryRun:
    """The first prompts of a rule, and perhaps their answers.

    Attributes
    ----------
    rule : str
    columns : tuple of str
    n_seen : int
        The examples that the rule would ask about among the rows that were read.
    prompts : tuple of str
        The task with the values of an example.
    answers : tuple of str
        What the model said, or why it did not; empty if it was not asked.
    votes : tuple of str
        The names of the classes, ``"ABSTAIN"``, or ``"FAULT"``; empty if it was not asked.
    """

    rule: str
    columns: tuple[str, ...]
    n_seen: int
    prompts: tuple[str, ...]
    answers: tuple[str, ...] = ()
    votes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: ``rule``, ``columns``, ``examples``, and ``prompts``, each with answer and vote."""
        each = zip_longest(self.prompts, self.answers, self.votes)
        prompts = [{"prompt": prompt, "answer": answer, "vote": vote} for prompt, answer, vote in each]
        return {"rule": self.rule, "columns": list(self.columns), "examples": self.n_seen, "prompts": prompts}

    def __str__(self) -> str:
        read = ", ".join(self.columns)
        lines = [f"{self.rule} reads {read}; {len(self.prompts)} of {self.n_seen:,} prompts:"]
        for number, prompt in enumerate(self.prompts):
            lines += [f"--- {number + 1}", prompt]
            if self.answers:
                lines.append(f"=> {self.answers[number]} -> {self.votes[number]}")
        return "\n".join(lines)


@takes_reading
def dry_run(
    rule: LabelingFunction[...], corpus: Any, *, n: int = 10, ask: bool = False, **reading: Unpack[ReadOptions]
) -> DryRun:
    """Show what a ``@prompt`` rule would ask about the first examples of a corpus, and if wanted what is answered.

    Parameters
    ----------
    rule : LabelingFunction
        Made by ``@prompt``.
    corpus : object
        As :meth:`labelkit.Applier.apply` takes it.
    n : int
        How many distinct prompts to show.
    ask : bool
        Whether to ask them too. The answers are paid for, and kept as those of a run.

    Returns
    -------
    DryRun

    Raises
    ------
    LabelkitError
        If the rule does not ask a model, or the corpus gives it nothing to ask.
    StopRunError
        If the endpoint cannot be asked.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise LabelkitError(f"n={n!r} is not a number of prompts", hint="give 1 or more")
    if not isinstance(rule, LabelingFunction) or not asks_a_model(rule):
        raise LabelkitError(f"{rule!r} does not ask a language model", hint="@prompt makes a rule that does")
    recorder = _Recorder(_asker_of(rule))
    space = LabelSpace.of(rule.enum) if rule.enum is not None else LabelSpace.of(max(rule.labels or (0,)) + 1)
    plan, opened = _opened(LabelingFunctions([rule], labels=space), [recorder], corpus, reading)
    for batch in opened.batches(plan.columns, CHUNK):
        plan.vote(batch.table)
        if len(recorder.prompts) >= n:
            break
    if not recorder.prompts:
        raise LabelkitError(f"rule {rule.name!r} would ask nothing about this corpus", hint="is its guard ever true?")
    prompts = tuple(islice(recorder.prompts, n))
    shown = DryRun(rule.name, rule.columns, recorder.n_rows, prompts)
    return _answered(shown, rule, space) if ask else shown


def _answered(shown: DryRun, rule: LabelingFunction[...], space: LabelSpace) -> DryRun:
    """Send the prompts, and add the answers and the votes that they mean."""
    assert isinstance(rule.body, Calls)
    assert isinstance(rule.body.decide, Reading)
    replies = _asker_of(rule).ask(shown.prompts)
    votes = rule.body.decide(replies, len(replies), space)
    answers = tuple(reply.content if isinstance(reply, Answer) else str(reply) for reply in replies)
    return replace(shown, answers=answers, votes=tuple(_named(vote, space) for vote in votes))


def _named(vote: Any, space: LabelSpace) -> str:
    return "FAULT" if isinstance(vote, Exception) else space.name(vote)
