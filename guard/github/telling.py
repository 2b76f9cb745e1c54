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
        if extensions := found.get("extensions"):
            return one_line("; ".join(_of_extension(one) for one in extensions))
        return one_line(f"{self.name} {found.get('version') or ''} {found.get('status') or ''}: {self.meaning}")


def _of_extension(found: Any) -> str:
    words = found.get("headline") or found.get("sentence") or found.get("failure") or ""
    return f"{found.get('extension') or found.get('name')} {found.get('version') or ''}: {words}"


def outputs_of(ended: Ended, reports: Path) -> list[tuple[str, str]]:
    """What later steps may read, each on one line; empty where it is not known."""
    found: Any = ended.document
    rollback: Any = found if "new_version" in found else found.get("rollback") or {}
    incident: Any = found.get("incident")
    extensions: Sequence[Any] = found.get("extensions") or ()
    opened: Any = next((one.get("incident") for one in extensions if one.get("incident")), None)
    told: dict[str, Any] = {
        "exit-code": ended.code,
        "meaning": ended.meaning,
        "sentence": ended.sentence,
        "verdict": (found.get("assessment") or {}).get("verdict") or next((one.get("verdict") for one in extensions), None),
        "outcome": found.get("outcome") or found.get("state") or found.get("status"),
        "version": (found.get("release") or {}).get("version") or found.get("version") or found.get("from"),
        "new-version": rollback.get("new_version"),
        "incident": incident["id"] if isinstance(incident, dict) else incident or opened,
        "report": found.get("report") or (str(reports) if (reports / "index.html").exists() else None),
    }
    return [(name, one_line(str(value)) if value is not None else "") for name, value in told.items()]


def annotations_of(ended: Ended, sources: Path | None) -> Iterator[Annotation]:
    """A sentence for how it ended, and one for each failed check; beside the extension's file where a finding names one.

    Args:
        ended: the command.
        sources: the extension's folder, relative to the repository; none when it is not known.
    """
    if ended.code:
        yield Annotation(f"release-guard {ended.name}: {ended.meaning}", ended.sentence, ended.code != ExitCode.INCONCLUSIVE)
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
