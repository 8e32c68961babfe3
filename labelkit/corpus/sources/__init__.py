"""The readers of examples: one file a kind of source; all keep the protocol of :mod:`labelkit.corpus.source`."""
