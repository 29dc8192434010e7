# What a developer or newcomer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
T ?=
SETUP := $(VENV)/.setup
DEV := $(VENV)/.setup-dev
FRONTEND := build/frontend/.built

.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(SETUP) $(FRONTEND) ## make .venv with the pinned packages, and the pages' styles

$(SETUP): requirements.txt requirements/embedded.txt requirements/ffmpeg.txt
	@bin/setup-venv $(PYTHON) $(VENV) requirements.txt requirements/embedded.txt
	@touch $@

$(DEV): $(SETUP) requirements/dev.txt
	@bin/setup-venv $(PYTHON) $(VENV) requirements/dev.txt
	@bin/setup-browser
	@touch $@ $(SETUP) && touch $@

$(FRONTEND): package-lock.json $(wildcard config/frontend/*.scss) bin/setup-frontend | $(SETUP)
	@bin/setup-frontend $(VENV)
	@touch $@

run: $(SETUP) $(FRONTEND) ## start everything, dock real footage, say where to look
	@$(BIN)/python -m config.stack up

dock: $(SETUP) ## dock a folder as a camera's card: make dock FROM=DIR [CAMERA=SERIAL]
	@$(BIN)/python -m config.stack dock "$(FROM)" --camera "$(CAMERA)"

code: $(SETUP) ## a second factor for one of the demonstration's people: make code WHO=shah
	@$(BIN)/python manage.py demo code "$(WHO)"

doctor: $(SETUP) ## what this machine has and what is missing
	@$(BIN)/python -m config.stack doctor

test: $(DEV) $(FRONTEND) ## every check and every test; make test T="tests/evidence -k custody" for a part
	@bin/test $(T)

bench: $(DEV) $(FRONTEND) ## measure speed and memory against named peers
	@$(BIN)/python -m tests.bench

limits: $(DEV) $(FRONTEND) ## long campaigns: make limits SEED=1 MINUTES=10
	@$(BIN)/python -m tests.limits --seed "$(or $(SEED),1)" --minutes "$(or $(MINUTES),10)"

lint: $(DEV) ## formatting, types, layers
	@bin/lint

clean-data: $(SETUP) ## ask, then forget all data of the embedded stack
	@$(BIN)/python -m config.stack clean

lock: $(DEV) ## compile the requirements anew
	@bin/lock $(BIN)

.PHONY: help setup run dock code doctor test bench limits lint clean-data lock
