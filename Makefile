# Every command a person needs. `make run` and `make test` are the only two that a newcomer types.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format types lock bench

run: .venv/ready-to-run
	@exec $(BIN)/python manage.py up

test: .venv/ready-to-develop
	@$(BIN)/python -m pytest -n 2

lint: .venv/ready-to-develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run

types: .venv/ready-to-develop
	$(BIN)/mypy

format: .venv/ready-to-develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready-to-develop
	@$(BIN)/python -m benchmarks $(ARGS)

# One lock file in two parts: what the site runs on comes first, what only developers need comes after the marker.
.venv/ready-to-run: requirements.lock
	@echo "Installing what Roadmunk needs into .venv (first time only; about half a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed '/^# development$$/,$$d' requirements.lock > .venv/run.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/run.lock
	@touch $@

.venv/ready-to-develop: .venv/ready-to-run
	@echo "Installing the development tools into .venv (first time only) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

lock: .venv/ready-to-develop
	$(BIN)/python -m roadmunk.lock $(ARGS)
