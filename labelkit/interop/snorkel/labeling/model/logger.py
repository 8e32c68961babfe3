"""Log the loss now and then."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Final

_SPLITS: Final = ("train", "valid")


class Logger:
    """Log metrics every so many epochs.

    Parameters
    ----------
    log_freq : int
    """

    def __init__(self, log_freq: int) -> None:
        self.log_freq = log_freq
        self.unit_count = -1

    def check(self) -> bool:
        """Count an epoch; returns whether its metrics are to be logged."""
        self.unit_count += 1
        return self.unit_count % self.log_freq == 0

    def log(self, metrics_dict: dict[str, float]) -> None:
        """Log metrics, whose names are ``split/metric`` or ``task/split/metric``.

        Raises
        ------
        Exception
            If a name is not of this form.
        """
        scores: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in metrics_dict.items():
            *task, split, metric = name.split("/") if "/" in name else ("", "", "", "")
            if len(task) > 1:
                raise Exception(  # noqa: TRY002 - Snorkel's exception
                    f"Metric should have form task/split/metric or split/metric, not: {name}"
                )
            shown = f"{value:0.3f}" if isinstance(value, float) else str(value)
            scores[split].append(f"{'/'.join([*task, metric])}={shown}")
        parts = [f" {split.upper()}:[{', '.join(scores[split])}]" for split in _SPLITS if scores[split]]
        logging.getLogger().info("[%s epochs]:%s", self.unit_count, "".join(parts))
