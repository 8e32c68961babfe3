"""Ready transformations by a language model: paraphrases, and translations there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.curation.augmentation.transformation import TransformationFunction
from labelkit.exceptions import PromptError, RuleError
from labelkit.rules.parameters import Parameter
from labelkit.rules.prompts.prompt import AskerOptions
from labelkit.rules.prompts.rewriting import Rewriter, check_template

PARAPHRASE = "Rewrite this text in other words. Keep its meaning, its tone and its language: {%s}"


@checks_keywords
def paraphrase(
    *,
    model: str,
    template: str | None = None,
    n: int = 1,
    column: str = "text",
    parameters: Mapping[str, Any] | None = None,
    concurrency: int = 8,
    retries: int = 5,
    timeout: float = 60.0,
    budget: int | str | None = None,
    prices: tuple[float, float] | None = None,
    name: str = "paraphrase",
) -> TransformationFunction:
    """Make a transformation that asks a language model for a text in other words.

    Address and key are read from the environment, answers are stored, and budgets kept, as :func:`labelkit.prompt` does
    it: a run that was stopped pays for no answer twice. Each distinct text is asked about once.

    Parameters
    ----------
    model : str
        The name of the model at the endpoint.
    template : str, optional
        The task, with columns in braces; ``column`` is among them.
    n : int
        Variants of a text; each is asked for with a seed of its own.
    column : str
        The column that is rewritten.
    parameters : mapping, optional
        Further fields of the request; the temperature is 0.8 if not given.
    concurrency, retries, timeout, budget, prices
        As in :func:`labelkit.prompt`.
    name : str

    Returns
    -------
    TransformationFunction

    Raises
    ------
    RuleError
        If an option is invalid, or the template does not name the column.

    Examples
    --------
    >>> paraphrase(model="small", budget="100 requests")
    TransformationFunction(paraphrase(text))
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise RuleError(f"n={n!r} is not a number of variants", hint="n=2")
    task = check_template(PARAPHRASE % column if template is None else template, column, name)
    options = AskerOptions(concurrency, retries, timeout, budget, prices)
    rewriters = [
        Rewriter(
            task,
            model=model,
            name=name,
            parameters={"temperature": 0.8, "seed": seed, **(parameters or {})},
            options=options,
        )
        for seed in range(n)
    ]
    return _transformation(name, rewriters[0].columns, column, [[one] for one in rewriters])


@checks_keywords
def back_translate(
    *,
    model: str,
    through: str | Sequence[str] = "German",
    language: str = "English",
    column: str = "text",
    parameters: Mapping[str, Any] | None = None,
    concurrency: int = 8,
    retries: int = 5,
    timeout: float = 60.0,
    budget: int | str | None = None,
    prices: tuple[float, float] | None = None,
    name: str = "back_translate",
) -> TransformationFunction:
    """Make a transformation that asks a language model to translate a text, and the translation back.

    Parameters
    ----------
    model : str
        The name of the model at the endpoint.
    through : str or sequence of str
        The languages to translate into; a variant for each.
    language : str
        That of the texts.
    column, parameters, concurrency, retries, timeout, budget, prices, name
        As in :func:`labelkit.paraphrase`; the temperature is 0 if not given.

    Returns
    -------
    TransformationFunction

    Raises
    ------
    RuleError
        If an option is invalid.

    References
    ----------
    Sennrich, Haddow, Birch (2016), Improving neural machine translation models with monolingual data.
    https://doi.org/10.18653/v1/P16-1009

    Examples
    --------
    >>> back_translate(model="small", through=["German", "Turkish"])
    TransformationFunction(back_translate(text))
    """
    languages = [through] if isinstance(through, str) else list(through)
    if not languages or any(not isinstance(one, str) or not one.strip() for one in [*languages, language]):
        raise RuleError(f"through={through!r} and language={language!r} are not languages", hint='through="German"')
    options = AskerOptions(concurrency, retries, timeout, budget, prices)
    ways = [
        [
            Rewriter(
                f"Translate this text from {first} into {second}. Keep its meaning and its tone: {{{column}}}",
                model=model,
                name=name,
                parameters=parameters,
                options=options,
            )
            for first, second in ((language, other), (other, language))
        ]
        for other in languages
    ]
    return _transformation(name, (column,), column, ways)


def _transformation(
    name: str, columns: tuple[str, ...], column: str, ways: Sequence[Sequence[Rewriter]]
) -> TransformationFunction:
    """Make a transformation of chains of rewriters, each of which makes a variant."""

    def rewrite(*values: Sequence[Any]) -> list[Any]:
        variants = [_along(way, values) for way in ways]
        return [_results(one) for one in zip(*variants, strict=True)]

    return TransformationFunction(
        name=name,
        function=rewrite,
        parameters=tuple(Parameter(one, list, optional=one != column) for one in columns),
        column=column,
        batch=True,
        may_wait=True,
    )


def _along(way: Sequence[Rewriter], values: Sequence[Sequence[Any]]) -> list[str | PromptError]:
    """Rewrite what the one before has written; an error stays where it is."""
    first, *rest = way
    texts = first(*values)
    for rewriter in rest:
        places = [i for i, text in enumerate(texts) if isinstance(text, str)]
        for i, text in zip(places, rewriter([texts[i] for i in places]), strict=True) if places else ():
            texts[i] = text
    return texts


def _results(variants: Sequence[str | PromptError]) -> Any:
    """Return the variants of a text that there are; the first error if there are none."""
    texts = [one for one in variants if isinstance(one, str)]
    return texts or variants[0]
