"""Settings of learning rates."""

from __future__ import annotations

from typing import NamedTuple


class ExponentialLRSchedulerConfig(NamedTuple):
    """Settings of an exponential decay."""

    gamma: float = 0.9


class StepLRSchedulerConfig(NamedTuple):
    """Settings of a decay in steps."""

    gamma: float = 0.9
    step_size: int = 5


class LRSchedulerConfig(NamedTuple):
    """Settings of learning rates: how they rise at first, and fall."""

    warmup_steps: float = 0
    warmup_unit: str = "batches"
    warmup_percentage: float = 0.0
    min_lr: float = 0.0
    exponential_config: ExponentialLRSchedulerConfig = ExponentialLRSchedulerConfig()
    step_config: StepLRSchedulerConfig = StepLRSchedulerConfig()
