"""Values that hold votes: label space, label matrix, patterns, gold, probabilistic labels, and metrics."""
