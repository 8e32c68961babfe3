"""Choose and judge the examples that make training data: samples with known chances, what to label next."""
