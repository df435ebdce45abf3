PY := .venv/bin/python
# a test run loads the plugins it names and no others: starting pytest is then 16 times quicker
PYTEST := PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONHASHSEED=0 $(PY) -m pytest
# a worker a core; the tests of one file, and the cells of one notebook, stay together and in order
PARALLEL := -p xdist -n auto --dist loadfile
NBVAL := $(PYTEST) $(PARALLEL) -p nbval.plugin --nbval --nbval-current-env --nbval-cell-timeout=120 -W default notebooks
.DEFAULT_GOAL := help
.PHONY: help demo test check notebooks rewrite docs bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.ok ## Run the main job on two versions of a shipped spec
	@.venv/bin/evalkit demo

test: .venv/.ok ## Run every test, the notebooks included
	$(PYTEST) $(PARALLEL)
	$(NBVAL)

check: .venv/.ok ## Lint, check formats, types and floors
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

notebooks: .venv/.ok ## Run the notebooks in parallel and compare their outputs with those kept
	$(NBVAL)

rewrite: .venv/.ok ## Run the notebooks anew and keep their outputs
	PYTHONHASHSEED=0 $(PY) notebooks/rewrite.py

docs: .venv/.ok ## Build the documentation as HTML in docs/_build
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "docs/_build/index.html"

bench: .venv/.ok ## Measure speed and memory beside peers; prints the table of docs/explanation/speed.md
	$(PY) benchmarks/run.py

lock: ## Resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock

clean: ## Remove the environment and everything that runs left behind
	rm -rf .venv .evalkit report.html .mypy_cache .ruff_cache .pytest_cache

# The environment is rebuilt when the lock moves. Plain pip is enough; uv is used where it is on the PATH.
.venv/.ok: requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evalkit needs Python 3.11 or newer" >&2; exit 2; }
	@python3 -c 'import ensurepip' || { echo "this Python has no ensurepip: install python3-venv" >&2; exit 2; }
	@echo "building .venv from requirements.lock (a minute or two with pip, seconds with uv)"
	python3 -m venv --clear .venv
	@if command -v uv >/dev/null; then \
	    uv pip install --python $(PY) --no-deps --require-hashes -r requirements.lock; \
	else \
	    $(PY) -m pip install --disable-pip-version-check --progress-bar on --no-deps --require-hashes -r requirements.lock; \
	fi
	$(PY) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@
