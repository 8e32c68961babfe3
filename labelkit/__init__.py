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

import ast
import pkgutil

import lazy_loader

from labelkit._version import __version__ as __version__


def _public_names() -> dict[str, list[str]]:
    """Parse the stub file, and return its public names by module; read through the loader, it may be in a zip file."""
    stub = ast.parse(pkgutil.get_data(__name__, "__init__.pyi") or b"")
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {node.module: [alias.name for alias in node.names] for node in imports if node.module}


__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_public_names())
