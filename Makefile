# A few verbs; plain `make` prints them. Options are variables: make audit TARGET=service=prod
# What they hold is data: make takes it as it is (value) and hands it on in the environment, where audit/verbs.py reads it.
VARIABLES := TARGET IMAGE MIGRATIONS POSTGRES_BIN MEMBERS SEVERITY BASE POLICY FILE TARGETS A B APP ARGS BASE_PYTHON
$(foreach name,$(VARIABLES),$(eval override $(name) := $$(value $(name))))
export $(VARIABLES)

override VENV := .venv
override PYTHON := $(VENV)/bin/python
override VERB = @$(PYTHON) -m audit.verbs $@
# Compiled once, and kept out of the folders that people look into.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: help release audit fleet doctor runbook gate drift incident nightly history report compare evidence screenshots access-draft test test-quick prove check docs bench mutants clean

help: ## print the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

audit: $(VENV)/ready ## audit a database: TARGET=embedded|container|URL|service=NAME IMAGE= MIGRATIONS= POSTGRES_BIN= MEMBERS= APP=dir
	$(VERB)

doctor: $(VENV)/ready ## tell whether application, database and audit are set up: TARGET=service=NAME APP=dir MIGRATIONS= ARGS="--alert-file=FILE"
	$(VERB)

fleet: $(VENV)/ready ## audit many databases, and write one page about all of them: TARGETS=targets.toml ARGS="--resume"
	$(VERB)

incident: $(VENV)/ready ## the policies of one severity alone, and the runbook's clock: SEVERITY=P0 TARGET= ...
	$(VERB)

nightly: $(VENV)/ready ## an audit as a scheduler runs it, see docs/operations.md: TARGET= ARGS="--alert-file=FILE"
	$(VERB)

runbook: $(VENV)/ready ## audit a runbook against a database: FILE=runbook.md TARGET= APP=the application's folder
	$(VERB)

history: $(VENV)/ready ## print what earlier runs found, and write reports/out/history.html
	$(VERB)

report: $(VENV)/ready ## write the page of a run again, from its audit.json: FILE=audit.json ARGS="--output=csv --report-dir=DIR"
	$(VERB)

compare: $(VENV)/ready ## what has changed from one run to another: A=before/audit.json B=after/audit.json
	$(VERB)

evidence: $(VENV)/ready ## what an auditor takes along: every report, and a list of the files with their SHA-256: FILE=audit.json ARGS="--sign=KEY"
	$(VERB)

gate: $(VENV)/ready ## judge what new migrations would do: MIGRATIONS=dir BASE=branch, or BASE=live TARGET=URL
	$(VERB)

drift: $(VENV)/ready ## compare a live database with what its migrations build: MIGRATIONS=dir TARGET=service=NAME
	$(VERB)

access-draft: $(VENV)/ready ## write a draft of access.toml for tables that are not declared: MIGRATIONS= POSTGRES_BIN=
	$(VERB)

test: $(VENV)/ready ## prove that every policy bites, and test the product itself
	$(VERB)

test-quick: $(VENV)/ready ## one proof of each policy and the short tests, in 90 s
	$(VERB)

prove: $(VENV)/ready ## prove one policy: its sabotages are found and mended, its innocents are not blamed: POLICY=AUTH-04
	$(VERB)

check: $(VENV)/ready ## ruff, mypy, who imports whom, and whether the generated documents are up to date
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache --no-logo
	@$(PYTHON) -m reports.handbook --check
	@$(PYTHON) -m reports.own_runbook --check
	@$(PYTHON) -m audit.editor_schemas --check

docs: $(VENV)/ready ## write docs/policies.md and docs/RUNBOOK.md from the policies, and the schemas of audit.toml and the like for editors
	@$(PYTHON) -m reports.handbook
	@$(PYTHON) -m reports.own_runbook
	@$(PYTHON) -m audit.editor_schemas

bench: $(VENV)/ready ## measure speed, in turn with other tools, within 20 minutes, and write docs/performance.md: ARGS=--start
	$(VERB)

mutants: $(VENV)/ready ## take one guard away at a time, and count what the policies catch: POSTGRES_BIN= ARGS=
	$(VERB)

screenshots: $(VENV)/ready ## take the pictures of docs/screenshots anew, with chromium
	$(VERB)

release: $(VENV)/ready ## build sdist and wheel into dist/, and check them: metadata, version, tag, CHANGELOG
	@$(PYTHON) -m tests.release

clean: ## remove the environment, the reports and the caches
	rm -rf $(VENV) reports/out .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is made last, so that an installation that broke off is begun again.
$(VENV)/ready: requirements.lock
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$${BASE_PYTHON:-python3}" $(VENV) && \
		uv pip install --quiet --python $(PYTHON) --require-hashes -r requirements.lock; \
	else \
		"$${BASE_PYTHON:-python3}" -m venv $(VENV) && \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	@touch $@
