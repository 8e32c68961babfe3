"""Rules over documents of spaCy, which share one parse of each text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from labelkit.interop.snorkel.labeling.lf.core import LabelingFunction, labeling_function
from labelkit.interop.snorkel.preprocess.core import BasePreprocessor
from labelkit.interop.snorkel.preprocess.nlp import EN_CORE_WEB_SM, SpacyPreprocessor
from labelkit.interop.snorkel.types import HashingFunction


class SpacyPreprocessorParameters(NamedTuple):
    """The parameters of a :class:`~labelkit.interop.snorkel.preprocess.nlp.SpacyPreprocessor`."""

    text_field: str
    doc_field: str
    language: str
    disable: list[str] | None
    pre: list[BasePreprocessor]
    memoize: bool
    memoize_key: HashingFunction | None
    gpu: bool


class SpacyPreprocessorConfig(NamedTuple):
    """A preprocessor of spaCy and its parameters."""

    nlp: SpacyPreprocessor
    parameters: SpacyPreprocessorParameters


class BaseNLPLabelingFunction(LabelingFunction):
    """The base of rules over documents: rules of a class with the same parameters share one preprocessor.

    In Snorkel a class has one preprocessor, and a second rule with other parameters is an error.
    """

    _nlp_config: SpacyPreprocessorConfig
    _configs: ClassVar[list[tuple[type, SpacyPreprocessorConfig]]] = []

    @classmethod
    def _create_preprocessor(cls, parameters: SpacyPreprocessorParameters) -> SpacyPreprocessor:
        raise NotImplementedError

    @classmethod
    def _config_of(cls, parameters: SpacyPreprocessorParameters) -> SpacyPreprocessorConfig:
        for owner, config in BaseNLPLabelingFunction._configs:
            if owner is cls and config.parameters == parameters:
                return config
        config = SpacyPreprocessorConfig(cls._create_preprocessor(parameters), parameters)
        BaseNLPLabelingFunction._configs.append((cls, config))
        if "_nlp_config" not in vars(cls):
            cls._nlp_config = config
        return config

    def __init__(
        self,
        name: str,
        f: Callable[..., int],
        resources: Mapping[str, Any] | None = None,
        pre: list[BasePreprocessor] | None = None,
        text_field: str = "text",
        doc_field: str = "doc",
        language: str = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        memoize: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> None:
        self._nlp_config = self._config_of(
            SpacyPreprocessorParameters(text_field, doc_field, language, disable, pre or [], memoize, memoize_key, gpu)
        )
        super().__init__(name, f, resources=resources, pre=[self._nlp_config.nlp])


class NLPLabelingFunction(BaseNLPLabelingFunction):
    """A rule over a document of spaCy, which is parsed once for all such rules.

    Parameters
    ----------
    name, f, resources
        As for :class:`~labelkit.interop.snorkel.labeling.lf.core.LabelingFunction`.
    pre : list of preprocessors, optional
        They run before the text is parsed.
    text_field, doc_field, language, disable, memoize, memoize_key, gpu
        As for :class:`~labelkit.interop.snorkel.preprocess.nlp.SpacyPreprocessor`.
    """

    @classmethod
    def _create_preprocessor(cls, parameters: SpacyPreprocessorParameters) -> SpacyPreprocessor:
        return SpacyPreprocessor(**parameters._asdict())


class base_nlp_labeling_function(labeling_function):  # noqa: N801 - Snorkel's name
    """The base of decorators that make rules over documents; ``_lf_cls`` is the class of the rule."""

    _lf_cls: type[BaseNLPLabelingFunction] | None = None

    def __init__(
        self,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: list[BasePreprocessor] | None = None,
        text_field: str = "text",
        doc_field: str = "doc",
        language: str = EN_CORE_WEB_SM,
        disable: list[str] | None = None,
        memoize: bool = True,  # noqa: FBT001, FBT002 - Snorkel's signature
        memoize_key: HashingFunction | None = None,
        gpu: bool = False,  # noqa: FBT001, FBT002 - Snorkel's signature
    ) -> None:
        super().__init__(name, resources, pre)
        self.text_field = text_field
        self.doc_field = doc_field
        self.language = language
        self.disable = disable
        self.memoize = memoize
        self.memoize_key = memoize_key
        self.gpu = gpu

    def __call__(self, f: Callable[..., int]) -> BaseNLPLabelingFunction:
        """Make a rule of a function."""
        if self._lf_cls is None:
            raise NotImplementedError("_lf_cls must be defined")
        return self._lf_cls(
            name=self.name or f.__name__,
            f=f,
            resources=self.resources,
            pre=self.pre,
            text_field=self.text_field,
            doc_field=self.doc_field,
            language=self.language,
            disable=self.disable,
            memoize=self.memoize,
            memoize_key=self.memoize_key,
            gpu=self.gpu,
        )


class nlp_labeling_function(base_nlp_labeling_function):  # noqa: N801 - Snorkel's name
    """Decorate a function of a data point with a document to make a :class:`NLPLabelingFunction`.

    Parameters
    ----------
    name : str, optional
        By default that of the function.
    resources, pre, text_field, doc_field, language, disable, memoize, memoize_key, gpu
        As for :class:`NLPLabelingFunction`.
    """

    _lf_cls = NLPLabelingFunction
