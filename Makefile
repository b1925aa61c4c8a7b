# Every target makes .venv by itself (once; again when the lock or pyproject.toml changes) and touches nothing outside
# this folder but the per-user caches of uv, Maven and `overgrow stack`. Extra options: make demo ARGS="--seconds 90"

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
ARGS ?=
UPGRADE ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check lock bench clean tools python

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | tr '|' '\t'

demo: tools ## The whole story on a local stack, ending in a report (about 2 minutes)
	$(BIN)/overgrow demo $(ARGS)

check: $(STAMP) ## Lint, types, import rules, the example project, pure tests (within a minute; run for every commit)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/overgrow check
	$(BIN)/overgrow test --golden --strict
	$(BIN)/pytest -q -m "not stack" $(ARGS)

test: tools ## Every test, also those on the real stack (about half an hour)
	@mkdir -p .overgrow
	$(BIN)/pytest --junitxml=.overgrow/tests.xml $(ARGS); \
	status=$$?; $(BIN)/python .ci/skips.py .overgrow/tests.xml && exit $$status

bench: tools ## Apply speed beside a raw COPY of the same rows
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(STAMP) ## Lock the dependencies with hashes (UPGRADE=--upgrade for newer ones)
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes \
		--python-version 3.11 pyproject.toml -o requirements/base.txt
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes \
		--python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt

clean: ## Stop this folder's stack; remove it, the environment and what was built
	if [ -d .overgrow/stack ] && [ -x $(BIN)/overgrow ]; then $(BIN)/overgrow stack down; fi
	rm -rf $(VENV) .overgrow build dist report.json report.html \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

tools: $(STAMP) # Java, Maven and PostgreSQL, or how to get them
	@$(BIN)/python .ci/tools.py

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "overgrow needs Python 3.11 or newer; $(PYTHON) is not. Name one with: make PYTHON=python3.12 ... or get it:" >&2; \
		echo "  Debian/Ubuntu  apt-get install python3 python3-venv" >&2; \
		echo "  Fedora         dnf install python3" >&2; \
		echo "  macOS          brew install python" >&2; \
		exit 1; }

$(STAMP): requirements/dev.txt pyproject.toml | python
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@
