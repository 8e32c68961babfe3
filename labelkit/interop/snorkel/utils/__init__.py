"""Helpers for labels and probabilities."""

from labelkit.interop.snorkel.utils.core import (
    filter_labels as filter_labels,
    preds_to_probs as preds_to_probs,
    probs_to_preds as probs_to_preds,
    to_int_label_array as to_int_label_array,
)
