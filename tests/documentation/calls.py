"""INPUTS.md, made of what the action and the reusable workflows declare."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from documentation.commands import escaped
from documentation.reading import REPOSITORY

GITHUB = REPOSITORY / ".github"
_HEAD = """\
# The action and the workflows: every input

Written by `make reference` from what the action and the three reusable workflows declare, and held to it by a test. How they are used stands in
[WORKFLOWS](WORKFLOWS.md).
"""


def reference(folder: Path = GITHUB) -> str:
    """The whole page."""
    action = _read(folder / "actions" / "release-guard" / "action.yml")
    lines = [*_HEAD.splitlines(), "", "## The action `release-guard`", ""]
    lines += ["A step with `uses: OWNER/REPO/.github/actions/release-guard@COMMIT`.", "", *_declared(action)]
    for name, call in reusable(folder).items():
        lines += [f"## The workflow `{name}`", "", f"A job with `uses: OWNER/REPO/.github/workflows/{name}@COMMIT`.", "", *_declared(call)]
    return "\n".join(lines).rstrip() + "\n"


def reusable(folder: Path = GITHUB) -> Mapping[str, Any]:
    """What each workflow that others may call declares, by its file's name."""
    read = {file.name: _read(file) for file in sorted((folder / "workflows").glob("*.yml"))}
    # YAML reads the key `on` as true.
    return {name: found[True]["workflow_call"] for name, found in read.items() if "workflow_call" in found[True]}


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _declared(found: Mapping[str, Any]) -> Iterator[str]:
    yield from _table("input", found.get("inputs", {}), ("default",))
    yield from _table("secret", found.get("secrets", {}), ())
    yield from _table("output", found.get("outputs", {}), ())


def _table(what: str, rows: Mapping[str, Mapping[str, Any]], more: Sequence[str]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join((what, *more, 'means'))} |"
        yield "|" + "---|" * (len(more) + 2)
        for name, row in rows.items():
            cells = (f"`{name}`", *(_default(row) for _ in more), escaped(" ".join(str(row["description"]).split())))
            yield f"| {' | '.join(cells)} |"
        yield ""


def _default(row: Mapping[str, Any]) -> str:
    if row.get("required"):
        return "required"
    value = row.get("default", "")
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{said}`" if said else "none"
