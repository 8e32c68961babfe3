"""labelkit turns rules into training data (weak supervision).

Write short labeling functions in a Python module, apply them to an unlabeled corpus, combine their votes with a label
model, and get a probability of every class for each example, with statistics of the accuracy and coverage of each rule
and each label.

>>> import labelkit as lk
>>> asks = lk.keywords("subscribe", "check out my", label=1).rule(name="asks")
>>> praise = lk.keywords("love", "great song", label=0).rule(name="praise")
>>> matrix = lk.Applier([asks, praise], labels=["HAM", "SPAM"]).apply(["Please subscribe!", "I love it", "hm"])
>>> lk.MajorityVote().fit(matrix).label(matrix).hard().tolist()
[1, 0, -1]
"""

import importlib
import sys

import lazy_loader

from labelkit._version import __version__ as __version__


def _public_names() -> dict[str, list[str]]:
    """Read the public names from the stub file, by module; one name a line, so that importing labelkit parses nothing.

    The stub is read through the loader: the package may be in a zip file.
    """
    stub = __spec__.loader.get_data(f"{__path__[0]}/__init__.pyi").decode()
    names: dict[str, list[str]] = {}
    for line in stub.splitlines():
        match line.split():
            case ["from", module, "import", *_]:
                of_module = names.setdefault(module[1:], [])
            case [name, "as", *_]:
                of_module.append(name)
    return names


_import, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_public_names())


def __getattr__(name: str) -> object:
    """Import a public name when it is used first; of others, Python suggests one, or Snorkel has it."""
    try:
        return _import(name)
    except AttributeError:
        if name in __all__:
            raise
        hint = importlib.import_module(f"{__name__}._shared.snorkel_names").snorkel_hint(name)
        message = f"module {__name__!r} has no attribute {name!r}{hint}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__]) from None
