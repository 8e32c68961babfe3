"""labelkit turns rules into training data.

Write short labeling functions in a Python module, apply them to an unlabeled corpus, let a label model weigh their
votes, and get a probability of every class for each example, with statistics that say how far to trust each rule and
each label.

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
    """Read the stub: the public names by module. It is read through the loader, so that a zip will do."""
    stub = ast.parse(pkgutil.get_data(__name__, "__init__.pyi") or b"")
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {node.module: [alias.name for alias in node.names] for node in imports if node.module}


__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_public_names())
