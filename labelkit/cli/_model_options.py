"""Options of the commands that fit a label model."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import click

from labelkit.cli._common_options import with_options

with_model_options = with_options(
    click.option("--model", default="LabelModel", show_default=True, metavar="NAME", help="The label model."),
    click.option("--set", "options", metavar="NAME=VALUE", multiple=True, help="A parameter of the label model."),
    click.option(
        "--class-prior",
        metavar="CLASS=SHARE,...",
        multiple=True,
        help="How frequent the classes are, as you know it: spam=0.13 (of two, the other has the rest).",
    ),
    click.option(
        "--teach",
        is_flag=True,
        help="Let gold also teach the label model. Accuracy is then measured on gold that it did not see.",
    ),
)


def chosen_model(name: str, options: Sequence[str], class_prior: Sequence[str], class_names: Sequence[str]) -> Any:
    """Return the label model of a name, with the parameters that were set."""
    if not options and not class_prior:
        from labelkit.runs.named_model import label_model  # noqa: PLC0415 - --help has to be quick

        return label_model(name)
    from labelkit.label_models import EVERY_MODEL  # noqa: PLC0415 - brings scikit-learn

    if name not in EVERY_MODEL:
        raise click.BadParameter(f"there is no label model {name!r}; there are {', '.join(EVERY_MODEL)}")
    parameters = {one: default.default for one, default in sorted(signature(EVERY_MODEL[name]).parameters.items())}
    values = _values(name, options, parameters)
    if class_prior:
        values["class_prior"] = _prior(name, class_prior, class_names, parameters, values)
    try:
        return EVERY_MODEL[name](**values)
    except TypeError as error:
        raise click.BadParameter(f"--set {' '.join(options)}: {error}") from None


def check_model(name: str, options: Sequence[str]) -> None:
    """Refuse a model or a parameter that there is not, before anything is read."""
    if options:
        chosen_model(name, options, (), ())


def _values(name: str, options: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Read the parameters that were set, each once; where the default is a number, a number."""
    values: dict[str, Any] = {}
    for option in options:
        key, _, text = option.partition("=")
        if key not in parameters:
            raise click.BadParameter(f"--set {option}: {name} has the parameters {', '.join(parameters)}")
        try:
            value = literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        if type(parameters[key]) in (int, float) and type(value) not in (int, float):
            raise click.BadParameter(f"--set {option}: {key} is a number, such as {key}={parameters[key]}")
        if values.setdefault(key, value) != value:
            raise click.BadParameter(f"--set names {key} twice")
    return values


def _prior(
    name: str,
    class_prior: Sequence[str],
    class_names: Sequence[str],
    parameters: Mapping[str, Any],
    values: dict[str, Any],
) -> dict[str, float]:
    from labelkit._shared.written_pairs import values_first  # noqa: PLC0415 - --help has to be quick
    from labelkit.label_models.written_prior import written_prior  # noqa: PLC0415 - seldom needed

    if "class_prior" not in parameters:
        raise click.BadParameter(f"--class-prior: {name} does not use how frequent the classes are; LabelModel does")
    if "class_prior" in values:
        raise click.BadParameter("--class-prior and --set class_prior=... are the same: give one of them")
    return written_prior(values_first(class_prior), class_names)
