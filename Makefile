# make setup | demo | test — each does all its own set-up. Needs Python 3.11, 3.12 or 3.13 and make, nothing else.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CORES ?= 2
unexport PYTHONPATH

.PHONY: setup demo test test-cluster slurm lint audit peers clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml workflow/find_python.sh
	@python=$$(sh workflow/find_python.sh) && echo "Setting up $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
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

# The Slurm plugin, into the environment that runs the workflow: on a cluster's login node.
slurm: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-slurm.lock

# A real Slurm on this machine, where it may be installed and started; elsewhere it says why not, and that is no failure.
CLUSTER := .venv-slurm
test-cluster: $(CLUSTER)/.ready
	@sh tests/cluster/install.sh && $(CLUSTER)/bin/python -m pytest tests/cluster

# An environment of its own, on top of the other: there the plugin delays nobody.
$(CLUSTER)/.ready: requirements-slurm.lock $(STAMP)
	@$(BIN)/python -m venv --clear $(CLUSTER)
	@$(CLUSTER)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-slurm.lock
	@$(BIN)/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
		> "$$($(CLUSTER)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/below.pth"
	@touch $@

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/snakefmt --check Snakefile workflow

# Known vulnerabilities of what the locks install; where no advisories can be reached, it says so, and that is no failure.
AUDIT := .venv-audit
audit: setup
	@{ test -e $(AUDIT)/.ready || { $(BIN)/python -m venv --clear $(AUDIT) \
		&& $(AUDIT)/bin/python -m pip --retries 1 --timeout 5 install -qq --disable-pip-version-check --require-hashes \
			-r requirements-audit.lock && touch $(AUDIT)/.ready; }; } || echo "audit: pip-audit cannot be installed here"
	@$(BIN)/python workflow/audit.py $(AUDIT)/bin/pip-audit

clean:
	rm -rf $(VENV) $(PEERS) $(CLUSTER) $(AUDIT) demo results logs .snakemake
