#!/usr/bin/env bash
# Build the source archive and the wheel into dist/, check their metadata, install each on every Python that is here
# (3.11 to 3.14) in a clean environment, both side by side, and try it from an empty folder. Nothing is uploaded.
# Usage: release.sh PYTHON, a Python with the dependency group `release`; PYTHONS="3.11 3.12" tries fewer.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(realpath --no-symlinks "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

source .ci/find_python.sh

# Use what is installed as a newcomer does: the command line, then the import, both away from the source.
try_out() {
    local bin=$1
    "$bin/labelkit" --version
    "$bin/labelkit" init first
    "$bin/labelkit" check first/labeling_functions/comments.py first/comments.csv
    "$bin/labelkit" run first/labeling_functions/comments.py first/comments.csv --id id --gold spam --out first/runs/first
    "$bin/labelkit" summarize first/labeling_functions/comments.py first/comments.csv --id id --gold spam
    "$bin/python" -c "import labelkit; print(labelkit.__version__, labelkit.__file__); labelkit.LabelModel"
}

# Install an archive on a Python in a clean environment, and use it.
install_and_try() {
    local version=$1 python=$2 archive=$3
    local folder="$work/$version-${archive##*.}"
    echo "== Python $version ($python): $(basename "$archive")"
    "$python" -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip install --quiet "$archive"
    "$folder/venv/bin/python" -m pip check
    (cd "$folder" && unset PYTHONPATH && export LABELKIT_CACHE="$folder/cache" && try_out "$folder/venv/bin" >log 2>&1) ||
        { cat "$folder/log"; echo "== failed: Python $version, $(basename "$archive")"; exit 1; }
    rm -rf "$folder"
}

echo "== build"
rm -rf dist
"$tools" -m build --outdir dist .
echo "== metadata"
"$tools" -m twine check --strict dist/*
"$tools" .ci/release_metadata.py dist/*
tried=""
for version in ${PYTHONS:-3.11 3.12 3.13 3.14}; do
    python=$(find_python "$version")
    if [ -z "$python" ]; then
        echo "== Python $version is not here: NOT tried"
        continue
    fi
    trials=()
    for archive in "$PWD"/dist/*.whl "$PWD"/dist/*.tar.gz; do
        install_and_try "$version" "$python" "$archive" >"$work/$(basename "$archive").shown" 2>&1 &
        trials+=("$!:$archive")
    done
    status=0
    for trial in "${trials[@]}"; do
        wait "${trial%%:*}" || status=1
        cat "$work/$(basename "${trial#*:}").shown"
    done
    if [ "$status" -ne 0 ]; then exit 1; fi
    tried="$tried $version"
done
if [ -z "$tried" ]; then
    echo "== no Python was tried"
    exit 1
fi
echo "== dist/ is ready; tried on Python$tried"
