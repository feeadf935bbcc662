# make demo: the whole walk on the shipped dataset.  make app: the same in the browser.  make help: the rest.
READY := .venv/.ready

.PHONY: help setup demo app test fuzz browser-test lint docs check clean
help:
	@echo "make setup         .venv with everything pinned and the embedded models"
	@echo "make demo          the whole walk on the shipped dataset (about 8 minutes)"
	@echo "make app           open the workbench in the browser"
	@echo "make test          all tests but the browser journeys"
	@echo "make fuzz          the property tests on new random cases, four rounds"
	@echo "make browser-test  the browser journeys, in Chromium"
	@echo "make lint          ruff, mypy, generated docs up to date"
	@echo "make docs          write the generated docs"
	@echo "make check         lint and test"

setup: $(READY)

$(READY): pyproject.toml constraints.txt scripts/setup
	scripts/setup

demo: $(READY)
	.venv/bin/finetooth demo

app: $(READY)
	.venv/bin/finetooth app

test: $(READY)
	.venv/bin/python -m pytest

fuzz: $(READY)
	for round in 1 2 3 4; do HYPOTHESIS_PROFILE=fuzz .venv/bin/python -m pytest -m hypothesis || exit 1; done

browser-test: $(READY)
	scripts/chromium
	.venv/bin/python -m pytest -m browser tests/browser

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m scripts.docs --check

docs: $(READY)
	.venv/bin/python -m scripts.docs

check: lint test

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
