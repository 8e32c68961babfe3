"""Choose and judge the examples that make training data: what to label next."""
