# Xihu: two commands are enough — `make demo` and `make test`. Nothing is assumed but Python 3.11 or 3.12 with venv, make and git.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
UV := .venvs/uv/bin/uv
# A list of two hundred packages helps nobody who is not watching a terminal.
QUIET := $(shell [ -t 2 ] || echo -q)
XIHU := .venv/bin/xihu
PERSONS ?= 20000
SEED ?= 1
MONTHS ?= 3

# uv trusts its own list of certificate authorities unless told to use the system's, which an inspecting proxy needs.
export UV_NATIVE_TLS := 1
export TZ := UTC

.PHONY: help demo test check env env-dev lock soak clean-lake down status

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: env ## the whole system on this machine: sample city in, dashboard out; servers stay up
	@$(XIHU) demo --persons $(PERSONS) --seed $(SEED) --months $(MONTHS)

test: env-dev ## all tests (unit, spark, scenario, dbt, contract, e2e)
	@$(XIHU) engines fetch
	.venv/bin/pytest -n 2 --no-loadscope-reorder

check: env-dev ## ruff, types, layers, SQL lint, contracts, generated files
	@scripts/check

env: .venv/.core .venvs/superset/.ready ## the Python environments

env-dev: .venv/.dev .venvs/superset/.ready

$(UV): requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "── uv, into .venvs/uv"
	@$(PYTHON) -m venv .venvs/uv && .venvs/uv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt && touch $(UV)

.venv/bin/python: | $(UV)
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv

.venv/.core: requirements/core.txt pyproject.toml | .venv/bin/python
	@if [ ! -e .venv/.dev ] || [ requirements/core.txt -nt .venv/.dev ]; then \
	  echo "── core environment: Spark, Delta, dbt, MLflow, Java (about 700 MB the first time)"; \
	  $(UV) pip sync $(QUIET) --python .venv/bin/python --require-hashes requirements/core.txt && \
	  $(UV) pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e . && rm -f .venv/.dev; fi
	@touch $@

.venv/.dev: requirements/dev.txt pyproject.toml | .venv/bin/python
	@echo "── core environment with the developers' tools"
	@$(UV) pip sync $(QUIET) --python .venv/bin/python --require-hashes requirements/dev.txt
	@$(UV) pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
	@touch .venv/.core $@

.venvs/superset/.ready: requirements/superset.txt | $(UV)
	@echo "── Superset environment (about 600 MB)"
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venvs/superset
	@$(UV) pip sync $(QUIET) --python .venvs/superset/bin/python --require-hashes requirements/superset.txt
	@touch $@

lock: | $(UV) ## recompile requirements/*.txt from pyproject.toml
	@for g in core dev superset; do \
	  $(UV) pip compile pyproject.toml --group $$g --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -q -o requirements/$$g.txt || exit 1; done
	@! grep -nE 'https?://' requirements/*.txt

down: ## stop all servers
	@$(XIHU) down

status: ## what runs
	@$(XIHU) status

soak: env-dev ## the long evidence: faults injected into running engines, every order of deliveries
	@$(XIHU) engines fetch
	.venv/bin/pytest -m soak --timeout 7200
