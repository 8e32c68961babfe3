"""Draw examples for people to label, with known chances, and estimate from their answers."""

from labelkit.curation.sampling.drawing import sample
from labelkit.curation.sampling.drawn_sample import Sample
from labelkit.curation.sampling.estimates import SampleEstimate

__all__ = ["Sample", "SampleEstimate", "sample"]
