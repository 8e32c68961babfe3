"""Apply slicing functions to an RDD of Spark; as in Snorkel, the answer is a matrix."""

from labelkit.interop.snorkel.labeling.apply.spark import SparkLFApplier as SparkSFApplier

__all__ = ["SparkSFApplier"]
