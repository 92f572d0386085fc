# Two commands do everything on a fresh machine with Python 3.11 or newer, git and make:
#   make demo    the whole story on local CRMs, in the folder demo/
#   make test    style, types, import rules, then every test
# And two that take an hour or more:
#   make crash   kills every verb at each of its durable or outward acts, then at random moments, and compares
#   make bench   what every step costs at 10,000 and 100,000 deals, a pull beside its floor and other tools, scoring beside its floor

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test crash bench style install

demo: install
	$(BIN)/crmsync demo demo

test: style
	$(BIN)/python -m pytest -n auto --dist loadfile

crash: install
	$(BIN)/python -u -m tests.crash

bench: install
	$(BIN)/python -m bench.story --deals 10000 --latency-ms 0 80
	$(BIN)/python -m bench.story --deals 100000 --latency-ms 0
	$(BIN)/python -m bench.pull --peers
	$(BIN)/python -m bench.changed
	$(BIN)/python -m bench.score

style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: .venv/installed

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
