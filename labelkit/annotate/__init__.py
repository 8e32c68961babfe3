"""Answers of people: a page to label on, how far they agree, who does not look, and which examples to ask again."""

from labelkit.annotate.agreement import Agreement, agreement
from labelkit.annotate.answers import Answers
from labelkit.annotate.session import AnnotationSession

__all__ = ["Agreement", "AnnotationSession", "Answers", "agreement"]
