"""The decorator ``@prompt``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Any, ParamSpec, Unpack

from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import columns_of
from labelkit.rules.inspection.bare_body import is_bare
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.options import AuthorOptions, Options, takes_options
from labelkit.rules.prompts._question import PromptQuestion, request_parameters
from labelkit.rules.prompts._template import Template
from labelkit.rules.prompts.answers import Reading, reading_of
from labelkit.rules.prompts.asker import Asker
from labelkit.rules.prompts.budget import Budget, Prices
from labelkit.rules.python_rule import calling

P = ParamSpec("P")


@takes_options(AuthorOptions)
def prompt(
    template: str | Path,
    /,
    *,
    labels: Mapping[str, int | None] | type[IntEnum],
    model: str,
    when: Condition | None = None,
    confidence: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    concurrency: int = 8,
    retries: int = 5,
    timeout: float = 60.0,
    budget: int | str | Budget | None = None,
    prices: tuple[float, float] | None = None,
    name: str | None = None,
    **options: Unpack[AuthorOptions],
) -> Callable[[Callable[P, None]], LabelingFunction[P]]:
    """Make a rule that asks a language model about each example.

    The function's parameters name the columns, its body is its docstring alone. Any endpoint will do that speaks
    OpenAI's chat completions: its address and key are in the environment, ``LABELKIT_LLM_URL`` and
    ``LABELKIT_LLM_KEY`` (else ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``).

    Answers are kept by endpoint, model, parameters and prompt, so that a run that was stopped or killed pays for none
    twice; so the votes themselves are not cached. The rule has no ``examples=``, which would have to be paid for: see
    :func:`labelkit.dry_run`.

    Parameters
    ----------
    template : str or Path
        The task, with columns in braces: ``"Is this comment spam? {text}"``; a Path is a file beside the module.
    labels : mapping from str to label, or IntEnum
        The allowed answers and what they mean; None abstains. ``"unsure"`` is always allowed, and abstains. Of an
        enum, the names of the members in lower case. Case, and spaces and punctuation around an answer, do not count.
    model : str
        As the endpoint calls it.
    when : Condition, optional
        Ask only where this holds. Columns that it names must be among the function's parameters.
    confidence : float, optional
        The probability, in [0, 1], that the model must give to its answer for a vote; the endpoint has to tell it
        (``logprobs``).
    parameters : mapping, optional
        More fields of the request. The temperature and the seed are 0 if it does not say otherwise; None leaves one
        out. Those that the endpoint does not take (400) are left out, as is the schema of the answer.
    concurrency : int
        Requests under way at a time, in all processes of a run together.
    retries : int
        How often a prompt is sent again after a time-out, a broken reply, or a status such as 429 or 500: after half a
        second, doubled each time, or as long as the endpoint asks.
    timeout : float
        Seconds until a request is given up.
    budget : int or str, optional
        What a run may spend on this rule: a number of requests, or ``"1000 requests"``, ``"200_000 tokens"``,
        ``"5 usd"``. A run that would spend more is stopped, and goes on when the same command is given again.
        ``LABELKIT_LLM_BUDGET`` is a budget for all rules together.
    prices : (float, float), optional
        What a million tokens cost, in prompts and in answers.
    name, group, precision, trusted
        As in :func:`labelkit.keywords`.

    Returns
    -------
    callable
        Decorates a function.

    Raises
    ------
    RuleError
        If the template names no column, or one that is no parameter; if answers cannot be told apart; if an option
        cannot be meant.

    Examples
    --------
    >>> @prompt("Is this comment spam? {text}", labels={"yes": 1, "no": 0}, model="small")
    ... def asks_a_model(text: str) -> None:
    ...     "What a language model thinks of it."
    >>> asks_a_model
    <prompt rule asks_a_model(text) -> 0, 1>
    """
    given = Options.of(prompt, {"name": name, **options})
    module_file = file_of_caller()
    read = Template.of(template, module_file=module_file)

    def decorate(function: Callable[P, None]) -> LabelingFunction[P]:
        made = str(name or getattr(function, "__name__", "prompt"))
        reading, enum = reading_of(labels, confidence, made)
        rule = calling(
            function,
            kind="prompt",
            batch=True,
            when=when,
            enum=enum,
            options=given.replaced_by(Options({"cache": False})),
            decide=reading,
        )
        question = PromptQuestion(
            read,
            _model(model, rule.name),
            reading.answers,
            request_parameters(parameters, rule.name),
            confidence is not None,
        )
        asker = Asker(
            rule=rule.name,
            columns=rule.columns,
            question=question,
            budget=_budget(budget, prices, rule.name),
            prices=Prices.of(prices, rule.name),
            concurrency=_whole(concurrency, "concurrency", 1, rule.name),
            retries=_whole(retries, "retries", 0, rule.name),
            timeout=_seconds(timeout, rule.name),
            function=function,
        )
        return _asking(rule, asker, reading)

    return decorate


def _asking(rule: LabelingFunction[P], asker: Asker, reading: Reading) -> LabelingFunction[P]:
    """The rule with the asker in the place of the function, once its columns have been checked."""
    assert isinstance(rule.body, Calls)
    if not is_bare(asker.function):
        raise RuleError(
            f"rule {rule.name!r} asks a model, so its body would never run", hint="leave only the docstring"
        )
    fields, guarded = asker.question.template.fields, columns_of(rule.body.when) if rule.body.when else ()
    unknown = [field for field in fields if field not in rule.columns]
    if unknown:
        raise RuleError(
            f"the prompt of rule {rule.name!r} names column {unknown[0]!r}, which is not among its parameters "
            f"{rule.columns}",
            hint=f"def {rule.name}({', '.join(fields)}): ...",
        )
    idle = [column for column in rule.columns if column not in (*fields, *guarded)]
    if idle:
        raise RuleError(
            f"rule {rule.name!r} reads column {idle[0]!r}, which its prompt does not name",
            hint=f"put {{{idle[0]}}} into the prompt, or leave the parameter out",
        )
    return replace(rule, body=replace(rule.body, function=asker, decide=reading))


def _model(model: Any, rule: str) -> str:
    if not isinstance(model, str) or not model.strip():
        raise RuleError(f"model={model!r} of rule {rule!r} is not the name of a model", hint="as the endpoint calls it")
    return model


def _budget(given: Any, prices: Any, rule: str) -> Budget:
    budget = Budget.of(given)
    if budget.money is not None and prices is None:
        raise RuleError(
            f"budget={given!r} of rule {rule!r} limits money, and the rule does not say what tokens cost",
            hint="prices=(0.15, 0.60): for a million tokens of prompts, and of answers",
        )
    return budget


def _whole(value: Any, what: str, least: int, rule: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{what}={value!r} of rule {rule!r} is not a whole number from {least}", hint=f"{what}=8")
    return value


def _seconds(value: Any, rule: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise RuleError(f"timeout={value!r} of rule {rule!r} is not a number of seconds", hint="timeout=60")
    return float(value)
