# Dulcian. Plain `make` prints the menu, which is read from the comments in this file:
# a line with two hashes and an at-sign is a heading, two hashes after a target its description.

SHELL = /bin/sh
.DEFAULT_GOAL = menu
.DELETE_ON_ERROR:

ROOMS = conf db library server streaming subsonic web
SOURCES = $(ROOMS) tests
PYTHON = .venv/bin/python
RUN = @tools/venv.sh requirements.txt &&
DEV = @tools/venv.sh requirements-dev.txt &&

# Handed to the shell as they were typed: names of folders may hold spaces, quotes, dollars.
override MUSIC := $(value MUSIC)
override DATA := $(value DATA)
override LISTEN := $(value LISTEN)
export MUSIC DATA LISTEN

.PHONY: menu
menu:
	@echo "Dulcian, a music server. Usage: make TARGET [NAME=value]"
	@awk -F ':.*## ' \
	    '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
	     /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

##@ Play
.PHONY: run demo
run: ## serve music: make run MUSIC=~/Music [DATA=folder] [LISTEN=host:port]; without MUSIC a demo album
	$(RUN) exec tools/run.sh
demo: ## serve the demo album only: make demo [DATA=folder] [LISTEN=host:port]
	$(RUN) exec tools/run.sh --demo

##@ Check
.PHONY: check lint types test bench bench-streaming hostile
check: lint types test ## everything below that a change must pass
lint: ## style, mistakes, which room may import which; licences and holes of packages
	$(DEV) .venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-cache
	@tools/licences.sh requirements-dev.txt
	@tools/holes.sh requirements.txt
types: ## strict types, tests included
	$(DEV) .venv/bin/mypy $(SOURCES)
# Tests that start whole servers come last, two at a time. Status 5: ARGS chose none of them.
test: ## all tests; no service is needed: make test [ARGS="-k words"]
	$(DEV) { \
	    $(PYTHON) -m pytest -n auto --maxprocesses 4 -m "not slow" $(ARGS); fast=$$?; \
	    $(PYTHON) -m pytest -n 2 --dist loadfile -m slow $(ARGS); slow=$$?; \
	    case $$fast-$$slow in 0-0 | 0-5 | 5-0) ;; *) exit 1 ;; esac; }
bench: ## speed, as ratios against bare answers of the same size: make bench [N=albums]
	$(DEV) $(PYTHON) -m tests.bench $(or $(N),100)
bench-streaming: ## streaming beside ffmpeg and nginx, about five minutes: make bench-streaming [ARGS="--quick"]
	$(DEV) $(PYTHON) -m tests.bench_streaming $(ARGS)
hostile: ## a mob of 10,000 bad requests against a server of its own: make hostile [N=requests]
	$(DEV) $(PYTHON) -m tests.hostile $(or $(N),10000)

##@ Change
.PHONY: format docs golden lock
format: ## put the code into its usual form
	$(DEV) .venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .
docs: ## write docs/configuration.md anew from the settings, and docs/api.md from the endpoints
	$(DEV) $(PYTHON) -m server.manual > docs/configuration.md.new
	@mv docs/configuration.md.new docs/configuration.md
	@$(PYTHON) -m subsonic.manual > docs/api.md.new
	@mv docs/api.md.new docs/api.md
golden: ## write the expected answers of every endpoint anew; read the difference before you commit it
	$(DEV) DULCIAN_WRITE_GOLDEN=1 $(PYTHON) -m pytest -q tests/subsonic/test_golden.py
lock: ## resolve the dependencies of setup.cfg anew: make lock [UPGRADE=1]
	$(DEV) $(PYTHON) -m pip install --quiet uv
	@$(PYTHON) -m uv pip compile $(COMPILE) setup.cfg -o requirements.txt
	@$(PYTHON) -m uv pip compile $(COMPILE) --extra dev setup.cfg -o requirements-dev.txt
COMPILE = --quiet --universal --generate-hashes --no-header --no-annotate \
    --python-version 3.11 $(if $(UPGRADE),--upgrade)

##@ Ship
.PHONY: image
image: ## build the container image: make image [BASE=image] [TAG=name] [BUILDER=podman]
	@BASE="$(BASE)" TAG="$(TAG)" BUILDER="$(BUILDER)" docker/build.sh

##@ Tidy
.PHONY: clean
clean: ## remove .venv and everything else that was made here; music and data stay
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
