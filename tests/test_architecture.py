"""The house holds its shape: directions of imports, purity of the domain, sizes, docstrings, one tree of errors."""

import ast
import enum
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import guard
import healthchecks
import webstore
from webstore.errors import ReleaseGuardError

ROOT = Path(guard.__file__).parents[1]
"""Where the packages are: this repository, or where a wheel of it is installed."""
PACKAGES = ("webstore", "healthchecks", "guard")
"""An import only ever goes to the left of this list."""

# Inside guard: a module imports its own level or those before it.
LEVELS = (
    (
        "words",
        (
            "guard.model",
            "guard.severity",
            "guard.errors",
            "guard.progress",
            "guard.languages",
            "guard.forms",
            "guard.tellers",
            "guard.vocabulary",
        ),
    ),
    (
        "domain",
        (
            "guard.sources.contract",
            "guard.judge",
            "guard.decision",
            "guard.rollback.plan",
            "guard.rollback.errors",
            "guard.rollback.sentences",
            "guard.sources.sentences",
            "guard.incidents",
            "guard.plots",
            "guard.notify.message",
            "guard.notify.neutral",
            "guard.notify.occasions",
            "guard.tickets",
            "guard.replay",
            "guard.statuspage",
        ),
    ),
    (
        "adapters",
        (
            "guard.config",
            "guard.tables",
            "guard.tables_response",
            "guard.tables_dashboard",
            "guard.tables_canary",
            "guard.check_ins",
            "guard.environment",
            "guard.scaffold",
            "guard.store",
            "guard.sources",
            "guard.rollback",
            "guard.localsentry",
            "guard.notify",
            "guard.tables_tickets",
            "guard.tickets.client",
            "guard.tickets.writing",
            "guard.telemetry",
            "guard.outcome",
        ),
    ),
    (
        "composition",
        (
            "guard.engine",
            "guard.incident_life",
            "guard.clockwork",
            "guard.keeping",
            "guard.observing",
            "guard.publishing",
            "guard.assessor",
            "guard.casework",
            "guard.approving",
            "guard.ordering",
            "guard.repairing",
            "guard.reaching",
            "guard.recovery",
            "guard.recording",
            "guard.showing",
            "guard.responder",
            "guard.manual",
            "guard.gate",
            "guard.beside",
            "guard.look",
            "guard.ticking",
            "guard.canary",
            "guard.watcher",
            "guard.reminding",
            "guard.notify.delivery",
            "guard.notify.silencing",
            "guard.reporting",
            "guard.postmortems",
            "guard.monthly",
            "guard.tickets.sync",
            "guard.telling_public",
            "guard.statuspage.gathering",
            "guard.statuspage.writing",
            "guard.doctor",
            "guard.rehearsal",
        ),
    ),
    ("doors", ("guard.dashboard", "guard.github", "guard.cli", "guard.__main__")),
)
PURE = {"webstore.versions", "webstore.models", "webstore.errors", "healthchecks.result", "healthchecks.differential"}
"""What words and domain may import of the other packages: no I/O there either."""

IMPURE = {
    "requests",
    "sqlalchemy",
    "playwright",
    "os",
    "socket",
    "subprocess",
    "time",
    "random",
    "pathlib",
    "rich",
    "dbos",
    "pydantic",
    "jinja2",
    "uvicorn",
}

MODULE_LINES = 300
FUNCTION_LINES = 60


def sources():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path, *, at_import=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if at_import else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


def level_of(module):
    fits = [
        (len(prefix), number)
        for number, (_, prefixes) in enumerate(LEVELS)
        for prefix in prefixes
        if module == prefix or module.startswith(prefix + ".")
    ]
    return max(fits)[1] if fits else None


MODULES = {name_of(path): path for path in sources()}


def own(name):
    return name if name in MODULES else None


@pytest.mark.parametrize("module", MODULES)
def test_packages_import_in_one_direction(module):
    allowed = PACKAGES[: PACKAGES.index(module.split(".")[0]) + 1]
    for imported in imports_of(MODULES[module]):
        if imported.split(".")[0] in PACKAGES:
            assert imported.split(".")[0] in allowed, f"{module} imports {imported}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("guard.") and MODULES[name].name != "__init__.py"])
def test_every_module_of_guard_has_a_level_and_imports_downward(module):
    mine = level_of(module)
    assert mine is not None, f"{module} has no level: add it to LEVELS"
    for imported in imports_of(MODULES[module]):
        theirs = level_of(imported) if own(imported) else None
        if theirs is not None:
            assert theirs <= mine, f"{module} ({LEVELS[mine][0]}) imports {imported} ({LEVELS[theirs][0]})"


@pytest.mark.parametrize("module", [name for name in MODULES if level_of(name) in {0, 1}])
def test_words_and_domain_do_no_io(module):
    for imported in imports_of(MODULES[module]):
        assert imported.split(".")[0] not in IMPURE, f"{module} imports {imported}"
        if own(imported) and not imported.startswith("guard"):
            assert imported in PURE, f"{module} imports {imported}, which is not known to be pure"
    assert "datetime.now" not in MODULES[module].read_text()


def test_there_is_no_cycle():
    graph = {name: {imported for imported in map(own, imports_of(path)) if imported and imported != name} for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name, trail):
        assert name not in trail, " → ".join([*trail, name])
        if name not in done:
            for imported in graph[name]:
                visit(imported, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_small(module):
    text = MODULES[module].read_text()
    assert text.count("\n") <= MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= FUNCTION_LINES, f"{module}.{node.name}"


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_packages_hold_only_a_docstring(module):
    body = ast.parse(MODULES[module].read_text()).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_no_module_has_a_name_that_means_nothing():
    assert not [name for name in MODULES if name.split(".")[-1] in {"utils", "helpers", "manager", "handler", "info", "misc", "common"}]


def test_nothing_heavy_is_imported_for_help():
    code = "import sys; from guard.cli.main import build_parser; build_parser(); print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"playwright", "sqlalchemy", "dbos", "sentry_sdk", "requests", "pydantic", "rich", "starlette", "cryptography"} & set(loaded)


def every_error():
    for package in (webstore, healthchecks, guard):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if "migrations" in found.name:
                continue
            module = importlib.import_module(found.name)
            for value in vars(module).values():
                if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == found.name:
                    yield value


# What never leaves its own stand-in: turned into an HTTP answer there.
INSIDE_STAND_INS = {"Refused", "TokenRefused", "EnvelopeError", "QueryRefused"}
# What never leaves its own module: turned into an error of the tree there.
INSIDE_MODULES = {"_Bad"}


def test_every_error_is_in_the_one_tree_with_a_hint_of_its_own_or_of_its_kind():
    found = {error for error in every_error() if error.__name__ not in INSIDE_STAND_INS | INSIDE_MODULES}
    assert len(found) > 25
    for error in found:
        assert issubclass(error, ReleaseGuardError), error
        assert error.hint, error


def test_every_choice_of_an_enum_is_named_once():
    for name in MODULES:
        if "migrations" in name:
            continue
        for value in vars(importlib.import_module(name)).values():
            if inspect.isclass(value) and issubclass(value, enum.Enum) and value.__module__ == name:
                assert len(value.__members__) == len(set(value)), value
