# make help lists what can be done. Everything lives in .venv; nothing needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: help run test training check bench faults pictures clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/.run ## start Heed on 127.0.0.1:8080 (PORT overrides)
	@exec $(BIN)/heed run

test: $(VENV)/.dev ## all tests, with a short form of the faults
	$(BIN)/python -m pytest

training: $(VENV)/.train ## the tests of training and of foreign classifiers, which need torch
	$(BIN)/python -m pytest tests/models

check: $(VENV)/.dev ## lint, format, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## measure: what the pipeline costs beside the model, and how fast it answers
	$(BIN)/python -m benchmarks

faults: $(VENV)/.dev ## kill Heed at 200 random moments and let an independent reader look for losses
	$(BIN)/python -m tests.faults --kills $(or $(KILLS),200)

pictures: $(VENV)/.dev ## take the README's pictures again (needs Chromium)
	$(BIN)/python -m docs.pictures.take

clean: ## remove what make made, but not var/
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Heed into $(VENV); this happens once."
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Heed and its tools into $(VENV); this happens once."
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.train: $(VENV)/.dev
	@echo "Installing what training needs: torch, a large download outside of a CPU-only index."
	$(PIP) install -c constraints.txt -e '.[train]'
	@touch $@
