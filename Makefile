# Everything a contributor does starts here. Needs Python 3.11 or 3.12, pip, make and git; no Node.

.DEFAULT_GOAL := help
LANES := fast notebooks serving faults browser
READY := .venv/.installed

# What a change of makes the environment stale.
SOURCES := pyproject.toml tools/setup \
  $(wildcard labextension/*.json labextension/.npmrc labextension/schema/*.json jupyter-config/*/*.json) \
  $(shell find labextension/src labextension/style -type f)

# Images often forbid Python to keep what it compiled. Here it may: else each of a hundred processes compiles its libraries anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo lab test $(LANES:%=test-%) lint notebooks bench matrix soak binder reference docs packages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

$(READY): $(SOURCES)
	@sh tools/setup

demo: $(READY) ## a year of real flights: a proven model online, ten batch runs, a drift verdict
	@.venv/bin/mlops-nb demo

lab: $(READY) ## JupyterLab on this folder, the workspace that `make demo` fills, on loopback
	@.venv/bin/jupyter lab --ip=127.0.0.1 $$([ "$$(id -u)" != 0 ] || echo --allow-root)

test: $(READY) packages ## every check, in lanes with budgets
	@.venv/bin/python tools/lanes.py

$(LANES:%=test-%): $(READY) packages
	@.venv/bin/python tools/lanes.py $(@:test-%=%)

lint: $(READY) ## ruff, mypy, eslint, prettier; the TypeScript's unit tests
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix labextension run verify

notebooks: $(READY) ## runs every notebook in place, so that lessons are committed with their outputs
	@.venv/bin/python tools/notebooks.py run

reference: $(READY) ## writes docs/reference.md from the code, README.md from nbs/index.ipynb
	@.venv/bin/python tools/reference.py
	@.venv/bin/python tools/readme.py

docs: $(READY) ## reference, Python API, tutorials and modules as pages with a search: docs/_build/html
	@.venv/bin/python tools/docs.py

bench: $(READY) ## every benchmark, each with its peer in the same run
	@for file in $$(grep -l '__main__' benchmarks/*.py); do echo "== $$file"; .venv/bin/python "$$file" || exit 1; done

matrix: $(READY) packages ## the fast tests on two Pythons with two releases of pandas
	@sh tools/matrix

soak: $(READY) ## long fault rounds; ROUNDS=200 for more
	@MLOPS_NB_SOAK_ROUNDS=$${ROUNDS:-50} .venv/bin/pytest -q tests/faults

binder: ## replays what Binder does with binder/, in a fresh environment; some minutes
	@python3 tools/binder.py

packages:
	@sh tools/packages

clean: ## removes what can be made again; .mlops/, the workspace's state, stays
	@rm -rf .venv .venv-matrix dist build docs/_build artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@rm -rf labextension/node_modules labextension/lib mlops_nb/labextension mlops_nb/drawings
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
