"""Train on classes that are not as frequent as in reality, and get probabilities that are right in reality."""

from labelkit.curation.balance.balanced import Balanced
from labelkit.curation.balance.class_weights import ClassWeights, class_weights
from labelkit.curation.balance.features import ResampledFeatures, resample_features
from labelkit.curation.balance.prior_corrected import PriorCorrectedClassifier
from labelkit.curation.balance.prior_correction import correct_prior
from labelkit.curation.balance.resampling import balance
from labelkit.curation.balance.two_phases import TwoPhaseClassifier

__all__ = [
    "Balanced",
    "ClassWeights",
    "PriorCorrectedClassifier",
    "ResampledFeatures",
    "TwoPhaseClassifier",
    "balance",
    "class_weights",
    "correct_prior",
    "resample_features",
]
