"""Make further training examples of those that there are: transformations, policies, and whether it helped."""

from labelkit.curation.augmentation.augmented import Augmented
from labelkit.curation.augmentation.augmenting import augment
from labelkit.curation.augmentation.policies import (
    ApplyAllPolicy,
    ApplyEachPolicy,
    ApplyOnePolicy,
    MeanFieldPolicy,
    RandomPolicy,
)
from labelkit.curation.augmentation.transformation import TransformationFunction, transformation_function

__all__ = [
    "ApplyAllPolicy",
    "ApplyEachPolicy",
    "ApplyOnePolicy",
    "Augmented",
    "MeanFieldPolicy",
    "RandomPolicy",
    "TransformationFunction",
    "augment",
    "transformation_function",
]
