"""Rules over documents of spaCy, for rows of Spark."""

from __future__ import annotations

from labelkit.interop.snorkel.labeling.lf.nlp import (
    BaseNLPLabelingFunction,
    SpacyPreprocessorParameters,
    base_nlp_labeling_function,
)
from labelkit.interop.snorkel.preprocess.nlp import SpacyPreprocessor
from labelkit.interop.snorkel.preprocess.spark import make_spark_preprocessor


class SparkNLPLabelingFunction(BaseNLPLabelingFunction):
    """A rule over a document of spaCy, called with rows of Spark.

    It takes the parameters of :class:`~labelkit.interop.snorkel.labeling.lf.nlp.NLPLabelingFunction`.
    """

    @classmethod
    def _create_preprocessor(cls, parameters: SpacyPreprocessorParameters) -> SpacyPreprocessor:
        preprocessor = SpacyPreprocessor(**parameters._asdict())
        make_spark_preprocessor(preprocessor)
        return preprocessor


class spark_nlp_labeling_function(base_nlp_labeling_function):  # noqa: N801 - Snorkel's name
    """Decorate a function of a row of Spark with a document to make a :class:`SparkNLPLabelingFunction`."""

    _lf_cls = SparkNLPLabelingFunction
