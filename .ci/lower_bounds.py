"""Print the oldest allowed version of each core dependency in pyproject.toml, one requirement of pip a line.

Usage: ``python lower_bounds.py [EXTRA ...]``, with the names of extras whose dependencies are printed as well.
"""

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
BOUND = re.compile(r"(?P<package>[A-Za-z0-9._-]+(?:\[[^\]]*\])?)>=(?P<version>[0-9.]+)")


def lower_bounds(requirements: list[str]) -> list[str]:
    """Pin each requirement `package>=version` to that version."""
    pins = []
    for requirement in requirements:
        bound = BOUND.fullmatch(requirement)
        if bound is None:
            raise ValueError(f"'{requirement}' has no lower bound of the form 'package>=version'")
        pins.append(f"{bound['package']}=={bound['version']}")
    return pins


if __name__ == "__main__":
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = [project["optional-dependencies"][name] for name in sys.argv[1:]]
    print("\n".join(lower_bounds(sum(extras, project["dependencies"]))))
