# The same words by hand and in CI. Every target sets up what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WHEEL := .wheel
WHEEL_TESTS ?= tests
COVERAGE_TESTS ?= tests

.PHONY: setup browser rehearse test coverage wheel-test sbom benchmark lint workflows types reference reformat lock clean

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

# Says which Chromium will be used, or installs one.
browser: $(READY)
	@$(BIN)/release-guard browser install

rehearse: browser
	$(BIN)/release-guard rehearse

test: browser
	$(BIN)/python -m pytest

# Which lines and branches the tests run; fails below the floor of pyproject.toml. A part of them: make coverage COVERAGE_TESTS=tests/unit
coverage: browser
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(COVERAGE_TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet --fail-under=0
	$(BIN)/coverage report

# The wheel of what is committed (of what is here, where git is not), alone in an environment made for it, passes the tests where its source is not.
# A part of them: make wheel-test WHEEL_TESTS="tests/unit tests/test_architecture.py"
wheel-test: $(READY)
	rm -rf $(WHEEL) && mkdir -p $(WHEEL)/tree
	if git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then git archive HEAD; \
	  else tar -c --exclude=./.git --exclude=./$(VENV) --exclude=./$(WHEEL) .; fi | tar -x -C $(WHEEL)/tree
	cd $(WHEEL)/tree && ../../$(BIN)/python -m hatchling build --target wheel --directory ../dist
	rm -rf $(WHEEL)/tree/guard $(WHEEL)/tree/webstore $(WHEEL)/tree/healthchecks
	$(PYTHON) -m venv $(WHEEL)/venv
	$(WHEEL)/venv/bin/python -m pip install --quiet --require-hashes -r $(WHEEL)/tree/requirements-dev.lock
	$(WHEEL)/venv/bin/python -m pip install --quiet --no-deps $(WHEEL)/dist/*.whl
	$(WHEEL)/venv/bin/python -m pip check
	$(WHEEL)/venv/bin/release-guard browser install
	cd $(WHEEL)/tree && env -u PYTHONPATH RELEASE_GUARD_TESTS_EXPECT=$(abspath $(WHEEL)/venv) ../venv/bin/python -m pytest $(WHEEL_TESTS)

# What a release is locked to, on every platform, with the hashes of what is installed: CycloneDX, the same bytes each time.
sbom: $(READY)
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --spec-version 1.6 --output-format JSON --output-file dist/release-guard.cdx.json

# How fast the checks are beside a bare script, whether they ever fail on what is well, and rollbacks killed at random moments.
benchmark: browser
	PYTHONPATH=.:tests $(BIN)/python tests/benchmarks/check_speed.py
	PYTHONPATH=.:tests $(BIN)/python tests/benchmarks/steady_checks.py 100
	PYTHONPATH=.:tests $(BIN)/python tests/benchmarks/kills.py 40
	PYTHONPATH=.:tests $(BIN)/python tests/benchmarks/acceptance_speed.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell README.md .github guard healthchecks webstore tests

# What GitHub runs, without asking it anything.
workflows: $(READY)
	$(BIN)/zizmor --offline --persona pedantic --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml

types: $(READY)
	$(BIN)/pyright

# What COMMANDS.md and SETTINGS.md take from the program, written anew; what settings mean stays as it was written.
reference: $(READY)
	PYTHONPATH=tests $(BIN)/python -m documentation

reformat: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Hashes and names only: a lock file never says where packages come from. The first is what the action installs: a custom check needs pytest.
lock:
	uv pip compile pyproject.toml --extra postgres --extra pytest --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements-dev.lock
	echo 'hatchling>=1.27' | uv pip compile - --constraint requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o .github/actions/release-guard/build.lock

clean:
	rm -rf $(VENV) $(WHEEL) .release-guard htmlcov .coverage .coverage.*
