# Short names for the commands that this project is worked on with; `make help` lists them.
PYTHON ?= python
RUN ?=
CORPORA ?=
SCENARIO ?= indices ngrams lstm_epoch help default_run

.PHONY: help check format lint types test test-longer test-all demo golden render gallery bench configuration run-folder messages constraints docs docs-check

help:           ## show this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

check: lint types test  ## style, types and the fast tests: before every commit

format:         ## write every file in the project's style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

lint:           ## check style and format, change nothing
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:          ## check types
	$(PYTHON) -m mypy

test:           ## the fast tests
	$(PYTHON) -m pytest

test-longer:    ## the tests that take seconds each, which the fast ones leave out
	$(PYTHON) -m pytest -m "longer and not slow"

test-all:       ## every test, whole runs included
	$(PYTHON) -m pytest -m ""

demo:           ## the default run, on bbc-news
	$(PYTHON) run_pipeline.py

golden:         ## write the golden report again; read the diff
	$(PYTHON) tests/make_golden.py

render:         ## pictures of a report: make render RUN=reports/NAME (the newest run if absent)
	$(PYTHON) docs/render_report.py $(RUN)

gallery:        ## docs/gallery/ from real runs: make gallery RUN="reports/A reports/B"
	$(PYTHON) docs/make_gallery.py $(RUN)

docs:           ## the site in build/site; executes the tutorials whose code has changed
	$(PYTHON) -m sphinx -q -n -c docs -d build/doctrees . build/site

docs-check:     ## the site without executing anything: no warning, no missing name, no page that asks a host
	$(PYTHON) -m sphinx -q -n -W --keep-going -E -c docs -d build/checked -D nb_execution_mode=off . build/checked/site
	$(PYTHON) docs/asked_hosts.py build/checked/site

bench:          ## speed and memory: make bench CORPORA=FOLDER [SCENARIO=ngrams]
	for name in $(SCENARIO); do \
	  $(PYTHON) -m benchmarks $$name $(if $(CORPORA),--corpora $(CORPORA)) || exit 1; \
	done
	$(PYTHON) -m benchmarks table

configuration:  ## write docs/reference/configuration.md from the settings
	$(PYTHON) docs/make_configuration.py

run-folder:     ## write the tables of docs/reference/run-folder.md from the types of metrics.json
	$(PYTHON) -m docs.make_run_folder

messages:       ## write the names in docs/reference/messages.md from errors_by_name.py and warnings_by_name.py
	$(PYTHON) -m docs.make_messages

constraints:    ## write constraints.txt from this environment (make a new one with '.[dev]' first)
	$(PYTHON) -m pip freeze --exclude-editable > constraints.txt
