"""Choose what people should label next: where an answer tells most, with a share of random rows beside it."""

from labelkit.curation.next_to_label.choose import NextExamples, next_to_label
from labelkit.curation.next_to_label.strategies import STRATEGIES
from labelkit.curation.next_to_label.stream import StreamChooser

__all__ = ["STRATEGIES", "NextExamples", "StreamChooser", "next_to_label"]
