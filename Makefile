# Everything a developer does here. On a machine with git, make, pip and a Python, `make serve` and `make test` need
# nothing else: uv is fetched into .uv/ where it is missing, and uv finds or fetches Python 3.13.

SHELL := /bin/bash
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
PYTHON ?= $(shell command -v python3 || command -v python)
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := $(CURDIR)/.uv/bin/uv
endif

RUN := $(UV) run --frozen --no-sync
# SAM CLI pins its own boto3, so it has an environment of its own.
SAM_ENV := UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-sam
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 PATH="$(CURDIR)/.venv/bin:$$PATH" $(CURDIR)/.venv-sam/bin/sam
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 90
# On all cores, each file's tests in one process: many share a stack that takes seconds to start.
PYTEST := $(RUN) pytest --numprocesses=auto --dist=loadfile

.PHONY: help sync serve test test-slow fuzz check check-all lint-js api-fuzz browser fmt lock build smoke sam openapi catalog decisions docs docs-serve clean

help: ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(CURDIR)/.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv==$(UV_VERSION)

# Installs what uv.lock says into .venv, and nothing else.
sync: $(filter $(CURDIR)/%,$(UV)) ## Set up the environment
	@$(UV) sync --frozen --extra cli --quiet

# ARGS go to `kolom serve`: make serve ARGS="--port 9000 --empty"
serve: sync ## Run the whole blog on http://127.0.0.1:8080 with sample content
	@exec $(RUN) kolom serve $(ARGS)

# Needs no network but the package registries.
test: sync ## Run the unit and integration tests
	$(PYTEST) $(PYTEST_ARGS)

# What `make test` does with 50 operations at once, with hundreds.
test-slow: sync ## Run the tests of heavy load
	$(RUN) pytest --numprocesses=auto -m slow $(PYTEST_ARGS)

# Other examples in every run: make fuzz FUZZ_SECONDS=600 PYTEST_ARGS=tests/unit/search
fuzz: sync ## Try the properties with random examples for FUZZ_SECONDS (90)
	$(RUN) pytest --quiet -m hypothesis --hypothesis-profile=fuzz --fuzz-seconds=$(FUZZ_SECONDS) $(PYTEST_ARGS)

# Quick enough to run before every commit.
check: sync ## Check format, lint, types and the API document
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) openapi-spec-validator docs/openapi.json

# Everything that must hold before a change lands, beside `make test`. Two at a time, as most use one core; the browser
# has all of them.
check-all: sync node_modules/.package-lock.json ## All checks: also docs, the scripts, the API, the template, the build and the browser
	@$(MAKE) --jobs=2 --output-sync=target fuzz check docs lint-js test-slow api-fuzz smoke
	@$(MAKE) browser

# The scripts run as they are; this is only what reads them critically. Needs npm (Debian: apt-get install npm).
node_modules/.package-lock.json: package.json package-lock.json
	@npm ci --silent
	@touch $@

lint-js: node_modules/.package-lock.json ## Check the scripts: lint, types in their comments
	node_modules/.bin/eslint eslint.config.js frontend
	node_modules/.bin/tsc --project tsconfig.json
	node_modules/.bin/tsc --project tsconfig.worker.json

# Installs SAM CLI and cfn-lint into .venv-sam.
sam: sync
	@$(SAM_ENV) $(UV) sync --frozen --only-group sam --quiet

# Builds into .aws-sam/build what `sam deploy` uploads.
build: sam ## Validate the template and build functions and layer
	$(SAM) validate --lint
	$(SAM) build

# The deployed build is for arm64; beside it one for this machine, whose functions can be imported here.
smoke: build ## Test the built artefacts
	$(SAM) build --build-dir .aws-sam/native --cache-dir .aws-sam/native-cache \
	  --parameter-overrides Architecture=$(subst aarch64,arm64,$(shell uname -m))
	$(RUN) pytest tests/smoke $(PYTEST_ARGS)

# Examples that schemathesis makes of docs/openapi.json, the same in every run.
api-fuzz: sync ## Compare the API with its document
	$(RUN) pytest -p schemathesis tests/api $(PYTEST_ARGS)

# Uses the Chromium of the system (Debian: apt-get install chromium-headless-shell, or chromium).
browser: sync node_modules/.package-lock.json ## Test the site in a real browser
	$(PYTEST) tests/browser $(PYTEST_ARGS)

fmt: sync ## Format and fix what can be fixed
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

# The layer's requirements come from the lock, so that what is tested is what is deployed.
lock: $(filter $(CURDIR)/%,$(UV)) ## Update uv.lock and the layer's requirements
	$(UV) lock
	$(UV) export --quiet --frozen --no-dev --no-emit-project --no-header --format requirements-txt -o layers/shared/requirements.txt

# docs/openapi.json is made from the handlers; a test fails where it has drifted.
openapi: sync ## Write docs/openapi.json
	$(RUN) python -m kolom_cli.openapi docs/openapi.json

# What the custom elements know of limits and messages. A test fails where it has drifted.
catalog: sync ## Write frontend/widgets/kolom-catalog.js
	$(RUN) python -m kolom_cli.assets.catalog frontend/widgets/kolom-catalog.js

# A test fails where it has drifted from the records.
decisions: sync ## Write docs/decisions/README.md, the index of the records
	$(RUN) python -m kolom_cli.docs.decisions docs/decisions/README.md

# Fails for a broken link or anchor, a missing picture, and a page that the navigation does not lead to.
docs: sync ## Build docs/ as a site into docs/_build/html
	@rm -rf docs/_build
	$(RUN) python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -d docs/_build/doctrees docs docs/_build/html

docs-serve: docs ## Show that site on http://127.0.0.1:8000
	@exec $(RUN) python -m http.server --bind 127.0.0.1 --directory docs/_build/html 8000

clean: ## Remove everything that was made here
	rm -rf .venv .venv-sam .uv node_modules .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis test-output docs/_build
