"""Choose which examples people label: random samples with known chances, and what is worth most to ask next."""
