"""Answers of people: how far they agree, who answers without looking, and which examples have to be asked again."""

from labelkit.annotate.agreement import Agreement, agreement
from labelkit.annotate.answers import Answers

__all__ = ["Agreement", "Answers", "agreement"]
