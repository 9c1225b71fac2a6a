# Two commands do everything on a machine that has only Python (3.11 or newer), pip and make:
#   make demo   compute the example studies into results/
#   make test   run the tests
PYTHON ?= python3
# Old and new versions of pip take the pins of the build tools from these.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
BIN := .venv/bin
STUDIES := $(sort $(wildcard examples/*.toml))

.PHONY: demo test lint benchmark constraints clean

demo: .venv/glasshouse
	rm -rf results/demo
	$(BIN)/glasshouse run $(STUDIES) --out results/demo
	@echo "Open results/demo/prisoners_dilemma/coupling.png (one folder for each example study)."

test: .venv/dev
	$(BIN)/python -m pytest -n auto

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

benchmark: .venv/dev
	$(BIN)/python benchmarks/throughput.py

# Pins today's versions without recording where they come from.
constraints:
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= .venv-pins/bin/pip install --quiet ".[dev]"
	.venv-pins/bin/pip freeze --exclude glasshouse > constraints.txt
	rm -rf .venv-pins

clean:
	rm -rf .venv results dist

.venv/glasshouse: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/dev: .venv/glasshouse
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@
