# `make help` lists the targets. On a fresh machine python3 (3.11 or newer) and make are enough.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.PHONY: run
run: .venv/run ## Start edrone on 127.0.0.1:$PORT (8000), with the sample tree and, unless a Drone or a database is named, a demonstration
	@$(BIN)/python -m edrone_site.run || true # it has said why it cannot start

# Without compiled files each process of a test run compiles everything anew.
test test-all: export PYTHONDONTWRITEBYTECODE :=

.PHONY: test
test: lint types ## Linters, types and the fast tests: pass before each commit that is pushed
	$(BIN)/pytest --numprocesses auto -m "not slow"

.PHONY: test-all
test-all: .venv/dev ## All tests that need Python packages only: also real servers, and many examples of each law
	$(BIN)/pytest --numprocesses auto --hypothesis-profile many

.PHONY: lint
lint: .venv/dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: .venv/dev ## Check types
	$(BIN)/mypy .

.PHONY: e2e
e2e: .venv/dev .venv/bin/helm ## Tests that need more: a fresh clone, a browser (Debian's chromium), containers, charts
	$(BIN)/pytest tests/e2e --override-ini addopts= --hypothesis-profile many --no-header -p no:xdist

.PHONY: audit
audit: .venv/dev ## Known vulnerabilities of the packages, dangerous calls in the code (STRICT=1: what could not be looked up is a failure)
	$(BIN)/python .ci/audit.py

.PHONY: fuzz
fuzz: .venv/dev ## Throw mutated input at signature, payload and compose for SECONDS (600); what is new is kept in tests/fuzz/corpus
	$(BIN)/python -m tests.fuzz.run $(or $(SECONDS),600)

.PHONY: bench
bench: .venv/dev ## Measure the speed (needs wrk); the tables go to docs/performance.md
	$(BIN)/python -m benchmarks.config_endpoint
	$(BIN)/python -m benchmarks.compose
	$(BIN)/python -m benchmarks.record
	$(BIN)/python -m benchmarks.tree
	$(BIN)/python -m benchmarks.served
	$(BIN)/python -m benchmarks.records
	$(BIN)/python -m benchmarks.builds
	$(BIN)/python -m benchmarks.rest
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.deployments
	$(BIN)/python -m benchmarks.statistics
	$(BIN)/python -m benchmarks.trigger
	$(BIN)/python -m benchmarks.refused
	$(BIN)/python -m benchmarks.events
	$(BIN)/python -m benchmarks.validation
	$(BIN)/python -m benchmarks.growth

.PHONY: format
format: .venv/dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: messages
messages: .venv/dev ## Bring the translations in web/locale up to date (needs GNU gettext)
	$(BIN)/python manage.py makemessages --locale zh_Hans --add-location file --no-obsolete --ignore .venv --ignore var --ignore tests
	$(BIN)/python manage.py compilemessages --ignore .venv

.PHONY: lock
lock: .venv/dev ## Lock the newest versions that requirements.in and requirements-dev.in allow
	for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-annotate \
	    --custom-compile-command "make lock" $$name.in --output-file $$name.txt; \
	done

.PHONY: clean
clean: ## Delete everything that make made, the state folder var/ excepted
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/pip: # the last that venv makes: where it was ended before, it is begun anew
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "edrone needs Python 3.11 or newer; this is " + sys.version + "; name another one: make PYTHON=python3.13 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/bin/helm: | .venv/bin/pip
	GOBIN=$(CURDIR)/.venv/bin GOFLAGS= go install helm.sh/helm/v3/cmd/helm@v3.22.0

.venv/run: requirements.txt | .venv/bin/pip
	@echo "Installing edrone's Python packages into .venv; the first time this takes a minute or two ..."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt | .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@
