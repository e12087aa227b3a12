# Every command of the repository. Needed: git, make, and Python >= 3.11 with its venv module.
# Another Python than `python3`: make PYTHON=python3.13 test

PYTHON ?= python3
PY := .venv/bin/python
LOG := .venv/setup.log

# What an environment depends on stands in the name of its stamp: the same names, versions, Python and folder
# mean the same environment, and no work.
KEY := $(shell { cat pyproject.toml constraints.txt; $(PYTHON) -VV; pwd; } 2>/dev/null | cksum | cut -d ' ' -f 1)
STAMP := .venv/stamp-$(KEY)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check contracts notebooks notebooks-check lab bench bench-micro bench-locust bench-readme readme scoreboard clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## make .venv with everything pinned (every target below does it when needed)

demo: $(STAMP) ## run the comparisons on every server and tell what came out
	@$(PY) -m comparisons demo

test: $(STAMP) ## run the whole test suite
	@$(PY) -m pytest -n 2

check: $(STAMP) ## ruff, strict types and the architecture tests
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest tests/architecture

contracts: $(STAMP) ## run every contract on every server: the full matrices
	@$(PY) -m comparisons run

notebooks: $(STAMP) ## build the chapters from their text, with their outputs
	@$(PY) -m notebooks build

notebooks-check: $(STAMP) ## build the chapters again, and fail where one is not what lies there
	@$(PY) -m notebooks check

lab: $(STAMP) ## work through the chapters in JupyterLab: on copies, in mine/
	@$(PIP) --constraint constraints.txt --group lab
	@$(PY) -m notebooks copy
	@.venv/bin/jupyter lab --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate --notebook-dir . mine

bench: $(STAMP) ## 200 clients, 100 ms of waiting: every contender beside its prediction (6 minutes)
	@$(PY) -m benchmarks run wait_io

bench-micro: $(STAMP) ## a call of the app, without a server: ratios to a bare callable, Starlette and FastAPI (2 minutes)
	@mkdir -p results
	@$(PY) -m pytest benchmarks/micro -p benchmark --timeout 120 --benchmark-json results/micro.json

bench-locust: $(STAMP) ## the same by Locust, on one contender, beside our own generator
	@$(PY) -m benchmarks locust wait_io

bench-readme: bench ## write the picture of README.md from a run
	@$(PY) -m benchmarks plot wait_io --to benchmarks/wait_io.svg

readme: $(STAMP) ## write the tables of the lessons and of README.md, and its picture, from a run
	@$(PY) -m comparisons lessons
	@$(PY) -m comparisons inside --to README.md
	@$(PY) -m comparisons show hello_world --svg comparisons/p01_introduction/hello_world/pair.svg

scoreboard: $(STAMP) ## hold every server to the specification, and write the table of README.md (half a minute)
	@$(PY) -m rawasgi scoreboard --to README.md --json comparisons/scoreboard.json

clean: ## remove the environment and everything the tools made
	rm -rf .venv results build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One step of the set-up: its output goes to the log, and the log's end to the screen when it fails.
define step
@printf '%s\n' '$(1)'
@$(2) >> $(LOG) 2>&1 || { tail -n 20 $(LOG); echo 'The set-up failed at: $(1). The lines above end $(LOG).'; exit 1; }
endef

PIP := $(PY) -m pip install --quiet --no-input --disable-pip-version-check

$(STAMP):
	@command -v $(PYTHON) > /dev/null || \
		{ echo 'There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=python3.13 …'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.13 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
		{ echo 'The venv module of $(PYTHON) is missing. On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@test "$$($(PY) -VV 2>&1)" = "$$($(PYTHON) -VV)" || rm -rf .venv
	@mkdir -p .venv && rm -f .venv/stamp-* && : > $(LOG)
	$(call step,[1/3] .venv with $(PYTHON),{ $(PY) -m pip --version || $(PYTHON) -m venv .venv; })
	$(call step,[2/3] pip that knows dependency groups,$(PIP) --constraint constraints.txt --upgrade pip)
	$(call step,[3/3] the packages of constraints.txt: up to a minute,$(PIP) --constraint constraints.txt --build-constraint constraints.txt --editable '.[all]' --group dev)
	@touch $@
