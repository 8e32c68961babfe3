"""Apply transformation functions to a list of data points, as a policy says."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from labelkit._shared.progress import shown_progress
from labelkit.interop.snorkel.augmentation.policy.core import Policy
from labelkit.interop.snorkel.augmentation.tf import BaseTransformationFunction
from labelkit.interop.snorkel.utils.data_operators import check_unique_names


class BaseTFApplier:
    """What all appliers of transformation functions have.

    Parameters
    ----------
    tfs : list of transformation functions
    policy : Policy

    Raises
    ------
    ValueError
        If two of them have one name.
    """

    def __init__(self, tfs: list[BaseTransformationFunction], policy: Policy) -> None:
        self._tfs = tfs
        self._tf_names = [tf.name for tf in tfs]
        check_unique_names(self._tf_names)
        self._policy = policy

    def __repr__(self) -> str:
        return f"{type(self).__name__}, Policy: {type(self._policy).__name__}, TFs: {self._tf_names}"

    def _apply_policy_to_data_point(self, x: Any) -> list[Any]:
        """Return the data points that the sequences of the policy make of one; an empty sequence keeps it."""
        outcomes = [self._transformed(x, sequence) for sequence in self._policy.generate_for_example()]
        return [point for point, is_kept in outcomes if is_kept]

    def _transformed(self, x: Any, sequence: Sequence[int]) -> tuple[Any, bool]:
        """Apply transformations in a row; one that returns None is passed over, and all of them make nothing."""
        is_kept = not sequence
        for number in sequence:
            new = self._tfs[number](x)
            if new is not None:
                x, is_kept = new, True
        return x, is_kept

    def _all_transformed(self, points: Iterable[Any], n: int, progress_bar: bool) -> list[Any]:  # noqa: FBT001 - as given
        """Return what is made of all data points, with a progress bar in a terminal."""
        points_of_all: list[Any] = []
        with shown_progress(n, 0, shown=None if progress_bar else False) as bar:
            for x in points:
                points_of_all += self._apply_policy_to_data_point(x)
                bar.update(1)
        return points_of_all


class TFApplier(BaseTFApplier):
    """Applies transformation functions to a list of data points.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from labelkit.interop.snorkel.augmentation import ApplyOnePolicy, transformation_function
    >>> @transformation_function()
    ... def square(x):
    ...     x.num = x.num ** 2
    ...     return x
    >>> TFApplier([square], ApplyOnePolicy()).apply([SimpleNamespace(num=3)], progress_bar=False)
    [namespace(num=3), namespace(num=9)]
    """

    def apply(self, data_points: Sequence[Any], progress_bar: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - Snorkel's signature
        """Return the data points that the policy makes of all, in order."""
        return self._all_transformed(data_points, len(data_points), progress_bar)

    def apply_generator(self, data_points: Sequence[Any], batch_size: int) -> Iterator[list[Any]]:
        """Yield what the policy makes of ``batch_size`` data points at a time."""
        for start in range(0, len(data_points), batch_size):
            batch = data_points[start : start + batch_size]
            yield [new for x in batch for new in self._apply_policy_to_data_point(x)]
