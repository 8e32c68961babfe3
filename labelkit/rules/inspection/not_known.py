"""A part of a rule that decides its votes and is not understood: such votes are not cached."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NotKnown:
    """Stands among the parts of a rule (``__resolved_parts__``) for one that is not searched.

    Parameters
    ----------
    why : str
        What is said of the rule, as in "its votes are not cached: it ...".
    """

    why: str
