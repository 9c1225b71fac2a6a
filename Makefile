# These commands do everything on a machine that has only Python (3.11 or newer), pip and make:
#   make demo      compute the example studies into results/
#   make figures   compute the sceptic's experiment and all figures into results/figures
#   make challenge compute the whole challenge into results/challenge, which takes an hour or more
#   make test      run the tests
PYTHON ?= python3
# Old and new versions of pip take the pins of the build tools from these.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
# Every process of the tests would compile the modules again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
# Of all that it brings a tenth is ever imported, and compiled then.
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
# These take up to two minutes; the site shows what they find, and so runs them.
LONG := $(addprefix examples/,arms_race.toml large_steps.toml lola.toml memory.toml peers.toml temptation.toml \
	stag_hunt_map.toml transparency_and_shaping.toml what_lola_sees.toml)
# Scripts that take as long; the gate leaves both to `make docs` and `make nightly`.
LONG_SCRIPTS := $(addprefix examples/,beliefs.py manipulation.py opening.py sampled_variance.py treacherous_turn.py)
STUDIES := $(filter-out $(LONG),$(sort $(wildcard examples/*.toml)))

.PHONY: demo studies long figures challenge test axe nightly lint docs look idea help-pages benchmark constraints clean

demo: .venv/glasshouse
	rm -rf results/demo
	$(BIN)/glasshouse run $(STUDIES) --out results/demo
	@echo "Open results/demo/index.html, a page of all example studies."

studies: # the names of those that `make demo` computes
	@echo $(STUDIES)

long: # the names of those that take long, without folder and ending, and of a figure that does
	@echo $(basename $(notdir $(LONG) $(LONG_SCRIPTS))) challenge

# The sceptic's experiment and every figure of the examples and their studies, anew.
figures: .venv/glasshouse
	rm -rf results/figures
	mkdir -p results/figures
	$(BIN)/glasshouse sceptic --out results/figures/sceptic
	$(BIN)/glasshouse challenge --part mirrored-once --steps 3000 --out results/figures/challenge
	$(BIN)/glasshouse run $(STUDIES) $(LONG) --out results/figures/studies
	cd results/figures && for script in ../../examples/*.py; do ../../$(BIN)/python $$script || exit 1; done

# All of the challenge, going on where it was interrupted.
challenge: .venv/glasshouse
	$(BIN)/glasshouse challenge --out results/challenge

test: .venv/dev
	$(BIN)/python -m pytest -n auto

# What one of the tests looks at reports with; from the registry of this machine, and no lock file.
axe: tests/node_modules
tests/node_modules: tests/package.json
	npm install --prefix tests --no-package-lock --no-audit --no-fund --silent
	@touch $@

# The tests that take long, too, and annotations checked at run time in all modules but the arithmetic
# of glasshouse.certificates, which that makes thirty times slower.
comma := ,
empty :=
CHECKED := _foundation \
	analysis certificates.builtin certificates.certificate certificates.checker certificates.document \
	channels cli dynamics errors families games interop parametric plots rules semantics study theory
# All examples are played for the site.
nightly: .venv/dev docs
	$(BIN)/python -m pytest -n auto -m "slow or not slow" --jaxtyping-packages=$(subst $(empty) ,$(comma),$(CHECKED:%=glasshouse.%)),beartype.beartype

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

# The site, into site/; warnings are errors, and nothing is fetched.
docs: .venv/dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Every page of it in a browser, from the disk.
look: docs
	$(BIN)/python docs/_look.py site

# The figure of the front page, anew.
idea: .venv/dev
	$(BIN)/python docs/_idea.py

# Renews what the reference takes from the commands and the study models.
help-pages: .venv/dev
	$(BIN)/python docs/_generated.py

benchmark: .venv/dev
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/studies.py
	$(BIN)/python benchmarks/certificates.py
	$(BIN)/python benchmarks/equilibria.py --games 40
	$(BIN)/python benchmarks/networks.py
	$(BIN)/python benchmarks/sensitivities.py
	$(BIN)/python benchmarks/rules.py
	$(BIN)/python benchmarks/shaping.py
	$(BIN)/python benchmarks/devices.py
	$(BIN)/python benchmarks/environments.py

# Pins today's versions without recording where they come from.
constraints:
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= .venv-pins/bin/pip install --quiet ".[dev]"
	.venv-pins/bin/pip freeze --exclude glasshouse > constraints.txt
	rm -rf .venv-pins

clean:
	rm -rf .venv results dist site

.venv/glasshouse: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) -e .
	@touch $@

.venv/dev: .venv/glasshouse
	$(INSTALL) -e ".[dev]"
	@touch $@
