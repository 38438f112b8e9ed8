# make setup | demo | test — each does all its own set-up. Needs Python 3.11, 3.12 or 3.13 and make, nothing else.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CORES ?= 2
unexport PYTHONPATH

.PHONY: setup demo test lint peers clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml workflow/find_python.sh
	@python=$$(sh workflow/find_python.sh) && echo "Setting up $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# What benchmarks/ compares with lives in an environment of its own; nothing else needs it.
PEERS := .venv-bench
peers: $(PEERS)/.ready

$(PEERS)/.ready: benchmarks/requirements.lock pyproject.toml workflow/find_python.sh
	@python=$$(sh workflow/find_python.sh) && echo "Setting up $(PEERS) with $$python" && "$$python" -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements.lock
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/coeruleus demo demo
	@$(BIN)/snakemake --cores $(CORES) --config experiments=demo
	@echo "The report is at results/demo/report.html"

test: setup
	@$(BIN)/python -m pytest -n $(CORES) --dist loadfile

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/snakefmt --check Snakefile workflow

clean:
	rm -rf $(VENV) $(PEERS) demo results logs .snakemake
