"""Types of data points, their fields, and hashing functions."""

from labelkit.interop.snorkel.types.classifier import Config as Config
from labelkit.interop.snorkel.types.data import (
    DataPoint as DataPoint,
    DataPoints as DataPoints,
    Field as Field,
    FieldMap as FieldMap,
)
from labelkit.interop.snorkel.types.hashing import HashingFunction as HashingFunction
