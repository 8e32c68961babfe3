"""Find texts of a corpus that are nearly the same, and the clusters that they form."""

from labelkit.curation.near_duplicates.texts import NearDuplicates, near_duplicate_texts

__all__ = ["NearDuplicates", "near_duplicate_texts"]
