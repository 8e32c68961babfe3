"""Apply rules to a corpus: the plan, the engines, and the vote cache."""
