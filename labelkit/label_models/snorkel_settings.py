"""Settings of the training of Snorkel's label model, by the names that Snorkel has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class SGDOptimizerConfig(NamedTuple):
    """Settings of stochastic gradient descent."""

    momentum: float = 0.9


class AdamOptimizerConfig(NamedTuple):
    """Settings of Adam."""

    amsgrad: bool = False
    betas: tuple[float, float] = (0.9, 0.999)


class AdamaxOptimizerConfig(NamedTuple):
    """Settings of Adamax."""

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


class OptimizerConfig(NamedTuple):
    """Settings of all optimizers."""

    sgd_config: SGDOptimizerConfig = SGDOptimizerConfig()
    adam_config: AdamOptimizerConfig = AdamOptimizerConfig()
    adamax_config: AdamaxOptimizerConfig = AdamaxOptimizerConfig()


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


class TrainConfig(NamedTuple):
    """Settings of a training."""

    n_epochs: int = 100
    lr: float = 0.01
    l2: Any = 0.0
    optimizer: str = "sgd"
    optimizer_config: OptimizerConfig = OptimizerConfig()
    lr_scheduler: str = "constant"
    lr_scheduler_config: LRSchedulerConfig = LRSchedulerConfig()
    prec_init: Any = 0.7
    seed: int = 0
    log_freq: int = 10
    mu_eps: float | None = None


def merge_config(config: Any, config_updates: Mapping[str, Any]) -> Any:
    """Return a named tuple of settings with some of them replaced; a dict in the place of one is merged into it.

    Raises
    ------
    ValueError
        If there is no setting of a name.
    """
    merged = {
        name: merge_config(getattr(config, name), value) if isinstance(value, dict) else value
        for name, value in config_updates.items()
    }
    return config._replace(**merged)
