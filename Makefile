# NextMove. `make run` starts it with a demo world; `make test` checks everything; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run test test-server test-api test-audit test-app test-e2e bench bench-phone sqlx types fmt clean

CACHE := $(HOME)/.cache/nextmove
# Outside the working tree, so that every clone shares what is built.
export CARGO_TARGET_DIR ?= $(CACHE)/target
# The queries are checked against the committed .sqlx; only `make sqlx` needs a database.
export SQLX_OFFLINE := true
export PATH := $(CACHE)/tools/bin:$(HOME)/.cargo/bin:$(PATH)

SERVER := $(CARGO_TARGET_DIR)/debug/nextmove
heading = @printf '\n\033[1m▸ %s\033[0m\n'

# What the app is built from. Generated code and tests do not make it stale.
APP := $(if $(wildcard pwa/package.json),yes)
APP_SOURCES := $(if $(APP),$(shell find pwa \
	\( -name node_modules -o -name dist -o -name e2e -o -name paraglide -o -name test-results \
	   -o -name playwright-report -o -name coverage \) -prune \
	-o -type f ! -name '*.test.ts' ! -name '*.test.tsx' ! -name '*.tsbuildinfo' ! -name '.*' -print))
APP_MODULES := $(if $(APP),pwa/node_modules/.installed)
APP_BUILT := $(if $(APP),pwa/dist/index.html)

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## Install what is missing
	@scripts/setup

run: setup $(APP_BUILT) ## Start the server, the app and a demo world
	$(heading) 'The server'
	@cargo build
	@exec $(SERVER) demo $(ARGS)

test: setup-test test-server test-api test-audit test-app test-e2e ## All checks and tests
	$(heading) 'Everything passed.'

.PHONY: setup-test
setup-test:
	@scripts/setup --test

test-server: ## Server: format, lints, tests
	$(heading) 'Server: format'
	@cargo fmt --check
	$(heading) 'Server: lints'
	@cargo clippy --locked --all-targets -- -D warnings
	$(heading) 'Server: tests'
	@cargo test --locked

test-api: ## The server keeps to its OpenAPI document
	$(heading) 'The server keeps to its OpenAPI document'
	@cargo build --locked
	@scripts/check-api

test-audit: ## Dependencies: licences, sources, known vulnerabilities
	$(heading) 'Dependencies: licences, bans, sources'
	@cargo deny --locked --log-level error check --hide-inclusion-graph bans licenses sources
	$(heading) 'Dependencies: known vulnerabilities'
	@if cargo deny --locked --log-level off fetch db >/dev/null 2>&1; then \
		cargo deny --locked --log-level error check --hide-inclusion-graph advisories; \
	else \
		echo 'SKIPPED: the advisory database (github.com/rustsec/advisory-db, fetched with git) is out of reach.'; \
	fi

ifdef APP
test-app: $(APP_MODULES) ## App: types, lints, tests, build, size
	$(heading) 'App: types'
	@cd pwa && npm run --silent typecheck
	$(heading) 'App: lints'
	@cd pwa && npm run --silent lint
	$(heading) 'App: tests'
	@cd pwa && npm run --silent test
	@$(MAKE) --no-print-directory --silent $(APP_BUILT)
	$(heading) 'App: size'
	@cd pwa && npm run --silent size

test-e2e: $(APP_BUILT) ## Both together, in a browser
	$(heading) 'Both together, in a browser'
	@cargo build --locked
	@cd pwa && NEXTMOVE_BIN=$(SERVER) npm run --silent e2e
else
test-app test-e2e:
	@echo 'There is no app in pwa/ yet.'
endif

pwa/node_modules/.installed: pwa/package.json pwa/package-lock.json
	$(heading) 'App: packages'
	@cd pwa && npm ci --no-audit --no-fund && mkdir -p node_modules
	@touch $@

pwa/dist/index.html: pwa/node_modules/.installed $(APP_SOURCES)
	$(heading) 'App: build'
	@cd pwa && npm run --silent build
	@touch $@

bench: setup $(APP_BUILT) ## Load and latency, release build
	$(heading) 'The server, release build'
	@cargo build --release --locked
	@benches/run $(ARGS)

bench-phone: setup $(APP_BUILT) ## The app on a slow phone: Lighthouse, a start without a server, 10,000 rows
	$(heading) 'The server, release build'
	@cargo build --release --locked
	@benches/phone $(ARGS)

sqlx: ## Renew .sqlx after a change of a query or a migration
	@env -u SQLX_OFFLINE scripts/sqlx-prepare

types: $(APP_MODULES) ## Renew the app's types from the server's OpenAPI document
	@cargo run --quiet -- openapi > pwa/openapi.json.new
	@mv pwa/openapi.json.new pwa/openapi.json
	@cd pwa && npm run --silent types

fmt: ## Format the server's code
	@cargo fmt

clean: ## Remove what was built; data stays
	rm -rf pwa/dist pwa/node_modules
	cargo clean -p nextmove
