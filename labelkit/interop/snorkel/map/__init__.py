"""Functions from data points to data points."""

from labelkit.interop.snorkel.map.core import (
    BaseMapper as BaseMapper,
    LambdaMapper as LambdaMapper,
    Mapper as Mapper,
    lambda_mapper as lambda_mapper,
)
