"""Make further training examples of those that there are: transformations, policies, and whether it helped."""

from labelkit.curation.augmentation.augmented import Augmented
from labelkit.curation.augmentation.augmenting import augment
from labelkit.curation.augmentation.learned_noise import learn_noise
from labelkit.curation.augmentation.mixing import MixedRows, mixup
from labelkit.curation.augmentation.noise import CharacterNoise, typos
from labelkit.curation.augmentation.policies import (
    ApplyAllPolicy,
    ApplyEachPolicy,
    ApplyOnePolicy,
    MeanFieldPolicy,
    RandomPolicy,
)
from labelkit.curation.augmentation.rewriting import back_translate, paraphrase
from labelkit.curation.augmentation.slots import swap_slots
from labelkit.curation.augmentation.transformation import TransformationFunction, transformation_function
from labelkit.curation.augmentation.word_changes import drop_words, swap_words, synonyms

__all__ = [
    "ApplyAllPolicy",
    "ApplyEachPolicy",
    "ApplyOnePolicy",
    "Augmented",
    "CharacterNoise",
    "MeanFieldPolicy",
    "MixedRows",
    "RandomPolicy",
    "TransformationFunction",
    "augment",
    "back_translate",
    "drop_words",
    "learn_noise",
    "mixup",
    "paraphrase",
    "swap_slots",
    "swap_words",
    "synonyms",
    "transformation_function",
    "typos",
]
