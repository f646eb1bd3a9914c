# Every command a person needs. `make run` and `make test` are the only two that a newcomer types.
IS_3_11 := import sys; sys.exit(sys.version_info[:2] != (3, 11))
# The first that runs and is 3.11: a name alone may be a version manager's empty shim.
PYTHON ?= $(shell for name in python3.11 python3 python; do "$$name" -c '$(IS_3_11)' 2>/dev/null && echo "$$name" && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes

.PHONY: run test faults lint types format bench load lock audit sbom

run: .venv/ready-to-run
	@exec $(BIN)/python manage.py up

test: .venv/ready-to-develop
	@$(BIN)/python -m pytest -n 2 $(ARGS)

# Kills, cuts and confuses everything at every point, in half an hour; `make test` plays some of it.
faults: .venv/ready-to-develop
	@FAULTS=all $(BIN)/python -m pytest tests/faults $(ARGS)

# The migrations are compared with the models alone; that no server runs here is no news.
lint: .venv/ready-to-develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

types: .venv/ready-to-develop
	$(BIN)/mypy

format: .venv/ready-to-develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready-to-develop
	@$(BIN)/python -m benchmarks $(ARGS)

# A big site under visits and syncs: ten minutes and five gigabytes. ARGS="--help" says how to have it smaller, or to keep
# the filled site for the next time.
load: .venv/ready-to-develop
	@$(BIN)/python -m benchmarks.load $(ARGS)

# ARGS=--upgrade takes newer versions where pyproject.toml allows them.
lock: .venv/ready-to-develop
	$(BIN)/python -m roadmunk.lock $(ARGS)

# Asks PyPI for known holes in the locked packages, and fails where it does not answer for one of them. The tool itself is
# installed for this one run, beside everything else.
audit: .venv/ready-to-develop
	$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --strict --require-hashes --disable-pip -r requirements.lock \
		|| { echo "A package has a known hole, or PyPI did not answer for each of them: see above. Nothing is proved."; exit 1; }

sbom: .venv/ready-to-develop
	$(BIN)/python -m roadmunk.sbom

# One lock file in two parts: what the site runs on comes first, what only developers need comes after the marker.
.venv/ready-to-run: requirements.lock
	@"$(PYTHON)" -c '$(IS_3_11)' 2>/dev/null || \
		{ echo "Roadmunk needs Python 3.11. If it is somewhere else: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing what Roadmunk runs on into .venv (the first time takes half a minute or so) ..."
	@"$(PYTHON)" -m venv .venv
	@sed '/^# development$$/,$$d' requirements.lock > .venv/run.lock
	@$(PIP) -r .venv/run.lock
	@touch $@

.venv/ready-to-develop: .venv/ready-to-run
	@echo "Installing the development tools into .venv ..."
	@$(PIP) -r requirements.lock
	@touch $@
