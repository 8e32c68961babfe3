"""The decorator ``@prompt``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, ParamSpec, Unpack

from labelkit.exceptions import RuleError
from labelkit.rules._caller import file_of_caller
from labelkit.rules._parentheses import called_first
from labelkit.rules.condition import Condition
from labelkit.rules.expressions import columns_of
from labelkit.rules.inspection.bare_body import is_bare
from labelkit.rules.labeling_function import Calls, LabelingFunction
from labelkit.rules.options import AuthorOptions, Options, takes_options
from labelkit.rules.prompts._request_template import RequestTemplate, request_parameters
from labelkit.rules.prompts._template import Template
from labelkit.rules.prompts.answers import Reading, reading_of
from labelkit.rules.prompts.asker import Asker
from labelkit.rules.prompts.budget import Budget, Prices
from labelkit.rules.python_rule import calling

P = ParamSpec("P")


@called_first('("Is it spam? {text}", labels={"yes": Label.SPAM}, model="name")')
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
    """Declare a rule that queries a language model for each example.

    The parameters of the function name the columns; its body is its docstring alone. Any endpoint with OpenAI's chat
    completions API works: its address and key are read from the environment, ``LABELKIT_LLM_URL`` and
    ``LABELKIT_LLM_KEY`` (else ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``).

    Answers are stored by endpoint, model, parameters and prompt, so that a run that was stopped or killed pays for none
    twice; the votes are therefore not cached. The rule has no ``examples=``, since testing them would cost requests:
    see :func:`labelkit.dry_run`.

    Parameters
    ----------
    template : str or Path
        The task, with columns in braces: ``"Is this comment spam? {text}"``; a Path is a file beside the module.
    labels : mapping from str to label, or IntEnum
        The allowed answers and their classes; None abstains. ``"unsure"`` is always allowed, and abstains. For an
        enum, the answers are the names of its members in lower case. Case, and spaces and punctuation around an answer,
        are ignored.
    model : str
        The name of the model at the endpoint.
    when : Condition, optional
        Send prompts only for examples that meet this condition. Its columns must be among the function's parameters.
    confidence : float, optional
        The probability, in [0, 1], that the model must give to its answer for a vote; requires an endpoint that returns
        log-probabilities (``logprobs``).
    parameters : mapping, optional
        Further fields of the request. The temperature and the seed are 0 by default; None removes one. Fields that the
        endpoint rejects (status 400) are left out, and so is the schema of the answer.
    concurrency : int
        Concurrent requests, in all processes of a run together.
    retries : int
        Number of times that a prompt is sent again after a time-out, a broken reply, or a status such as 429 or 500:
        after half a second, doubled each time, or after the time that the endpoint requests.
    timeout : float
        Time limit of a request, in seconds.
    budget : int or str, optional
        Limit on the expenses of this rule in a run: a number of requests, or ``"1000 requests"``, ``"200_000 tokens"``,
        ``"5 usd"``. A run that would exceed it stops; the same command continues it, with the same budget again.
        ``LABELKIT_LLM_BUDGET`` limits all rules together.
    prices : (float, float), optional
        The prices of a million tokens of prompts, and of answers.
    name, group, precision, trusted
        As in :func:`labelkit.keywords`.

    Returns
    -------
    callable
        Decorates a function.

    Raises
    ------
    RuleError
        If the template names no column, or one that is not a parameter; if two answers count as equal; if an option is
        invalid.

    Examples
    --------
    >>> @prompt("Is this comment spam? {text}", labels={"yes": 1, "no": 0}, model="small")
    ... def asks_a_model(text: str) -> None:
    ...     "Ask a language model."
    >>> asks_a_model
    <prompt rule asks_a_model(text) -> 0, 1>
    """
    given = Options.of(prompt, {"name": name, **options})
    module_file = file_of_caller()
    read = Template.of(template, module_file=module_file)

    def decorate(function: Callable[P, None]) -> LabelingFunction[P]:
        rule_name = str(name or getattr(function, "__name__", "prompt"))
        reading, enum = reading_of(labels, confidence, rule_name)
        rule = calling(
            function,
            kind="prompt",
            batch=True,
            when=when,
            enum=enum,
            options=given,
            decide=reading,
        )
        request = RequestTemplate(
            read,
            checked_model(model, rule.name),
            reading.answers,
            request_parameters(parameters, rule.name),
            confidence is not None,
        )
        limits = AskerOptions(concurrency, retries, timeout, budget, prices)
        asker = checked_asker(rule.name, rule.columns, request, function, limits)
        return _with_asker(rule, asker, reading)

    return decorate


def _with_asker(rule: LabelingFunction[P], asker: Asker, reading: Reading) -> LabelingFunction[P]:
    """Check the columns of a rule, and return the rule with the asker in place of its function."""
    assert isinstance(rule.body, Calls)
    if not is_bare(asker.function):
        raise RuleError(
            f"rule {rule.name!r} asks a model, so its body would never run",
            hint="leave only the docstring",
            code="LK104",
        )
    fields, guarded = asker.request.template.fields, columns_of(rule.body.when) if rule.body.when else ()
    unknown = [field for field in fields if field not in rule.columns]
    if unknown:
        raise RuleError(
            f"the prompt of rule {rule.name!r} names column {unknown[0]!r}, which is not among its parameters "
            f"{rule.columns}",
            hint=f"def {rule.name}({', '.join(fields)}): ...",
            code="LK101",
        )
    unused = [column for column in rule.columns if column not in (*fields, *guarded)]
    if unused:
        raise RuleError(
            f"rule {rule.name!r} reads column {unused[0]!r}, which its prompt does not name",
            hint=f"put {{{unused[0]}}} into the prompt, or leave the parameter out",
            code="LK101",
        )
    return replace(rule, body=replace(rule.body, function=asker, decide=reading))


@dataclass(frozen=True)
class AskerOptions:
    """How requests are sent, and what they may cost; see :func:`prompt`."""

    concurrency: Any = 8
    retries: Any = 5
    timeout: Any = 60.0
    budget: Any = None
    prices: Any = None


def checked_asker(
    name: str, columns: tuple[str, ...], request: RequestTemplate, function: Any, options: AskerOptions
) -> Asker:
    """Check how requests are to be sent, and make the function that sends them.

    Raises
    ------
    RuleError
        If an option is invalid, or a budget limits money and there are no prices.
    """
    return Asker(
        rule=name,
        columns=columns,
        request=request,
        budget=_budget(options.budget, options.prices, name),
        prices=Prices.of(options.prices, name),
        concurrency=_whole(options.concurrency, "concurrency", 1, name),
        retries=_whole(options.retries, "retries", 0, name),
        timeout=_seconds(options.timeout, name),
        function=function,
    )


def checked_model(model: Any, rule: str) -> str:
    """Raise RuleError unless a model is named."""
    if not isinstance(model, str) or not model.strip():
        raise RuleError(f"model={model!r} of rule {rule!r} is not the name of a model", hint="use the endpoint's name")
    return model


def _budget(given: Any, prices: Any, rule: str) -> Budget:
    budget = Budget.of(given)
    if budget.money is not None and prices is None:
        raise RuleError(
            f"budget={given!r} of rule {rule!r} limits money, and the rule has no prices of tokens",
            hint="prices=(0.15, 0.60): for a million tokens of prompts, and of answers",
        )
    return budget


def _whole(value: Any, option: str, least: int, rule: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RuleError(f"{option}={value!r} of rule {rule!r} is not a whole number from {least}", hint=f"{option}=8")
    return value


def _seconds(value: Any, rule: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise RuleError(f"timeout={value!r} of rule {rule!r} is not a number of seconds", hint="timeout=60")
    return float(value)
