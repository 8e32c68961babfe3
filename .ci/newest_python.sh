#!/usr/bin/env bash
# Run tests on the newest Python that is here (3.12 to 3.14), with the newest packages, some of which 3.11 cannot have.
# Usage: newest_python.sh FOLDER TEST..., the folder for its environment; PYTHONS="3.13" tries that alone.
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/find_python.sh
folder=$1
shift
for version in ${PYTHONS:-3.14 3.13 3.12}; do
    python=$(find_python "$version")
    if [ -n "$python" ]; then break; fi
done
if [ -z "$python" ]; then
    echo "== no Python newer than 3.11 is here: NOT tried"
    exit 0
fi
if ! [ "$folder/.installed" -nt pyproject.toml ]; then
    echo "== Python $version ($python), with the newest packages"
    "$python" -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --editable ".[excel]" polars pytest pytest-xdist hypothesis
    touch "$folder/.installed"
fi
"$folder/bin/python" -m pip list --quiet
"$folder/bin/python" -m pytest -q -n 2 -p no:cacheprovider "$@"
