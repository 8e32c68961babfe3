"""Slicing functions over documents of spaCy, which share one parse of each text."""

from labelkit.interop.snorkel.labeling.lf.nlp import (
    BaseNLPLabelingFunction,
    SpacyPreprocessorParameters,
    base_nlp_labeling_function,
)
from labelkit.interop.snorkel.preprocess.nlp import SpacyPreprocessor


class NLPSlicingFunction(BaseNLPLabelingFunction):
    """Tells by a document of spaCy, ``x.doc``, whether a data point is in a slice.

    It takes the parameters of :class:`~labelkit.interop.snorkel.labeling.lf.nlp.NLPLabelingFunction`.
    """

    @classmethod
    def _create_preprocessor(cls, parameters: SpacyPreprocessorParameters) -> SpacyPreprocessor:
        return SpacyPreprocessor(**parameters._asdict())


class nlp_slicing_function(base_nlp_labeling_function):  # noqa: N801 - Snorkel's name
    """Decorate a function of a data point with a document to make a :class:`NLPSlicingFunction`."""

    _lf_cls = NLPSlicingFunction
