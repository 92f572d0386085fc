# Two commands do everything on a fresh machine with Python 3.11 or newer, git and make:
#   make demo    the whole story on local CRMs, in the folder demo/
#   make test    style, types, import rules, then every test
# And one that takes about half an hour:
#   make crash   kills every verb at each of its durable or outward acts, then at random moments, and compares

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test crash style install

demo: install
	$(BIN)/crmsync demo demo

test: style
	$(BIN)/python -m pytest -n auto --dist loadfile

crash: install
	$(BIN)/python -u -m tests.crash

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
