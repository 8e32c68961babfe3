"""Settings of learning rates."""

from labelkit.label_models.snorkel_settings import (
    ExponentialLRSchedulerConfig,
    LRSchedulerConfig,
    StepLRSchedulerConfig,
)

__all__ = ["ExponentialLRSchedulerConfig", "LRSchedulerConfig", "StepLRSchedulerConfig"]
