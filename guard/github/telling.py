"""What a command's JSON document says to a workflow: outputs for later steps, and annotations for people."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from guard.errors import ExitCode
from guard.github.commands import Annotation
from guard.incidents.wording import one_line

MEANINGS = {
    ExitCode.DONE: "healthy or done",
    ExitCode.BREACH: "breach found",
    ExitCode.USAGE: "usage or configuration error",
    ExitCode.INCONCLUSIVE: "inconclusive",
    ExitCode.UNABLE: "the guard could not do its work",
}
_FILE = re.compile(r"[\w@.-][\w@./-]{0,200}\.(?:js|mjs|ts|json|html|css)\b")
_MOST_FILES_TRIED = 20


@dataclasses.dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    name: str
    code: int
    document: Any
    """The command's own JSON; empty when it did not get so far."""
    trouble: str = ""
    """What it said last when it has no document."""

    @property
    def meaning(self) -> str:
        """What its exit code says."""
        return MEANINGS[ExitCode(self.code)] if self.code in set(ExitCode) else f"ended by signal or fault ({self.code})"

    @property
    def sentence(self) -> str:
        """How it ended, in one sentence."""
        found: Any = self.document
        if not found:
            return one_line(self.trouble) or self.meaning
        if self.name == "gate":
            return one_line(str(found.get("headline", self.meaning)))
        if self.name in {"rollback", "approve"}:
            done = f"rollback of {found.get('from')} to the code of {found.get('target')} as {found.get('new_version')}"
            return one_line(f"{done}: {found.get('state')}")
        return one_line(_sentence(self.name, found) or f"{self.name}: {self.meaning}")


def _sentence(name: str, found: Any) -> str:
    """How a command ended that has no headline of its own; empty where its document says nothing of it."""
    match name:
        case "publish":
            return f"publish of {found.get('version')}: {str(found.get('ending')).replace('_', ' ')}"
        case "snapshot":
            return "; ".join(f"{one.get('version')} is recorded as {one.get('state')}" for one in found.get("releases") or ())
        case "doctor":
            return "; ".join(one["message"] for one in problems_of(found)) or "what was looked at is in order"
        case "check":
            return f"check of {found.get('version')}: {found.get('status')}"
        case _:
            told = "; ".join(_of_extension(one) for one in found.get("extensions") or ())
            return f"{found['status']}: {told}" if found.get("status") else told


def _of_extension(found: Any) -> str:
    nothing: Any = {}
    newest: Any = next(iter(found.get("releases") or ()), nothing)
    waits = f"the rollback of {found['waits_for_approval']} waits for a yes" if found.get("waits_for_approval") else ""
    failed = f"the rollback of {found['failed_rollback']} failed" if found.get("failed_rollback") else ""
    words = found.get("headline") or found.get("sentence") or found.get("failure") or failed or waits or newest.get("state") or ""
    name, version = found.get("extension") or found.get("name"), found.get("version") or newest.get("version") or ""
    return f"{name} {version}".strip() + (f": {words}" if words else "")


def problems_of(found: Any) -> list[Any]:
    """What doctor has found to be wrong."""
    return [one for one in found.get("findings") or () if one.get("status") == "problem"]


def _gravity(one: Any) -> int:
    """How much of the exit code an extension has earned: of several, the gravest is told."""
    if one.get("verdict") == "breach" or one.get("outcome") in {"held", "rolled_back", "rolling_back"}:
        return 3
    if one.get("failure") or one.get("outcome") == "failed":
        return 2
    return int(one.get("verdict") in {"inconclusive", "no_data"} or one.get("outcome") == "inconclusive")


def outputs_of(ended: Ended, reports: Path) -> list[tuple[str, str]]:
    """What later steps may read, each on one line; empty where it is not known."""
    found: Any = ended.document
    rollback: Any = found if "new_version" in found else found.get("rollback") or {}
    incident: Any = found.get("incident")
    extensions: Sequence[Any] = found.get("extensions") or ()
    nothing: Any = {}
    gravest: Any = max(extensions, key=_gravity, default=nothing)
    listed: Any = next(iter(found.get("releases") or gravest.get("releases") or ()), nothing)
    about: Any = (found.get("release") or nothing, {"version": _first(found, "version", "from")}, gravest, listed)
    of_interest = ("incident", "failed_rollback", "waits_for_approval")
    opened: Any = next((id_ for one in extensions if (id_ := _first(one, *of_interest))), None)
    told: dict[str, Any] = {
        "exit-code": ended.code,
        "meaning": ended.meaning,
        "sentence": ended.sentence,
        "verdict": (found.get("assessment") or {}).get("verdict") or gravest.get("verdict"),
        "outcome": _first(found, "outcome", "state", "ending", "status") or gravest.get("outcome"),
        "version": next((one["version"] for one in about if one.get("version")), None),
        "new-version": rollback.get("new_version"),
        "incident": incident["id"] if isinstance(incident, dict) else incident or opened,
        "report": found.get("report") or (str(reports) if (reports / "index.html").exists() else None),
    }
    return [(name, one_line(str(value)) if value is not None else "") for name, value in told.items()]


def _first(found: Any, *names: str) -> Any:
    return next((found[name] for name in names if found.get(name)), None)


def annotations_of(ended: Ended, sources: Path | None) -> Iterator[Annotation]:
    """A sentence for how it ended, and one for each failed check; beside the extension's file where a finding names one.

    Args:
        ended: the command.
        sources: the extension's folder, relative to the repository; none when it is not known.
    """
    if ended.code:
        yield Annotation(f"release-guard {ended.name}: {ended.meaning}", ended.sentence, ended.code != ExitCode.INCONCLUSIVE)
    for one in problems_of(ended.document):
        yield Annotation(f"release-guard doctor: {one['id']}", one_line(f"{one['message']}; {one['hint']}"))
    for version, checks in checks_of(ended):
        for check in checks:
            for found in check.get("details", ()):
                if found.get("is_failure") or check.get("status") == "failed":
                    words = one_line(f"{found['message']}; {found['hint']}" if found["hint"] else found["message"])
                    file, line = _place_of(found, sources)
                    yield Annotation(f"{check['check']} of {version}: {found['code']}", words, bool(found["is_failure"]), file, line)


def checks_of(ended: Ended) -> Iterator[tuple[str, Sequence[Any]]]:
    """The checks of each version that a command has run."""
    found: Any = ended.document.get("checks") or ()
    if ended.name != "check" or not found:
        yield from dict(found).items()
        return
    yield ended.document["version"], found
    if baseline := ended.document.get("baseline"):
        yield baseline["version"], baseline["checks"]


def _place_of(found: Any, sources: Path | None) -> tuple[str, str]:
    """The extension's file that a finding is about, and the line; only a file that is there, below the extension's own folder."""
    if sources is None:
        return "", ""
    known, _, line = str(found.get("place", "")).partition(":")
    names = [known, *(match.group() for match in list(_FILE.finditer(found["message"]))[:_MOST_FILES_TRIED])]
    for name in filter(None, names):
        path = sources / name
        if path.is_file() and sources.resolve() in path.resolve().parents:
            return path.as_posix(), line if name == known and line.isdecimal() else ""
    return "", ""
