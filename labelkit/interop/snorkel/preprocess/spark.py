"""Preprocessors over rows of Spark."""

from labelkit.interop.snorkel.map.spark import make_spark_mapper as make_spark_preprocessor

__all__ = ["make_spark_preprocessor"]
