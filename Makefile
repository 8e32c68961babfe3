# Every target installs what it needs into .venv; required are Python 3.11 or newer, make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS := demo/posts.parquet
ROWS ?= 1000000
WORKERS ?= 2

.PHONY: demo test heavy recipes check bench docs clean

demo: $(VENV)/.installed
	@echo "== 100,000 made-up posts, with hidden gold labels"
	$(BIN)/labelkit generate posts --rows 100000 --out $(CORPUS)
	@echo "== the rules of twenty people, combined by the label model"
	$(BIN)/labelkit run labeling_functions/moderation.py $(CORPUS) --id id --gold offensive --workers $(WORKERS) --out demo/label_model --force
	@echo "== the same rules, by quorum: offensive if at least 3 of the 20 people vote for it"
	$(BIN)/labelkit run labeling_functions/moderation.py $(CORPUS) --id id --gold offensive --workers $(WORKERS) --model QuorumVote --set share=0.15 --out demo/quorum --force

test: $(VENV)/.test
	@echo "== all tests: package, README, docstrings, example rules"
	$(BIN)/python -m pytest -n 2

heavy: $(VENV)/.heavy
	@echo "== tests beside the real Snorkel and the real Spark"
	$(BIN)/python -m pytest -m heavy -p no:xdist

recipes: $(VENV)/.test
	@echo "== the recipes of docs/engines.md, on Ray and Daft"
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

docs: $(VENV)/.docs
	@echo "== the site, in build/site: a warning, such as a dead link, is an error"
	$(BIN)/python -m sphinx -q -W --keep-going -b html -c docs -d build/doctrees . build/site

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

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

clean:
	rm -rf $(VENV) demo dist build docs/reference .pytest_cache .mypy_cache .ruff_cache
