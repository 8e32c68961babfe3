"""Stand where Snorkel has its classifiers of torch: whatever is imported from here says what takes its place."""

from typing import Final, NoReturn

from labelkit.exceptions import LabelkitError

_NAMES: Final = frozenset(
    (
        *("cross_entropy_with_probs", "Checkpointer", "CheckpointerConfig", "ClassifierConfig", "DictDataLoader"),
        *("DictDataset", "LogManager", "LogManagerConfig", "LogWriter", "LogWriterConfig", "MultitaskClassifier"),
        *("Operation", "Task", "TensorBoardWriter", "Trainer", "TrainerConfig"),
        *("data", "loss", "multitask_classifier", "task", "training", "utils", "__path__"),
    )
)
"""What Snorkel has here; ``__path__`` is asked for when a module below is imported."""


def __getattr__(name: str) -> NoReturn:
    """Refuse what Snorkel has here."""
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    raise LabelkitError(
        "snorkel.classification trains nets with torch, which labelkit does not",
        hint="train on the labels with labelkit.train_end_model, or keep 'from snorkel.classification import ...' for "
        "this part alone; labelkit.interop.snorkel.analysis.Scorer.score_slices scores by slice",
    )
