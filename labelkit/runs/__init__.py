"""Run everything on disk: votes, labels, statistics and model in one folder, its report, and diffs of runs."""
