# Every target installs what it needs into .venv; required are Python 3.11 or newer, make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS := demo/posts.parquet
ROWS ?= 1000000
WORKERS ?= 2
LOWER := .venv-lower
LOWER_PYTHON ?= $(PYTHON)
NEWEST := .venv-newest
# What leans on numpy, scipy, pandas, pyarrow, numba and click, without long simulations.
LOWER_TESTS := tests/votes/test_gold.py tests/votes/test_label_matrix.py tests/matching/test_matching.py \
	tests/rules/test_collect.py tests/rules/test_condition.py tests/rules/test_lookup.py tests/apply/test_arrow_votes.py \
	tests/corpus/test_gold.py tests/corpus/sources/test_formats.py tests/label_models/test_default.py \
	tests/analysis/test_pairwise.py tests/analysis/test_summary.py tests/analysis/test_suggest.py \
	tests/analysis/test_coverage.py tests/runs/test_steps.py
# And what leans on Python's own classes and byte code, but for tests that need packages of extras.
NEWEST_TESTS := $(LOWER_TESTS) tests/corpus/test_closed_files.py $(filter-out %/test_unknown_keywords.py \
	%/test_purity.py,$(wildcard tests/_shared/test_*.py tests/rules/inspection/test_*.py))

.PHONY: demo test heavy recipes check bench docs clean
.PHONY: lower-bounds newest-python release

demo: $(VENV)/.installed
	@echo "== 100,000 made-up posts, with hidden gold labels"
	$(BIN)/labelkit generate posts --rows 100000 --out $(CORPUS)
	@echo "== the rules of twenty people, combined by the label model"
	$(BIN)/labelkit run labeling_functions/moderation.py $(CORPUS) --id id --gold offensive --workers $(WORKERS) --out demo/label_model --force
	@echo "== the same rules, by quorum: offensive if at least 3 of the 20 people vote for it"
	$(BIN)/labelkit run labeling_functions/moderation.py $(CORPUS) --id id --gold offensive --workers $(WORKERS) --model QuorumVote --set share=0.15 --out demo/quorum --force

test: $(VENV)/.test
	@echo "== all tests: package, README, docstrings, example rules"
	$(BIN)/python -m pytest -n 2 --dist worksteal

heavy: $(VENV)/.heavy
	@echo "== tests beside the real Snorkel and the real Spark"
	$(BIN)/python -m pytest -m heavy -p no:xdist $$(grep -rlw --include='test_*.py' heavy tests)

recipes: $(VENV)/.test
	@echo "== the recipes of docs/how_to/engines.md, on Ray and Daft"
	$(BIN)/python -m pip install --quiet --group recipes
	$(BIN)/python -m pytest -p no:xdist tests/testing/test_recipes.py

check: $(VENV)/.check
	@echo "== lint"
	$(BIN)/ruff check .
	@echo "== format"
	$(BIN)/ruff format --check .
	@echo "== types"
	$(BIN)/mypy
	@echo "== architecture"
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: $(VENV)/.test
	@echo "== votes: rows and rules a second"
	$(BIN)/python -m tests.benchmarks.bulk --rows $(ROWS) --workers $(WORKERS)

lower-bounds: $(LOWER)/.installed
	@echo "== the oldest versions that pyproject.toml allows"
	$(LOWER)/bin/python -m pip list --quiet
	NUMBA_CACHE_DIR=$(CURDIR)/$(LOWER)/numba $(LOWER)/bin/python -m pytest -q -n 2 -p no:cacheprovider $(LOWER_TESTS)

newest-python:
	@echo "== the newest Python that is here"
	bash .ci/newest_python.sh $(NEWEST) $(NEWEST_TESTS)

release: $(VENV)/.release
	bash .ci/release.sh $(BIN)/python

docs: $(VENV)/.docs
	@echo "== the site, in build/site: a warning, such as a dead link, is an error"
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m sphinx -q -W --keep-going -b html -c docs -d build/doctrees . build/site

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "labelkit needs Python 3.11 or newer; this is " + sys.version + "; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/.heavy: $(VENV)/.test
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --group heavy
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group check
	@touch $@

$(VENV)/.release: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --group release
	@touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

# Newer Pythons than 3.12 have no wheels of the oldest versions.
$(LOWER)/.installed: pyproject.toml .ci/lower_bounds.py
	@$(LOWER_PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13) and "the oldest versions need Python 3.11 or 3.12; set LOWER_PYTHON=...")'
	$(LOWER_PYTHON) -m venv --clear $(LOWER)
	$(LOWER_PYTHON) .ci/lower_bounds.py polars excel >$(LOWER)/pins.txt
	$(LOWER)/bin/python -m pip install --quiet --only-binary :all: --requirement $(LOWER)/pins.txt pytest pytest-xdist hypothesis
	$(LOWER)/bin/python -m pip install --quiet --no-deps --editable .
	@touch $@

clean:
	rm -rf $(VENV) $(LOWER) $(NEWEST) demo dist build docs/reference docs/examples .pytest_cache .mypy_cache .ruff_cache
