# Paperlark: `make run` to chat with it, `make test` to test it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.built
DEV_STAMP := $(VENV)/.built-dev
ARGS ?=

# See lend_openmp in build_venv.py; nothing where the system has the library itself.
OPENMP := $(CURDIR)/$(VENV)/lib/openmp
WITH_OPENMP = test ! -e $(OPENMP)/libgomp.so.1 || \
	export LD_LIBRARY_PATH="$(OPENMP)$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}";

# The stamps hold the folder they were made in: an environment that was moved, or whose Python
# is gone, is built anew.
ifneq ($(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null),$(CURDIR))
$(shell rm -f $(STAMP) $(DEV_STAMP))
endif

.PHONY: run doctor venv dev test test-spark soak locale lint check clean help

run: $(STAMP) ## Chat in the terminal; platforms with a token start beside it.
	@$(WITH_OPENMP) exec $(BIN)/paperlark chat $(ARGS)

doctor: $(STAMP) ## Say in a line each what is wrong with the set-up, and what to do.
	@$(WITH_OPENMP) exec $(BIN)/paperlark doctor

venv: $(STAMP) ## Only build the environment, in .venv.

dev: $(DEV_STAMP) ## The environment with everything that tests and checks need.

# Whole runs wait for people and minutes more than they compute: two at a time halve the wait.
test: $(DEV_STAMP) ## Run all tests; they start the servers they need by themselves.
	@$(WITH_OPENMP) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-spark: $(DEV_STAMP) ## Compare Spark with implicit; needs Java, and fetches Spark (450 MB).
	@"$(PYTHON)" build_venv.py $(VENV) --dev --spark
	@$(WITH_OPENMP) $(BIN)/python -m pytest tests/spark/compare_engines.py -q -s $(ARGS)

soak: $(DEV_STAMP) ## A week of digests in minutes, with everything that can go wrong.
	@$(WITH_OPENMP) $(BIN)/python -m pytest tests/soak/soak_week.py -q $(ARGS)

locale: $(DEV_STAMP) ## Bring the catalogues up to date; names what lacks its translation.
	@$(BIN)/python build_locale.py

lint: $(DEV_STAMP) ## Style, import contracts and types.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

check: lint test ## Everything that must hold before a commit.

clean: ## Remove the environment and caches; what the bot has learnt stays.
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info

help: ## This list.
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

WITH_PYTHON = test -n "$(PYTHON)" || { echo "paperlark: there is no Python; install 3.11 or newer,\
	on Debian: apt-get install python3 python3-venv" >&2; exit 1; };

# A stamp is written last, so an environment that was interrupted is built anew next time.
$(STAMP): pyproject.toml constraints.txt build_venv.py
	@$(WITH_PYTHON) "$(PYTHON)" build_venv.py $(VENV)
	@echo '$(CURDIR)' > $(STAMP)

$(DEV_STAMP): pyproject.toml constraints.txt build_venv.py
	@$(WITH_PYTHON) "$(PYTHON)" build_venv.py $(VENV) --dev
	@echo '$(CURDIR)' | tee $(STAMP) > $(DEV_STAMP)
