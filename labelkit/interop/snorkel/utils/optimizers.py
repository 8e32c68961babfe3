"""Settings of optimizers."""

from labelkit.label_models.snorkel_settings import (
    AdamaxOptimizerConfig,
    AdamOptimizerConfig,
    OptimizerConfig,
    SGDOptimizerConfig,
)

__all__ = ["AdamOptimizerConfig", "AdamaxOptimizerConfig", "OptimizerConfig", "SGDOptimizerConfig"]
