# Every target can be called on its own and any number of times; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo docs test format lint type test-engine test-qgis test-model test-models test-qgis-versions check-package bench screenshots translations package clean
SHELL := /bin/bash

VERSION := $(shell sed -n 's/^version=//p' metadata.txt 2>/dev/null)
ZIP := dist/lulc_qgis_plugin-$(VERSION).zip
PYTHON := .venv/bin/python
SOURCES := lulc_engine lulc_qgis_plugin scripts tests

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## make .venv (engine) and .venv-qgis (QGIS's Python), install QGIS where missing
	@scripts/setup.sh

demo: package ## train, classify and assess the demo scene through qgis_process
	@scripts/with_plugin.sh $(PYTHON) scripts/demo.py demo_output

test: ## everything: checks, engine, plugin in QGIS, model chain, demo
	@scripts/test.sh

format: setup ## format the code and sort the imports
	.venv/bin/ruff check --select I --fix $(SOURCES)
	.venv/bin/ruff format $(SOURCES)

lint: setup ## ruff and the format check
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/ruff format --check $(SOURCES)

type: setup ## mypy on the engine
	.venv/bin/mypy

test-engine: setup ## tests of the engine and of the repository
	$(PYTHON) -m pytest --numprocesses auto --dist loadfile $(ARGS) tests/engine tests/test_repository.py

test-qgis: package ## plugin and contract tests in QGIS, with the unpacked plugin zip
	@rm -rf .qgis-settings  # the profile of pytest-qgis: an empty one each time
	scripts/with_plugin.sh .venv-qgis/bin/python -m pytest $(ARGS) tests/plugin tests/contract

test-model: package ## the graphical models (train, classify, assess, branch) through qgis_process
	scripts/with_plugin.sh $(PYTHON) scripts/run_model.py
	scripts/with_plugin.sh $(PYTHON) scripts/run_examples.py

test-models: package ## every patch classifier: sizes, bands, real patches (half an hour)
	scripts/with_plugin.sh $(PYTHON) -m pytest $(ARGS) tests/models_grid

test-qgis-versions: package ## install, set up and run in QGIS 3.22, 3.40 and 3.44 (scripts/test_qgis_versions.py)
	$(PYTHON) scripts/test_qgis_versions.py $(ARGS)

bench: setup ## what benchmarks/RESULTS.md says of speed and memory (an hour on idle cores)
	for name in classify dense training memory assessment waiting_threads; do $(PYTHON) benchmarks/$$name.py || exit 1; done

screenshots: package ## pictures of every dialog and of the demo in the desktop, in build/screenshots
	scripts/with_plugin.sh $(PYTHON) scripts/screenshots.py $(ARGS)

translations: setup ## bring the Qt Linguist files in lulc_qgis_plugin/i18n up to date
	PATH=/usr/sbin:/usr/bin:/sbin:/bin QT_QPA_PLATFORM=offscreen .venv-qgis/bin/python scripts/translations.py $(ARGS)

docs: setup ## build the documentation site in build/docs/html
	@scripts/docs.sh

package: setup ## build the plugin zip in dist/
	@$(PYTHON) scripts/package.py

check-package: package ## what the plugin repository looks for in the zip, and what Qt 6 no longer knows
	$(PYTHON) scripts/check_package.py
	PATH=/usr/sbin:/usr/bin:/sbin:/bin .venv-qgis/bin/python scripts/flat_enums.py lulc_qgis_plugin

clean: ## remove everything that make made, except the environments
	rm -rf build dist demo_output .qgis-settings *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
