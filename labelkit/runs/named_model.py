"""Find a label model by its name, once it is needed."""

from __future__ import annotations

from typing import Any

from labelkit.exceptions import LabelkitError, ModelError


def label_model(model: Any) -> Any:
    """Return the label model of a name, with its defaults; a model as it is.

    Raises
    ------
    LabelkitError
        If there is none of that name.
    ModelError
        If it reads features of the examples: a run learns from votes alone.
    """
    if not isinstance(model, str):
        check_reads_votes(model)
        return model
    return model_class(model)()


def model_class(name: str) -> Any:
    """Return the class of a label model that learns from votes alone.

    Raises
    ------
    LabelkitError, ModelError
        As in :func:`label_model`.
    """
    from labelkit.label_models import MODELS, ContentLabelModel  # noqa: PLC0415 - brings scikit-learn

    if name == ContentLabelModel.__name__:
        check_reads_votes(ContentLabelModel)
    if name not in MODELS:
        raise LabelkitError(f"there is no label model {name!r}", hint=f"there are {', '.join(MODELS)}")
    return MODELS[name]


def check_reads_votes(model: Any) -> None:
    """Refuse a label model, or a class of them, that reads features of the examples beside their votes.

    Raises
    ------
    ModelError
    """
    if not getattr(model, "reads_features", False):
        return
    name = getattr(model, "__name__", type(model).__name__)
    raise ModelError(
        f"a run folder is labeled by votes alone, and {name} reads features of the examples too",
        hint="run with model='LabelModel' (--model LabelModel), then in Python: "
        "matrix = labelkit.RunFolder(run).matrix(); features = labelkit.read_features(corpus, column); "
        f"{name}().fit(matrix, features).label(matrix, features)",
    )
