# Each target sets up what it needs first (scripts/setup.sh) and says what it does; the second time that is instant.

HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
PYTHON_VENV := .venv/bin/python

.PHONY: help run test lint bench clean

help:
	@echo "make run            serve on http://$(HOST):$(PORT), until Ctrl-C (PORT=9000 for another port)"
	@echo "make test           run every test (ARGS='-k timeout' for some)"
	@echo "make lint           check style and types"
	@echo "make bench          measure what a run costs, as ratios"
	@echo "make clean          remove what these made in this folder; saved functions and runs are elsewhere and stay"

run:
	@scripts/setup.sh run
	@exec $(PYTHON_VENV) -m webapp.cli serve --host $(HOST) --port $(PORT) $(ARGS)

test:
	@scripts/setup.sh test
	@exec $(PYTHON_VENV) -m pytest $(ARGS)

lint:
	@scripts/setup.sh lint
	@$(PYTHON_VENV) -m ruff check .
	@$(PYTHON_VENV) -m ruff format --check .
	@$(PYTHON_VENV) -m mypy --strict

bench:
	@scripts/setup.sh run
	@exec $(PYTHON_VENV) -m benchmarks $(ARGS)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
