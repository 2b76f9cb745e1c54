"""A team's workflows, read for where they call the guard's: whatever stands in them, a file is looked at or named as unreadable."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from guard.scaffold.called import ALL, GATE, Called

_USES = re.compile(r"(?:\./|([\w.-]+/[\w.-]+)/)\.github/workflows/([\w.-]+)(?:@(\S+))?", re.ASCII)
_SECRET = re.compile(r"secrets\.([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)
_BYTES = 1024 * 1024
"""GitHub takes no longer workflow."""


@dataclasses.dataclass(frozen=True)
class Call:
    """A job that calls one of the guard's workflows."""

    file: str
    """The name of the team's workflow."""
    job: str
    called: Called
    uses: str
    """OWNER/REPO; empty where the called workflow is in the same repository."""
    ref: str
    inputs: Mapping[str, str]
    secrets: Mapping[str, str] | None
    """None where all are inherited."""
    permissions: Mapping[str, str] | str | None
    """As they stand there, of the job or else of the workflow; none where neither says anything."""
    groups: tuple[str, ...]
    """The concurrency groups that the run is in."""
    crons: tuple[str, ...]
    by_tag: bool
    """Whether a tag starts it."""

    @property
    def where(self) -> str:
        """For a sentence."""
        return f"{self.file}, job {self.job}"

    @property
    def is_pinned(self) -> bool:
        """Whether what is called can never become something else."""
        return not self.uses or re.fullmatch(r"[0-9a-f]{40}", self.ref) is not None

    @property
    def secret_names(self) -> Iterator[tuple[str, str]]:
        """The guard's name for each secret that is handed over, and its own in the repository."""
        for name, value in (self.secrets or {}).items():
            yield from ((name, found.upper()) for found in _SECRET.findall(value))


@dataclasses.dataclass(frozen=True)
class Workflows:
    """All that was found."""

    calls: tuple[Call, ...]
    unreadable: tuple[tuple[str, str], ...]
    """Files that could not be read, and why."""

    def of(self, called: Called) -> tuple[Call, ...]:
        """The calls of one workflow."""
        return tuple(call for call in self.calls if call.called is called)


def read(folder: Path) -> Workflows:
    """Every workflow in a folder; none where there is no such folder."""
    calls: list[Call] = []
    unreadable: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.y*ml")):
        try:
            if path.stat().st_size > _BYTES:
                raise ValueError("it is too long")  # noqa: TRY301 - told like all that is wrong with it
            # Every value stays text: `on` and `true` are what they are called.
            document = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes nothing but text, lists and maps
        except OSError as error:
            unreadable.append((path.name, error.strerror or type(error).__name__))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            unreadable.append((path.name, f"line {mark.line + 1} is no YAML" if mark else "it is no YAML"))
        else:
            calls += _calls_in(path.name, _map(document))
    # Others may have a rollback.yml as well: ours are where the gate is, whose name is nobody else's.
    homes = {call.uses for call in calls if call.called is GATE}
    return Workflows(tuple(call for call in calls if not homes or call.uses in homes), tuple(unreadable))


def _calls_in(file: str, workflow: Mapping[str, Any]) -> Iterator[Call]:
    events = workflow.get("on")
    schedules = _map(events).get("schedule")
    crons = [str(_map(one).get("cron", "")) for one in cast("list[Any]", schedules)] if isinstance(schedules, list) else []
    push = _map(events).get("push")
    for name, job in _map(workflow.get("jobs")).items():
        found = _map(job)
        match = _USES.fullmatch(str(found.get("uses", "")))
        called = next((one for one in ALL if match and one.file == match[2]), None)
        if match is None or called is None:
            continue
        given = found.get("secrets")
        said = found.get("permissions", workflow.get("permissions"))
        yield Call(
            file,
            name,
            called,
            match[1] or "",
            match[3] or "",
            inputs={key: str(value) for key, value in _map(found.get("with")).items()},
            secrets=None if given == "inherit" else {key: str(value) for key, value in _map(given).items()},
            permissions={key: str(value) for key, value in _map(said).items()} if isinstance(said, dict) else said,
            groups=tuple(filter(None, (_group(workflow), _group(found)))),
            crons=tuple(filter(None, crons)),
            by_tag=bool(_map(push).get("tags")),
        )


def is_expression(text: str) -> bool:
    """Whether GitHub makes something else of it when it runs."""
    return "${{" in text


def _group(part: Mapping[str, Any]) -> str:
    said = part.get("concurrency", "")
    return said if isinstance(said, str) else str(_map(said).get("group", ""))


def _map(value: Any) -> Mapping[str, Any]:
    return {str(key): one for key, one in cast("dict[Any, Any]", value).items()} if isinstance(value, dict) else {}
