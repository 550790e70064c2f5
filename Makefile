# `make` alone lists the targets that a person needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
# The steps of a target build upon each other, also under `make -j`.
.NOTPARALLEL:

# The tests use this server instead of a private one: make test DATABASE_SERVER_URL=mysql://…
export DATABASE_SERVER_URL

# Most tests wait most of the time, for blocks, rounds and mails, and two suites run side by side: so many of each keep the cores
# busy, and more would take a large machine's memory and the database's connections.
export RUST_TEST_THREADS ?= $(shell n=$$(($$(nproc) + 1)); echo $$((n < 8 ? n : 8)))

NPM_PACKAGES := $(shell find . \( -name node_modules -o -path ./target -o -path ./var \) -prune -o -name package.json -print | sort)
IN_STACK := target/debug/devstack run --

# `make test` lints and builds our own crates in one pass: the linter takes the compiler's place, as `cargo clippy` has it do. That
# by itself would first check all dependencies, which on two cores takes as long as building them.
LINTER := clippy-driver
LINTER_ARGS := -D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__

.PHONY: help
help: ## Show this list
	@echo "Sealwatch"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: demo
demo: install-demo contracts assets ## Install what is missing, start everything and play a story; Ctrl-C stops it, a second run continues
	cargo build --locked --bins
	@target/debug/demo

.PHONY: clean-demo
clean-demo: ## Forget the demo's data, so that the next `make demo` starts over
	@[[ -d var/demo ]] || exit 0; \
	exec 9>>var/demo/lock; \
	flock --nonblock 9 || { echo "The demo still runs: stop it with Ctrl-C first." >&2; exit 1; }; \
	rm -rf var/demo

.PHONY: test
test: export RUSTC_WORKSPACE_WRAPPER := $(LINTER)
test: export CLIPPY_ARGS := $(LINTER_ARGS)
test: install-test assets check-format ## Install what is missing, check and test everything; leaves nothing running
	@# One alone leaves cores idle. `make` by its name: else `make -n` would run this line. Apps and tests are built together: by
	@# themselves the apps would take other features of the same dependencies, and all be built twice.
	scripts/beside "the checks of contracts and JavaScript" make --no-print-directory check-contracts check-javascript -- \
		cargo build --locked --workspace --all-targets
	$(IN_STACK) scripts/run-tests

.PHONY: matrix
matrix: install-test assets ## Ten thousand random attacks, each to be found: MATRIX_ATTACKS=n for more or fewer, MATRIX_SEED=n to repeat a run
	cargo build --locked -p devstack --bin devstack
	STACKS_ON_DISK=1 MATRIX_ATTACKS=$${MATRIX_ATTACKS:-10000} $(IN_STACK) cargo test --locked -p detection --test matrix -- --nocapture

.PHONY: bench
bench: install-demo contracts assets ## Measure proofs, sealing, verdicts, sweep, watch and pages, over up to a million records kept in var/bench (BENCH_RECORDS=n for one number)
	cargo build --locked --workspace --bins
	@# By name: to build the browser's driver in full takes minutes, and nothing here drives a browser.
	$(IN_STACK) cargo bench --locked -p record -p keyring -p benchmarks --benches

# --- Inner targets ---

.PHONY: install-demo install-test
install-demo:
	@scripts/install demo
install-test:
	@scripts/install test

.PHONY: check-format
check-format:
	cargo fmt --all --check

# The deployment script runs from what is built here.
.PHONY: contracts
contracts:
	cd contracts && ../anvil/node_modules/.bin/forge build --quiet

.PHONY: check-contracts
check-contracts:
	contracts/check

# Whatever the browser gets is bundled from pinned packages.
.PHONY: assets
assets:
	@for package in $(NPM_PACKAGES); do npm run build --if-present --silent --prefix "$$(dirname $$package)"; done

.PHONY: check-javascript
check-javascript:
	@for package in $(NPM_PACKAGES); do npm test --if-present --prefix "$$(dirname $$package)"; done
