# Each target sets up .venv by itself from requirements.lock; nothing but Python 3.11+, git and make is needed.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
SEED ?= 1
SIZE ?= 1
WORKERS ?= 4

.DEFAULT_GOAL := help
.PHONY: help demo test check bench crash faults cluster mutants oracle histories browser screenshots golden docs lock clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; say PYTHON=/path/to/it" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)" \
	  && $(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@# Removes the distribution under its earlier name: it would register every back end a second time.
	@$(BIN)/python -m pip uninstall --quiet --yes --disable-pip-version-check nightshift 2>/dev/null; rm -rf nightshift.egg-info
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q bot handlers blocks playground
	@touch $@

demo: .venv/ready  ## Try everything: a page that works like Slack, with the real bot behind it
	@$(BIN)/nightshift demo $(ARGS)

# These start the bot many times: keep compiled modules, whatever the environment says.
test browser crash faults cluster bench: export PYTHONDONTWRITEBYTECODE :=

test: .venv/ready  ## Run the tests (those of the page in a browser are make browser)
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: .venv/ready  ## Format, lint, types, imports
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: .venv/ready  ## Measure, and compare with the targets
	@$(BIN)/python -m benchmarks $(ARGS)

crash: .venv/ready  ## The full crash suite: SEED=1 SIZE=1
	@$(BIN)/python -m tests.crash --seed $(SEED) --size $(SIZE) $(ARGS)

faults: .venv/ready  ## The full fault suite: SEED=1 SIZE=1
	@$(BIN)/python -m tests.crash.faults --seed $(SEED) --size $(SIZE) $(ARGS)

cluster: .venv/ready  ## Several nodes on PostgreSQL: SEED=1 SIZE=1
	@$(BIN)/python -m tests.crash.cluster --seed $(SEED) --size $(SIZE) $(ARGS)

mutants: .venv/ready  ## Mutation testing of a seeded sample: SEED=1 SIZE=120
	@$(BIN)/python -m tests.mutants --seed $(SEED) --size $(if $(filter file,$(origin SIZE)),120,$(SIZE)) --workers $(if $(filter file,$(origin WORKERS)),2,$(WORKERS)) $(ARGS)

oracle: .venv/ready  ## Compare schedules with the libraries of others: SEED=1
	@$(BIN)/python -m tests.oracle --seed $(SEED) $(ARGS)

histories: .venv/ready  ## Random histories of requests, judged by an oracle: SEED=1 SIZE=20000
	@$(BIN)/python -m tests.histories --seed $(SEED) --size $(if $(filter file,$(origin SIZE)),20000,$(SIZE)) --workers $(if $(filter file,$(origin WORKERS)),2,$(WORKERS)) $(ARGS)

browser: .venv/ready  ## Test the page in a browser
	@NIGHTSHIFT_SCREENSHOTS= $(BIN)/python -m pytest -q -n2 tests/browser $(ARGS)

screenshots: .venv/ready  ## Play the page in a browser, and renew the pictures in docs/img
	@NIGHTSHIFT_SCREENSHOTS=docs/img $(BIN)/python -m pytest -q -n0 tests/browser $(ARGS)

golden: .venv/ready  ## Write the golden files of cards, messages, forms, Home and Details
	@$(BIN)/python -m tests.golden.write
	@$(BIN)/python -m tests.golden.views

docs: .venv/ready  ## Write the reference pages
	@$(BIN)/python -m docs.generate

lock: .venv/ready  ## Resolve the dependencies
	@$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --all-extras --quiet pyproject.toml -o requirements.lock

clean:  ## Remove what was set up
	@rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .import_linter_cache .mutants benchmarks/out
