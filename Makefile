# A few verbs; plain `make` prints them. Options are variables: make audit TARGET=service=prod
TARGET ?=
IMAGE ?=
MIGRATIONS ?=
POSTGRES_BIN ?=
MEMBERS ?=
SEVERITY ?= P0
BASE ?=
ARGS ?=

# In the environment and not on the command line, where every user of the machine could read its password.
ifneq ($(strip $(TARGET)),)
export AUDIT_TARGET := $(value TARGET)
endif

VENV := .venv
PYTHON := $(VENV)/bin/python
# Compiled once, and kept out of the folders that people look into.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
BASE_PYTHON ?= python3

# Options and their values are one word: of two, pytest would take a directory for one that holds tests.
OPTIONS = $(if $(IMAGE),--image='$(IMAGE)') \
	$(if $(MIGRATIONS),--migrations='$(MIGRATIONS)') $(if $(POSTGRES_BIN),--postgres-bin='$(POSTGRES_BIN)') \
	$(if $(MEMBERS),--members='$(MEMBERS)') $(ARGS)

.PHONY: help audit gate incident nightly history access-draft test check docs bench mutants clean

help: ## print the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

audit: $(VENV)/ready ## audit a database: TARGET=embedded|container|URL|service=NAME IMAGE= MIGRATIONS= POSTGRES_BIN= MEMBERS=
	@$(PYTHON) -m pytest policies $(OPTIONS); status=$$?; echo "exit status $$status"; exit $$status

incident: $(VENV)/ready ## the policies of one severity alone, and the runbook's clock: SEVERITY=P0 TARGET= ...
	@$(PYTHON) -m pytest policies -m "policy(severity='$(SEVERITY)')" $(OPTIONS); status=$$?; \
		echo "exit status $$status"; exit $$status

nightly: $(VENV)/ready ## an audit as a scheduler runs it, see docs/operations.md: TARGET= ARGS="--alert-file=FILE"
	@$(PYTHON) -m reports.nightly $(OPTIONS); status=$$?; echo "exit status $$status"; exit $$status

history: $(VENV)/ready ## print what earlier runs found, and write reports/out/history.html
	@$(PYTHON) -m reports.history $(ARGS)

gate: $(VENV)/ready ## judge what new migrations would do: MIGRATIONS=dir BASE=branch, or BASE=live TARGET=URL
	@$(PYTHON) -m pytest policies --gate $(if $(BASE),--base='$(BASE)') $(OPTIONS); status=$$?; echo "exit status $$status"; exit $$status

access-draft: $(VENV)/ready ## write a draft of access.toml for tables that are not declared: MIGRATIONS= POSTGRES_BIN=
	@$(PYTHON) -m audit.access.draft $(OPTIONS)

# By groups, of which there are none: one test at a time to whoever is free, in the order that tests/conftest.py sets.
test: $(VENV)/ready ## prove that every policy bites, and test the product itself
	@$(PYTHON) -m pytest tests --numprocesses=auto --dist=loadgroup --no-loadscope-reorder $(OPTIONS)

check: $(VENV)/ready ## ruff, mypy, who imports whom, and whether the generated documents are up to date
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache --no-logo
	@$(PYTHON) -m reports.handbook --check
	@$(PYTHON) -m audit.editor_schemas --check

docs: $(VENV)/ready ## write docs/policies.md from the policies, and the schemas of audit.toml and the like for editors
	@$(PYTHON) -m reports.handbook
	@$(PYTHON) -m audit.editor_schemas

bench: $(VENV)/ready ## measure the speed of the audit, of the proofs, of the seeds and of the access matrix
	@$(PYTHON) -m tests.bench

mutants: $(VENV)/ready ## take one guard away at a time, and count what the policies catch: POSTGRES_BIN= ARGS=
	@$(PYTHON) -m tests.mutants $(if $(POSTGRES_BIN),--postgres-bin='$(POSTGRES_BIN)') $(ARGS)

clean: ## remove the environment, the reports and the caches
	rm -rf $(VENV) reports/out .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is made last, so that an installation that broke off is begun again.
$(VENV)/ready: requirements.lock
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(BASE_PYTHON) $(VENV) && \
		uv pip install --quiet --python $(PYTHON) --require-hashes -r requirements.lock; \
	else \
		$(BASE_PYTHON) -m venv $(VENV) && \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@touch $@
