"""Preprocessors: mappers that run before rules."""

from labelkit.interop.snorkel.preprocess.core import (
    BasePreprocessor as BasePreprocessor,
    LambdaPreprocessor as LambdaPreprocessor,
    Preprocessor as Preprocessor,
    preprocessor as preprocessor,
)
