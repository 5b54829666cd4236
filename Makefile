# Everything a developer or CI runs. Needs python3 (3.11 or newer) with venv, and make.

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Bytecode is written at first import; writing all of it here would double the time of the set-up. A
# machine that is set to write none would compile everything anew for each process.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install --quiet --require-virtualenv --no-compile
CODE := gateway schema resolvers clients ledger simulator
CHECKED := $(CODE) tests examples bench

# Of what the benchmark's servers run on. A distribution builds its Python with profiles, as that of the
# image is built; one that was built for development often is not, and is slower.
ifndef BENCH_PYTHON
BENCH_PYTHON := $(shell /usr/bin/python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo /usr/bin/python3 || echo $(PYTHON))
endif
PEERS := bench/peers/node_modules/.package-lock.json
BENCH_OF := .venv/bench/of$(subst /,-,$(BENCH_PYTHON))

.PHONY: run test test-slow large differential bench bench-short check chaos chaos-short chaos-proof soak cost \
	format lint types imports schema schema-check browser npm-tests audit docs examples screenshots release web lock clean

run: .venv/run.stamp ## start the gateway and the simulator, and print the links
	$(BIN)/asiabill-gateway serve

test: .venv/dev.stamp ## every test that needs no browser; the chaos harness has its own targets
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test-slow: .venv/dev.stamp ## the money tests on PostgreSQL, several gateways on one ledger, 10,000 forged notifications
	$(BIN)/python -m pytest -m slow tests/api tests/soak tests/unit/gateway

differential: .venv/dev.stamp ## thousands of generated documents, by plan and by graphql-core
	DIFFERENTIAL_DOCUMENTS=$(or $(DOCUMENTS),3000) $(BIN)/python -m pytest tests/differential --timeout 3600

bench: .venv/dev.stamp .venv/bench/stamp $(PEERS) ## this gateway beside its peers, as tables and a picture; needs wrk and Node
	BENCH_PYTHON=$(abspath .venv/bench/bin/python) $(BIN)/python -m bench

bench-short: .venv/bench/stamp $(PEERS) ## a minute each: this gateway, the best peer and the floor
	BENCH_PYTHON=$(abspath .venv/bench/bin/python) $(BIN)/python -m bench.short A B C

chaos: .venv/dev.stamp ## kill and lie, then compare: make chaos KEYS=10000
	$(BIN)/python -m tests.chaos --keys $(or $(KEYS),600) --minutes 45

chaos-short: .venv/dev.stamp ## 600 keys under kill -9 and every fault, as a test: a minute on two idle cores
	$(BIN)/python -m pytest tests/chaos

chaos-proof: .venv/dev.stamp ## the harness finds each of thirteen seeded defects
	$(BIN)/python -m pytest -m slow tests/chaos

soak: .venv/dev.stamp ## steady use with restarts, then rest: what is left is a leak; make soak MINUTES=60
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),10)

cost: .venv/dev.stamp ## what a charge costs the database and the processors; a minute
	$(BIN)/python -m bench.charge

large: .venv/dev.stamp ## migrate a ledger of a million charges on both databases; takes minutes
	$(BIN)/python -m pytest -m slow -s tests/ledger/test_large.py

check: .venv/dev.stamp lint types imports schema-check test chaos-short ## what CI demands

lint: .venv/dev.stamp
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)

format: .venv/dev.stamp ## write the code in the one format
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

types: .venv/dev.stamp
	$(BIN)/mypy

imports: .venv/dev.stamp
	$(BIN)/lint-imports

schema: .venv/dev.stamp ## write schema.graphql anew from the code
	$(BIN)/asiabill-gateway schema print > schema.graphql

schema-check: .venv/dev.stamp
	$(BIN)/asiabill-gateway schema check

npm-tests: .venv/dev.stamp ## graphql-http's 61 audits and the clients of shops; needs Node 20.19 or newer
	cd tests/npm && npm ci --no-audit --no-fund
	$(BIN)/python -m pytest tests/npm

audit: npm-tests .venv/audit/stamp ## the tools that attack it, each with the figure that it must reach
	AUDIT=1 $(BIN)/python -m pytest -n 2 --dist load -m "slow or not slow" tests/audit \
		tests/api/test_fuzzed_documents.py tests/unit/asiabill/test_fuzzed_signatures.py
	AUDIT=1 $(BIN)/python -m pytest tests/api/test_hostile_corpus.py tests/unit/gateway/test_asked.py \
		tests/unit/schema/test_limits.py

release: .venv/dev.stamp ## the schema for apps' code generators, in dist/: SDL, and introspection as JSON
	$(BIN)/asiabill-gateway schema release dist

docs: ## a page of reference from schema.graphql, dist/reference/index.html; needs Node 20.19 or newer
	cd web/reference && npm ci --no-audit --no-fund --ignore-scripts && npm run --silent build

examples: .venv/examples.stamp ## typed clients against the service, and what other tools say of the schema; needs Node
	cd examples/typescript && npm ci --no-audit --no-fund && npm run --silent generate && npm run --silent build \
		&& npm run --silent relay
	examples/typescript/node_modules/.bin/eslint --config examples/typescript/eslint.config.js \
		--max-warnings 0 schema.graphql
	$(BIN)/asiabill-gateway schema check --documents examples/typescript/src/gql/persisted-documents.json
	$(BIN)/python -m pytest tests/examples

browser: .venv/browser.stamp ## the pages in a real browser; needs chromium
	$(BIN)/python -m pytest tests/browser

screenshots: .venv/browser.stamp ## take the README's pictures anew
	SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/browser/test_checkout_page.py \
		-k "saved_cards or banks or bank_confirms or decline or narrow or new_card_goes"

web: ## rebuild the vendored GraphiQL page; needs Node 20.19 or newer
	cd web/graphiql && npm ci --no-audit --no-fund && npm run build

lock: .venv/dev.stamp ## pin every package anew, with hashes and without addresses
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group dev --extra otel pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group build --extra otel -c requirements.lock pyproject.toml \
		-o requirements-otel.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group browser -o requirements-browser.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group examples -c requirements.lock -o requirements-examples.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group audit -o requirements-audit.lock

clean: ## forget the virtual environment and what the tools keep
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The project itself is installed as a link to this folder, without asking any index.
.venv/run.stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(PIP) --require-hashes --requirement requirements-dev.lock
	touch $@

.venv/browser.stamp: requirements-browser.lock .venv/dev.stamp
	$(PIP) --require-hashes --requirement requirements-browser.lock
	touch $@

# A folder of its own: schemathesis wants other versions of what the service is made of.
.venv/audit/stamp: requirements-audit.lock .venv/dev.stamp
	test -x .venv/audit/bin/python || $(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet --no-compile --require-hashes \
		--requirement requirements-audit.lock
	touch $@

# A folder of its own, of another interpreter; it may lack pip.
.venv/bench/stamp: requirements.lock $(BENCH_OF) .venv/run.stamp
	$(BIN)/python -m pip --python .venv/bench/bin/python install --quiet --no-compile --require-hashes \
		--requirement requirements.lock
	touch $@

$(PEERS): bench/peers/package-lock.json
	cd bench/peers && npm ci --no-audit --no-fund
	touch $@

$(BENCH_OF):
	rm -rf .venv/bench
	$(BENCH_PYTHON) -m venv --without-pip .venv/bench
	touch $@

.venv/examples.stamp: requirements-examples.lock .venv/dev.stamp
	$(PIP) --require-hashes --requirement requirements-examples.lock
	touch $@
