"""Every variable of the environment that the program reads, found in its source, and the table of SETTINGS.md that says so."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import guard
from documentation.reading import Page
from documentation.settings import Setting

HEADER = ("variable", "secret", "`_FILE`", "what it is")
SOURCE = Path(guard.__file__).parents[1]
_PACKAGES = ("guard", "healthchecks", "webstore")
_OURS = re.compile(r"(?:RELEASE_GUARD|GITHUB|GH|RUNNER|ACTIONS|GOOGLE|SENTRY|PLAYWRIGHT)_[A-Z0-9_]*[A-Z0-9]")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_ASKS = ("environ", "environment", "getenv")
NOT_READ = frozenset(
    {
        "DEBIAN_FRONTEND",  # set for apt-get, not read
        "PATH",  # every program's
        "RELEASE_GUARD_REHEARSAL_TOKEN",  # set by a rehearsal for itself, and taken out again
    }
)
"""Names that stand in the source and are nothing that anybody sets for the program."""


def variables_in(source: str) -> set[str]:
    """The names of variables in a module: texts that begin as ours or GitHub's do, and whatever the environment is asked for."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OURS.fullmatch(node.value)
    }
    for asked in _asked(tree):
        value = asked.value if isinstance(asked, ast.Constant) else constants.get(asked.id) if isinstance(asked, ast.Name) else None
        if isinstance(value, str) and _NAME.fullmatch(value):
            found.add(value)
    return found | {name for node in ast.walk(tree) if isinstance(node, ast.DictComp) for name in _composed(node)}


def _asked(tree: ast.AST) -> Iterator[ast.expr]:
    """What stands in `os.environ[…]`, `environment.get(…)` and `os.getenv(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _last(node.value) in _ASKS:
            yield node.slice
        if isinstance(node, ast.Call) and node.args and (_last(node.func) == "getenv" or _is_get(node.func)):
            yield node.args[0]


def _is_get(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "get" and _last(function.value) in _ASKS


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _composed(node: ast.DictComp) -> Iterator[str]:
    """Names that are made of a list: ``{key: f"RELEASE_GUARD_STORE_{key.upper()}" for key in ("client_id", …)}``."""
    value, source = node.value, node.generators[0].iter
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant) and isinstance(source, ast.Tuple):
        head = str(value.values[0].value)
        if head.startswith("RELEASE_GUARD_"):
            yield from (head + str(part.value).upper() for part in source.elts if isinstance(part, ast.Constant))


def variables() -> set[str]:
    """The variables that the whole program reads."""
    files = [file for package in _PACKAGES for file in (SOURCE / package).rglob("*.py")]
    return {name for file in files for name in variables_in(file.read_text(encoding="utf-8"))} - NOT_READ


def from_files(settings: list[Setting], others: Iterable[str]) -> set[str]:
    """The variables that may also name a file: the secrets that settings name, and others that are read as secrets."""
    named = {one.default.strip('`"') for one in settings if one.key.endswith("_env") and one.default.startswith("`")}
    return named | set(others)


def documented(page: Page) -> dict[str, tuple[str, ...]]:
    """The rows of the page's tables of variables, by name."""
    return {row[0].strip("`"): row for table in page.tables if table.header == HEADER for row in table.body}
