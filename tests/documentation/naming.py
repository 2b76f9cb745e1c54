"""Names in the sentences and examples of a page that must exist: settings, variables, files of the repository, targets of make."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from documentation.linking import Files
from documentation.reading import Page
from documentation.settings import Setting

_TABLE = re.compile(r"\[\[?([a-z][\w.]*)\]\]?(?: ([a-z_]+)(?: = .*)?)?")
_VARIABLE = re.compile(r"(?<![\w$])RELEASE_GUARD_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_*…])")
_PATH = re.compile(r"(?<![\w./-])(?:guard|healthchecks|webstore|tests|\.github)/[\w./-]+")
_MAKE = re.compile(r"(?:^|[`$&;] ?)make ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
_NAMES_A_VARIABLE = re.compile(r"\w+_env = \"(\w+)\"")
_NO_TABLES = ("dashboard", "postgres", "pytest", "rehearsal", "all", "dev")
"""Extras of the package, which are written in brackets as well."""


def unknown_settings(page: Page, settings: Sequence[Setting]) -> Iterator[str]:
    """Tables such as `[watch]`, and keys such as `[watch] poll_seconds`, that release-guard.toml does not have."""
    keys = {dotted for one in settings for dotted in one.dotted}
    tables = {"".join(dotted.rpartition(".")[:1]) for dotted in keys}
    tables |= {table.rpartition(".")[0] for table in tables} | {table.split(".")[0] for table in tables}
    for line, span in page.spans:
        for table, key in _TABLE.findall(span) if span.startswith("[") else ():
            is_extra = table in _NO_TABLES and not key
            if not (is_extra or (f"{table}.{key}" in keys if key else table in tables)):
                yield f"{page.name}:{line}: `{span}`: there is no {table}.{key}".rstrip(".")


def named_variables(pages: Sequence[Page]) -> set[str]:
    """Variables that an example's own configuration names, such as ``url_env = "RELEASE_GUARD_SLACK_TOKEN"``."""
    return {name for page in pages for block in page.blocks for name in _NAMES_A_VARIABLE.findall(block.text)}


def unknown_variables(page: Page, known: Collection[str]) -> Iterator[str]:
    """Variables of ours that the program does not read, and no example names."""
    for number, line in enumerate(page.text.splitlines(), start=1):
        for name in _VARIABLE.findall(line):
            if name not in known and name.removesuffix("_FILE") not in known:
                yield f"{page.name}:{number}: {name} is no variable"


def unknown_paths(page: Page, files: Files | Mapping[str, bool]) -> Iterator[str]:
    """Files that a sentence names, and that are not there."""
    for line, span in page.spans:
        for path in _PATH.findall(span):
            if not files.get(path.rstrip("./")) and "*" not in span:
                yield f"{page.name}:{line}: `{span}`: there is no {path}"


def unknown_targets(page: Page, makefile: str) -> Iterator[str]:
    """What make is asked for, and does not know."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    texts = [(block.line, block.text) for block in page.blocks if block.language in {"sh", "console", ""}]
    texts += [(line, f"`{span}") for line, span in page.spans]
    for line, text in texts:
        for asked in _MAKE.findall(text):
            yield from (f"{page.name}:{line}: make knows no {target}" for target in asked.split() if target not in targets)
