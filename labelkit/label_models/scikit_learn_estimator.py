"""The protocol of scikit-learn's estimators, without loading scikit-learn.

``sklearn.base`` takes half a second to import, which is most of a small run, and a label model uses nothing of it. What
scikit-learn asks of an estimator of another package is parameters, tags and an error of its own where it is not fitted
(https://scikit-learn.org/stable/developers/develop.html); where one of these needs scikit-learn, it is there already.
"""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from labelkit._shared.protected_values import ProtectsFitted
from labelkit._shared.unknown_keywords import checks_keywords
from labelkit.exceptions import ModelError, with_code

if TYPE_CHECKING:
    from typing import Self

M = TypeVar("M")


@checks_keywords
class ScikitLearnEstimator(ProtectsFitted):
    """Base of estimators: ``__init__`` stores its parameters under their names, learned attributes end in ``_``."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002 - scikit-learn's protocol
        """Return the parameters of ``__init__`` by name, and with ``deep`` those of parameters that are estimators."""
        params = {name: getattr(self, name) for name in _defaults(type(self))}
        if deep:
            for name, value in list(params.items()):
                if hasattr(value, "get_params") and not isinstance(value, type):
                    params |= {f"{name}__{inner}": of_inner for inner, of_inner in value.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; ``a__b`` is parameter ``b`` of the estimator ``a``.

        Raises
        ------
        ModelError
            If there is no such parameter.
        """
        for name, value in params.items():
            outer, inner = name.split("__", 1) if "__" in name else (name, "")
            if outer not in _defaults(type(self)):
                there = ", ".join(_defaults(type(self))) or "none"
                raise ModelError(f"{type(self).__name__} has no parameter {outer!r}; there are: {there}")
            if inner:
                getattr(self, outer).set_params(**{inner: value})
            else:
                setattr(self, outer, value)
        return self

    def __repr__(self) -> str:
        defaults = _defaults(type(self))
        shown = (
            f"{name}={np.array2string(value, threshold=8) if isinstance(value, np.ndarray) else repr(value)}"
            for name, value in self.get_params(deep=False).items()
            if value is not defaults[name] and repr(value) != repr(defaults[name])
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_mimebundle_(self, **_formats: Any) -> dict[str, str]:
        from sklearn.utils import estimator_html_repr  # noqa: PLC0415 - a notebook has the time

        return {"text/plain": repr(self), "text/html": estimator_html_repr(self)}

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # noqa: PLC0415 - scikit-learn asks

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            regressor_tags=None,
            classifier_tags=ClassifierTags(poor_score=True),  # on features that are not votes
            input_tags=InputTags(categorical=True, sparse=True),  # votes are classes
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "class_prior_")

    def _check_fitted(self) -> None:
        """Raise scikit-learn's ``NotFittedError`` if the model has not been fitted."""
        if not self.__sklearn_is_fitted__():
            from sklearn.exceptions import NotFittedError  # noqa: PLC0415 - for an error

            message = with_code(f"this {type(self).__name__} is not fitted yet", "LK401")
            raise NotFittedError(f"{message}\nHint: call fit(matrix) first, or load_model(folder)")


def _defaults(kind: type) -> dict[str, Any]:
    """Return the parameters of ``__init__`` with their defaults, in the order of the alphabet."""
    init: Any = kind.__init__  # type: ignore[misc] # of the class, not of an instance
    if init is object.__init__:
        return {}
    parameters = list(inspect.signature(init).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in sorted(parameters, key=lambda one: one.name)}


def unfitted(model: M) -> M:
    """Return a new estimator with the same parameters, which has learned nothing, as ``sklearn.base.clone`` does.

    >>> from labelkit.label_models.quorum_vote import QuorumVote
    >>> unfitted(QuorumVote(share=0.4))
    QuorumVote(share=0.4)
    """
    if hasattr(model, "__sklearn_clone__"):
        return model.__sklearn_clone__()  # type: ignore[no-any-return]
    params: dict[str, Any] = model.get_params(deep=False)  # type: ignore[attr-defined]
    return type(model)(**{name: _copied(value) for name, value in params.items()})


def _copied(value: Any) -> Any:
    is_estimator = hasattr(value, "get_params") and not isinstance(value, type)
    return unfitted(value) if is_estimator else deepcopy(value)
