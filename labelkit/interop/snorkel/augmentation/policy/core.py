"""Policies without chance: all transformations in a row, or each by itself."""


class Policy:
    """Chooses, for each data point, sequences of transformations by their numbers.

    Parameters
    ----------
    n_tfs : int
        The number of transformations.
    n_per_original : int
        Sequences for each data point.
    keep_original : bool
        Whether the data point itself stays, as a first, empty sequence.

    Attributes
    ----------
    n, n_per_original, keep_original
        As given.
    """

    def __init__(self, n_tfs: int, n_per_original: int = 1, keep_original: bool = True) -> None:  # noqa: FBT001, FBT002 - Snorkel's signature
        self.n = n_tfs
        self.n_per_original = n_per_original
        self.keep_original = keep_original

    def generate_for_example(self) -> list[list[int]]:
        """Return the sequences for one data point."""
        original: list[list[int]] = [[]] if self.keep_original else []
        return original + [self.generate() for _ in range(self.n_per_original)]

    def generate(self) -> list[int]:
        """Return one sequence; subclasses define it."""
        raise NotImplementedError


class ApplyAllPolicy(Policy):
    """All transformations, one after the other, in their order.

    Examples
    --------
    >>> ApplyAllPolicy(3, n_per_original=2, keep_original=False).generate_for_example()
    [[0, 1, 2], [0, 1, 2]]
    """

    def generate(self) -> list[int]:
        """Return the numbers of all transformations."""
        return list(range(self.n))


class ApplyOnePolicy(ApplyAllPolicy):
    """The only transformation."""

    def __init__(self, n_per_original: int = 1, keep_original: bool = True) -> None:  # noqa: FBT001, FBT002 - Snorkel's signature
        super().__init__(n_tfs=1, n_per_original=n_per_original, keep_original=keep_original)


class ApplyEachPolicy(Policy):
    """Each transformation by itself.

    Examples
    --------
    >>> ApplyEachPolicy(3).generate_for_example()
    [[], [0], [1], [2]]
    """

    def __init__(self, n_tfs: int, keep_original: bool = True) -> None:  # noqa: FBT001, FBT002 - Snorkel's signature
        super().__init__(n_tfs=n_tfs, n_per_original=n_tfs, keep_original=keep_original)

    def generate_for_example(self) -> list[list[int]]:
        """Return a sequence for each transformation."""
        original: list[list[int]] = [[]] if self.keep_original else []
        return original + [[number] for number in range(self.n)]
